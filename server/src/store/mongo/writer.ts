import { randomUUID } from 'node:crypto'

import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { Crash } from '../crash.ts'
import { refuseOutsideLog } from '../outside-log.ts'
import type { ApplyResult, Commit, CommitResult, RecordChange, ResourceWrite } from '../port.ts'
import { append } from './append.ts'
import { applyCommits } from './apply.ts'
import { commitRecord, type CommitRecord } from './commit-record.ts'
import { pause, retrying, unavailable, type Database } from './database.ts'
import { jsonToBson } from './json-to-bson.hot.ts'
import { appliedUpTo, readCommits } from './log.ts'
import { validate, type Entry, type Verdict } from './validate.ts'

interface WriterOptions {
  readonly database: Database
  readonly now: () => number
  readonly crash: Crash
  /** Called when commits are applied. */
  readonly notify: () => void
}

interface Pending {
  readonly entry: Entry
  readonly resolve: (result: Settled) => void
  readonly reject: (error: unknown) => void
}

interface Settled {
  /** Number of the commit; 0 when nothing was written. */
  readonly n: number
  readonly refused?: Verdict['refused']
}

/** Appends commits: one batch of this process is under way, what comes meanwhile goes into the next (group commit). */
export class Writer {
  readonly #options: WriterOptions
  readonly #queue: Pending[] = []
  readonly counts = { commits: 0, batches: 0, overtaken: 0 }
  /** All commits up to here are known to be applied. */
  #head: number
  #running: Promise<void> = Promise.resolve()
  #busy = false
  /** Somebody was overtaken since the last batch: without a pause the faster process would starve the others. */
  #yields = false
  #overtaken = 0
  #closed = false

  constructor(options: WriterOptions, head: number) {
    this.#options = options
    this.#head = head
  }

  /** Commits are being appended or applied. */
  get isBusy(): boolean {
    return this.#busy
  }

  get waiting(): number {
    return this.#queue.length
  }

  async commit(commit: Commit): Promise<CommitResult> {
    refuseOutsideLog(commit)
    // What cannot be stored must not reach the log, where everybody would have to apply it.
    for (const write of commit.writes) checkStorable(write)
    const { n, refused } = await this.#settled({ commit, isPartial: false })
    return refused === undefined ? { outcome: 'committed', n } : { outcome: 'refused', why: refused.why }
  }

  /** Direct changes take their number in the log like commits do: nobody decides on what somebody else is just changing. */
  async apply(changes: readonly RecordChange[]): Promise<ApplyResult> {
    const time = this.#options.now()
    const commit = { uuid: randomUUID(), time, writes: [], guards: [], records: changes }
    const { refused } = await this.#settled({ commit, isPartial: true })
    return refused === undefined ? { outcome: 'applied' } : { outcome: 'refused', ...refused }
  }

