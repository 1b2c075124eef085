import { randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

import type { Logger } from 'pino'
import { pino } from 'pino'

import type { EarlyServer } from './app-server.ts'
import { listenEarly } from './app-server.ts'
import { openStore, startSearchKeys } from './app-store.ts'
import type { AuditArchive } from './audit/create-audit-trail.ts'
import { createAuditTrail } from './audit/create-audit-trail.ts'
import { authorise, constraintFor } from './auth/authorise.ts'
import type { Auth } from './auth/create-auth.ts'
import { createAuth } from './auth/create-auth.ts'
import type { Config } from './config/config.ts'
import type { LiveBus } from './events/live.ts'
import { createLiveBus } from './events/live.ts'
import type { Fhir } from './fhir/create-fhir.ts'
import { createFhir } from './fhir/create-fhir.ts'
import { customDefinitions } from './fhir/custom/custom-definitions.ts'
import type { ElementTable } from './fhir/elements.ts'
import { foundBy } from './fhir/keys/keys-of-row.ts'
import { loadDefinitions } from './fhir/load-definitions.ts'
import type { Clock } from './kernel/clock.ts'
import { systemClock } from './kernel/clock.ts'
import type { KeyRebuilder } from './store/key-rebuild.ts'
import type { Store } from './store/port.ts'

/** What every part of the hub is built from. */
export interface Foundation {
  readonly config: Config
  readonly clock: Clock
  readonly log: Logger
  readonly early: EarlyServer
  /** `http://host:port`, or `HUB_PUBLIC_URL`. */
  readonly address: string
  readonly store: Store
  readonly storeKind: 'embedded' | 'mongo'
  readonly audit: AuditArchive
  readonly auth: Auth
  readonly fhir: Fhir
  readonly isFoundBy: ReturnType<typeof foundBy>
  /** What R4 says of single elements. */
  readonly elements: () => ElementTable
  readonly keys: KeyRebuilder
  readonly live: LiveBus
  /** Steps that undo what was started; run in reverse order. */
  readonly closing: (() => Promise<void>)[]
}

const SECRET_BYTES = 32

/**
 * The layers below the features, from the listening socket to the write path.
 *
 * @param closing is filled while things start, so that a failed start is undone, too
 */
export async function layFoundation(config: Config, closing: Foundation['closing']): Promise<Foundation> {
  const clock = systemClock
  // Standard output belongs to the ready line.
  const log = pino({ level: config.HUB_LOG_LEVEL, base: null }, pino.destination({ dest: 2, sync: true }))
  mkdirSync(config.HUB_DATA, { recursive: true, mode: 0o700 })
  const definitions = customDefinitions(loadDefinitions(config.HUB_ZONE))
  const { store, kind } = await openStore(config)
  closing.push(() => store.close())
  const early = await listenEarly(config.HUB_HOST, config.HUB_HTTP_PORT)
  closing.push(() => early.close())
  const address = config.HUB_PUBLIC_URL?.replace(/\/+$/, '') ?? early.address
  const onError = (error: unknown) => log.error({ err: error }, 'audit rows could not be shipped')
  const audit = createAuditTrail({ folder: join(config.HUB_DATA, 'audit'), store, clock, onError })
  closing.push(() => audit.close())
  const auth = await createAuth({
    store,
    audit,
    clock,
    publicUrl: () => address,
    mode: config.HUB_MODE,
    ...secretsOf(config, log),
  })
  const base = `${address}/fhir`
  const work = { store, definitions, clock, log, base, isShared: kind === 'mongo' }
  const { keys, custom, close } = await startSearchKeys(work)
  closing.push(close)
  const fhir = createFhir({
    store,
    definitions,
    audit,
    clock,
    keys,
    rules: { authorise, constraintFor },
    base,
    pageSecret: await sharedSecret(store, 'page-links'),
    takenIdentifier: config.HUB_ALIAS_TAKEN,
    searchUnknown: config.HUB_SEARCH_UNKNOWN,
    cors: config.HUB_CORS_ORIGINS.length > 0,
    references: config.HUB_REFERENCES,
    onSearchParameters: () => custom.refresh(),
  })
  return {
    config,
    clock,
    log,
    early,
    address,
    store,
    storeKind: kind,
    audit,
    auth,
    fhir,
    isFoundBy: foundBy(definitions, base),
    elements: () => definitions.elements(),
    keys,
    live: createLiveBus(),
    closing,
  }
}

function secretsOf(
  config: Config,
  log: Logger,
): { readonly bootstrapClient?: string; readonly secret?: string } {
  const { HUB_BOOTSTRAP_CLIENT: client, HUB_SECRET: secret } = config
  if (secret === undefined && config.HUB_MODE === 'production')
    log.warn('HUB_SECRET is not set: the key that signs tokens lies in the store as it is')
  return {
    ...(client === undefined ? {} : { bootstrapClient: client.reveal() }),
    ...(secret === undefined ? {} : { secret: secret.reveal() }),
  }
}

/** A secret that all processes on this store share: made by whoever comes first. */
async function sharedSecret(store: Store, name: string): Promise<Uint8Array> {
  const fresh = { secret: randomBytes(SECRET_BYTES).toString('base64') }
  await store.records.apply([{ op: 'insert', collection: 'secrets', id: name, value: fresh }])
  const kept = await store.records.get('secrets', name)
  const value = kept?.value as { readonly secret?: string } | undefined
  return Buffer.from(value?.secret ?? fresh.secret, 'base64')
}
