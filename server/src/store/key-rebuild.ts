import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'

import type { Clock } from '../kernel/clock.ts'
import { Fault } from '../kernel/fault.ts'
import type { JsonObject } from '../kernel/json.ts'
import { limits } from '../kernel/limits.ts'
import { createPace } from '../kernel/pace.ts'
import type { SearchKeys } from './keys.ts'
import type { KeyChange, Row, Store, StoredRecord } from './port.ts'

/** New search keys for what is stored already, type by type, in the background. */
export interface KeyRebuild {
  /** Names what is rebuilt: a rebuild of the same name takes the place of the one before. */
  readonly name: string
  /** What the keys are made with (a hash, a version): finished for this target, it is not done again. */
  readonly target: string
  /** All types that the store holds when absent. */
  readonly types?: readonly string[]
}

export interface RebuildProgress extends Omit<KeyRebuild, 'types'> {
  readonly types: readonly string[]
  /** Resources that were looked at, of about so many. */
  readonly done: number
  readonly total: number
  /** Resources whose keys could not be made: they are not found by them. */
  readonly failed: number
  /** The first of these. */
  readonly unmade: readonly Unmade[]
  readonly isFinished: boolean
}

/** A version that did not get its keys. */
export type Unmade = Pick<KeyChange, 'type' | 'id' | 'version'>

export interface KeyRebuilder {
  /** On return the order is durable: any process of the store carries it out, also after a kill. */
  start(rebuild: KeyRebuild): Promise<void>
  progress(): Promise<readonly RebuildProgress[]>
  /** Ends between two steps; who opens the store next goes on there. */
  close(): Promise<void>
}

export interface KeyRebuilderOptions {
  readonly store: Store
  /**
   * The keys of a stored version by what is known now.
   *
   * @param unmade told of rebuilds by name whose keys are not among them, and why
   */
  readonly keysOf: (row: Row, unmade: (rebuild: string, error: unknown) => void) => Promise<SearchKeys>
  readonly clock: Clock
  /** Told of every failed step; it is tried again. */
  readonly onError: (error: unknown) => void
  /** Told of the first versions that do not get their keys: that is final. */
  readonly onUnmade: (rebuild: string, unmade: Unmade, error: unknown) => void
  /** Resources of one step. */
  readonly step?: number
}

const COLLECTION = 'key-rebuilds'

/** The record of a rebuild is also its lease. */
interface State extends Omit<RebuildProgress, 'unmade'> {
  /** Older versions of the hub wrote none. */
  readonly unmade?: readonly Unmade[]
  /** Index into `types`, and the place in the commit order of that type. */
  readonly at: number
  readonly after?: { readonly sort: number; readonly tie: number | string }
  /** What was committed later has its new keys already. */
  readonly head: number
  readonly holder: string
  readonly until: number
}

export function createKeyRebuilder(options: KeyRebuilderOptions): KeyRebuilder {
  const { store, clock, onError } = options
  const stop = new AbortController()
  const holder = randomUUID()
  let woken = Promise.withResolvers<void>()

  const round = async (): Promise<void> => {
    for (const record of await states(store)) {
      const state = stateOf(record)
      const isFree = state.holder === holder || state.until <= clock()
      if (!state.isFinished && isFree) await carryOut({ ...options, holder, signal: stop.signal }, record)
    }
  }
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await round().catch(onError)
      await Promise.race([woken.promise, paused(limits.store.rebuildPollMs, stop.signal)])
      woken = Promise.withResolvers<void>()
    }
  }
  const running = run()

  return {
    async start(rebuild) {
      const { outcome } = await begin(store, rebuild)
      if (outcome === 'refused') await begin(store, rebuild)
      woken.resolve()
    },
    progress: async () => (await states(store)).map((record) => progressOf(stateOf(record))),
    async close() {
      stop.abort()
      await running
    },
  }
}

async function states({ records }: Store): Promise<readonly StoredRecord[]> {
  return records.range({ collection: COLLECTION, limit: limits.store.rebuilds })
}

// Only this file writes the collection.
const stateOf = ({ value }: StoredRecord): State => value as unknown as State

function progressOf(state: State): RebuildProgress {
  const { name, target, types, done, total, failed, unmade = [], isFinished } = state
  return { name, target, types, done, total, failed, unmade, isFinished }
}

async function begin(store: Store, rebuild: KeyRebuild): Promise<{ outcome: 'applied' | 'refused' }> {
  const { name, target, types = await store.resources.types() } = rebuild
  const known = await store.records.get(COLLECTION, name)
  if (known !== undefined && stateOf(known).target === target) return { outcome: 'applied' }
  const counts = await Promise.all(
    types.map(async (type) => store.resources.count(type, undefined, Infinity)),
  )
  const total = counts.reduce((sum, count) => sum + count, 0)
  const head = await store.log.head()
  const place = { at: 0, done: 0, failed: 0, unmade: [], total, head, isFinished: total === 0 }
  const state: State = { name, target, types, ...place, holder: '', until: 0 }
  return save(store, { name, state, revision: known?.revision ?? 0 })
}

