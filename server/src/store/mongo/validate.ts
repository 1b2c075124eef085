import type { Commit, Guard, Refusal, ResourceWrite } from '../port.ts'
import {
  loggedWrite,
  type Before,
  type CommitPart,
  type LoggedWrite,
  type RecordEffect,
} from './commit-record.ts'
import { retrying, type Database } from './database.ts'
import { indexKey } from './index-key.ts'
import { decide, isLive, type RecordDocument } from './record-changes.ts'
import { touchedSince, type Touch } from './touched.ts'

/** What is appended together: a commit, all or nothing; or direct changes of records, of which those before the first refusal count. */
export interface Entry {
  readonly commit: Commit
  readonly isPartial: boolean
}

export interface Verdict {
  /** What the log gets; absent when there is nothing to write. */
  readonly part?: CommitPart
  readonly refused?: { readonly index: number; readonly why: Refusal }
}

interface Scope {
  readonly database: Database
  /** The commits are checked against everything up to this one, which is applied. */
  readonly head: number
  readonly now: number
}

/** Checks a batch in order, each entry against the log and against those before it in the batch. Reads only; nothing is reserved. */
export async function validate(scope: Scope, batch: readonly Entry[]): Promise<Verdict[]> {
  const commits = batch.map(({ commit }) => commit)
  const [resources, records, touched] = await Promise.all([
    readResources(scope.database, commits),
    readRecords(scope.database, commits),
    touchedSince(scope.database, scope.head, commits),
  ])
  const state: State = { resources, records, touched }
  return batch.map((entry) => judge(state, entry, scope.now))
}

interface Current extends Before {
  readonly v: number
  readonly del: boolean
}

interface RecordState {
  readonly byId: Map<string, RecordDocument>
  readonly bySecond: Map<string, string>
}

interface State {
  readonly resources: Map<string, Current>
  readonly records: Map<string, RecordState>
  readonly touched: Touch[]
}

function judge(state: State, { commit, isPartial }: Entry, now: number): Verdict {
  const why = guardFailed(state, commit.guards, now) ?? versionRefused(state, commit.writes)
  if (why !== undefined) return { refused: { index: 0, why } }
  const { effects: rec, refused } = recordEffects(state, commit, now)
  if (refused !== undefined && !isPartial) return { refused }
  const w = commit.writes.map((write, x) =>
    loggedWrite(write, x, state.resources.get(`${write.type}/${write.id}`) ?? NOTHING_BEFORE),
  )
  for (const effect of rec) remember(stateOf(state.records, effect.col), effect)
  for (const write of w) state.resources.set(`${write.t}/${write.id}`, currentAfter(write))
  state.touched.push({ n: Infinity, writes: w })
  const isWritten = !isPartial || rec.length > 0
  return { ...(isWritten && { part: { w, rec } }), ...(refused !== undefined && { refused }) }
}

const NOTHING_BEFORE: Before = { k: [], c: [] }

function currentAfter({ v, m, k, c }: LoggedWrite): Current {
  return { v, del: m === 'DELETE', k, c }
}

function guardFailed(state: State, guards: readonly Guard[], now: number): Refusal | undefined {
  const guard = guards.find((one) => !holds(one, state, now))
  return guard && { kind: 'guard', guard }
}

function holds(guard: Guard, { resources, records, touched }: State, now: number): boolean {
  if (guard.kind === 'exists') {
    const current = resources.get(`${guard.type}/${guard.id}`)
    return (
      current !== undefined && !current.del && (guard.version === undefined || current.v === guard.version)
    )
  }
  if (guard.kind === 'record') {
    const record = records.get(guard.collection)?.byId.get(guard.id)
    return isLive(record, now) && record.rev === guard.revision
  }
  const key = guard.key === undefined ? undefined : indexKey(guard.key)
  const hit = ({ t, k, b }: Touch['writes'][number]): boolean =>
    t === guard.type && (key === undefined || k.includes(key) || b.includes(key))
  return !touched.some(({ n, writes }) => n > guard.since && writes.some(hit))
}

function versionRefused({ resources }: State, writes: readonly ResourceWrite[]): Refusal | undefined {
  const seen = new Set<string>()
  for (const { type, id, expected } of writes) {
    const key = `${type}/${id}`
    const current = resources.get(key)?.v ?? 0
    if (current !== expected || seen.has(key)) return { kind: 'version', type, id, current }
    seen.add(key)
  }
  return undefined
}

