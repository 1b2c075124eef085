import type { Clock } from '../../kernel/clock.ts'
import { limits } from '../../kernel/limits.ts'
import { fingerprint } from '../journal/duplicates.ts'
import type { Entry, Journaled } from '../journal/entry.ts'
import type { FlowFeed } from '../journal/feed.ts'
import type { Journal } from '../journal/journal.ts'
import type { Tally } from '../journal/tally.ts'
import { parseMessage } from '../message/parse-message.ts'
import { ackModeOf, wants, type AckMode } from '../mllp/ack-mode.ts'
import { ACCEPTED, ackOfError, type Ack } from '../mllp/ack.ts'
import { applicationAnswer, isAnswer } from '../mllp/application-answer.ts'
import { isBatch } from '../mllp/batch.ts'
import { checkText, decodeMessage } from '../mllp/charset.ts'
import { checkHeader, type Accepts } from '../mllp/checks.ts'
import type { Later } from '../mllp/connection.ts'
import { HEAD_BYTES } from '../mllp/framer.ts'
import { findHeader, narrowed, readHeader, type Header } from '../mllp/header.ts'
import type { ReturnLines } from '../mllp/return-lines.ts'
import { checkProfile } from '../profile/conformance.ts'
import type { Queries } from '../query/create-queries.ts'
import { accepted, answer, lineOf } from './answering.ts'
import { ask } from './ask.ts'
import type { Processing } from './processing.ts'
import { NOT_A_MESSAGE, NOT_STORED, NOT_YET, REUSED, tooLarge, TWO_MESSAGES, UTF_16 } from './refusals.ts'
import { takeNumbered, type Sequence } from './sequence.ts'
import { takeBatch } from './take-batch.ts'
import { answerOf, isCommitByte, replyOf, wayBack, type Reply, type WayBack } from './way-back.ts'
import type { Progress } from './work-queue.ts'

export interface IntakeDeps {
  readonly feed: FlowFeed
  readonly understands: Accepts['understands']
  readonly journal: Journal
  readonly processing: Pick<Processing, 'submit'>
  readonly tally: Tally
  readonly clock: Clock
  readonly controlIds: () => string
  readonly sequence: Sequence
  readonly returns: Pick<ReturnLines, 'laterOf'>
  /** MSA-4. */
  readonly expected?: string
  /** Takes an acknowledgement that came in by itself: it answers what the hub has sent. */
  readonly answers: (frame: Buffer, header: Header) => Promise<void>
  /** What answers queries; without it there are none. */
  readonly queries?: Queries
  readonly report: (error: unknown, message: string) => void
}

export interface Intake {
  /**
   * Takes one message: it is in the journal, durably, before any positive answer is given.
   *
   * @param later sends the application's answer of enhanced mode.
   * @returns the answer; `undefined` when the sender wants none.
   */
  receive(frame: Buffer, later: Later): Promise<Buffer | undefined>
  /** Takes one message of a file. @returns what its sender would be told, whether it wants an answer or not */
  take(message: Buffer): Promise<Ack>
  /** Refuses what was cut at the bound. */
  refuse(head: Buffer, later: Later): Promise<Buffer | undefined>
}

export function createIntake(deps: IntakeDeps): Intake {
  const ways = (later: Later) => wayBack(deps.feed, deps.returns.laterOf(deps.feed, later), later)
  const tooLong = async (head: Buffer, way: WayBack) =>
    turnDown(
      deps,
      { frame: head, header: readHeader(head) ?? findHeader(head), way },
      tooLarge(deps.feed.frameBytes),
    )
  return {
    receive: async (frame, later) => {
      if (isCommitByte(frame)) return undefined
      const way = ways(later)
      const reply = isBatch(frame)
        ? await takeBatch(deps, { frame, way }, async (message, own) => receiveOne(deps, message, own))
        : await receiveOne(deps, frame, way)
      return answerOf(deps.feed, reply)
    },
    take: async (message) => {
      const { later } = ways(() => undefined)
      const way = { later, stored: () => undefined }
      const isTooLong = message.length > deps.feed.frameBytes
      const taking = isTooLong
        ? tooLong(message.subarray(0, HEAD_BYTES), way)
        : receiveOne(deps, message, way)
      return (await taking).ack
    },
    refuse: async (head, later) => {
      const { stored } = ways(later)
      // Its head is: but that is not the message.
      const { bytes } = await tooLong(head, { later, stored: () => stored(false) })
      return bytes
    },
  }
}

