import type { Clock } from '../../kernel/clock.ts'
import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { createPace } from '../../kernel/pace.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { Crash } from '../crash.ts'
import { refuseOutsideLog } from '../outside-log.ts'
import type { ApplyResult, Commit, CommitResult, KeyChange, RecordChange } from '../port.ts'
import { Appender, type AppendedRow, type PreparedCommit, type PreparedWrite } from './appender.ts'
import { BulkTail } from './bulk-tail.ts'
import { encodeCommitHeader } from './commit-header.ts'
import { numberKey, scopedKey, type DataFile } from './databases.ts'
import { rowOf } from './encoded-write.ts'
import type { KeyHash } from './key-hash.ts'
import { applyRecordChanges, sweepExpired } from './record-changes.ts'
import { checkRecordChange } from './records.ts'
import { Rekeyer, type RekeyedRow } from './rekeyer.ts'

export interface WriterOptions {
  readonly data: DataFile
  readonly hash: KeyHash
  readonly clock: Clock
  readonly crash: Crash
  /** Runs the work as one write transaction and resolves when it is synced to the disk. */
  readonly durably: (work: () => void) => Promise<void>
  /** Called with the rows of a batch once they are durable, before their commits are answered. */
  readonly onDurable: (rows: readonly AppendedRow[], rekeyed: readonly RekeyedRow[]) => void
  /** Resolves when the postings that wait in memory leave room for more. */
  readonly room: () => Promise<void> | undefined
  /** From how many writes a commit brings the postings of its rows along. */
  readonly bulkWrites: number
}

type Job =
  | { readonly kind: 'commit'; readonly prepared: PreparedCommit; readonly answer: Answer<CommitResult> }
  | {
      readonly kind: 'apply'
      readonly changes: readonly RecordChange[]
      readonly answer: Answer<ApplyResult>
    }
  | { readonly kind: 'trim'; readonly from: number; readonly upTo: number; readonly answer: Answer<void> }
  | { readonly kind: 'rekey'; readonly changes: readonly KeyChange[]; readonly answer: Answer<number> }

interface Answer<T> {
  readonly resolve: (result: T) => void
  readonly reject: (error: unknown) => void
}

/**
 * Group commit: what arrives while the transaction before is written and synced goes into the next one, so the size of a group follows the load
 * by itself. Only the puts run on the main thread: pages are written and synced in lmdb's own thread, and nobody sees them before that is done.
 */
export class Writer {
  readonly appender: Appender
  readonly rekeyer: Rekeyer
  readonly #options: WriterOptions
  readonly #queue: Job[] = []
  /** A group waits for its turn or is being written. */
  #busy = false
  #closing = false
  /** When the last look for expired records found all of them. */
  #sweptAt = 0
  #idle: (() => void) | undefined
  batches = 0
  lastBatchMs = 0

  constructor(options: WriterOptions) {
    this.#options = options
    this.appender = new Appender(options.data, options.hash)
    this.rekeyer = new Rekeyer(options.data, options.hash)
  }

  get pending(): number {
    return this.#queue.length
  }

  async commit(commit: Commit): Promise<CommitResult> {
    refuseOutsideLog(commit)
    for (const change of commit.records) checkRecordChange(change)
    for (const { id } of commit.writes) checkId(id)
    const preparing = this.#prepare(commit)
    const prepared = preparing instanceof Promise ? await preparing : preparing
    return new Promise<CommitResult>((resolve, reject) => {
      this.#add({ kind: 'commit', prepared, answer: { resolve, reject } })
    })
  }

