import { createHash } from 'node:crypto'

import type { Clock } from '../../kernel/clock.ts'
import { fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordChange, RecordRange, RecordStore, StoredRecord } from '../../store/port.ts'
import { pieceId, piecesOf } from '../journal/journal-line.ts'

/** `<destination>|<lane>|<place>`: what waits, in the order in which it leaves. */
export const QUEUE = 'hl7-out-queue'
/** `<destination>|<place>`: every message with what became of it; its control id is the second key. */
export const MESSAGES = 'hl7-out'
/** `<destination>|<place>|<number>`: the pieces of long messages. */
const TEXTS = 'hl7-out-text'
/** `<destination>|<place>`: a mark for each dead letter. */
const DEAD = 'hl7-out-dead'

export type OutState =
  | 'queued'
  /** Taken by the destination. */
  | 'sent'
  /** Taken, and the application has answered as well. */
  | 'answered'
  /** Refused, taken without doing what it asks for, or it could not be built. */
  | 'dead'
  | 'cancelled'

export interface OutMessage {
  readonly destination: string
  readonly definition: string
  /** `ServiceRequest/1`. */
  readonly reference: string
  readonly version: number
  readonly controlId: string
  readonly lane: number
  /** Whose messages keep their order: `Patient/1`; that of `reference` when absent. */
  readonly subject?: string
  /** As it leaves; empty when it could not be built, or is so long that it stands in pieces. */
  readonly text: string
  /** How many pieces a long text has. */
  readonly pieces?: number
  readonly state: OutState
  /** Milliseconds UTC. */
  readonly created: number
  readonly changed: number
  readonly attempts: number
  /** MSA-1 of the last answer, and why the message is where it is. */
  readonly code?: string
  readonly reason?: string
  /** The last answer, one character a byte. */
  readonly answer?: string
}

export interface StoredOut {
  readonly id: string
  readonly revision: number
  readonly message: OutMessage
}

interface OutPage {
  readonly before?: string
  readonly limit: number
}

/** The durable queue: what was put in leaves in order, as often as it needs, and is kept with its answer. */
export interface Outbox {
  /** Puts a message at the end; the same control id again changes nothing. @param place orders the messages of a destination */
  put(message: OutMessage, place: string): Promise<void>
  /** The first that waits in a lane. */
  first(destination: string, lane: number): Promise<StoredOut | undefined>
  /**
   * @param before goes in front of the change, in the same step
   * @returns `false` when somebody else has changed the message meanwhile
   */
  move(stored: StoredOut, change: Partial<OutMessage>, before?: readonly RecordChange[]): Promise<boolean>
  byControlId(controlId: string): Promise<StoredOut | undefined>
  get(id: string): Promise<StoredOut>
  /** The text as it leaves, also of a long message. */
  textOf(stored: StoredOut): Promise<string>
  /** Newest first, all below `before`. */
  list(destination: string, page: OutPage): Promise<readonly StoredOut[]>
  /** The same of dead letters only. */
  listDead(destination: string, page: OutPage): Promise<readonly StoredOut[]>
  /** Names of the destinations that something waits for, whether they have a file or not. */
  awaited(): Promise<readonly string[]>
  /** Counted up to `limits.hl7.outboundCounted`. */
  waiting(destination: string): Promise<{ readonly count: number; readonly oldest?: StoredOut }>
  /** Counted up to `limits.hl7.outboundCounted`. */
  deadCount(destination: string): Promise<number>
}

export function createOutbox(records: RecordStore, clock: Clock): Outbox {
  const get = async (id: string): Promise<StoredOut | undefined> => storedOf(await records.get(MESSAGES, id))
  return {
    put: async (message, place) => put(records, message, `${message.destination}|${place}`),
    async first(destination, lane) {
      const prefix = `${destination}|${laneName(lane)}`
      const [next] = await records.range({
        collection: QUEUE,
        from: `${prefix}|`,
        to: `${prefix}}`,
        limit: 1,
      })
      if (next === undefined) return undefined
      const { id } = next.value as { readonly id: string }
      const stored = await get(id)
      if (stored?.message.state === 'queued' && stored.message.lane === lane) return stored
      await records.apply([{ op: 'delete', collection: QUEUE, id: next.id }])
      return this.first(destination, lane)
    },
    async move({ id, revision, message }, change, before = []) {
      const { reason: _reason, ...lasting } = message
      // A new state brings its own reason, or there is nothing wrong any more.
      const kept = change.state === undefined ? message : lasting
      const next: OutMessage = { ...kept, ...change, changed: clock() }
      const place = { collection: QUEUE, id: queueId(id, message) }
      const result = await records.apply([
        ...before,
        ...(next.state === 'queued' ? [{ op: 'put' as const, ...place, value: { id } }] : []),
        { op: 'replace', revision, ...contentOf(id, next) },
        ...(next.state === 'queued' ? [] : [{ op: 'delete' as const, ...place }]),
        ...markChanges(id, message, next),
      ])
      return result.outcome === 'applied'
    },
    byControlId: async (controlId) => byControlId(records, controlId),
    async get(id) {
      const stored = await get(id)
      if (stored) return stored
      throw fault('not-found', { code: 'not-found', text: 'There is no such message to a destination.' })
    },
    textOf: async (stored) => textOf(records, stored),
    list: async (destination, page) =>
      (await records.range(pageOf(MESSAGES, destination, page))).flatMap((record) => storedOf(record) ?? []),
    async listDead(destination, page) {
      const marks = await records.range(pageOf(DEAD, destination, page))
      const found = await Promise.all(marks.map(async ({ id }) => get(id)))
      return found.flatMap((stored) => stored ?? [])
    },
    deadCount: async (destination) =>
      (await records.range(pageOf(DEAD, destination, { limit: limits.hl7.outboundCounted }))).length,
    awaited: async () => awaited(records),
    async waiting(destination) {
      const found = await records.range(pageOf(QUEUE, destination, { limit: limits.hl7.outboundCounted }))
      const ids = found.map(({ value }) => (value as { readonly id: string }).id).toSorted()
      const oldest = ids[0] === undefined ? undefined : await get(ids[0])
      return { count: found.length, ...(oldest === undefined ? {} : { oldest }) }
    },
  }
}

