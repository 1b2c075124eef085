import { createHash } from 'node:crypto'

import type { Clock } from '../../kernel/clock.ts'
import { fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { RecordChange, RecordStore, StoredRecord } from '../../store/port.ts'

/** `<destination>|<lane>|<place>`: what waits, in the order in which it leaves. */
const QUEUE = 'hl7-out-queue'
/** `<destination>|<place>`: every message with what became of it; its control id is the second key. */
const MESSAGES = 'hl7-out'

export type OutState =
  | 'queued'
  /** Taken by the destination. */
  | 'sent'
  /** Taken, and the application has answered as well. */
  | 'answered'
  /** Refused, or it could not be built. */
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
  /** As it leaves; empty when it could not be built. */
  readonly text: string
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
  /** Newest first, all below `before`. */
  list(destination: string, page: { before?: string; limit: number }): Promise<readonly StoredOut[]>
  /** Counted up to a bound. */
  waiting(destination: string): Promise<{ readonly count: number; readonly oldest?: StoredOut }>
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
      if (stored?.message.state === 'queued') return stored
      await records.apply([{ op: 'delete', collection: QUEUE, id: next.id }])
      return this.first(destination, lane)
    },
    async move({ id, revision, message }, change, before = []) {
      const next: OutMessage = { ...message, ...change, changed: clock() }
      const place = { collection: QUEUE, id: queueId(id, message) }
      const result = await records.apply([
        ...before,
        ...(next.state === 'queued' ? [{ op: 'put' as const, ...place, value: { id } }] : []),
        { op: 'replace', revision, ...contentOf(id, next) },
        ...(next.state === 'queued' ? [] : [{ op: 'delete' as const, ...place }]),
      ])
      return result.outcome === 'applied'
    },
    byControlId: async (controlId) => storedOf(await records.bySecond(MESSAGES, controlId)),
    async get(id) {
      const stored = await get(id)
      if (stored) return stored
      throw fault('not-found', { code: 'not-found', text: 'There is no such message to a destination.' })
    },
    async list(destination, { before, limit }) {
      const to = before ?? `${destination}}`
      const range = { collection: MESSAGES, from: `${destination}|`, to, reverse: true, limit }
      return (await records.range(range)).flatMap((record) => storedOf(record) ?? [])
    },
    async waiting(destination) {
      const range = { collection: QUEUE, from: `${destination}|`, to: `${destination}}`, limit: COUNTED }
      const found = await records.range(range)
      const ids = found.map(({ value }) => (value as { readonly id: string }).id).toSorted()
      const oldest = ids[0] === undefined ? undefined : await get(ids[0])
      return { count: found.length, ...(oldest === undefined ? {} : { oldest }) }
    },
  }
}

async function put(records: RecordStore, message: OutMessage, id: string): Promise<void> {
  const known = storedOf(await records.get(MESSAGES, id))
  if (known !== undefined && known.message.state !== 'queued') return
  const line: readonly RecordChange[] =
    known === undefined ? [{ op: 'insert', ...contentOf(id, message) }] : []
  // The line first: what stands in the queue without one is removed. Who comes again after a crash completes the queue.
  const queued: readonly RecordChange[] =
    message.state === 'queued'
      ? [{ op: 'put', collection: QUEUE, id: queueId(id, message), value: { id } }]
      : []
  await records.apply([...line, ...queued])
}

const COUNTED = 10_000

function contentOf(id: string, message: OutMessage) {
  const value = message as unknown as JsonObject
  return { collection: MESSAGES, id, value, second: message.controlId }
}

function storedOf(record: StoredRecord | undefined): StoredOut | undefined {
  if (record === undefined) return undefined
  return { id: record.id, revision: record.revision, message: record.value as unknown as OutMessage }
}

function queueId(id: string, { destination, lane }: OutMessage): string {
  return `${destination}|${laneName(lane)}|${id.slice(destination.length + 1)}`
}

function laneName(lane: number): string {
  return String(lane).padStart(2, '0')
}

/** The lane of a patient, always the same. */
export function laneOf(subject: string, lanes: number): number {
  return createHash('sha256').update(subject).digest().readUInt32BE(0) % lanes
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
