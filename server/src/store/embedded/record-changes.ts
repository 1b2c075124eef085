import type { RecordChange, Refusal, StoredRecord } from '../port.ts'
import { numberKey, scopedKey, type Bytes, type DataFile } from './databases.ts'
import {
  decodeRecord,
  encodeRecord,
  isExpired,
  recordExpires,
  recordRevision,
  recordSecond,
} from './record.ts'
import { copyOf } from './row.ts'

/**
 * Applies record changes inside the running write transaction, in order, each seeing those before it.
 *
 * @returns the first refusal and its index; everything that was applied before it is then taken back when `atomic`.
 */
export function applyRecordChanges(
  data: DataFile,
  changes: readonly RecordChange[],
  { now, atomic }: { now: number; atomic: boolean },
): { index: number; why: Refusal } | undefined {
  const steps = new Steps(atomic)
  for (const [index, change] of changes.entries()) {
    const why = applyChange({ data, steps, now }, change)
    if (why === undefined) continue
    if (atomic) steps.undo()
    return { index, why }
  }
  return undefined
}

/** @returns 0 when there is no such record, or when it has expired */
export function revisionOf(
  data: DataFile,
  { collection, id }: { readonly collection: string; readonly id: string },
  now: number,
): number {
  const stored = data.records.getBinary(scopedKey(collection, id))
  return stored === undefined || isExpired(stored, now) ? 0 : recordRevision(stored)
}

/** How many expired records one write transaction removes at most, so that sweeping never delays an answer noticeably. */
const SWEEP_MOST = 64

/** @returns whether there may be more */
export function sweepExpired(data: DataFile, now: number): boolean {
  const due = [...data.expiries.getKeys({ end: numberKey(now + 1), limit: SWEEP_MOST })]
  for (const expiry of due) {
    const key = expiry.subarray(6)
    const record = data.records.getBinary(key)
    if (record !== undefined && isExpired(record, now))
      remove({ data, steps: new Steps(false), now }, key, record)
    else data.expiries.removeSync(expiry)
  }
  return due.length === SWEEP_MOST
}

interface Scope {
  readonly data: DataFile
  readonly steps: Steps
  readonly now: number
}

/** What was written, so that a refused commit can be taken back inside a transaction that it shares with others. */
class Steps {
  readonly #undo: { database: Bytes; key: Buffer; before: Buffer | undefined }[] = []
  readonly #canUndo: boolean

  constructor(canUndo: boolean) {
    this.#canUndo = canUndo
  }

  set(database: Bytes, key: Buffer, value: Buffer | undefined): void {
    if (this.#canUndo) this.#undo.push({ database, key, before: database.getBinary(key) })
    store(database, key, value)
  }

  undo(): void {
    for (const { database, key, before } of this.#undo.toReversed()) store(database, key, before)
  }
}

function store(database: Bytes, key: Buffer, value: Buffer | undefined): void {
  if (value === undefined) database.removeSync(key)
  else database.putSync(key, value)
}

function applyChange(scope: Scope, change: RecordChange): Refusal | undefined {
  const { collection, id } = change
  const key = scopedKey(collection, id)
  const stored = scope.data.records.getBinary(key)
  const current = stored === undefined || isExpired(stored, scope.now) ? undefined : stored
  const failed = failedCondition(change, current) ?? takenSecond(scope, change)
  if (failed !== undefined) return { kind: 'record', collection, id, ...failed }
  if (stored !== undefined) remove(scope, key, stored)
  if (change.op !== 'delete') write(scope, change, current === undefined ? 1 : recordRevision(current) + 1)
  return undefined
}

type Failed = Pick<Extract<Refusal, { kind: 'record' }>, 'reason' | 'holder'>

function failedCondition(change: RecordChange, current: Buffer | undefined): Failed | undefined {
  if (change.op === 'insert') {
    return current === undefined ? undefined : { reason: 'exists', holder: decodeRecord(change.id, current) }
  }
  if (change.op === 'put' || change.revision === undefined) return undefined
  if (current === undefined) return { reason: 'absent' }
  return recordRevision(current) === change.revision ? undefined : { reason: 'revision' }
}

function takenSecond(scope: Scope, change: RecordChange): Failed | undefined {
  if (change.op === 'delete' || change.second === undefined) return undefined
  const holder = holderOfSecond(scope, change.collection, change.second)
  return holder === undefined || holder.id === change.id ? undefined : { reason: 'second', holder }
}

function write(
  { data, steps }: Scope,
  change: Exclude<RecordChange, { op: 'delete' }>,
  revision: number,
): void {
  const { collection, id, second, expires } = change
  const key = scopedKey(collection, id)
  steps.set(data.records, key, encodeRecord({ ...change, revision }))
  if (second !== undefined) steps.set(data.seconds, scopedKey(collection, second), Buffer.from(id, 'utf8'))
  if (expires !== undefined) steps.set(data.expiries, expiryKey(expires, key), NOTHING)
}

/** The record that holds a second key now; one that has expired holds nothing and makes room. */
function holderOfSecond(scope: Scope, collection: string, second: string): StoredRecord | undefined {
  const id = scope.data.seconds.getBinary(scopedKey(collection, second))?.toString('utf8')
  if (id === undefined) return undefined
  const key = scopedKey(collection, id)
  const record = scope.data.records.getBinary(key)
  if (record === undefined) return undefined
  if (!isExpired(record, scope.now)) return decodeRecord(id, record)
  remove(scope, key, record)
  return undefined
}

const NOTHING = Buffer.alloc(0)

function remove({ data, steps }: Scope, key: Buffer, record: Buffer): void {
  const owned = copyOf(record)
  const second = recordSecond(owned)
  if (second !== '')
    steps.set(
      data.seconds,
      Buffer.concat([key.subarray(0, key.indexOf(0) + 1), Buffer.from(second)]),
      undefined,
    )
  const expires = recordExpires(owned)
  if (expires !== 0) steps.set(data.expiries, expiryKey(expires, key), undefined)
  steps.set(data.records, key, undefined)
}

function expiryKey(expires: number, recordKey: Buffer): Buffer {
  return Buffer.concat([numberKey(expires), recordKey])
}
