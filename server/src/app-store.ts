import { join } from 'node:path'

import type { Config } from './config/config.ts'
import { fault } from './kernel/fault.ts'
import type { Crash } from './store/crash.ts'
import { KILL_POINTS, noCrash } from './store/crash.ts'
import type { Store } from './store/port.ts'

export interface OpenedStore {
  readonly store: Store
  readonly kind: 'embedded' | 'mongo'
}

/** The one place that picks the store. Drivers are loaded only when they are used. */
export async function openStore(config: Config, definitionsHash: string): Promise<OpenedStore> {
  const crash = crashAt(config.HUB_CRASH_AT)
  if (config.MONGODB_URL !== undefined) {
    const { openMongoStore } = await import('./store/mongo/store.ts')
    return { store: await openMongoStore({ url: config.MONGODB_URL, crash }), kind: 'mongo' }
  }
  const { openEmbeddedStore } = await import('./store/embedded/store.ts')
  const store = await openEmbeddedStore({ folder: join(config.HUB_DATA, 'store'), definitionsHash, crash })
  return { store, kind: 'embedded' }
}

/** For the crash tests: the process kills itself, as a power cut would, when it comes to the named place. */
function crashAt(name: string | undefined): Crash {
  if (name === undefined) return noCrash
  const point = KILL_POINTS.find((known) => known === name)
  if (point === undefined) {
    throw fault('unavailable', { code: 'invalid', text: `HUB_CRASH_AT: known are ${KILL_POINTS.join(', ')}` })
  }
  return (here) => {
    if (here === point) process.kill(process.pid, 'SIGKILL')
  }
}
