import { join } from 'node:path'

import type { Logger } from 'pino'

import { shippedUpTo } from './audit/shipper.ts'
import type { Config } from './config/config.ts'
import type { CustomDefinitions } from './fhir/custom/custom-definitions.ts'
import { createCustomParameters } from './fhir/custom/custom-parameters.ts'
import type { CustomParameters } from './fhir/custom/custom-parameters.ts'
import { keysOfRows } from './fhir/keys/keys-of-row.ts'
import type { Clock } from './kernel/clock.ts'
import { fault } from './kernel/fault.ts'
import type { Crash } from './store/crash.ts'
import { KILL_POINTS, noCrash } from './store/crash.ts'
import type { KeyRebuilder } from './store/key-rebuild.ts'
import { createKeyRebuilder } from './store/key-rebuild.ts'
import { KEY_ENCODING } from './store/keys.ts'
import type { LogTrimmer } from './store/log-trimmer.ts'
import { startLogTrimmer } from './store/log-trimmer.ts'
import type { Store } from './store/port.ts'

export interface OpenedStore {
  readonly store: Store
  readonly kind: 'embedded' | 'mongo'
}

/** The one place that picks the store. Drivers are loaded only when they are used. */
export async function openStore(config: Config): Promise<OpenedStore> {
  const crash = crashAt(config.HUB_CRASH_AT)
  if (config.MONGODB_URL !== undefined) {
    const { openMongoStore } = await import('./store/mongo/store.ts')
    return { store: await openMongoStore({ url: config.MONGODB_URL, crash }), kind: 'mongo' }
  }
  const { openEmbeddedStore } = await import('./store/embedded/store.ts')
  const store = await openEmbeddedStore({ folder: join(config.HUB_DATA, 'store'), crash })
  return { store, kind: 'embedded' }
}

interface SearchKeysWork {
  readonly keys: KeyRebuilder
  readonly custom: CustomParameters
  readonly close: () => Promise<void>
}

/**
 * Makes search keys in the background: those of posted SearchParameters, and of everything when it was made with other definitions or by an
 * older version of the hub. The posted ones are known before anything is rebuilt.
 */
export async function startSearchKeys(hub: {
  readonly store: Store
  readonly definitions: CustomDefinitions
  readonly clock: Clock
  readonly log: Logger
  /** Own absolute base such as `http://127.0.0.1:8080/fhir`. */
  readonly base: string
  readonly isShared: boolean
}): Promise<SearchKeysWork> {
  const { store, definitions, clock, log, base, isShared } = hub
  const custom = createCustomParameters({
    reader: store.resources,
    definitions,
    isShared,
    onError: (error) => log.warn({ err: error }, 'a posted search parameter can not be used'),
  })
  await custom.refresh()
  const onError = (error: unknown) =>
    log.error({ err: error }, 'search keys could not be rebuilt; it is tried again')
  const keys = createKeyRebuilder({
    store,
    keysOf: keysOfRows(definitions, base),
    clock,
    onError,
    onUnmade: (rebuild, unmade, error) =>
      log.warn({ rebuild, ...unmade, err: error }, 'search keys of a resource could not be made'),
  })
  await keys.start({ name: 'definitions', target: `${KEY_ENCODING}:${definitions.hash}` })
  custom.run(keys)
  return {
    keys,
    custom,
    close: async () => {
      await custom.close()
      await keys.close()
    },
  }
}

/** Old commits leave the log when every sink and the audit trail have passed them and `HUB_LOG_KEEP` is over. */
export function keepLogShort(hub: {
  readonly config: Config
  readonly store: Store
  readonly storeKind: OpenedStore['kind']
  readonly clock: Clock
  readonly log: Logger
}): LogTrimmer {
  const { config, store, storeKind, clock, log } = hub
  return startLogTrimmer({
    store,
    clock,
    keepMs: config.HUB_LOG_KEEP,
    otherPlaces: async () => [await shippedUpTo(store)],
    isAlone: storeKind === 'embedded',
    onError: (error) => log.error({ err: error }, 'the log could not be trimmed; it is tried again'),
  })
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
