import { setTimeout as delay } from 'node:timers/promises'

import type { Clock } from '../../kernel/clock.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordChange, RecordStore, StoredRecord } from '../../store/port.ts'
import type { Outbox, StoredOut } from './outbox.ts'

/** What reads answers: the record's side of them. */
export interface AnswerTaker {
  /** Whether the answer may say anything about the order; a plain ACK does not. */
  concerns(answer: Buffer): boolean
  /** Writes the answer into the order; the same answer again writes nothing. @throws when the record cannot take it now */
  apply(stored: StoredOut, answer: Buffer): Promise<void>
}

/**
 * Answers on their way into the record. Each is written down together with the state of the message that it answers, and goes when the order holds what
 * it says: neither a kill nor a store that was away at that moment loses one.
 */
export interface AnswerBook {
  /** Goes with the change of state of the message: from then on the answer is kept. */
  keep(stored: StoredOut, answer: Buffer): readonly RecordChange[]
  /** Writes what was kept into the order, now or as soon as that is possible. */
  apply(stored: StoredOut, answer: Buffer): Promise<void>
  start(): void
  stop(): Promise<void>
}

export interface AnswerBookDeps {
  readonly records: RecordStore
  readonly outbox: Pick<Outbox, 'get' | 'move'>
  readonly clock: Clock
  readonly taker?: AnswerTaker | undefined
  /** Whether this process is the one that works for the destination. */
  readonly holds: (destination: string) => boolean
  readonly report: (error: unknown, message: string) => void
}

/** `<id of the message>|<when it came>`: the bytes of the answer. */
const ANSWERS = 'hl7-out-answers'

export function createAnswerBook(deps: AnswerBookDeps): AnswerBook {
  const { records, taker, clock } = deps
  const stopping = new AbortController()
  let left = Promise.resolve()
  const places = new WeakMap<Buffer, string>()
  /** One place for an answer, however often its writing is tried. */
  const placeOf = (stored: StoredOut, answer: Buffer): string => {
    const place = places.get(answer) ?? `${stored.id}|${String(clock()).padStart(14, '0')}`
    places.set(answer, place)
    return place
  }
  const concerns = (answer: Buffer): boolean => taker?.concerns(answer) ?? false
  return {
    keep: (stored, answer) =>
      concerns(answer)
        ? [{ op: 'put', collection: ANSWERS, id: placeOf(stored, answer), value: answer }]
        : [],
    async apply(stored, answer) {
      if (!concerns(answer)) return
      try {
        await taker?.apply(stored, answer)
        await records.apply([{ op: 'delete', collection: ANSWERS, id: placeOf(stored, answer) }])
      } catch (error) {
        deps.report(error, stored.message.controlId)
      }
    },
    start() {
      left = takeWhatIsLeft(deps, stopping.signal)
    },
    async stop() {
      stopping.abort()
      await left
    },
  }
}

/** Looks for answers that are not in the record yet: after a kill, and while the record does not take them. */
async function takeWhatIsLeft(deps: AnswerBookDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await takeAll(deps, signal)
    } catch (error) {
      deps.report(error, ANSWERS)
    }
    await delay(limits.hl7.answerLookMs, undefined, { signal, ref: false }).catch(() => undefined)
  }
}

async function takeAll(deps: AnswerBookDeps, signal: AbortSignal): Promise<void> {
  const { records, clock, holds } = deps
  let from = ''
  for (;;) {
    const page = await records.range({ collection: ANSWERS, from, limit: PAGE })
    for (const record of page) {
      if (signal.aborted) return
      // What came just now is being written by who took it.
      const isFresh = cameAt(record) > clock() - limits.hl7.answerLookMs
      if (!isFresh && holds(record.id.slice(0, record.id.indexOf('|')))) await takeOne(deps, record)
    }
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    from = `${last.id}\u0000`
  }
}

const PAGE = 100

async function takeOne(deps: AnswerBookDeps, record: StoredRecord): Promise<void> {
  const { records, outbox, taker, clock, report } = deps
  const answer = record.value instanceof Uint8Array ? Buffer.from(record.value) : Buffer.alloc(0)
  const stored = await outbox.get(record.id.slice(0, record.id.lastIndexOf('|')))
  try {
    await taker?.apply(stored, answer)
  } catch (error) {
    report(error, stored.message.controlId)
    if (cameAt(record) > clock() - limits.hl7.answerTriedMs) return
    await outbox.move(stored, { reason: GIVEN_UP })
  }
  await records.apply([{ op: 'delete', collection: ANSWERS, id: record.id }])
}

const GIVEN_UP = 'The answer could not be written into the order: read it here and change the order by hand.'

function cameAt({ id }: StoredRecord): number {
  return Number(id.slice(id.lastIndexOf('|') + 1))
}
