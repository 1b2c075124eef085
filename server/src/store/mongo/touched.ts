import type { Commit } from '../port.ts'
import type { CommitPart, LoggedWrite } from './commit-record.ts'
import { retrying, type Database } from './database.ts'
import { indexKey } from './index-key.ts'

/** What a commit wrote, as far as guards look at it. */
export interface Touch {
  readonly n: number
  readonly writes: readonly Pick<LoggedWrite, 't' | 'k' | 'b'>[]
}

/** What the commits since the oldest `unchanged` guard of the batch have written, up to `head`. */
export async function touchedSince(
  database: Database,
  head: number,
  batch: readonly Commit[],
): Promise<Touch[]> {
  const guards = batch.flatMap((commit) => commit.guards).filter((guard) => guard.kind === 'unchanged')
  const since = Math.min(head, ...guards.map((guard) => guard.since))
  if (since >= head) return []
  const types = [...new Set(guards.map(({ type }) => type))]
  // Commits in parts do not show their types: they are always read.
  const filter = { _id: { $gt: since, $lte: head }, $or: [{ 'w.t': { $in: types } }, { parts: { $gt: 0 } }] }
  const projection = { uuid: 1, parts: 1, 'w.t': 1, 'w.k': 1, 'w.b': 1 }
  const cursor = database.commits.find(filter, { projection })
  const touches: Touch[] = []
  const state = await retrying(async () => database.meta.findOne({ _id: 'applied' }))
  // What was trimmed may have changed anything.
  const trimmed = state?.trimmed ?? 0
  if (since < trimmed)
    touches.push({ n: trimmed, writes: guards.map(({ type, key }) => ({ t: type, k: keyOf(key), b: [] })) })
  for (const { _id, uuid, w, parts } of await retrying(async () => cursor.clone().toArray())) {
    const whole = parts === undefined ? w : (await readParts(database, uuid, parts)).flatMap((part) => part.w)
    touches.push({ n: _id, writes: whole })
  }
  return touches
}

function keyOf(key: string | undefined): readonly string[] {
  return key === undefined ? [] : [indexKey(key)]
}

export function partId(uuid: string, index: number): string {
  return `${uuid}/${index}`
}

export async function readParts(database: Database, uuid: string, count: number): Promise<CommitPart[]> {
  const parts: CommitPart[] = []
  for (let index = 0; index < count; index++) {
    const _id = partId(uuid, index)
    const part = await retrying(async () => database.parts.findOne({ _id }, { promoteBuffers: true }))
    if (part === null) throw new Error(`Part ${_id} of a commit is missing.`)
    parts.push(part)
  }
  return parts
}
