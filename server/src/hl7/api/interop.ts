import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'

import type { Caller } from '../../auth/caller.ts'
import type { Command } from '../../auth/permissions.ts'
import type { Resources } from '../../fhir/resources.ts'
import { fault } from '../../kernel/fault.ts'
import type { RecordStore } from '../../store/port.ts'
import type { FeedListener, Flow } from '../flow/create-flow.ts'
import { FLOW } from '../flow/entry.ts'
import type { FlowFeed } from '../flow/feed.ts'
import type { WorkItem } from '../flow/worklist.ts'
import {
  MessageId,
  MessageQuery,
  ReplayQuery,
  Resolution,
  TraceQuery,
  type Feeds,
  type ReplayAnswer,
  type Statistics,
  type Worklist,
} from '../hl7.contract.ts'
import { traceElements } from './element-trace.ts'
import { searchMessages } from './message-search.ts'
import { detailOf, instant, resourcesOf, summaryOf } from './message-view.ts'
import { resolveItem } from './resolve-item.ts'

export interface InteropOptions {
  readonly flow: Flow
  readonly listeners: readonly FeedListener[]
  readonly records: RecordStore
  readonly resources: Pick<Resources, 'read' | 'peek' | 'transact'>
  /** Milliseconds UTC when the counting began. */
  readonly since: number
  readonly callerOf: (request: FastifyRequest) => Caller
  /** @throws Fault `forbidden` */
  readonly authorise: (caller: Caller, command: Command) => void
}

/** `/api/v1/interop`: messages, where values come from, what needs a person, how the feeds are. */
export const interopApi: FastifyPluginAsyncZod<InteropOptions> = async (app, options) => {
  // The prefix is this plugin's own: its parts stand right below it.
  const below = { ...options, prefix: '' }
  await app.register(messagesApi, below)
  await app.register(recordApi, below)
  await app.register(feedsApi, below)
}

const ById = z.object({ id: MessageId })

const messagesApi: FastifyPluginAsyncZod<InteropOptions> = async (app, options) => {
  const { flow, records, callerOf, authorise } = options

  app.get('/messages', { schema: { querystring: MessageQuery } }, async (request) => {
    authorise(callerOf(request), 'messages.read')
    const { messages, next } = await searchMessages(records, request.query)
    return { messages: messages.map(summaryOf), ...(next === undefined ? {} : { next }) }
  })

  app.get('/messages/:id', { schema: { params: ById } }, async (request) => {
    authorise(callerOf(request), 'messages.read')
    const message = await flow.journal.get(request.params.id)
    if (!message) throw fault('not-found', { code: 'not-found', text: 'There is no such message.' })
    return detailOf({ records, journal: flow.journal, feeds: flow.feeds }, message)
  })

  app.post(
    '/messages/:id/replay',
    { schema: { params: ById, querystring: ReplayQuery } },
    async (request) => {
      authorise(callerOf(request), 'messages.replay')
      const { id } = request.params
      return request.query.dryRun === 'true' ? rehearse(flow, id) : replay(flow, id)
    },
  )
}

async function rehearse(flow: Flow, id: string): Promise<z.input<typeof ReplayAnswer>> {
  const [message, plan] = await Promise.all([flow.journal.get(id), flow.processing.rehearse(id)])
  const changes = plan.changes.map(({ reference, element, before, after }) => ({
    reference,
    element,
    ...(before === undefined ? {} : { before: JSON.stringify(before) }),
    ...(after === undefined ? {} : { after: JSON.stringify(after) }),
  }))
  return {
    dryRun: true,
    state: message?.entry.state ?? 'received',
    resources: plan.made.map((one) => ({ ...one })),
    changes,
    conflicts: plan.conflicts.map(itemView),
  }
}

async function replay(flow: Flow, id: string): Promise<z.input<typeof ReplayAnswer>> {
  const entry = await flow.processing.replay(id)
  const reason = entry.history.at(-1)?.reason
  return {
    dryRun: false,
    state: entry.state,
    resources: resourcesOf(entry),
    changes: [],
    conflicts: [],
    ...(reason === undefined ? {} : { reason }),
  }
}

const recordApi: FastifyPluginAsyncZod<InteropOptions> = async (app, options) => {
  const { records, resources, callerOf, authorise } = options

  app.get('/trace', { schema: { querystring: TraceQuery } }, async (request) => {
    const caller = callerOf(request)
    authorise(caller, 'trace.read')
    const { reference, element } = request.query
    const [type = '', id = ''] = reference.split('/')
    // Who may not see the resource may not see where it came from.
    await resources.read(caller, type, id)
    return traceElements({ records, resources }, { reference, ...(element === undefined ? {} : { element }) })
  })

  app.get('/worklist', async (request): Promise<z.input<typeof Worklist>> => {
    authorise(callerOf(request), 'worklist.read')
    const found = await records.range({ collection: FLOW.worklist, limit: WORKLIST_MOST })
    const items = found.map(({ value }) => itemView(value as unknown as WorkItem))
    return { items: items.toSorted((a, b) => (a.time < b.time ? 1 : -1)) }
  })

  const schema = { params: z.object({ id: z.string().max(64) }), body: Resolution }
  app.post('/worklist/:id/resolve', { schema }, async (request, reply) => {
    const caller = callerOf(request)
    authorise(caller, 'worklist.resolve')
    await resolveItem({ records, resources }, caller, {
      id: request.params.id,
      decision: request.body.decision,
    })
    return reply.code(204).send()
  })
}

const WORKLIST_MOST = 500

function itemView(item: WorkItem): z.input<typeof Worklist>['items'][number] {
  return { ...item, time: instant(item.time) }
}

const feedsApi: FastifyPluginAsyncZod<InteropOptions> = async (app, options) => {
  const { flow, listeners, since, callerOf, authorise } = options

  app.get('/feeds', async (request): Promise<z.input<typeof Feeds>> => {
    authorise(callerOf(request), 'messages.read')
    const feeds = [...flow.feeds.values()].map((feed) => feedView(flow, listeners, feed))
    return { feeds }
  })

  app.get('/statistics', async (request): Promise<z.input<typeof Statistics>> => {
    authorise(callerOf(request), 'messages.read')
    const { inFlight, outstanding } = flow.partitions
    const { blockedPartitions } = flow.parking
    return { since: instant(since), messages: flow.tally.total(), inFlight, outstanding, blockedPartitions }
  })
}

function feedView(
  flow: Flow,
  listeners: readonly FeedListener[],
  { name, ackAt }: FlowFeed,
): z.input<typeof Feeds>['feeds'][number] {
  const open = listeners.find(({ feed }) => feed.name === name)?.listener
  const messages = { ...flow.tally.of(name) }
  if (!open) return { name, ackAt, state: 'closed', messages, wire: {} }
  return { name, ackAt, state: 'listening', port: open.port, messages, wire: { ...open.counts } }
}
