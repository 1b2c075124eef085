import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { storeContract } from '../store.contract.ts'
import { openEmbeddedStore } from './store.ts'

storeContract('embedded', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-store-'))
  return {
    open: async (clock) => openEmbeddedStore({ folder, clock, definitionsHash: 'test' }),
    remove: async () => rm(folder, { recursive: true }),
  }
})
