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
import { buildBatchAck } from '../mllp/batch-ack.ts'
import { isBatch, splitPaced } from '../mllp/batch.ts'
import { checkText, decodeMessage } from '../mllp/charset.ts'
import { checkHeader, type Accepts } from '../mllp/checks.ts'
import type { Later } from '../mllp/connection.ts'
import { findHeader, narrowed, readHeader, type Header } from '../mllp/header.ts'
import type { ReturnLines } from '../mllp/return-lines.ts'
import { checkProfile } from '../profile/conformance.ts'
import type { Queries } from '../query/create-queries.ts'
import { accepted, answer, lineOf } from './answering.ts'
import { ask } from './ask.ts'
import type { Processing } from './processing.ts'
import { NOT_A_MESSAGE, NOT_STORED, NOT_YET, REUSED, tooLarge, TWO_MESSAGES, UTF_16 } from './refusals.ts'
import { takeNumbered, type Sequence } from './sequence.ts'
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
  /** Refuses what was cut at the bound. */
  refuse(head: Buffer): Promise<Buffer | undefined>
}

export function createIntake(deps: IntakeDeps): Intake {
  return {
    receive: async (frame, later) => {
      // A commit byte of MLLP release 2 that answers something which the hub has sent.
      if (frame.length === 1 && isCommitByte(frame[0])) return undefined
      const own = deps.returns.laterOf(deps.feed, later)
      return isBatch(frame) ? receiveBatch(deps, frame, own) : receiveOne(deps, frame, own)
    },
    refuse: async (head) =>
      turnDown(deps, head, {
        header: readHeader(head) ?? findHeader(head),
        ack: tooLarge(deps.feed.frameBytes),
      }),
  }
}

async function receiveOne(deps: IntakeDeps, frame: Buffer, later: Later): Promise<Buffer | undefined> {
  deps.tally.count(deps.feed.name, 'received')
  const header = readHeader(frame)
  if (!header) {
    const narrow = narrowed(frame)
    const ack = narrow === undefined ? NOT_A_MESSAGE : UTF_16
    return turnDown(deps, frame, { header: findHeader(narrow ?? frame), ack })
  }
  // An acknowledgement is never acknowledged; it may answer what the hub has sent.
  if (isAnswer(header)) {
    await deps.answers(frame, header)
    return undefined
  }
  const refusal = refusalOf(deps, frame, header)
  const taken = { frame, header, later }
  const { queries, feed } = deps
  if (feed.sequence)
    return takeNumbered(deps, {
      header,
      refusal,
      take: async (own, number) => take({ ...deps, ...own }, { ...taken, number }),
      refuse: async (own, ack) => turnDownOpenly({ ...deps, ...own }, taken, ack),
    })
  if (refusal) return turnDownOpenly(deps, taken, refusal)
  return queries?.isQuery(feed.name, header) ? ask({ ...deps, queries }, taken) : take(deps, taken)
}

/** With commit bytes the sender first learns that the message is written down: it need not come again. */
async function turnDownOpenly(
  deps: IntakeDeps,
  { frame, header, later }: Taken,
  ack: Ack,
): Promise<Buffer | undefined> {
  const answered = await turnDown(deps, frame, { header, ack })
  if (deps.feed.commitBytes) later(COMMIT_BYTES.stored)
  return answered
}

/** Each message of a batch is journaled and answered for itself: one that is wrong does not stop the others. */
async function receiveBatch(deps: IntakeDeps, frame: Buffer, later: Later): Promise<Buffer | undefined> {
  const { feed, clock, controlIds } = deps
  const batch = await splitPaced(frame)
  const answers: (Buffer | undefined)[] = []
  const { messages } = batch
  for (let at = 0; at < messages.length; at += limits.hl7.batchAtOnce) {
    const part = messages.slice(at, at + limits.hl7.batchAtOnce)
    answers.push(...(await Promise.all(part.map(async (message) => receiveOne(deps, message, later)))))
  }
  if (feed.batchAck === 'each') {
    for (const one of answers) if (one !== undefined) later(one)
    return undefined
  }
  return buildBatchAck(batch, answers, { controlIds, nowMs: clock() })
}

