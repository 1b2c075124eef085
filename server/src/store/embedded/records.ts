import type { Clock } from '../../kernel/clock.ts'
import { fault, type Fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordChange, RecordRange, RecordStore, StoredRecord } from '../port.ts'
import { scopedKey, type DataFile, peek } from './databases.ts'
import { decodeRecord, isExpired } from './record.ts'

/** The reading half of the records; `apply` is the writer's. */
export function createRecords(data: DataFile, clock: Clock): Omit<RecordStore, 'apply'> {
  function recordAt(collection: string, id: string): StoredRecord | undefined {
    const record = peek(data.records, scopedKey(collection, id))
    return record === undefined || isExpired(record, clock()) ? undefined : decodeRecord(id, record)
  }

  return {
    get: async (collection, id) => recordAt(collection, id),

    async bySecond(collection, second) {
      const id = peek(data.seconds, scopedKey(collection, second))?.toString('utf8')
      return id === undefined ? undefined : recordAt(collection, id)
    },

    range: async (range) => recordsIn(data, range, clock()),
  }
}

function recordsIn(data: DataFile, range: RecordRange, now: number): readonly StoredRecord[] {
  const { collection, from = '', to, reverse = false, limit } = range
  const low = scopedKey(collection, from)
  const high = to === undefined ? Buffer.from(`${collection}\u0001`, 'utf8') : scopedKey(collection, to)
  if (Buffer.compare(low, high) >= 0) return []
  const idAt = Buffer.byteLength(collection) + 1
  const found: StoredRecord[] = []
  // Reversed, lmdb takes the start as inclusive and the end as exclusive: the bounds are therefore checked here as well.
  const walk = reverse ? { start: high, end: low, reverse, inclusiveEnd: true } : { start: low, end: high }
  for (const { key, value } of data.records.getRange(walk)) {
    if (found.length >= limit) break
    if (Buffer.compare(key, high) >= 0 || isExpired(value, now)) continue
    found.push(decodeRecord(key.toString('utf8', idAt), value))
  }
  return found
}

/** @throws Fault `too-large` for what no record can hold; a transaction never meets it. */
export function checkRecordChange(change: RecordChange): void {
  const { collection, id } = change
  if (collection.includes('\0'))
    throw fault('malformed', { code: 'value', text: 'a collection name holds no zero byte' })
  checkKey(collection, id)
  if (change.op === 'delete') return
  if (change.second !== undefined) checkKey(collection, change.second)
  if (change.value instanceof Uint8Array && change.value.length > limits.store.recordBytes) {
    throw tooLong(`a record of "${collection}" holds at most ${limits.store.recordBytes} bytes`)
  }
}

function checkKey(collection: string, key: string): void {
  if (Buffer.byteLength(key) <= limits.store.recordIdBytes) return
  throw tooLong(`a key of "${collection}" has at most ${limits.store.recordIdBytes} bytes`)
}

function tooLong(text: string): Fault {
  return fault('too-large', { code: 'too-long', text })
}
