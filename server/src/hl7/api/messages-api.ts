import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'

import { fault } from '../../kernel/fault.ts'
import type { Flow } from '../flow/create-flow.ts'
import { Edit, MessageId, MessageQuery, ReplayQuery, type ReplayAnswer } from '../hl7.contract.ts'
import type { Entry, Journaled } from '../journal/entry.ts'
import { encodeText } from '../mllp/charset.ts'
import { readHeader } from '../mllp/header.ts'
import type { ElementChange } from '../record/element-changes.ts'
import { DiscardRequest, type Discarded } from '../replay.contract.ts'
import type { InteropOptions } from './interop-options.ts'
import { itemView } from './item-view.ts'
import { searchMessages } from './message-search.ts'
import { bytesOf, detailOf, resourcesOf, summaryOf } from './message-view.ts'

const ById = z.object({ id: MessageId })
const RawQuery = z.strictObject({ edit: z.coerce.number().int().min(0).max(1000).optional() })

/** One message: what it says, what became of it, and how it is processed again. */
export const messagesApi: FastifyPluginAsyncZod<InteropOptions> = async (app, options) => {
  const { flow, records, callerOf, authorise } = options

  app.get('/messages', { schema: { querystring: MessageQuery } }, async (request) => {
    authorise(callerOf(request), 'messages.read')
    const { messages, next } = await searchMessages({ records, index: flow.index }, request.query)
    return { messages: messages.map(summaryOf), ...(next === undefined ? {} : { next }) }
  })

  app.get('/messages/:id', { schema: { params: ById } }, async (request) => {
    authorise(callerOf(request), 'messages.read')
    const message = await messageOf(flow, request.params.id)
    return detailOf({ records, journal: flow.journal, feeds: flow.feeds }, message)
  })

  // The bytes as they came, or as they were mended: for those who look for what the decoded text cannot show.
  const raw = { params: ById, querystring: RawQuery }
  app.get('/messages/:id/raw', { schema: raw }, async (request, reply) => {
    authorise(callerOf(request), 'messages.read')
    const message = await messageOf(flow, request.params.id)
    const { edit = 0 } = request.query
    if (edit > (message.entry.edits?.length ?? 0))
      throw fault('not-found', { code: 'not-found', text: 'The message was not mended so often.' })
    const bytes = await bytesOf(flow.journal, message, request.query)
    return reply.type('application/octet-stream').header('x-content-type-options', 'nosniff').send(bytes)
  })
}

/** What changes messages, or shows what would change. */
export const messageCommandsApi: FastifyPluginAsyncZod<InteropOptions> = async (app, options) => {
  const { flow, callerOf, authorise } = options

  app.post(
    '/messages/:id/replay',
    { schema: { params: ById, querystring: ReplayQuery } },
    async (request) => {
      authorise(callerOf(request), 'messages.replay')
      const { id } = request.params
      return request.query.dryRun === 'true' ? rehearse(flow, id) : replayed(await flow.processing.replay(id))
    },
  )

  const edit = { params: ById, querystring: ReplayQuery, body: Edit }
  app.post('/messages/:id/edit', { schema: edit, bodyLimit: EDIT_BYTES }, async (request) => {
    const caller = callerOf(request)
    authorise(caller, 'messages.replay')
    const message = await messageOf(flow, request.params.id)
    const text = await mended(flow, message, request.body.text)
    if (request.query.dryRun === 'true') return rehearse(flow, message.id, text)
    return replayed(await flow.processing.mend(message.id, text, caller.subject))
  })

  const discard = { params: ById, body: DiscardRequest }
  app.post(
    '/messages/:id/discard',
    { schema: discard },
    async (request): Promise<z.input<typeof Discarded>> => {
      const caller = callerOf(request)
      authorise(caller, 'messages.replay')
      const reason = `${request.body.reason} (${caller.subject})`
      const { state } = await flow.processing.discard(request.params.id, reason)
      return { id: request.params.id, state }
    },
  )
}

const EDIT_BYTES = 32 * 1024 * 1024

async function messageOf({ journal }: Flow, id: string): Promise<Journaled> {
  const message = await journal.get(id)
  if (!message) throw fault('not-found', { code: 'not-found', text: 'There is no such message.' })
  return message
}

/** The mended text in the character set of the message; line feeds of a text box are segment ends. */
async function mended({ journal, feeds }: Flow, message: Journaled, text: string): Promise<Buffer> {
  const lines = text.replaceAll(/\r\n|\n/g, '\r')
  const header = readHeader(Buffer.from(lines, 'latin1')) ?? readHeader(await journal.raw(message.id))
  return encodeText(lines, header, feeds.get(message.entry.feed)?.charset)
}

async function rehearse(flow: Flow, id: string, text?: Buffer): Promise<z.input<typeof ReplayAnswer>> {
  const [message, plan] = await Promise.all([flow.journal.get(id), flow.processing.rehearse(id, text)])
  return {
    dryRun: true,
    state: message?.entry.state ?? 'received',
    resources: plan.made.map((one) => ({ ...one })),
    changes: changesOf(plan.changes()),
    conflicts: plan.conflicts.map((item) => itemView(item)),
  }
}

function changesOf(changes: readonly ElementChange[]): z.input<typeof ReplayAnswer>['changes'] {
  return changes.map(({ reference, element, before, after }) => ({
    reference,
    element,
    ...(before === undefined ? {} : { before: JSON.stringify(before) }),
    ...(after === undefined ? {} : { after: JSON.stringify(after) }),
  }))
}

function replayed(entry: Entry): z.input<typeof ReplayAnswer> {
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