/** MLLP release 2: what tells that a message is stored, or that it has to come again. */
const COMMIT_BYTES = { stored: Buffer.of(0x06), again: Buffer.of(0x15) } as const

function isCommitByte(byte: number | undefined): boolean {
  return byte === COMMIT_BYTES.stored[0] || byte === COMMIT_BYTES.again[0]
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
  const behind = frame.indexOf('MSH') + 3
  const follows = (end: string) => frame.includes(`${end}MSH${fieldSeparator}`, behind, 'latin1')
  return follows('\r') || follows('\n')
}

interface Refused {
  readonly header: Header | undefined
  readonly ack: Ack
}

/** What is refused is written down too: somebody has to find out why a sender gets no further. */
async function turnDown(
  deps: IntakeDeps,
  bytes: Buffer,
  { header, ack }: Refused,
): Promise<Buffer | undefined> {
  deps.tally.count(deps.feed.name, 'rejected')
  const mode = ackModeOf(header, deps.feed.ackMode)
  const level = mode.isEnhanced ? 'transport' : 'application'
  const entry: Entry = {
    ...lineOf(deps, bytes, header),
    state: 'rejected',
    history: [{ state: 'rejected', time: deps.clock(), reason: ack.errors[0]?.text ?? 'refused' }],
    errors: ack.errors,
  }
  await deps.journal.add(entry, bytes)
  if (wants(mode.accept, ack)) return answer(deps, header, { level, ack })
  // Who wants no answer of the transport waits for that of the application: it will never see the message.
  return wants(mode.application, ack) ? answer(deps, header, { level: 'application', ack }) : undefined
}

interface Taken {
  readonly frame: Buffer
  readonly header: Header
  readonly later: Later
  /** Durably takes its number in the sequence; `false`: it cannot be taken. */
  readonly number?: () => Promise<boolean>
}

async function take(deps: IntakeDeps, taken: Taken): Promise<Buffer | undefined> {
  const { frame, header, later } = taken
  const mode = ackModeOf(header, deps.feed.ackMode)
  const level = mode.isEnhanced ? 'transport' : 'application'
  const journaled = await writeDown(deps, taken, accepted(deps, header, level))
  if (journaled === 'reused') return turnDownOpenly(deps, taken, REUSED)
  if (deps.feed.commitBytes) later(journaled ? COMMIT_BYTES.stored : COMMIT_BYTES.again)
  // A sender that reads commit bytes sends again when it gets the second one; another answer would be one too many.
  if (!journaled) return deps.feed.commitBytes ? undefined : answer(deps, header, { level, ack: NOT_STORED })
  const { message, progress } = journaled
  const stored = Buffer.from(message.entry.ack ?? '', 'latin1')
  if (mode.isEnhanced) {
    if (mode.application !== 'NE') later(applicationAck(deps, header, { mode, progress, frame }))
    return wants(mode.accept, ACCEPTED) ? stored : undefined
  }
  return answerAtOnce(deps, taken, { stored, progress })
}

/** Original mode: one answer, at the point where the feed wants it. */
async function answerAtOnce(
  deps: IntakeDeps,
  { frame, header }: Taken,
  { stored, progress }: { readonly stored: Buffer; readonly progress: Progress },
): Promise<Buffer> {
  const level = 'application'
  const isTyped = deps.feed.answers === 'application' && applicationAnswer(header) !== undefined
  const ack = await verdictAt(isTyped ? 'committed' : deps.feed.ackAt, progress)
  if (isTyped) return answer(deps, header, { level, ack, typedFor: frame })
  return ack.verdict === 'accept' ? stored : answer(deps, header, { level, ack })
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
async function verdictAt(ackAt: FlowFeed['ackAt'], { mapped, done }: Progress): Promise<Ack> {
  if (ackAt === 'stored') return ACCEPTED
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
