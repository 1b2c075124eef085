import { limits } from '../../kernel/limits.ts'
import { partsOf, type CommitRecord } from './commit-record.ts'
import {
  ignoreDuplicate,
  isDuplicate,
  mayPass,
  orUnavailable,
  pause,
  retrying,
  unavailable,
  type Database,
} from './database.ts'
import { partId } from './touched.ts'

/**
 * Appends records with consecutive numbers: on return they are durable on a majority and in order.
 *
 * @returns how many of them stand in the log; behind those another process was first
 */
export async function append(database: Database, records: readonly CommitRecord[]): Promise<number> {
  if (records.length === 0) return 0
  const slim = await Promise.all(records.map(async (record) => slimRecord(database, record)))
  let there = 0
  for (let attempt = 1; ; attempt++) {
    try {
      await database.commits.insertMany(slim.slice(there), { ordered: true })
      return records.length
    } catch (error) {
      // Another process took a number, or our own attempt was answered into a broken connection: the uuids tell which.
      const taken = isDuplicate(error)
      if (!taken && !mayPass(error)) throw orUnavailable(error)
      const { own, others } = await whoIsThere(database, records)
      if (own === records.length || others) return own
      there = own
      if (attempt === limits.store.mongoAttempts) throw unavailable(error)
      // The record that is in the way is not yet on a majority, or the connection broke before anything was written.
      await pause(attempt * 5)
    }
  }
}

async function whoIsThere(
  database: Database,
  records: readonly CommitRecord[],
): Promise<{ own: number; others: boolean }> {
  const ids = records.map(({ _id }) => _id)
  const cursor = database.commits.find({ _id: { $in: ids } }, { projection: { uuid: 1 } })
  const there = new Map(
    (await retrying(async () => cursor.clone().toArray())).map(({ _id, uuid }) => [_id, uuid]),
  )
  const firstOther = records.findIndex(({ _id, uuid }) => there.get(_id) !== uuid)
  if (firstOther === -1) return { own: records.length, others: false }
  return { own: firstOther, others: there.has(records[firstOther]?._id ?? 0) }
}

/** Writes the parts of a large commit beside it, first, under its uuid: another try replaces them, and none is read without the record. */
async function slimRecord(database: Database, record: CommitRecord): Promise<CommitRecord> {
  const parts = partsOf(record, limits.store.commitPartBytes)
  if (parts.length <= 1) return record
  for (const [index, part] of parts.entries()) {
    const document = { _id: partId(record.uuid, index), ...part }
    const replace = async (): Promise<unknown> =>
      database.parts.replaceOne({ _id: document._id }, part, { upsert: true })
    await retrying(replace).catch(ignoreDuplicate)
  }
  return { ...record, parts: parts.length, w: [], rec: [] }
}
