import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'

import type { Caller } from '../../auth/caller.ts'
import { DecidedQuery, Resolution, type DecidedItems, type Worklist } from '../hl7.contract.ts'
import { FLOW } from '../journal/entry.ts'
import { readOnce } from '../record/read-once.ts'
import { isOpen } from '../record/shared-beds.ts'
import type { WorkItem } from '../record/worklist.ts'
import { listDecided, type Decided } from './decided.ts'
import type { InteropOptions } from './interop-options.ts'
import { byAge, itemView } from './item-view.ts'
import { instant } from './message-view.ts'
import { reopenItem, resolveItem, type Resolved } from './resolve-item.ts'

const WORKLIST_MOST = 500
const ById = z.object({ id: z.string().max(64) })

/** What only a person can decide, what was decided lately, and the way back. */
export const worklistApi: FastifyPluginAsyncZod<InteropOptions> = async (app, options) => {
  const { flow, records, resources, callerOf, authorise } = options

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

  const schema = { querystring: DecidedQuery }
  app.get('/worklist/decided', { schema }, async (request): Promise<z.input<typeof DecidedItems>> => {
    authorise(callerOf(request), 'worklist.read')
    const { decided, next } = await listDecided(records, request.query)
    const items = await Promise.all(decided.map(async (one) => decidedView(options, one)))
    return { items, ...(next === undefined ? {} : { next }) }
  })

  app.post(
    '/worklist/:id/resolve',
    { schema: { params: ById, body: Resolution } },
    async (request, reply) => {
      const caller = callerOf(request)
      authorise(caller, 'worklist.resolve')
      const { decision } = request.body
      const resolved = await resolveItem(options, caller, { id: request.params.id, decision })
      await noteDecision(options, caller, { ...resolved, interaction: `worklist-${decision}` })
      return reply.code(204).send()
    },
  )

  app.post('/worklist/:id/reopen', { schema: { params: ById } }, async (request, reply) => {
    const caller = callerOf(request)
    authorise(caller, 'worklist.resolve')
    const reopened = await reopenItem(options, caller, request.params.id)
    await noteDecision(options, caller, { ...reopened, interaction: 'worklist-reopen' })
    return reply.code(204).send()
  })
}

async function decidedView(
  { flow, nameOf }: InteropOptions,
  { item, decision, by, at }: Decided,
): Promise<z.input<typeof DecidedItems>['items'][number]> {
  const [message, name] = await Promise.all([flow.journal.get(item.message), nameOf(by)])
  const when = at === undefined ? {} : { decided: instant(at) }
  return { ...itemView(item, message), decision, by: name ?? by, ...when }
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
