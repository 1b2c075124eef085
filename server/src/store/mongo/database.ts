import {
  MongoBulkWriteError,
  MongoError,
  MongoServerError,
  MongoServerSelectionError,
  type Collection,
  type Db,
  type Document,
  type IndexDescription,
} from 'mongodb'

import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { CommitPart, CommitRecord } from './commit-record.ts'
import type { CurrentDocument, VersionDocument } from './documents.ts'
import type { RecordDocument } from './record-changes.ts'

/** One array at most in an index; `_id` last where pages go on behind a place. */
const CURRENT: IndexDescription[] = [
  { name: 'key_date', key: { k: 1, date: 1, _id: 1 } },
  { name: 'date', key: { del: 1, date: 1, _id: 1 } },
  { name: 'updated', key: { del: 1, cn: 1, x: 1 } },
  { name: 'range', key: { 'r.p': 1, 'r.lo': 1, 'r.hi': 1 } },
  { name: 'name', key: { 'n.p': 1, 'n.text': 1 } },
  { name: 'compartment', key: { c: 1, date: 1, _id: 1 } },
  { name: 'facility', key: { f: 1, date: 1, _id: 1 } },
]
const HISTORY: IndexDescription[] = [
  { name: 'resource', key: { id: 1, cn: -1, x: -1 } },
  { name: 'commit', key: { cn: -1, x: -1 } },
  { name: 'time', key: { lu: 1, until: 1 } },
]
const RECORDS: IndexDescription[] = [
  { name: 'second', key: { second: 1 }, unique: true, sparse: true },
  { name: 'expiry', key: { exp: 1 }, expireAfterSeconds: 0 },
]

/** `applied`: the last commit up to which all are applied; `schema`, `keys`: versions of what is stored. */
export interface Meta {
  readonly _id: string
  readonly n: number
  /** Beside `applied`: how often a process found its number taken. Who sees it move lets the others go first. */
  readonly overtaken?: number
  /** Beside `applied`: the last commit that was trimmed. */
  readonly trimmed?: number
}

/** The collections of one store. Those of a type or of a kind of records get their indexes when they are first written. */
export interface Database {
  readonly db: Db
  readonly commits: Collection<CommitRecord>
  readonly parts: Collection<CommitPart & { _id: string }>
  readonly meta: Collection<Meta>
  current(type: string): Collection<CurrentDocument>
  history(type: string): Collection<VersionDocument>
  records(name: string): Collection<RecordDocument>
  /** Makes the collections of a type ready to be written. */
  prepareType(type: string): Promise<void>
  prepareRecords(name: string): Promise<void>
  types(): Promise<string[]>
}

export function databaseOf(db: Db): Database {
  const ready = new Map<string, Promise<void>>()
  const once = async (name: string, work: () => Promise<void>): Promise<void> => {
    const running = ready.get(name) ?? work()
    ready.set(name, running)
    await running.catch((error: unknown) => {
      ready.delete(name)
      throw error
    })
  }
  const current = (type: string): Collection<CurrentDocument> => db.collection(type)
  const history = (type: string): Collection<VersionDocument> => db.collection(`${type}_history`)
  const records = (name: string): Collection<RecordDocument> => db.collection(`rec_${name}`)
  const types = db.collection<{ _id: string }>('types')
  return {
    db,
    commits: db.collection('commits'),
    parts: db.collection('commit_parts'),
    meta: db.collection('meta'),
    current,
    history,
    records,
    prepareType: async (type) =>
      once(type, async () => {
        await retrying(async () => history(type).createIndexes(HISTORY))
        await retrying(async () => current(type).createIndexes(CURRENT))
        await retrying(async () => types.insertOne({ _id: type })).catch(ignoreDuplicate)
      }),
    prepareRecords: async (name) =>
      once(`rec_${name}`, async () => {
        await retrying(async () => records(name).createIndexes(RECORDS))
      }),
    types: async () => (await retrying(async () => types.find().toArray())).map(({ _id }) => _id),
  }
}

/** Deadlocks and write conflicts of MongoDB and of the stand-in that was measured (notes on real servers). */
const AGAIN = new Set<unknown>([112, 16_908_292, 16_777_220])

/**
 * Runs idempotent work again after a broken connection or a write conflict.
 *
 * @throws Fault `unavailable` when the database stays away
 */
export async function retrying<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!mayPass(error)) throw orUnavailable(error)
      if (attempt === limits.store.mongoAttempts) throw unavailable(error)
      await pause(attempt * 20)
    }
  }
}

export function unavailable(cause: unknown): Error {
  const answer = fault('unavailable', {
    code: 'transient',
    text: 'The database does not answer. Try again.',
  })
  answer.cause = cause
  return answer
}

/** @returns Fault `unavailable` where no server was found within `limits.store.mongoSelectMs`, else the error itself */
export function orUnavailable(error: unknown): unknown {
  return error instanceof MongoServerSelectionError ? unavailable(error) : error
}

/** A broken connection, a change of primary or a write conflict: the same work may succeed in a moment. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof MongoError)) return isBrokenPipe(error)
  if (error.name.startsWith('MongoNetwork') || error.name === 'MongoPoolClearedError') return true
  // A bulk write wraps what broke the connection.
  if (error instanceof MongoBulkWriteError && error.errorResponse instanceof Error)
    return mayPass(error.errorResponse)
  if (error instanceof MongoServerError && AGAIN.has(error.code)) return true
  return error.hasErrorLabel('RetryableWriteError') || error.hasErrorLabel('TransientTransactionError')
}

/** What the socket itself says when the other end has closed it just before a write; the driver hands it on as it is. */
function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ECONNRESET')
}

export function isDuplicate(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === 11_000
}

export function ignoreDuplicate(error: unknown): void {
  if (!isDuplicate(error)) throw error
}

export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}

/** `find` hands out raw bytes with `raw: true`, which its types do not say. */
export async function rawDocuments<Shape extends Document>(
  collection: Collection<Shape>,
  query: { filter: Document; sort?: Document; limit?: number; projection?: Document },
): Promise<Buffer[]> {
  const { filter, ...options } = query
  const cursor = collection.find(filter as Parameters<Collection<Shape>['find']>[0], {
    ...options,
    raw: true,
  })
  return (await retrying(async () => cursor.clone().toArray())) as unknown as Buffer[]
}