/** Not async itself: each promise that only hands another one on costs three turns of the queue of microtasks, for every message. */
function receiveOne(deps: IntakeDeps, frame: Buffer, way: WayBack): Promise<Reply> {
  deps.tally.count(deps.feed.name, 'received')
  const header = readHeader(frame)
  if (!header) {
    const narrow = narrowed(frame)
    const ack = narrow === undefined ? NOT_A_MESSAGE : UTF_16
    return turnDown(deps, { frame, header: findHeader(narrow ?? frame), way }, ack)
  }
  if (isAnswer(header)) return takeAnswer(deps, { frame, header, way })
  const refusal = refusalOf(deps, frame, header)
  const taken = { frame, header, way }
  const { queries, feed } = deps
  if (feed.sequence)
    return takeNumbered(deps, {
      header,
      refusal,
      way,
      take: async (own, number) => take({ ...deps, ...own }, { ...taken, number }),
      refuse: async (own, ack) => turnDown({ ...deps, ...own }, taken, ack),
    })
  if (refusal) return turnDown(deps, taken, refusal)
  return queries?.isQuery(feed.name, header) ? ask({ ...deps, queries }, taken) : take(deps, taken)
}

/** An acknowledgement is never acknowledged; it may answer what the hub has sent. */
async function takeAnswer({ answers }: IntakeDeps, { frame, header, way }: Taken): Promise<Reply> {
  await answers(frame, header)
  way.stored(true)
  return { ack: ACCEPTED }
}

function refusalOf({ feed, understands }: IntakeDeps, frame: Buffer, header: Header): Ack | undefined {
  const wrong = checkHeader(frame, header, { processingIds: feed.processingIds, understands })
  if (wrong) return wrong
  if (hasAnother(frame, header)) return TWO_MESSAGES
  try {
    if (feed.profile === undefined || feed.checkProfile !== 'before-ack') {
      checkText(frame, header, feed.charset)
      return undefined
    }
    const errors = checkProfile(feed.profile, parseMessage(decodeMessage(frame, header, feed.charset)))
    return errors.length === 0 ? undefined : { verdict: 'error', errors }
  } catch (error) {
    return ackOfError(error)
  }
}

/** A second header in one frame: what is behind it may be of another patient. */
function hasAnother(frame: Buffer, { fieldSeparator }: Header): boolean {
  const begin = `MSH${fieldSeparator}`
  const first = frame.indexOf(begin, 0, 'latin1')
  for (let at = first; at !== -1; at = frame.indexOf(begin, at + begin.length, 'latin1'))
    if (at > first && (frame[at - 1] === CR || frame[at - 1] === LF)) return true
  return false
}

const CR = 0x0d
const LF = 0x0a

interface Refused extends Omit<Taken, 'header'> {
  readonly header: Header | undefined
}

/** What is refused is written down too: somebody has to find out why a sender gets no further. */
async function turnDown(deps: IntakeDeps, { frame, header, way }: Refused, ack: Ack): Promise<Reply> {
  deps.tally.count(deps.feed.name, 'rejected')
  const mode = ackModeOf(header, deps.feed.ackMode)
  const level = mode.isEnhanced ? 'transport' : 'application'
  const entry: Entry = {
    ...lineOf(deps, frame, header),
    state: 'rejected',
    history: [{ state: 'rejected', time: deps.clock(), reason: ack.errors[0]?.text ?? 'refused' }],
    errors: ack.errors,
  }
  await deps.journal.add(entry, frame)
  way.stored(true)
  if (wants(mode.accept, ack)) return { ack, bytes: answer(deps, header, { level, ack }) }
  // Who wants no answer of the transport waits for that of the application: it will never see the message.
  return wants(mode.application, ack)
    ? { ack, bytes: answer(deps, header, { level: 'application', ack }) }
    : { ack }
}

interface Taken {
  readonly frame: Buffer
  readonly header: Header
  readonly way: WayBack
  /** Durably takes its number in the sequence; `false`: it cannot be taken. */
  readonly number?: () => Promise<boolean>
}

