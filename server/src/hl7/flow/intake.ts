import type { Clock } from '../../kernel/clock.ts'
import { limits } from '../../kernel/limits.ts'
import { ACCEPTED, ackCode, ackOfError, buildAck, type Ack, type AckError } from '../mllp/ack.ts'
import { decodeMessage } from '../mllp/charset.ts'
import { checkHeader, type Accepts } from '../mllp/checks.ts'
import { findHeader, readHeader, type Header } from '../mllp/header.ts'
import { fingerprint } from './duplicates.ts'
import type { Entry, Journaled } from './entry.ts'
import type { FlowFeed } from './feed.ts'
import type { Journal } from './journal.ts'
import type { Processing } from './processing.ts'
import type { Tally } from './tally.ts'
import type { Progress } from './work-queue.ts'

export interface IntakeDeps {
  readonly feed: FlowFeed
  readonly understands: Accepts['understands']
  readonly journal: Journal
  readonly processing: Pick<Processing, 'submit'>
  readonly tally: Tally
  readonly clock: Clock
  readonly controlIds: () => string
  readonly report: (error: unknown, message: string) => void
}

export interface Intake {
  /**
   * Takes one message: it is in the journal, durably, before any positive answer is given.
   *
   * @param later sends the application's answer of enhanced mode.
   * @returns the answer; `undefined` when the sender wants none.
   */
  receive(frame: Buffer, later: (message: Buffer) => void): Promise<Buffer | undefined>
  /** Refuses what was cut at the bound. */
  refuse(head: Buffer): Promise<Buffer | undefined>
}

export function createIntake(deps: IntakeDeps): Intake {
  return {
    receive: async (frame, later) => {
      deps.tally.count(deps.feed.name, 'received')
      const header = readHeader(frame)
      if (!header) return turnDown(deps, frame, { header: findHeader(frame), ack: NOT_A_MESSAGE })
      // An acknowledgement is never acknowledged.
      if (header.component(9, 1) === 'ACK') return undefined
      const refusal = refusalOf(deps, frame, header)
      if (refusal) return turnDown(deps, frame, { header, ack: refusal })
      return take(deps, { frame, header, later })
    },
    refuse: async (head) =>
      turnDown(deps, head, {
        header: readHeader(head) ?? findHeader(head),
        ack: tooLarge(deps.feed.frameBytes),
      }),
  }
}

const NOT_A_MESSAGE = rejection('100', 'The frame does not begin with an MSH segment.', 'MSH')

function tooLarge(bytes: number): Ack {
  return rejection('207', `The message is larger than the ${String(bytes)} bytes that this feed takes.`)
}

function rejection(code: AckError['code'], text: string, at?: string): Ack {
  return { verdict: 'reject', errors: [{ code, severity: 'E', text, ...(at === undefined ? {} : { at }) }] }
}

function refusalOf({ feed, understands }: IntakeDeps, frame: Buffer, header: Header): Ack | undefined {
  const wrong = checkHeader(header, { processingIds: feed.processingIds, understands })
  if (wrong) return wrong
  try {
    decodeMessage(frame, header, feed.charset)
    return undefined
  } catch (error) {
    return ackOfError(error)
  }
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
  const mode = modeOf(header)
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
  readonly later: (message: Buffer) => void
}