  async #settled(entry: Entry): Promise<Settled> {
    if (this.#closed) throw fault('unavailable', { code: 'transient', text: 'The store is closed.' })
    if (this.#queue.length >= limits.store.pendingCommits)
      throw fault('busy', { code: 'throttled', text: 'Too many writes wait. Try again in a moment.' })
    const result = new Promise<Settled>((resolve, reject) => {
      this.#queue.push({ entry, resolve, reject })
    })
    if (!this.#busy) this.#running = this.#drain()
    return result
  }

  /** Waits for what was handed in. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#running
  }

  async #drain(): Promise<void> {
    this.#busy = true
    // Those who come in the same turn share the first batch.
    await Promise.resolve()
    while (this.#queue.length > 0) {
      await this.#batch(this.#queue.splice(0, limits.store.batchCommits))
      const yields = this.#yields
      // What is refused from now on has overtaken nobody.
      this.#yields = false
      if (yields) await pause(limits.store.yieldMs)
    }
    this.#busy = false
  }

  async #batch(batch: readonly Pending[]): Promise<void> {
    this.counts.batches++
    let left = batch
    try {
      for (let round = 0; round < limits.store.appendRounds && left.length > 0; round++)
        left = await this.#round(left)
      if (left.length > 0) throw unavailable(new Error('other processes were always first'))
    } catch (error) {
      for (const { reject } of left) reject(error)
    }
  }

  /** @returns those whom other processes overtook: they are checked again. */
  async #round(batch: readonly Pending[]): Promise<readonly Pending[]> {
    const { database, now, crash } = this.#options
    const head = this.#head
    const verdicts = await validate(
      { database, head, now: now() },
      batch.map(({ entry }) => entry),
    )
    const settled: { pending: Pending; result: Settled }[] = []
    const records: CommitRecord[] = []
    for (const [index, pending] of batch.entries()) {
      const { part, refused } = verdicts[index] ?? {}
      if (part !== undefined)
        records.push(commitRecord(head + records.length + 1, pending.entry.commit, part))
      const n = part === undefined ? 0 : head + records.length
      settled.push({ pending, result: { n, ...(refused !== undefined && { refused }) } })
    }
    crash('before-append')
    const appended = await append(database, records)
    crash('after-append')
    await this.#apply(records.slice(0, appended))
    const through = head + appended
    // A refusal behind a commit that was overtaken may rest on it.
    const whole = appended === records.length
    const final = settled.filter(({ result: { n } }) => whole || (n > 0 && n <= through))
    for (const { pending, result } of final) pending.resolve(result)
    if (whole) return []
    this.counts.overtaken++
    await this.#catchUp(through + 1)
    const done = new Set(final.map(({ pending }) => pending))
    return batch.filter((pending) => !done.has(pending))
  }

  async #apply(records: Parameters<typeof applyCommits>[1]): Promise<void> {
    const { database, now, crash, notify } = this.#options
    const last = records.at(-1)
    if (last === undefined) return
    crash('before-merge')
    const overtaken = await applyCommits(database, records, now())
    crash('after-merge')
    this.#yields = overtaken > this.#overtaken
    this.#overtaken = Math.max(this.#overtaken, overtaken)
    this.#head = last._id
    this.counts.commits += records.length
    notify()
  }

  /** Waits until whoever was first has applied it, and does it in their place when they do not. */
  async #catchUp(taken: number): Promise<void> {
    const { database, now, notify } = this.#options
    const told = await retrying(async () =>
      database.meta.findOneAndUpdate(
        { _id: 'applied' },
        { $inc: { overtaken: 1 } },
        { returnDocument: 'after' },
      ),
    )
    this.#overtaken = told?.overtaken ?? 0
    const end = performance.now() + limits.store.unappliedMs
    let applied = told?.n ?? 0
    while (applied < taken && performance.now() < end) {
      await pause(2)
      applied = await appliedUpTo(database)
    }
    this.#head = applied < taken ? await applyFrom(database, applied, now) : applied
    notify()
  }
}

const ID_BYTES = 255

/** @throws Fault `malformed` for an id of the wrong length, SyntaxError for a body that is no JSON */
function checkStorable({ id, method, bytes }: ResourceWrite): void {
  if (id === '' || Buffer.byteLength(id) > ID_BYTES)
    throw fault('malformed', { code: 'value', text: `A resource id has 1 to ${ID_BYTES} bytes.` })
  if (method !== 'DELETE') jsonToBson(bytes)
}

/** Applies the commits above `head` that are there now. @returns the last one */
export async function applyFrom(database: Database, head: number, now: () => number): Promise<number> {
  const newest = database.commits
    .find({}, { projection: { _id: 1 } })
    .sort({ _id: -1 })
    .limit(1)
  const upTo = (await retrying(async () => newest.clone().toArray()))[0]?._id ?? 0
  let last = head
  while (last < upTo) {
    const page = await readCommits(database, { after: last, upTo, limit: limits.store.batchCommits })
    await applyCommits(database, page, now())
    last = page.at(-1)?._id ?? upTo
  }
  return last
}