interface Effects {
  readonly effects: readonly RecordEffect[]
  /** The first change that cannot be; those behind it were not looked at. */
  readonly refused?: { readonly index: number; readonly why: Refusal }
}

/** Later changes of an entry see the earlier ones; the state itself is not changed. */
function recordEffects(state: State, { records, uuid }: Commit, now: number): Effects {
  const own = new Map<string, RecordState>()
  const effects: RecordEffect[] = []
  for (const [index, change] of records.entries()) {
    const name = change.collection
    const before = stateOf(state.records, name)
    const mine = stateOf(own, name)
    const find = (id: string | undefined): RecordDocument | undefined =>
      id === undefined ? undefined : (mine.byId.get(id) ?? before.byId.get(id))
    const second = change.op === 'delete' ? undefined : change.second
    const holder =
      second === undefined ? undefined : find(mine.bySecond.get(second) ?? before.bySecond.get(second))
    const current = find(change.id)
    // What another change has taken the key from holds it no more.
    const situation = { current, holder: holder?.second === second ? holder : undefined, now, token: uuid }
    const decision = decide(change, situation)
    if ('kind' in decision) return { effects, refused: { index, why: decision } }
    // What was never there, or is a tombstone already, needs no other one.
    if (change.op === 'delete' && !isLive(current, now)) continue
    const effect = { ...decision.next, col: name }
    remember(mine, effect)
    effects.push(effect)
  }
  return { effects }
}

function stateOf(records: Map<string, RecordState>, name: string): RecordState {
  const state = records.get(name) ?? { byId: new Map(), bySecond: new Map() }
  records.set(name, state)
  return state
}

function remember({ byId, bySecond }: RecordState, record: RecordDocument): void {
  byId.set(record._id, record)
  if (record.second !== undefined) bySecond.set(record.second, record._id)
}

async function readResources(database: Database, batch: readonly Commit[]): Promise<Map<string, Current>> {
  const wanted = new Map<string, Set<string>>()
  for (const { writes, guards } of batch) {
    const exists = guards.filter((guard) => guard.kind === 'exists')
    for (const { type, id } of [...writes, ...exists])
      wanted.set(type, (wanted.get(type) ?? new Set()).add(id))
  }
  const found = new Map<string, Current>()
  const read = async ([type, ids]: [string, Set<string>]): Promise<void> => {
    const projection = { v: 1, del: 1, k: 1, c: 1 }
    const cursor = database.current(type).find({ _id: { $in: [...ids] } }, { projection })
    for (const { _id, v, del, k, c } of await retrying(async () => cursor.clone().toArray()))
      found.set(`${type}/${_id}`, { v, del, k, c })
  }
  await Promise.all([...wanted].map(read))
  return found
}

async function readRecords(database: Database, batch: readonly Commit[]): Promise<Map<string, RecordState>> {
  const wanted = new Map<string, { ids: Set<string>; seconds: Set<string> }>()
  const listsOf = (collection: string): { ids: Set<string>; seconds: Set<string> } => {
    const lists = wanted.get(collection) ?? { ids: new Set(), seconds: new Set() }
    wanted.set(collection, lists)
    return lists
  }
  for (const change of batch.flatMap(({ records }) => records)) {
    const lists = listsOf(change.collection)
    lists.ids.add(change.id)
    if (change.op !== 'delete' && change.second !== undefined) lists.seconds.add(change.second)
  }
  for (const guard of batch.flatMap(({ guards }) => guards))
    if (guard.kind === 'record') listsOf(guard.collection).ids.add(guard.id)
  const states = new Map<string, RecordState>()
  const read = async ([name, { ids, seconds }]: [string, { ids: Set<string>; seconds: Set<string> }]) => {
    const state = stateOf(states, name)
    const find = async (filter: object): Promise<void> => {
      const cursor = database.records(name).find(filter, { promoteBuffers: true })
      for (const record of await retrying(async () => cursor.clone().toArray())) remember(state, record)
    }
    await find({ _id: { $in: [...ids] } })
    if (seconds.size > 0) await find({ second: { $in: [...seconds] } })
  }
  await Promise.all([...wanted].map(read))
  return states
}
