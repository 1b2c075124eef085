import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'

import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { createPace } from '../../kernel/pace.ts'
import type { RecordStore } from '../../store/port.ts'
import type { Flow } from '../flow/create-flow.ts'
import { progressOf, type StoredReplay } from '../flow/replays.ts'
import { FLOW } from '../journal/entry.ts'
import { timeOfId } from '../journal/message-time.ts'
import type { Cause } from '../journal/state-marks.ts'
import {
  ReplayRequest,
  ReplaysQuery,
  type DeadLetters,
  type ReplayJob,
  type ReplayJobs,
} from '../replay.contract.ts'
import type { InteropOptions } from './interop-options.ts'
import { instant } from './message-view.ts'

type JobView = z.input<typeof ReplayJob>
type Group = z.input<typeof DeadLetters>['groups'][number]

const ById = z.object({ id: z.uuid() })

/** Dead letters by their cause, and replays of many messages. */
export const replaysApi: FastifyPluginAsyncZod<InteropOptions> = async (app, options) => {
  const { flow, records, callerOf, authorise } = options

  app.get('/dead-letters', async (request): Promise<z.input<typeof DeadLetters>> => {
    authorise(callerOf(request), 'messages.read')
    return deadLetters(records)
  })

  app.get('/replays', async (request): Promise<z.input<typeof ReplayJobs>> => {
    authorise(callerOf(request), 'messages.read')
    return { jobs: (await flow.replays.list()).map((job) => jobView(flow, job)) }
  })

  app.get('/replays/:id', { schema: { params: ById } }, async (request): Promise<JobView> => {
    authorise(callerOf(request), 'messages.read')
    return jobView(flow, await flow.replays.get(request.params.id))
  })

  const schema = { body: ReplayRequest, querystring: ReplaysQuery }
  app.post('/replays', { schema }, async (request, reply) => {
    const caller = callerOf(request)
    authorise(caller, 'messages.replay')
    if (!flow.feeds.has(request.body.feed))
      throw fault('not-found', { code: 'not-found', text: 'There is no such feed.' })
    if (request.query.dryRun === 'true') return flow.replays.count(request.body)
    const job = await flow.replays.create(request.body, caller.subject)
    return reply.code(202).send(jobView(flow, job))
  })

  app.post('/replays/:id/cancel', { schema: { params: ById } }, async (request): Promise<JobView> => {
    authorise(callerOf(request), 'messages.replay')
    return jobView(flow, await flow.replays.cancel(request.params.id))
  })
}

function jobView({ modes }: Pick<Flow, 'modes'>, job: StoredReplay): JobView {
  const { id, request, by, started, ended, state, expected, done, changed, unchanged, failed } = job
  return {
    id,
    request,
    by,
    state,
    done,
    changed,
    unchanged,
    failed,
    started: instant(started),
    progress: progressOf(job),
    ...(state === 'running' && modes.of(request.feed) === 'paused' ? { isHeld: true } : {}),
    ...(expected === undefined ? {} : { expected }),
    ...(ended === undefined ? {} : { ended: instant(ended) }),
  }
}

const PAGE = 1000

/** The newest first, counted up to a bound: a flood of failures must not keep the page from being shown. */
async function deadLetters(records: RecordStore): Promise<z.input<typeof DeadLetters>> {
  const groups = new Map<string, Group>()
  const pace = createPace()
  let to = 'dead}'
  for (let counted = 0; counted < limits.hl7.deadLettersCounted; counted += PAGE) {
    const page = await records.range({
      collection: FLOW.states,
      from: 'dead|',
      to,
      reverse: true,
      limit: PAGE,
    })
    for (const { id, value } of page) add(groups, id.slice('dead|'.length), value as unknown as Cause)
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return answer(groups, false)
    to = last.id
    await pace()
  }
  return answer(groups, true)
}

function answer(groups: ReadonlyMap<string, Group>, isCut: boolean): z.input<typeof DeadLetters> {
  return { groups: [...groups.values()].toSorted((a, b) => b.count - a.count), isCut }
}

function add(groups: Map<string, Group>, message: string, cause: Cause): void {
  const time = instant(timeOfId(message))
  const known = groups.get(cause.key)
  if (known) {
    known.count++
    known.oldest = time
    return
  }
  const { key, feed, type, code, at, text } = cause
  const group = { key, feed, type, code, text, count: 1, oldest: time, newest: time, example: message }
  groups.set(key, at === '' ? group : { ...group, at })
}
