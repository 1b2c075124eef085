import { randomUUID } from 'node:crypto'

import type { Collection, Filter } from 'mongodb'

import { limits } from '../../kernel/limits.ts'
import { OUTSIDE_LOG } from '../outside-log.ts'
import type { ApplyResult, RecordChange, RecordStore, Refusal, StoredRecord } from '../port.ts'
import { isDuplicate, pause, retrying, unavailable, type Database } from './database.ts'
import { decide, isLive, storedRecord, type RecordDocument } from './record-changes.ts'

/** @param logged changes that take their number in the log; those of `OUTSIDE_LOG` are conditional writes of one document each. */
export function recordStore(
  database: Database,
  now: () => number,
  logged: RecordStore['apply'],
): RecordStore {
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
      let index = 0
      for (const run of runsOf(changes)) {
        const isLogged = !OUTSIDE_LOG.has(run[0]?.collection ?? '')
        const result = isLogged ? await logged(run) : await applyDirect(database, run, now)
        if (result.outcome === 'refused') return { ...result, index: index + result.index }
        index += run.length
      }
      return { outcome: 'applied' }
    },
  }
}

/** Neighbours of the same kind stay together, so that the order stays. */
function runsOf(changes: readonly RecordChange[]): readonly RecordChange[][] {
  const runs: RecordChange[][] = []
  let wasOutside: boolean | undefined
  for (const change of changes) {
    const isOutside = OUTSIDE_LOG.has(change.collection)
    if (isOutside === wasOutside) runs.at(-1)?.push(change)
    else runs.push([change])
    wasOutside = isOutside
  }
  return runs
}

async function applyDirect(
  database: Database,
  changes: readonly RecordChange[],
  now: () => number,
): Promise<ApplyResult> {
  for (const [index, change] of changes.entries()) {
    const why = await applyChange(database, change, now)
    if (why !== undefined) return { outcome: 'refused', index, why }
  }
  return { outcome: 'applied' }
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
