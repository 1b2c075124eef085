import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { FastifyInstance } from 'fastify'

import type { Foundation } from './app-foundation.ts'
import { callerOfRequest } from './app-http.ts'
import { authoriseCommand } from './auth/authorise.ts'
import { interopApi } from './hl7/api/interop.ts'
import { watchFolders, type WatchedFolders } from './hl7/files/watch-folders.ts'
import { createFlow, type Flow } from './hl7/flow/create-flow.ts'
import { createListeners, type Listeners } from './hl7/flow/listeners.ts'
import { createLiveMapper, type LiveMapper } from './hl7/mapping/live-mapper.ts'
import { createMerging } from './hl7/merging/create-merging.ts'
import { mergesApi } from './hl7/merging/merges-api.ts'
import { createOutbound, type Outbound } from './hl7/outbound/create-outbound.ts'
import { loadDestinations } from './hl7/outbound/destination.ts'
import { createAnswerTaker } from './hl7/outbound/take-answer.ts'
import { createQueries } from './hl7/query/create-queries.ts'
import { followSettings } from './hl7/settings/follow-settings.ts'
import { fault } from './kernel/fault.ts'

const MAPPINGS = fileURLToPath(new URL('../../mappings', import.meta.url))
/** The rules as an installation has read and checked them. */
const READ_RULES = fileURLToPath(new URL('../.generated/rules.json', import.meta.url))

/** The interface engine with its API and its listeners. @returns the port of the evaluation feed; undefined without the mllp role */
export async function startHl7(app: FastifyInstance, foundation: Foundation): Promise<number | undefined> {
  const { config, store, storeKind, clock, log, closing, audit, fhir, isFoundBy, elements } = foundation
  const { resources } = fhir
  const folder = config.HUB_MAPPINGS ?? MAPPINGS
  const report = (error: unknown, message: string) =>
    log.warn({ err: error, message }, 'a message needs attention')
  const kept = [join(config.HUB_DATA, 'rules.json'), READ_RULES]
  const mapper = await createLiveMapper({ folder, kept, elements, report })
  closing.push(() => mapper.stop())
  const isShared = storeKind === 'mongo'
  const destinations = await loadDestinations(folder)
  const outbound = createOutbound({
    store,
    isFoundBy,
    rules: mapper.outbound,
    destinations,
    clock,
    isShared,
    taker: createAnswerTaker({ mapper, resources, reader: store.resources, clock, report }),
    report,
  })
  const answers = async (frame: Buffer) => outbound.takeAnswer(frame)
  const queries = createQueries({ rules: mapper, search: fhir.search, resources, audit, clock, report })
  const { records } = store
  const own = { folder: join(config.HUB_DATA, 'journal'), isShared }
  const flow = createFlow({ records, resources, mapper, clock, ...own, answers, queries, report })
  const isListening = config.HUB_ROLES.includes('mllp')
  const listeners = createListeners({
    flow,
    host: config.HUB_HOST,
    report,
    portOf: ({ name, port }) => {
      if (!isListening) return undefined
      return port ?? (name === 'default' ? config.HUB_MLLP_PORT : undefined)
    },
  })
  const folders = watchFolders({ flow, records, report })
  const problemOf = (feed: string) => listeners.problemOf(feed) ?? folders.problemOf(feed)
  const api = { flow, listeners, problemOf, outbound, records: flow.records, resources, since: clock() }
  const access = accessOf(foundation)
  const merging = createMerging({ records: store.records, resources, reader: store.resources, report })
  // The plugin hands its options on to its parts: the prefix must not be among them.
  await app.register(async (scope) => scope.register(interopApi, { ...api, ...access }), {
    prefix: '/api/v1/interop',
  })
  if (config.HUB_ROLES.includes('relay')) {
    closing.push(() => outbound.stop())
    await outbound.start()
  }
  await app.register(async (scope) => scope.register(mergesApi, { merging, ...access }), {
    prefix: '/api/v1/interop',
  })
  mapper.with(followSettings({ folder, flow, outbound }))
  if (!isListening) return undefined
  merging.start()
  closing.push(() => merging.stop())
  await openPorts({ flow, listeners, folders, outbound, mapper, folder, closing })
  refuseTakenPort(flow, listeners)
  return listeners.of('default')?.port
}

/** Who calls, what they may do, and what is noted of it. */
function accessOf({ audit, auth: { accounts }, clock }: Foundation) {
  const nameOf = async (subject: string) => (await accounts.get(subject))?.name
  return { callerOf: callerOfRequest, authorise: authoriseCommand, nameOf, audit, clock }
}

/** The port of the configuration is promised to whoever starts the hub; those of other feeds are tried again while everything else runs. */
function refuseTakenPort(flow: Flow, listeners: Listeners): void {
  const problem = listeners.problemOf('default')
  if (problem === undefined || flow.feeds.get('default')?.port !== undefined) return
  throw fault('unavailable', { code: 'transient', text: `HUB_MLLP_PORT: ${problem}` })
}

interface Ports extends Pick<Foundation, 'closing'> {
  readonly flow: Flow
  readonly listeners: Listeners
  readonly folders: WatchedFolders
  readonly outbound: Outbound
  readonly mapper: LiveMapper
  /** The `mappings/` folder. */
  readonly folder: string
}

/** Messages come in from here on, and what is changed in the folder counts. */
async function openPorts({ closing, mapper, folders, ...engine }: Ports): Promise<void> {
  const { flow, listeners } = engine
  closing.push(() => flow.stop())
  closing.push(() => listeners.close())
  await flow.start(() => void listeners.follow())
  closing.push(() => folders.stop())
  await folders.follow()
  await listeners.follow()
  mapper.with(followSettings({ ...engine, ports: { listeners, folders } }))
}