async function take(deps: IntakeDeps, { frame, header, later }: Taken): Promise<Buffer | undefined> {
  const mode = modeOf(header)
  const level = mode.isEnhanced ? 'transport' : 'application'
  const journaled = await writeDown(deps, frame, {
    header,
    ack: answer(deps, header, { level, ack: ACCEPTED }),
  })
  if (!journaled) return answer(deps, header, { level, ack: NOT_STORED })
  const { message, progress } = journaled
  const stored = Buffer.from(message.entry.ack ?? '', 'latin1')
  if (mode.isEnhanced) {
    if (mode.application !== 'NE') void answerLater(deps, header, { mode, progress, later })
    return wants(mode.accept, ACCEPTED) ? stored : undefined
  }
  const ack = await verdictAt(deps.feed.ackAt, progress)
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
  frame: Buffer,
  { header, ack }: { header: Header; ack: Buffer },
): Promise<WrittenDown | undefined> {
  const { feed, journal, processing, tally } = deps
  const { hash, key } = fingerprint(feed.name, frame, header)
  const line: Entry = { ...lineOf(deps, frame, header), hash, ack: ack.toString('latin1') }
  try {
    const added = await journal.add(line, frame, key)
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

const NOT_STORED: Ack = {
  verdict: 'error',
  errors: [{ code: '207', severity: 'E', text: 'The message could not be stored; send it again.' }],
}

const NOT_YET: Ack = {
  verdict: 'error',
  errors: [{ code: '207', severity: 'E', text: 'The message is stored, not yet processed.' }],
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

interface Later {
  readonly mode: Mode
  readonly progress: Progress
  readonly later: (message: Buffer) => void
}

async function answerLater(
  deps: IntakeDeps,
  header: Header,
  { mode, progress, later }: Later,
): Promise<void> {
  const ack = ackOfEntry(await progress.done)
  // A message that waits (parked, or the hub stops) has no result that its sender could be told.
  if (ack !== NOT_YET && wants(mode.application, ack))
    later(answer(deps, header, { level: 'application', ack }))
}

/** HL7 table 0155: always, never, on error, on success. */
type Wanted = 'AL' | 'NE' | 'ER' | 'SU'

interface Mode {
  readonly isEnhanced: boolean
  /** MSH-15. */
  readonly accept: Wanted
  /** MSH-16. */
  readonly application: Wanted
}

const WANTED: ReadonlySet<string> = new Set(['AL', 'NE', 'ER', 'SU'])

/**
 * Enhanced mode as soon as MSH-15 or MSH-16 holds a code of table 0155; the empty one then means "never". Anything else is no wish for
 * silence: such a sender is answered as in original mode.
 */
function modeOf(header: Header | undefined): Mode {
  const accept = wantedOf(header?.field(15))
  const application = wantedOf(header?.field(16))
  if (!accept && !application) return { isEnhanced: false, accept: 'AL', application: 'NE' }
  return { isEnhanced: true, accept: accept ?? 'NE', application: application ?? 'NE' }
}

function wantedOf(text = ''): Wanted | undefined {
  return WANTED.has(text) ? (text as Wanted) : undefined
}

function wants(wanted: Wanted, { verdict }: Ack): boolean {
  return wanted === 'AL' || (wanted === 'SU' ? verdict === 'accept' : wanted === 'ER' && verdict !== 'accept')
}

function answer(
  { clock, controlIds }: IntakeDeps,
  header: Header | undefined,
  { level, ack }: { level: 'application' | 'transport'; ack: Ack },
): Buffer {
  const code = ackCode(level, ack)
  return buildAck({ header, code, errors: ack.errors, controlId: controlIds(), nowMs: clock() })
}

const text = (part: string) => Buffer.from(part, 'latin1').toString('utf8').slice(0, 200)

/** The header's texts in the journal are for people and filters: cut, so that no sender fills it with them. */
function lineOf({ feed, clock }: IntakeDeps, bytes: Buffer, header: Header | undefined): Entry {
  const now = clock()
  return {
    feed: feed.name,
    received: now,
    type: text(header?.component(9, 1) ?? ''),
    event: text(header?.component(9, 2) ?? ''),
    controlId: text(header?.field(10) ?? ''),
    sender: text([header?.field(3), header?.field(4)].filter(Boolean).join(' ')),
    version: text(header?.component(12, 1) ?? ''),
    bytes: bytes.length,
    hash: '',
    state: 'received',
    history: [{ state: 'received', time: now }],
    attempts: 0,
  }
}
