import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { storeContract } from '../store.contract.ts'
import { openEmbeddedStore } from './store.ts'

// Merged at once, after some rows, and hardly ever: what a search finds must not depend on where a posting stands.
for (const mergeRows of [1, 7, 100_000]) {
  storeContract(`embedded (merging ${mergeRows} rows)`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mogran-store-'))
    return {
      open: async (clock) => openEmbeddedStore({ folder, clock, mergeRows }),
      remove: async () => rm(folder, { recursive: true }),
    }
  })
}