async function take(deps: IntakeDeps, taken: Taken): Promise<Reply> {
  const { frame, header, way } = taken
  const mode = ackModeOf(header, deps.feed.ackMode)
  const level = mode.isEnhanced ? 'transport' : 'application'
  const journaled = await writeDown(deps, taken, accepted(deps, header, level))
  if (journaled === 'reused') return turnDown(deps, taken, REUSED)
  way.stored(journaled !== undefined)
  if (!journaled) return { ack: NOT_STORED, bytes: answer(deps, header, { level, ack: NOT_STORED }) }
  const { message, progress } = journaled
  const stored = Buffer.from(message.entry.ack ?? '', 'latin1')
  if (mode.isEnhanced) return transportReply(deps, taken, { mode, progress, stored })
  // Original mode: one answer, at the point where the feed wants it.
  const isTyped = deps.feed.answers === 'application' && applicationAnswer(header) !== undefined
  const ackAt = isTyped ? 'committed' : deps.feed.ackAt
  const ack = ackAt === 'stored' ? ACCEPTED : await verdictAt(ackAt, progress)
  if (isTyped) return { ack, bytes: answer(deps, header, { level, ack, typedFor: frame }) }
  return { ack, bytes: ack.verdict === 'accept' ? stored : answer(deps, header, { level, ack }) }
}

/** Enhanced mode: the answer of the transport; that of the application follows. */
function transportReply(
  deps: IntakeDeps,
  { frame, header, way }: Taken,
  {
    mode,
    progress,
    stored,
  }: { readonly mode: AckMode; readonly progress: Progress; readonly stored: Buffer },
): Reply {
  if (mode.application !== 'NE') way.later(applicationAck(deps, header, { mode, progress, frame }))
  return replyOf(ACCEPTED, wants(mode.accept, ACCEPTED) ? stored : undefined)
}

interface WrittenDown {
  /** Of a duplicate: the message that it repeats, with the answer that it got. */
  readonly message: Journaled
  readonly progress: Progress
}

/** @returns `undefined` when the store could not take it. */
async function writeDown(
  deps: IntakeDeps,
  { frame, header, number }: Taken,
  ack: string,
): Promise<WrittenDown | 'reused' | undefined> {
  const { feed, journal, processing, tally } = deps
  const { hash, key } = fingerprint(feed, frame, header)
  const line: Entry = { ...lineOf(deps, frame, header), hash, ack }
  try {
    const added = await journal.add(line, frame, key)
    if (added.outcome === 'reused') return 'reused'
    if (number !== undefined && !(await number())) return undefined
    const isNew = added.outcome === 'added'
    const message = isNew ? added.message : added.of
    if (!isNew) tally.count(feed.name, 'duplicate')
    const isOpen = message.entry.state === 'received'
    const progress = isOpen ? processing.submit(message) : atRest(message.entry)
    return { message, progress }
  } catch (error) {
    deps.report(error, header.field(10))
    return undefined
  }
}

function atRest(entry: Entry): Progress {
  return { mapped: Promise.resolve(entry.state === 'committed'), done: Promise.resolve(entry) }
}

/** What is known about the message at the point where its feed wants the acknowledgement; after a while, that it is not known yet. */
async function verdictAt(ackAt: 'mapped' | 'committed', { mapped, done }: Progress): Promise<Ack> {
  const atEnd = done.then(ackOfEntry)
  const verdict = ackAt === 'mapped' ? mapped.then(async (isMapped) => (isMapped ? ACCEPTED : atEnd)) : atEnd
  const late = Promise.withResolvers<Ack>()
  const timer = setTimeout(() => late.resolve(NOT_YET), limits.hl7.ackMs)
  try {
    return await Promise.race([verdict, late.promise])
  } finally {
    clearTimeout(timer)
  }
}

function ackOfEntry({ state, errors = [] }: Entry): Ack {
  if (state === 'committed') return ACCEPTED
  return state === 'dead' || state === 'rejected' ? { verdict: 'error', errors } : NOT_YET
}

interface Applied {
  readonly mode: AckMode
  readonly progress: Progress
  readonly frame: Buffer
}

async function applicationAck(
  deps: IntakeDeps,
  header: Header,
  { mode, progress, frame }: Applied,
): Promise<Buffer | undefined> {
  const ack = ackOfEntry(await progress.done)
  // A message that waits (parked, or the hub stops) has no result that its sender could be told.
  if (ack === NOT_YET || !wants(mode.application, ack)) return undefined
  return answer(deps, header, { level: 'application', ack, typedFor: frame })
}
