import type { AnyBulkWriteOperation, Collection } from 'mongodb'

import { limits } from '../../kernel/limits.ts'
import type { CommitRecord, LoggedWrite } from './commit-record.ts'
import { ignoreDuplicate, isDuplicate, retrying, type Database } from './database.ts'
import { documentsOf, versionKey, type CurrentDocument, type VersionDocument } from './documents.ts'
import { isLive, type RecordDocument } from './record-changes.ts'

/**
 * Brings consecutive commits into the collections that are read. Idempotent, and safe beside others who apply the same or later ones:
 * every write names the version or commit that it must still be behind. History comes first, so that a version that is seen can be read.
 *
 * @returns how often any process was overtaken so far
 */
export async function applyCommits(
  database: Database,
  commits: readonly CommitRecord[],
  now: number,
): Promise<number> {
  const last = commits.at(-1)
  if (last === undefined) return 0
  await Promise.all(
    [...writesByType(commits)].map(async ([type, writes]) => applyType(database, type, writes)),
  )
  for (const [name, effects] of effectsByCollection(commits))
    await applyRecords(database, { name, effects, now })
  const moved = await retrying(async () =>
    database.meta.findOneAndUpdate(
      { _id: 'applied' },
      { $max: { n: last._id } },
      { returnDocument: 'after' },
    ),
  )
  return moved?.overtaken ?? 0
}

interface NumberedWrite {
  readonly n: number
  readonly write: LoggedWrite
}

function writesByType(commits: readonly CommitRecord[]): Map<string, NumberedWrite[]> {
  const types = new Map<string, NumberedWrite[]>()
  for (const { _id, w } of commits) {
    for (const write of w) {
      const list = types.get(write.t)
      if (list === undefined) types.set(write.t, [{ n: _id, write }])
      else list.push({ n: _id, write })
    }
  }
  return types
}

async function applyType(database: Database, type: string, writes: readonly NumberedWrite[]): Promise<void> {
  await database.prepareType(type)
  const versions: VersionDocument[] = []
  const latest = new Map<string, CurrentDocument>()
  const created = new Set<string>()
  for (const { n, write } of writes) {
    const { current, version } = documentsOf(write, n)
    versions.push(version)
    latest.set(write.id, current)
    if (write.v === 1) created.add(write.id)
  }
  await insertNew(database.history(type), inOrder(versions))
  await closeVersions(database.history(type), inOrder(versions))
  const documents = inOrder(latest.values())
  await insertNew(
    database.current(type),
    documents.filter(({ _id }) => created.has(_id)),
  )
  // What was just inserted has this very version; only older ones are replaced.
  const behind = documents.filter(({ _id, v }) => !created.has(_id) || v > 1)
  await replaceOlder(database.current(type), behind)
}

/** Opposite orders of two processes would dead-lock. */
function inOrder<Item extends { readonly _id: string }>(items: Iterable<Item>): Item[] {
  return [...items].toSorted((a, b) => (a._id < b._id ? -1 : 1))
}

/** Inserts what is not there; who was first has written the same. */
async function insertNew<Item extends VersionDocument | CurrentDocument>(
  collection: Collection<Item>,
  items: readonly Item[],
): Promise<void> {
  if (items.length === 0) return
  type Documents = Parameters<Collection<Item>['insertMany']>[0]
  const insert = async (some: readonly Item[]): Promise<unknown> =>
    retrying(async () => collection.insertMany(some as unknown as Documents, { ordered: false }))
  try {
    await insert(items)
  } catch (error) {
    if (!isDuplicate(error)) throw error
    for (const item of items) await insert([item]).catch(ignoreDuplicate)
  }
}

async function closeVersions(
  collection: Collection<VersionDocument>,
  versions: readonly VersionDocument[],
): Promise<void> {
  const closing = versions
    .filter(({ v }) => v > 1)
    .map(({ id, v, lu }): AnyBulkWriteOperation<VersionDocument> => ({
      updateOne: { filter: { _id: versionKey(id, v - 1) }, update: { $set: { until: lu } } },
    }))
  if (closing.length > 0) await retrying(async () => collection.bulkWrite(closing, { ordered: false }))
}

async function replaceOlder(
  collection: Collection<CurrentDocument>,
  documents: readonly CurrentDocument[],
): Promise<void> {
  const replacing = documents.map(({ _id, ...replacement }): AnyBulkWriteOperation<CurrentDocument> => ({
    replaceOne: { filter: { _id, v: { $lt: replacement.v } }, replacement },
  }))
  if (replacing.length > 0) await retrying(async () => collection.bulkWrite(replacing, { ordered: false }))
}

/** The last state of each record: later commits of the page replace earlier ones. */
function effectsByCollection(commits: readonly CommitRecord[]): Map<string, Map<string, RecordDocument>> {
  const collections = new Map<string, Map<string, RecordDocument>>()
  for (const { _id: cn, rec } of commits) {
    for (const { col, ...record } of rec) {
      const records = collections.get(col) ?? new Map<string, RecordDocument>()
      collections.set(col, records.set(record._id, { ...record, cn }))
    }
  }
  return collections
}

interface Effects {
  readonly name: string
  readonly effects: ReadonlyMap<string, RecordDocument>
  readonly now: number
}

async function applyRecords(database: Database, { name, effects, now }: Effects): Promise<void> {
  await database.prepareRecords(name)
  const collection = database.records(name)
  const documents = [...effects.values()]
  // Who gives a second key up comes before who takes it.
  const giving = documents.filter(({ second }) => second === undefined)
  const taking = documents.filter(({ second }) => second !== undefined)
  await Promise.all(giving.map(async (document) => writeRecord(collection, document, now)))
  for (const document of taking) await writeRecord(collection, document, now)
}

async function writeRecord(
  collection: Collection<RecordDocument>,
  document: RecordDocument,
  now: number,
): Promise<void> {
  const { _id, ...replacement } = document
  for (let attempt = 0; attempt < limits.store.mongoAttempts; attempt++) {
    try {
      const behind = { _id, cn: { $lt: document.cn } }
      const { matchedCount } = await retrying(async () => collection.replaceOne(behind, replacement))
      if (matchedCount === 1) return
      await retrying(async () => collection.insertOne(document))
      return
    } catch (error) {
      if (!isDuplicate(error)) throw error
      const there = await retrying(async () => collection.findOne({ _id }))
      if (there !== null && there.cn >= document.cn) return
      if (document.second !== undefined) await freeSecond(collection, document, now)
    }
  }
}

/** The commit log has given the second key to `document`: whoever still shows it has expired, or was overtaken. */
async function freeSecond(
  collection: Collection<RecordDocument>,
  { _id, second, cn }: RecordDocument,
  now: number,
): Promise<void> {
  if (second === undefined) return
  const holder = await retrying(async () => collection.findOne({ second, _id: { $ne: _id } }))
  if (holder === null || (isLive(holder, now) && holder.cn > cn)) return
  await retrying(async () => collection.updateOne({ _id: holder._id, second }, { $unset: { second: '' } }))
}
