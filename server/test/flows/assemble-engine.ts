import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { createAuditTrail, type AuditArchive } from '../../src/audit/create-audit-trail.ts'
import { authorise, constraintFor } from '../../src/auth/authorise.ts'
import { auditedAccess } from '../../src/fhir/access.ts'
import { eventTrail } from '../../src/fhir/audit-events/search-events.ts'
import { createResources } from '../../src/fhir/create-resources.ts'
import { foundBy } from '../../src/fhir/keys/keys-of-row.ts'
import { loadDefinitions } from '../../src/fhir/load-definitions.ts'
import type { Resources } from '../../src/fhir/resources.ts'
import { createPageTokens } from '../../src/fhir/search/page-token.ts'
import { createSearch } from '../../src/fhir/search/search.ts'
import { watchFolders, type WatchedFolders } from '../../src/hl7/files/watch-folders.ts'
import { createFlow, type Flow } from '../../src/hl7/flow/create-flow.ts'
import { createListeners, type Listeners } from '../../src/hl7/flow/listeners.ts'
import { createMapper } from '../../src/hl7/mapping/mapper.ts'
import { createOutbound, type Outbound, type OutboundDeps } from '../../src/hl7/outbound/create-outbound.ts'
import { createAnswerTaker } from '../../src/hl7/outbound/take-answer.ts'
import { createQueries } from '../../src/hl7/query/create-queries.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import type { LoggedCommit, Store } from '../../src/store/port.ts'

export const MAPPINGS = fileURLToPath(new URL('../../../mappings', import.meta.url))

/** The interface engine with everything below it, and one open port; no HTTP, no process of its own. */
export interface Engine {
  readonly store: Store
  readonly resources: Resources
  readonly flow: Flow
  readonly listeners: Listeners
  readonly folders: WatchedFolders
  readonly outbound: Outbound
  readonly port: number
  readonly audit: AuditArchive
  readonly reported: unknown[]
  stop(): Promise<void>
  /** Current resources of a type. */
  all(type: string): Promise<readonly JsonObject[]>
  /** Every commit so far. */
  /** Those that changed resources: the audit trail has its own, whenever it is its time. */
  commits(): Promise<readonly LoggedCommit[]>
}

const NO_RULES: OutboundDeps['rules'] = {
  definitions: new Map(),
  laidOver: () => NO_RULES,
  build: () => Promise.resolve(undefined),
}

const NOTHING_OUT = { rules: NO_RULES, destinations: [] }

export interface EngineParts {
  /** Of this engine alone: the audit file. */
  readonly folder: string
  readonly settings?: Readonly<Record<string, unknown>>
  readonly isShared?: boolean
  /** 0: any free port. */
  readonly port?: number
  /** Folder of rules, for tests that break them. */
  readonly mappings?: string
  readonly out?: Pick<OutboundDeps, 'rules' | 'destinations'>
}

/** Builds and starts the engine on a store; who calls stops it. */
export async function assembleEngine(store: Store, parts: EngineParts): Promise<Engine> {
  const { mappings = MAPPINGS, out = NOTHING_OUT, settings = {}, isShared = false, port = 0 } = parts
  const clock = Date.now
  const reported: unknown[] = []
  const onError = (error: unknown) => void reported.push(error)
  const folder = join(parts.folder, 'audit')
  const audit = createAuditTrail({ folder, store, clock, onError })
  const definitions = loadDefinitions()
  const rules = { authorise, constraintFor }
  const base = 'http://127.0.0.1/fhir'
  const resources = createResources({ store, definitions, rules, audit, clock, base })
  const mapper = await createMapper(mappings)
  const feeds = new Map([...mapper.feeds].map(([name, file]) => [name, { ...file, ...settings }]))
  const shared = { clock, isShared, report: onError }
  const access = auditedAccess(rules, audit, clock)
  const trail = eventTrail(audit, definitions)
  const found = { reader: store.resources, definitions, access, clock, base, trail }
  const search = createSearch(found, createPageTokens(Buffer.alloc(32, 1)))
  const queries = createQueries({ rules: mapper, search, resources, audit, clock, report: onError })
  const taker = createAnswerTaker({ mapper, resources, reader: store.resources, clock, report: onError })
  const isFoundBy = foundBy(definitions, base)
  const outbound = createOutbound({ store, isFoundBy, ...out, taker, ...shared })
  const flow = createFlow({
    answers: async (frame) => outbound.takeAnswer(frame),
    queries,
    records: store.records,
    resources,
    mapper: { ...mapper, feeds },
    folder: join(parts.folder, 'journal'),
    ...shared,
  })
  await flow.start()
  const listeners = createListeners({ flow, host: '127.0.0.1', report: onError, portOf: () => port })
  await listeners.follow()
  await outbound.start()
  const folders = watchFolders({ flow, records: store.records, report: onError })
  await folders.follow()
  const stop = async () => {
    await folders.stop()
    await outbound.stop()
    await listeners.close()
    await flow.stop()
    await audit.close()
  }
  let stopped: Promise<void> | undefined
  return {
    store: { ...store, records: flow.records },
    resources,
    flow,
    listeners,
    folders,
    outbound,
    audit,
    port: listeners.of('default')?.port ?? 0,
    reported,
    stop: async () => (stopped ??= stop()),
    all: async (type) => currentOf(store, type),
    commits: async () => (await store.log.read(0, 10_000)).filter(({ changes }) => changes.length > 0),
  }
}

async function currentOf(store: Store, type: string): Promise<readonly JsonObject[]> {
  const found = await store.resources.scan({ type, order: 'updated', direction: 'asc', limit: 1000 })
  const rows = await store.resources.fetch(
    type,
    found.map(({ id }) => id),
  )
  return rows.flatMap((row) =>
    row ? [JSON.parse(Buffer.from(row.bytes).toString('utf8')) as JsonObject] : [],
  )
}
