import type { Clock } from '../../kernel/clock.ts'
import { fault } from '../../kernel/fault.ts'
import { uuid7 } from '../../kernel/ids.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordStore, StoredRecord } from '../../store/port.ts'
import { FLOW, type Entry, type Journaled } from '../journal/entry.ts'
import { timeOfId } from '../journal/message-time.ts'
import type { Processing } from './processing.ts'
import { countSpan, pageOfSpan, startOf, type ReplaySpan, type SpanCount } from './replay-span.ts'
import type { Gate } from './work-queue.ts'

export interface ReplayState {
  readonly request: ReplaySpan
  readonly by: string
  /** Milliseconds UTC. */
  readonly started: number
  readonly ended?: number
  readonly state: 'running' | 'done' | 'cancelled'
  /** How many messages it was to process when it was created. */
  readonly expected?: SpanCount
  /** Id of the last message that was looked at. */
  readonly cursor: string
  readonly done: number
  readonly changed: number
  readonly unchanged: number
  readonly failed: number
}

export interface StoredReplay extends ReplayState {
  readonly id: string
  readonly revision: number
}

/** Replays of many messages: they go on after a restart, in the process that works on the feed. */
export interface Replays {
  create(request: ReplaySpan, by: string): Promise<StoredReplay>
  /** How many messages it would process; writes nothing. */
  count(request: ReplaySpan): Promise<SpanCount>
  get(id: string): Promise<StoredReplay>
  /** Newest first. */
  list(): Promise<readonly StoredReplay[]>
  cancel(id: string): Promise<StoredReplay>
  start(): void
  stop(): Promise<void>
}

interface ReplayDeps {
  readonly records: RecordStore
  readonly clock: Clock
  readonly processing: Pick<Processing, 'again' | 'discard'>
  readonly gate: Gate
  readonly report: (error: unknown, message: string) => void
}

export function createReplays(deps: ReplayDeps): Replays {
  const { records, clock, gate, report } = deps
  const active = new Map<string, Promise<void>>()
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined

  const look = async (): Promise<void> => {
    for (const job of await list(records)) {
      if (job.state !== 'running' || active.has(job.id) || !gate.isOpen(job.request.feed)) continue
      const run = runJob(deps, job.id, stopping.signal)
        .catch((error: unknown) => report(error, job.id))
        .finally(() => active.delete(job.id))
      active.set(job.id, run)
    }
  }
  const lookSoon = () => void look().catch((error: unknown) => report(error, 'replays'))
  return {
    async create(request, by) {
      const state: ReplayState = {
        request,
        by,
        started: clock(),
        state: 'running',
        expected: await countSpan(records, request, clock),
        cursor: startOf(request),
        done: 0,
        changed: 0,
        unchanged: 0,
        failed: 0,
      }
      const id = uuid7(clock())
      await records.apply([{ op: 'insert', collection: FLOW.replays, id, value: valueOf(state) }])
      lookSoon()
      return { ...state, id, revision: 1 }
    },
    count: async (request) => countSpan(records, request, clock),
    get: async (id) => known(records, id),
    list: async () => list(records),
    async cancel(id) {
      for (;;) {
        const job = await known(records, id)
        if (job.state !== 'running') return job
        const saved = await save(records, job, { ...job, state: 'cancelled', ended: clock() })
        if (saved) return saved
      }
    },
    start() {
      timer = setInterval(lookSoon, limits.hl7.replay.lookMs).unref()
      lookSoon()
    },
    async stop() {
      clearInterval(timer)
      stopping.abort()
      await Promise.all(active.values())
    },
  }
}

/** Page by page to the end of the span; each page is one step of the progress that is kept. */
async function runJob(deps: ReplayDeps, id: string, signal: AbortSignal): Promise<void> {
  const { records, clock, gate } = deps
  for (;;) {
    const job = await known(records, id)
    if (job.state !== 'running' || signal.aborted || !gate.isOpen(job.request.feed)) return
    const { wanted, cursor, isLast } = await pageOfSpan(records, job.request, job)
    const counts = await workOn(deps, job, wanted)
    await notePage(records, job, {
      ...counts,
      cursor,
      done: wanted.length,
      ...(isLast ? { ended: clock() } : {}),
    })
  }
}

interface PageDone extends Counts {
  readonly cursor: string
  readonly done: number
  /** Of the last page. */
  readonly ended?: number
}

/** What was done counts, also of a job that was cancelled meanwhile; where another process was faster, its own counts. */
async function notePage(
  records: RecordStore,
  before: StoredReplay,
  { ended, ...page }: PageDone,
): Promise<void> {
  let job = before
  while (job.cursor === before.cursor) {
    const saved = await save(records, job, {
      ...job,
      cursor: page.cursor,
      done: job.done + page.done,
      changed: job.changed + page.changed,
      unchanged: job.unchanged + page.unchanged,
      failed: job.failed + page.failed,
      ...(ended !== undefined && job.state === 'running' ? { state: 'done' as const, ended } : {}),
    })
    if (saved) return
    job = await known(records, job.id)
  }
}

type Counts = Pick<ReplayState, 'changed' | 'unchanged' | 'failed'>

/** Side by side where their partitions allow it, handed in by age. */
async function workOn(
  { processing, report }: ReplayDeps,
  { request: { discard }, by }: ReplayState,
  messages: readonly Journaled[],
): Promise<Counts> {
  const counts = { changed: 0, unchanged: 0, failed: 0 }
  await Promise.all(
    messages.map(async (message) => {
      try {
        const entry =
          discard === undefined
            ? await processing.again(message)
            : await processing.discard(message.id, `${discard} (${by})`)
        counts[outcomeOf(entry)]++
      } catch (error) {
        report(error, message.id)
        counts.failed++
      }
    }),
  )
  return counts
}

function outcomeOf({ state, made = [] }: Entry): 'changed' | 'unchanged' | 'failed' {
  if (state === 'discarded') return 'unchanged'
  if (state !== 'committed') return 'failed'
  return made.some(({ action }) => action === 'created' || action === 'updated') ? 'changed' : 'unchanged'
}

/** Share of the time span that is done. */
export function progressOf({ state, request, cursor, started }: ReplayState): number {
  if (state === 'done') return 1
  const from = Date.parse(request.from)
  const to = Math.min(Date.parse(request.to), started)
  return to <= from ? 0 : Math.min(1, Math.max(0, (timeOfId(cursor) - from) / (to - from)))
}

async function known(records: RecordStore, id: string): Promise<StoredReplay> {
  const record = await records.get(FLOW.replays, id)
  if (record === undefined) throw fault('not-found', { code: 'not-found', text: 'There is no such replay.' })
  return storedOf(record)
}

function storedOf({ id, revision, value }: StoredRecord): StoredReplay {
  return { ...(value as unknown as ReplayState), id, revision }
}

const SHOWN = 100

async function list(records: RecordStore): Promise<readonly StoredReplay[]> {
  const found = await records.range({ collection: FLOW.replays, reverse: true, limit: SHOWN })
  return found.map(storedOf)
}

async function save(
  records: RecordStore,
  { id, revision }: StoredReplay,
  { id: _id, revision: _revision, ...state }: StoredReplay,
): Promise<StoredReplay | undefined> {
  const result = await records.apply([
    { op: 'replace', collection: FLOW.replays, id, revision, value: valueOf(state) },
  ])
  return result.outcome === 'applied' ? { ...state, id, revision: revision + 1 } : undefined
}

function valueOf(state: ReplayState): JsonObject {
  return state as unknown as JsonObject
}