  /** At once, so that commits of single writes keep the order of their calls; a large one in slices, and others go on meanwhile. */
  #prepare(commit: Commit): Soon<PreparedCommit> {
    const { hash, bulkWrites } = this.#options
    const { guards, records } = commit
    const bulk = commit.writes.length < bulkWrites ? undefined : new BulkTail(hash)
    const pace = createPace()
    const writes: PreparedWrite[] = []
    const prepareFrom = (first: number): Soon<PreparedCommit> => {
      for (const write of first === 0 ? commit.writes : commit.writes.slice(first)) {
        const { type, id, expected, lastUpdated, method } = write
        const row = method === 'DELETE' ? undefined : rowOf(write, hash)
        if (row) bulk?.add(writes.length, row)
        const content = row ? { row } : { deletion: write }
        writes.push({ type, id, expected, lastUpdated, method, key: scopedKey(type, id), content })
        const slice = writes.length < commit.writes.length ? pace() : undefined
        if (slice) return slice.then(() => prepareFrom(writes.length))
      }
      return { guards, records, header: encodeCommitHeader(commit), writes, ...(bulk && { bulk }) }
    }
    return prepareFrom(0)
  }

  async apply(changes: readonly RecordChange[]): Promise<ApplyResult> {
    for (const change of changes) checkRecordChange(change)
    return new Promise<ApplyResult>((resolve, reject) => {
      this.#add({ kind: 'apply', changes, answer: { resolve, reject } })
    })
  }

  async rekey(changes: readonly KeyChange[]): Promise<number> {
    return new Promise<number>((resolve, reject) => {
      this.#add({ kind: 'rekey', changes, answer: { resolve, reject } })
    })
  }

  /** Takes commits out of the log. */
  async trim(from: number, upTo: number): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#add({ kind: 'trim', from, upTo, answer: { resolve, reject } })
    })
  }

  /** Writes what has been accepted, accepts nothing more. */
  async close(): Promise<void> {
    this.#closing = true
    if (this.#busy) await new Promise<void>((resolve) => (this.#idle = resolve))
  }

  #add(job: Job): void {
    if (this.#closing) throw fault('unavailable', { code: 'transient', text: 'the store is closing' })
    if (this.#queue.length >= limits.store.pendingCommits) {
      throw fault('busy', {
        code: 'throttled',
        text: 'too many writes are waiting for the disk: try again shortly',
      })
    }
    this.#queue.push(job)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#busy || this.#queue.length === 0) return
    this.#busy = true
    const wait = this.#options.room()
    if (wait === undefined) void this.#flush()
    else void wait.then(async () => this.#flush())
  }

  async #flush(): Promise<void> {
    await this.#write()
    this.#busy = false
    if (this.#queue.length > 0) this.#schedule()
    else this.#idle?.()
  }

  /** Of what waits, as much as a group takes beside the jobs. */
  #next(jobs: readonly Job[]): readonly Job[] {
    return this.#queue.splice(0, limits.store.batchCommits - jobs.length)
  }

  async #write(): Promise<void> {
    const { crash, durably, onDurable } = this.#options
    const jobs: Job[] = []
    const answers: (() => void)[] = []
    const started = performance.now()
    try {
      crash('before-append')
      await durably(() => {
        // lmdb may run the work again: nothing may be left of the first try.
        answers.length = 0
        jobs.push(...this.#next(jobs))
        this.appender.begin()
        this.rekeyer.begin()
        this.#sweep()
        for (const job of jobs) answers.push(this.#run(job))
        crash('after-append')
      })
    } catch (error) {
      this.appender.rollback()
      // Before the work began, it is what waits that gets no further.
      if (jobs.length === 0) jobs.push(...this.#next(jobs))
      for (const { answer } of jobs) answer.reject(refusalOf(error))
      return
    }
    crash('after-sync')
    onDurable(this.appender.finish(), this.rekeyer.finish())
    this.batches++
    this.lastBatchMs = performance.now() - started
    for (const answer of answers) answer()
  }

  /** Nobody sees what has expired: it is enough to look now and then, until nothing is left. */
  #sweep(): void {
    const { data, clock } = this.#options
    const now = clock()
    if (Math.abs(now - this.#sweptAt) < limits.store.sweepMs) return
    if (!sweepExpired(data, now)) this.#sweptAt = now
  }

  #run(job: Job): () => void {
    const { data, clock } = this.#options
    if (job.kind === 'commit') {
      const result = this.appender.append(job.prepared, clock())
      return () => job.answer.resolve(result)
    }
    if (job.kind === 'trim') {
      for (let n = job.from; n <= job.upTo; n++) data.commits.removeSync(numberKey(n))
      return job.answer.resolve
    }
    if (job.kind === 'rekey') {
      const rekeyed = this.rekeyer.rekey(job.changes)
      return () => job.answer.resolve(rekeyed)
    }
    const refused = applyRecordChanges(data, job.changes, { now: clock(), atomic: false })
    return () => {
      job.answer.resolve(refused === undefined ? { outcome: 'applied' } : { outcome: 'refused', ...refused })
    }
  }
}

/** Errors of lmdb have a number: the disk is full or fails. Nothing of the batch is there, and the next one may go through. */
function refusalOf(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'number') return error
  const refusal = fault('unavailable', {
    code: 'transient',
    text: 'The disk takes no more writes: nothing was stored. Make room, then try again.',
  })
  refusal.cause = error
  return refusal
}

/** A row keeps the length of its id in one byte. */
function checkId(id: string): void {
  if (id !== '' && Buffer.byteLength(id) <= 255) return
  throw fault('malformed', { code: 'value', text: 'a resource id has 1 to 255 bytes' })
}
