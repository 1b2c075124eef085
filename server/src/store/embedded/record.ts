import type { JsonObject } from '../../kernel/json.ts'
import type { RecordValue, StoredRecord } from '../port.ts'

/**
 * A stored record: revision (4), expiry (6, 0 for never), kind of value (1), length of the second key (2), second key, value.
 */
const HEAD = 13
const JSON_VALUE = 0
const BYTES_VALUE = 1

interface RecordParts {
  readonly revision: number
  readonly value: RecordValue
  readonly second?: string
  readonly expires?: number
}

export function encodeRecord({ revision, value, second = '', expires = 0 }: RecordParts): Buffer {
  const isBytes = value instanceof Uint8Array
  const bytes = isBytes ? value : Buffer.from(JSON.stringify(value), 'utf8')
  const secondLength = Buffer.byteLength(second)
  const record = Buffer.allocUnsafe(HEAD + secondLength + bytes.length)
  record.writeUInt32BE(revision, 0)
  record.writeUIntBE(expires, 4, 6)
  record[10] = isBytes ? BYTES_VALUE : JSON_VALUE
  record.writeUInt16BE(secondLength, 11)
  record.write(second, HEAD, 'utf8')
  record.set(bytes, HEAD + secondLength)
  return record
}

export const recordRevision = (record: Buffer): number => record.readUInt32BE(0)
export const recordExpires = (record: Buffer): number => record.readUIntBE(4, 6)

/** @returns the second key, '' when it has none. */
export function recordSecond(record: Buffer): string {
  return record.toString('utf8', HEAD, HEAD + record.readUInt16BE(11))
}

export function isExpired(record: Buffer, now: number): boolean {
  const expires = recordExpires(record)
  return expires !== 0 && expires <= now
}

/** @param record may be lmdb's shared read buffer: the value is copied. */
export function decodeRecord(id: string, record: Buffer): StoredRecord {
  const second = recordSecond(record)
  const valueAt = HEAD + record.readUInt16BE(11)
  const value =
    record[10] === BYTES_VALUE
      ? Uint8Array.prototype.slice.call(record, valueAt)
      : (JSON.parse(record.toString('utf8', valueAt)) as JsonObject)
  return { id, revision: recordRevision(record), value, ...(second !== '' && { second }) }
}
