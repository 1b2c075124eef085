import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'

import type { Caller } from '../../auth/caller.ts'
import { Resolution, TraceQuery, type Worklist } from '../hl7.contract.ts'
import { FLOW } from '../journal/entry.ts'
import { readOnce } from '../record/read-once.ts'
import { isOpen } from '../record/shared-beds.ts'
import type { WorkItem } from '../record/worklist.ts'
import { traceElements } from './element-trace.ts'
import { feedsApi } from './feeds-api.ts'
import type { InteropOptions } from './interop-options.ts'
import { byAge, itemView } from './item-view.ts'
import { messageCommandsApi, messagesApi } from './messages-api.ts'
import { outboundApi } from './outbound-api.ts'
import { replaysApi } from './replays-api.ts'
import { reopenItem, resolveItem, type Resolved } from './resolve-item.ts'
import { withSegments } from './source-segment.ts'
import { testerApi } from './tester-api.ts'

/** `/api/v1/interop`: messages, where values come from, what needs a person, how the feeds are. */
export const interopApi: FastifyPluginAsyncZod<InteropOptions> = async (app, options) => {
  // The prefix is this plugin's own: its parts stand right below it.
  const below = { ...options, prefix: '' }
  await app.register(messagesApi, below)
  await app.register(messageCommandsApi, below)
  await app.register(recordApi, below)
  await app.register(feedsApi, below)
  await app.register(replaysApi, below)
  await app.register(testerApi, below)
  await app.register(outboundApi, below)
}

const recordApi: FastifyPluginAsyncZod<InteropOptions> = async (app, options) => {
  const { flow, records, resources, callerOf, authorise } = options

  app.get('/trace', { schema: { querystring: TraceQuery } }, async (request) => {
    const caller = callerOf(request)
    authorise(caller, 'trace.read')
    const { reference, element } = request.query
    const [type = '', id = ''] = reference.split('/')
    // Who may not see the resource may not see where it came from.
    await resources.read(caller, type, id)
    const wanted = { reference, ...(element === undefined ? {} : { element }) }
    const { sources } = await traceElements({ records, resources }, wanted)
    return { reference, sources: await withSegments({ journal: flow.journal, feeds: flow.feeds }, sources) }
  })

  app.get('/worklist', async (request): Promise<z.input<typeof Worklist>> => {
    authorise(callerOf(request), 'worklist.read')
    const found = await records.range({ collection: FLOW.worklist, limit: WORKLIST_MOST + 1 })
    const all = found.slice(0, WORKLIST_MOST).map(({ value }) => value as unknown as WorkItem)
    const known = { records, resources: readOnce(resources) }
    const isOpenNow = await Promise.all(all.map(async (item) => isOpen(known, item)))
    const items = all.filter((_, at) => isOpenNow[at])
    const views = await Promise.all(
      items.map(async (item) => itemView(item, await flow.journal.get(item.message))),
    )
    return { items: views.toSorted(byAge), isCut: found.length > WORKLIST_MOST }
  })

  const params = z.object({ id: z.string().max(64) })
  app.post('/worklist/:id/resolve', { schema: { params, body: Resolution } }, async (request, reply) => {
    const caller = callerOf(request)
    authorise(caller, 'worklist.resolve')
    const { decision } = request.body
    const resolved = await resolveItem(options, caller, { id: request.params.id, decision })
    await noteDecision(options, caller, { ...resolved, interaction: `worklist-${decision}` })
    return reply.code(204).send()
  })

  app.post('/worklist/:id/reopen', { schema: { params } }, async (request, reply) => {
    const caller = callerOf(request)
    authorise(caller, 'worklist.resolve')
    const reopened = await reopenItem(options, caller, request.params.id)
    await noteDecision(options, caller, { ...reopened, interaction: 'worklist-reopen' })
    return reply.code(204).send()
  })
}

/** Who decided what about which record; a decision that keeps the record writes nothing else. */
async function noteDecision(
  { audit, clock }: InteropOptions,
  { subject, correlation }: Caller,
  { reference, interaction }: Resolved & { readonly interaction: string },
): Promise<void> {
  const patients = reference.startsWith('Patient/') ? [reference.slice('Patient/'.length)] : []
  await audit.noteRead({
    time: clock(),
    subject,
    action: 'E',
    interaction,
    entity: reference,
    patients,
    outcome: 'success',
    ...(correlation === undefined ? {} : { correlation }),
  })
}

const WORKLIST_MOST = 500
