import { randomUUID } from 'node:crypto'

import type { Collection, Filter } from 'mongodb'

import { limits } from '../../kernel/limits.ts'
import type { RecordChange, RecordStore, Refusal, StoredRecord } from '../port.ts'
import { isDuplicate, pause, retrying, unavailable, type Database } from './database.ts'
import { decide, isLive, storedRecord, type RecordDocument } from './record-changes.ts'

/** Records outside of commits: each change is one conditional write of one document. */
export function recordStore(database: Database, now: () => number): RecordStore {
  const find = async (name: string, filter: Filter<RecordDocument>): Promise<StoredRecord | undefined> => {
    const found = await findOne(database.records(name), filter)
    return isLive(found, now()) ? storedRecord(found) : undefined
  }
  return {
    get: async (collection, id) => find(collection, { _id: id }),
    bySecond: async (collection, second) => find(collection, { second }),
    range: async ({ collection, from, to, reverse, limit }) => {
      const bounds = { ...(from !== undefined && { $gte: from }), ...(to !== undefined && { $lt: to }) }
      const filter: Filter<RecordDocument> = {
        ...(Object.keys(bounds).length > 0 && { _id: bounds }),
        gone: { $exists: false },
        $or: [{ exp: { $exists: false } }, { exp: { $gt: new Date(now()) } }],
      }
      const cursor = database
        .records(collection)
        .find(filter, { promoteBuffers: true })
        .sort({ _id: reverse === true ? -1 : 1 })
        .limit(limit)
      return (await retrying(async () => cursor.clone().toArray())).map(storedRecord)
    },
    apply: async (changes) => {
      for (const [index, change] of changes.entries()) {
        const why = await applyChange(database, change, now)
        if (why !== undefined) return { outcome: 'refused', index, why }
      }
      return { outcome: 'applied' }
    },
  }
}

async function findOne(
  collection: Collection<RecordDocument>,
  filter: Filter<RecordDocument>,
): Promise<RecordDocument | undefined> {
  return (await retrying(async () => collection.findOne(filter, { promoteBuffers: true }))) ?? undefined
}

/** Reads, decides, writes if nobody was in between; begins again otherwise. */
async function applyChange(
  database: Database,
  change: RecordChange,
  now: () => number,
): Promise<Refusal | undefined> {
  await database.prepareRecords(change.collection)
  const collection = database.records(change.collection)
  const token = randomUUID()
  for (let attempt = 0; attempt < limits.store.recordRounds; attempt++) {
    const current = await findOne(collection, { _id: change.id })
    // An earlier attempt of ours was answered into a broken connection.
    if (current?.w === token) return undefined
    const second = change.op === 'delete' ? undefined : change.second
    const holder = second === undefined ? undefined : await findOne(collection, { second })
    const decision = decide(change, { current, holder, now: now(), token })
    if ('kind' in decision) return decision
    if (holder !== undefined && holder._id !== change.id) await releaseExpired(collection, holder)
    if (await written(collection, current, decision.next)) return undefined
    await pause(Math.random() * Math.min(attempt, 20))
  }
  throw unavailable(new Error('a record was changed by others all the time'))
}

/** `decide` has let an expired holder pass: it loses its second key, if nobody has touched it. */
async function releaseExpired(
  collection: Collection<RecordDocument>,
  { _id, w }: RecordDocument,
): Promise<void> {
  await retrying(async () =>
    collection.updateOne({ _id, w }, { $unset: { second: '' }, $set: { w: randomUUID() } }),
  )
}

async function written(
  collection: Collection<RecordDocument>,
  current: RecordDocument | undefined,
  next: RecordDocument,
): Promise<boolean> {
  const { _id, ...replacement } = next
  try {
    if (current === undefined) {
      await retrying(async () => collection.insertOne(next))
      return true
    }
    const filter = { _id, w: current.w }
    return (await retrying(async () => collection.replaceOne(filter, replacement))).matchedCount === 1
  } catch (error) {
    if (!isDuplicate(error)) throw error
    return false
  }
}
