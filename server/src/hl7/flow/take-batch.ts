import { limits } from '../../kernel/limits.ts'
import type { Journal } from '../journal/journal.ts'
import type { Tally } from '../journal/tally.ts'
import { ACCEPTED, type AckError } from '../mllp/ack.ts'
import { buildBatchAck } from '../mllp/batch-ack.ts'
import { problemsOf, splitPaced, type Batches } from '../mllp/batch.ts'
import { HEAD_BYTES } from '../mllp/framer.ts'
import { lineOf, type AnsweringDeps } from './answering.ts'
import { NOT_STORED } from './refusals.ts'
import { sharedWay, type Reply, type WayBack } from './way-back.ts'

export interface BatchDeps extends AnsweringDeps {
  readonly journal: Pick<Journal, 'add'>
  readonly tally: Pick<Tally, 'count'>
}

/**
 * Each message of a batch is journaled and answered for itself: one that is wrong does not stop the others. A batch that does not hold what it
 * says is a line of its own in the journal: messages are missing, and nobody else would tell.
 */
export async function takeBatch(
  deps: BatchDeps,
  { frame, way }: { readonly frame: Buffer; readonly way: WayBack },
  takeOne: (message: Buffer, way: WayBack) => Promise<Reply>,
): Promise<Reply> {
  const { feed, clock, controlIds } = deps
  const batch = await splitPaced(frame)
  const { messages } = batch
  const own = sharedWay(way, messages.length)
  const replies: Reply[] = []
  for (let at = 0; at < messages.length; at += limits.hl7.batchAtOnce) {
    const part = messages.slice(at, at + limits.hl7.batchAtOnce)
    replies.push(...(await Promise.all(part.map(async (message) => takeOne(message, own)))))
  }
  await noteProblems(deps, frame, batch)
  if (replies.some(({ ack }) => ack === NOT_STORED) && feed.commitBytes) return { ack: NOT_STORED }
  const answers = replies.map(({ bytes }) => bytes)
  if (feed.batchAck === 'batch')
    return { ack: ACCEPTED, bytes: buildBatchAck(batch, answers, { controlIds, nowMs: clock() }) }
  for (const one of answers) if (one !== undefined) way.later(one)
  return { ack: ACCEPTED }
}

async function noteProblems(deps: BatchDeps, frame: Buffer, batch: Batches): Promise<void> {
  const [text, ...more] = problemsOf(batch)
  if (text === undefined) return
  const error: AckError = { code: '100', severity: 'E', at: 'BTS-1', text: [text, ...more].join('; ') }
  const headers = batch.files.flatMap((file) => [file.header, ...file.batches.map((one) => one.header)])
  const first = headers.find((line) => line !== undefined) ?? ''
  deps.tally.count(deps.feed.name, 'rejected')
  await deps.journal.add(
    {
      ...lineOf(deps, frame.subarray(0, HEAD_BYTES), undefined),
      type: first.slice(0, 3),
      controlId: first.split(first.charAt(3))[10] ?? '',
      state: 'rejected',
      history: [{ state: 'rejected', time: deps.clock(), reason: error.text }],
      errors: [error],
    },
    frame.subarray(0, HEAD_BYTES),
  )
}