/** One step for each name: what stands between is passed over. */
async function awaited(records: RecordStore): Promise<readonly string[]> {
  const names: string[] = []
  for (let from = ''; ;) {
    const [next] = await records.range({ collection: QUEUE, from, limit: 1 })
    if (next === undefined) return names
    const name = next.id.slice(0, next.id.indexOf('|'))
    names.push(name)
    from = `${name}}`
  }
}

async function put(records: RecordStore, message: OutMessage, id: string): Promise<void> {
  const known = storedOf(await records.get(MESSAGES, id))
  if (known !== undefined && known.message.state !== 'queued') return
  const line = known === undefined ? newLine(id, message) : []
  // The line first: what stands in the queue without one is removed. Who comes again after a crash completes the queue.
  const queued: readonly RecordChange[] =
    message.state === 'queued'
      ? [{ op: 'put', collection: QUEUE, id: queueId(id, message), value: { id } }]
      : []
  await records.apply([...line, ...queued, ...markChanges(id, undefined, message)])
}

/** A text that is too long for its line stands before it, in pieces. */
function newLine(id: string, message: OutMessage): readonly RecordChange[] {
  if (message.text.length <= limits.hl7.sentLineChars) return [{ op: 'insert', ...contentOf(id, message) }]
  const pieces = piecesOf(TEXTS, id, Buffer.from(message.text))
  return [...pieces, { op: 'insert', ...contentOf(id, { ...message, text: '', pieces: pieces.length }) }]
}

async function textOf(records: RecordStore, { id, message }: StoredOut): Promise<string> {
  const { text, pieces } = message
  if (pieces === undefined) return text
  const found = await records.range({ collection: TEXTS, from: `${id}|`, to: `${id}}`, limit: pieces })
  return Buffer.concat(found.flatMap(({ value }) => (value instanceof Uint8Array ? [value] : []))).toString()
}

/** What is left of a message that is removed. */
export function textRemoval({ id, message: { pieces = 0 } }: StoredOut): readonly RecordChange[] {
  return Array.from({ length: pieces }, (_, at) => ({ op: 'delete', collection: TEXTS, id: pieceId(id, at) }))
}

/** Whether there is something to send. */
export function hasText({ text, pieces }: OutMessage): boolean {
  return text !== '' || pieces !== undefined
}

function pageOf(collection: string, destination: string, { before, limit }: OutPage): RecordRange {
  return { collection, from: `${destination}|`, to: before ?? `${destination}}`, reverse: true, limit }
}

function markChanges(
  id: string,
  before: OutMessage | undefined,
  { state, reason = '' }: OutMessage,
): readonly RecordChange[] {
  if (state === 'dead') return [{ op: 'put', collection: DEAD, id, value: { reason } }]
  return before?.state === 'dead' ? [{ op: 'delete', collection: DEAD, id }] : []
}

export function contentOf(id: string, message: OutMessage) {
  const value = message as unknown as JsonObject
  return { collection: MESSAGES, id, value, second: message.controlId }
}

export function storedOf(record: StoredRecord | undefined): StoredOut | undefined {
  if (record === undefined) return undefined
  return { id: record.id, revision: record.revision, message: record.value as unknown as OutMessage }
}

export function queueId(id: string, { destination, lane }: OutMessage): string {
  return `${destination}|${laneName(lane)}|${id.slice(destination.length + 1)}`
}

function laneName(lane: number): string {
  return String(lane).padStart(2, '0')
}

/** A peer may name anything, and a store has a longest key. */
async function byControlId(records: RecordStore, controlId: string): Promise<StoredOut | undefined> {
  return controlId.length > ID_LENGTH ? undefined : storedOf(await records.bySecond(MESSAGES, controlId))
}

/**
 * MSH-10 of a message: the same for every attempt to make and to send it, at most 20 characters (the limit up to version 2.6).
 *
 * @param place where the message stands in the log, with its destination and definition
 */
export function controlIdOf(place: string): string {
  return createHash('sha256').update(place).digest('hex').slice(0, ID_LENGTH).toUpperCase()
}

const ID_LENGTH = 20
