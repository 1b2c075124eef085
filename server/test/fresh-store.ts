import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { onTestFinished } from 'vitest'

import type { Clock } from '../src/kernel/clock.ts'
import { openEmbeddedStore } from '../src/store/embedded/store.ts'
import type { Store } from '../src/store/port.ts'

/** A folder that is removed when the test ends. */
export async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** An empty embedded store that is closed and removed when the test ends. */
export async function freshStore(clock: Clock = Date.now): Promise<Store> {
  const folder = await freshFolder()
  const store = await openEmbeddedStore({ folder, clock })
  onTestFinished(() => store.close())
  return store
}
