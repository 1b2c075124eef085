import type { JsonObject } from '../../kernel/json.ts'
import type { RecordChange } from '../../store/port.ts'
import { FLOW, type Entry } from './entry.ts'
import { markChanges } from './state-marks.ts'

/** A message that is to be written down. */
export interface NewLine {
  readonly id: string
  readonly entry: Entry
  /** Key by which a repetition is found. */
  readonly second?: string
  readonly bytes: Buffer
}

/** Largest piece of a message in one record. */
export const PIECE = 512 * 1024

/** The bytes of a message in records that are small enough. */
export function piecesOf(collection: string, id: string, bytes: Buffer): RecordChange[] {
  const pieces: RecordChange[] = []
  for (let at = 0; at * PIECE < bytes.length; at++) {
    const value = bytes.subarray(at * PIECE, (at + 1) * PIECE)
    pieces.push({ op: 'put', collection, id: pieceId(id, at), value })
  }
  return pieces
}

export function pieceId(id: string, at: number): string {
  return `${id}|${String(at).padStart(3, '0')}`
}

/** Everything that a message of one piece or few adds to the store. @param pieces those that are not there yet */
export function lineChanges(
  { id, entry, second, bytes }: NewLine,
  pieces: readonly RecordChange[] = piecesOf(FLOW.raw, id, bytes),
): RecordChange[] {
  return [
    ...pieces,
    ...(entry.state === 'received'
      ? [{ op: 'insert' as const, collection: FLOW.pending, id, value: { feed: entry.feed } }]
      : markChanges(id, undefined, entry)),
    // The line comes last: without it nothing was acknowledged, and the rest is not looked at.
    {
      op: 'insert',
      collection: FLOW.journal,
      id,
      value: entry as unknown as JsonObject,
      ...(second !== undefined && { second }),
    },
  ]
}