interface Saving {
  readonly name: string
  readonly state: State
  /** What the record must have; 0 when it must not be there. */
  readonly revision: number
}

async function save({ records }: Store, { name, state, revision }: Saving): ReturnType<typeof records.apply> {
  const content = { collection: COLLECTION, id: name, value: state as unknown as JsonObject }
  return records.apply([
    revision === 0 ? { op: 'insert', ...content } : { op: 'replace', revision, ...content },
  ])
}

interface Work extends KeyRebuilderOptions {
  readonly holder: string
  readonly signal: AbortSignal
}

/** Step by step until it is finished, the process ends, or somebody else has it. A step that was not recorded is done again. */
async function carryOut(work: Work, record: StoredRecord): Promise<void> {
  let { revision } = record
  let state = stateOf(record)
  while (!state.isFinished && !work.signal.aborted) {
    const started = performance.now()
    const next = await stepFrom(work, state)
    const until = work.clock() + limits.store.rebuildLeaseMs
    state = { ...next, holder: work.holder, until }
    const { outcome } = await save(work.store, { name: state.name, state, revision })
    if (outcome === 'refused') return
    revision++
    // Others get as much of the machine as this takes.
    await paused(performance.now() - started, work.signal)
  }
  if (!state.isFinished) await save(work.store, { name: state.name, state: { ...state, until: 0 }, revision })
}

async function stepFrom(work: Work, state: State): Promise<State> {
  const { store, step = limits.store.rebuildStep } = work
  const type = state.types[state.at]
  if (type === undefined) return { ...state, isFinished: true }
  const { after, ...rest } = state
  const place = after === undefined ? {} : { after }
  const request = { type, order: 'updated', direction: 'asc', limit: step, ...place } as const
  const page = await store.resources.scan(request)
  const rows = await store.resources.fetch(
    type,
    page.map(({ id }) => id),
  )
  const made = await madeOf(work, state, rows)
  const counted = {
    ...rest,
    done: state.done + made.old,
    failed: state.failed + made.unmade.length,
    unmade: [...progressOf(state).unmade, ...made.unmade].slice(0, limits.store.rebuildUnmade),
  }
  const last = page[made.looked - 1]
  const isNewer = made.old === 0 && rows.some((row) => row !== undefined)
  const isLast = made.looked === page.length && (page.length < step || isNewer)
  if (last !== undefined && !isLast) return { ...counted, after: { sort: last.sort, tie: last.tie } }
  const at = state.at + 1
  return { ...counted, at, isFinished: at >= state.types.length }
}

interface Made {
  /** Rows that were looked at: all, or those that the time was enough for. */
  readonly looked: number
  /** Rows among them that were there at the start. */
  readonly old: number
  readonly unmade: readonly Unmade[]
}

/** One after the other, with pauses: a single one may be much work. */
async function madeOf(work: Work, state: State, rows: readonly (Row | undefined)[]): Promise<Made> {
  const changes: KeyChange[] = []
  const unmade: Unmade[] = []
  const pace = createPace()
  const end = performance.now() + limits.store.rebuildStepMs
  const lose = (lost: Unmade, error: unknown): void => {
    unmade.push(lost)
    if (state.failed + unmade.length <= limits.store.rebuildUnmade) work.onUnmade(state.name, lost, error)
  }
  let looked = 0
  let old = 0
  for (const row of rows) {
    if (looked > 0 && (work.signal.aborted || performance.now() > end)) break
    looked += 1
    if (row === undefined || row.commit > state.head) continue
    old += 1
    const { type, id, version } = row
    const lost = { type, id, version }
    try {
      const keys = await work.keysOf(row, (rebuild, error) => {
        if (rebuild === state.name) lose(lost, error)
      })
      changes.push({ ...lost, keys })
    } catch (error) {
      lose(lost, error)
    }
    await pace()
  }
  await rekeyed(work, changes, lose)
  return { looked, old, unmade }
}

/** What the store does not take must not keep the others from their keys; one that is away or busy is asked again. */
async function rekeyed(
  { store }: Pick<Work, 'store'>,
  changes: readonly KeyChange[],
  lose: (unmade: Unmade, error: unknown) => void,
): Promise<void> {
  if (changes.length === 0) return
  try {
    await store.rekey(changes)
  } catch (error) {
    if (isPassing(error)) throw error
    const [only] = changes
    if (only && changes.length === 1)
      return lose({ type: only.type, id: only.id, version: only.version }, error)
    for (const change of changes) await rekeyed({ store }, [change], lose)
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof Fault && (error.kind === 'unavailable' || error.kind === 'busy')
}

async function paused(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined)
}
