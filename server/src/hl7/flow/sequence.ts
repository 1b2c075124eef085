import type { RecordChange, RecordStore, StoredRecord } from '../../store/port.ts'
import { FLOW } from '../journal/entry.ts'
import { ackModeOf, wants } from '../mllp/ack-mode.ts'
import { ACCEPTED, type Ack, type AckError } from '../mllp/ack.ts'
import type { Header } from '../mllp/header.ts'
import { answer, type AnsweringDeps } from './answering.ts'
import type { Reply, WayBack } from './way-back.ts'

/**
 * The sequence number protocol (feeds that say `sequence: true`): a message counts only when its number (MSH-13) is one above that of the last one
 * that was taken, and each answer says a number (MSA-4), so that the sender learns what was lost or came twice.
 *
 * @see HL7 v2.5.1, 2.10.1
 */
export interface Sequence {
  /** Messages of a feed are looked at one after the other. */
  inTurn<T>(feed: string, work: () => Promise<T>): Promise<T>
  placeOf(feed: string, sent: Pick<Sent, 'text' | 'id'>): Promise<Place>
}

export type Place =
  /** The one that is waited for. */
  | { readonly kind: 'next'; readonly answered: string; readonly keep: () => Promise<boolean> }
  /** The sender begins (0), gives the numbers anew (-1), or did not get the answer to the last one: nothing is taken, the answer says where it goes on. */
  | { readonly kind: 'told'; readonly answered: string }
  | { readonly kind: 'wrong'; readonly answered: string; readonly error: AckError }

interface Kept {
  /** Of the last message that was taken; `ANEW` when the number of the next one is taken as it is. */
  readonly last: number
  /** Its MSH-10: another message with its number is none that comes again. */
  readonly lastId?: string
}

const ANEW = -1
const NUMBER = /^(?:-1|\+?\d{1,15})$/

/** The last number of each feed is a record, durable before the message is answered: several processes may serve one feed, one after the other. */
export function createSequence(records: RecordStore): Sequence {
  const turns = new Map<string, Promise<unknown>>()
  return {
    async inTurn(feed, work) {
      const turn = (turns.get(feed) ?? Promise.resolve()).then(work)
      // What failed holds up nothing behind it.
      const settled = turn.catch(() => undefined)
      turns.set(feed, settled)
      return turn
    },
    async placeOf(feed, { text, id }) {
      const record = await records.get(FLOW.sequences, feed)
      const kept = (record?.value as unknown as Kept | undefined) ?? { last: ANEW }
      const number = NUMBER.test(text) ? Number(text) : undefined
      const keep = async (): Promise<boolean> =>
        keptAs(records, { feed, record }, { last: number ?? ANEW, lastId: id })
      if (number === ANEW && kept.last !== ANEW && !(await keep()))
        throw new Error('the sequence has another writer')
      return placed({ ...kept, text, id, number, keep })
    },
  }
}

async function keptAs(
  records: RecordStore,
  { feed, record }: { readonly feed: string; readonly record: StoredRecord | undefined },
  { last, lastId }: Required<Kept>,
): Promise<boolean> {
  const content = { collection: FLOW.sequences, id: feed, value: { last, lastId } }
  const change: RecordChange =
    record === undefined
      ? { op: 'insert', ...content }
      : { op: 'replace', revision: record.revision, ...content }
  return (await records.apply([change])).outcome === 'applied'
}

function placed({ text, id, number, last, lastId, keep }: Sent): Place {
  const expected = last === ANEW || number === ANEW ? '-1' : String(last + 1)
  // What comes again was taken, its answer was lost.
  const isTold = number === ANEW || number === 0 || (number === last && id === lastId)
  if (isTold) return { kind: 'told', answered: expected }
  const isNext = number !== undefined && (last === ANEW || number === last + 1)
  if (isNext) return { kind: 'next', answered: String(number), keep }
  return { kind: 'wrong', answered: expected, error: errorOf(text, number, expected) }
}

interface Sent extends Kept {
  /** MSH-13. */
  readonly text: string
  /** MSH-10. */
  readonly id: string
  readonly number: number | undefined
  readonly keep: () => Promise<boolean>
}

function errorOf(text: string, number: number | undefined, expected: string): AckError {
  const wanted = expected === '-1' ? 'any number from 1' : `the number ${expected}`
  const error = { severity: 'E', at: 'MSH-13' } as const
  if (text === '')
    return { ...error, code: '101', text: `This feed takes numbered messages and waits for ${wanted}.` }
  if (number === undefined)
    return {
      ...error,
      code: '102',
      text: `The sequence number is no whole number; this feed waits for ${wanted}.`,
    }
  return {
    ...error,
    code: '207',
    text: `The sequence number is ${String(number)}, this feed waits for ${wanted}: send that, or begin anew with -1.`,
  }
}

export interface Numbered extends AnsweringDeps {
  /** MSA-4 of the answers. */
  readonly expected: string
}

interface Taking {
  readonly header: Header
  /** Why the message cannot be taken whatever its number. */
  readonly refusal: Ack | undefined
  readonly way: WayBack
  /** @param number durably takes its number; `false` when another process has taken one meanwhile */
  readonly take: (deps: Numbered, number: () => Promise<boolean>) => Promise<Reply>
  readonly refuse: (deps: Numbered, ack: Ack) => Promise<Reply>
}

/** Takes a message whose number it is, else says which one is waited for. What is refused does not use up its number. */
export async function takeNumbered(
  deps: AnsweringDeps & { readonly sequence: Sequence },
  { header, refusal, way, take, refuse }: Taking,
): Promise<Reply> {
  const { feed, sequence } = deps
  return sequence.inTurn(feed.name, async () => {
    const place = await sequence.placeOf(feed.name, {
      text: header.field(13).trim(),
      id: header.field(10),
    })
    const numbered = { ...deps, feed, expected: place.answered }
    if (place.kind === 'wrong') return refuse(numbered, { verdict: 'error', errors: [place.error] })
    if (refusal !== undefined) return refuse(numbered, refusal)
    if (place.kind === 'next') return take(numbered, place.keep)
    const { isEnhanced, accept } = ackModeOf(header, feed.ackMode)
    const level = isEnhanced && wants(accept, ACCEPTED) ? 'transport' : 'application'
    way.stored(true)
    return { ack: ACCEPTED, bytes: answer(numbered, header, { level, ack: ACCEPTED }) }
  })
}
