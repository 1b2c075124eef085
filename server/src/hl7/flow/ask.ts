import { withState, type Entry } from '../journal/entry.ts'
import type { Journal } from '../journal/journal.ts'
import type { Tally } from '../journal/tally.ts'
import { ackModeOf, wants } from '../mllp/ack-mode.ts'
import { ACCEPTED } from '../mllp/ack.ts'
import type { Header } from '../mllp/header.ts'
import type { Answered, Queries } from '../query/create-queries.ts'
import { answer, lineOf, type AnsweringDeps } from './answering.ts'
import { NOT_STORED } from './refusals.ts'
import { replyOf, type Reply, type WayBack } from './way-back.ts'

export interface AskDeps extends AnsweringDeps {
  readonly queries: Queries
  readonly journal: Pick<Journal, 'add'>
  readonly tally: Pick<Tally, 'count'>
  readonly report: (error: unknown, message: string) => void
}

interface Asking {
  readonly frame: Buffer
  readonly header: Header
  readonly way: WayBack
}

/**
 * Answers a query. Query and answer are one line of the journal, durable before the answer leaves; a query that comes again is asked again,
 * because it changes nothing. In enhanced mode the answer is that of the application, behind the one of the transport.
 */
export async function ask(deps: AskDeps, { frame, header, way }: Asking): Promise<Reply> {
  const { feed, queries, controlIds } = deps
  const mode = ackModeOf(header, feed.ackMode)
  const answered = await queries.answer(feed, { frame, header }, controlIds())
  const isStored = await writeDown(deps, frame, { header, answered })
  way.stored(isStored)
  const { ack, bytes } = answered
  if (!isStored) {
    const level = mode.isEnhanced ? 'transport' : 'application'
    return { ack: NOT_STORED, bytes: answer(deps, header, { level, ack: NOT_STORED }) }
  }
  if (!mode.isEnhanced) return { ack, bytes }
  if (wants(mode.application, ack)) way.later(Promise.resolve(bytes))
  const isWanted = wants(mode.accept, ACCEPTED)
  return replyOf(ack, isWanted ? answer(deps, header, { level: 'transport', ack: ACCEPTED }) : undefined)
}

async function writeDown(
  deps: AskDeps,
  frame: Buffer,
  { header, answered }: { readonly header: Header; readonly answered: Answered },
): Promise<boolean> {
  const { errors, verdict } = answered.ack
  const line = lineOf(deps, frame, header)
  const state = verdict === 'accept' ? 'committed' : 'rejected'
  const reason = errors[0] === undefined ? {} : { reason: errors[0].text }
  const entry: Entry = {
    ...withState(line, { state, time: deps.clock(), ...reason }),
    attempts: 1,
    ack: answered.bytes.toString('latin1'),
    ...(errors.length > 0 && { errors }),
  }
  try {
    await deps.journal.add(entry, frame)
    deps.tally.count(deps.feed.name, state)
    return true
  } catch (error) {
    deps.report(error, header.field(10))
    return false
  }
}
