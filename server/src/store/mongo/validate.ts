import type { Commit, Guard, Refusal, ResourceWrite } from '../port.ts'
import {
  loggedWrite,
  type Before,
  type CommitPart,
  type LoggedWrite,
  type RecordEffect,
} from './commit-record.ts'
import { retrying, type Database } from './database.ts'
import { indexKey } from './documents.ts'
import { decide, type RecordDocument } from './record-changes.ts'
import { touchedSince, type Touch } from './touched.ts'

export type Verdict = CommitPart | Refusal

interface Scope {
  readonly database: Database
  /** The commits are checked against everything up to this one, which is applied. */
  readonly head: number
  readonly now: number
}

/** Checks a batch in order, each commit against the log and against those before it in the batch. Reads only; nothing is reserved. */
export async function validate(scope: Scope, batch: readonly Commit[]): Promise<Verdict[]> {
  const [resources, records, touched] = await Promise.all([
    readResources(scope.database, batch),
    readRecords(scope.database, batch),
    touchedSince(scope.database, scope.head, batch),
  ])
  const state: State = { resources, records, touched }
  return batch.map((commit) => judge(state, commit, scope.now))
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

function judge(state: State, commit: Commit, now: number): Verdict {
  const refusal = guardFailed(state, commit.guards) ?? versionRefused(state, commit.writes)
  if (refusal !== undefined) return refusal
  const rec = recordEffects(state, commit, now)
  if (!Array.isArray(rec)) return rec
  const w = commit.writes.map((write, x) =>
    loggedWrite(write, x, state.resources.get(`${write.type}/${write.id}`) ?? NOTHING_BEFORE),
  )
  for (const effect of rec) remember(stateOf(state.records, effect.col), effect)
  for (const write of w) state.resources.set(`${write.t}/${write.id}`, currentAfter(write))
  state.touched.push({ n: Infinity, writes: w })
  return { w, rec }
}

const NOTHING_BEFORE: Before = { k: [], c: [] }

function currentAfter({ v, m, k, c }: LoggedWrite): Current {
  return { v, del: m === 'DELETE', k, c }
}

function guardFailed({ resources, touched }: State, guards: readonly Guard[]): Refusal | undefined {
  const guard = guards.find((one) => !holds(one, resources, touched))
  return guard && { kind: 'guard', guard }
}

function holds(guard: Guard, resources: ReadonlyMap<string, Current>, touched: readonly Touch[]): boolean {
  if (guard.kind === 'exists') {
    const current = resources.get(`${guard.type}/${guard.id}`)
    return (
      current !== undefined && !current.del && (guard.version === undefined || current.v === guard.version)
    )
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

/** Later changes of a commit see the earlier ones; the state is only changed when all pass. */
function recordEffects(state: State, commit: Commit, now: number): RecordEffect[] | Refusal {
  const own = new Map<string, RecordState>()
  const effects: RecordEffect[] = []
  for (const change of commit.records) {
    const name = change.collection
    const before = stateOf(state.records, name)
    const mine = stateOf(own, name)
    const find = (id: string | undefined): RecordDocument | undefined =>
      id === undefined ? undefined : (mine.byId.get(id) ?? before.byId.get(id))
    const second = change.op === 'delete' ? undefined : change.second
    const holder =
      second === undefined ? undefined : find(mine.bySecond.get(second) ?? before.bySecond.get(second))
    const decision = decide(change, {
      current: find(change.id),
      // What another change has taken the key from holds it no more.
      holder: holder?.second === second ? holder : undefined,
      now,
      token: commit.uuid,
    })
    if ('kind' in decision) return decision
    const effect = { ...decision.next, col: name }
    remember(mine, effect)
    effects.push(effect)
  }
  return effects
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
  for (const change of batch.flatMap(({ records }) => records)) {
    const lists = wanted.get(change.collection) ?? { ids: new Set(), seconds: new Set() }
    wanted.set(change.collection, lists)
    lists.ids.add(change.id)
    if (change.op !== 'delete' && change.second !== undefined) lists.seconds.add(change.second)
  }
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
