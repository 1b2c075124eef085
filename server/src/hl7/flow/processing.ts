import { Fault, fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { Entry, Journaled } from './entry.ts'
import type { Journal } from './journal.ts'
import { partitionKey } from './parking.ts'
import type { Partitions } from './partitions.ts'
import type { Plan } from './plan.ts'
import { bury, mapJob, settle, type SettleDeps } from './settle.ts'

export interface ProcessingDeps extends SettleDeps {
  readonly partitions: Partitions
}

/** How far a message is. Neither promise is ever rejected: what went wrong is in the entry. */
export interface Progress {
  /** Whether it could be mapped. */
  readonly mapped: Promise<boolean>
  /** The entry at rest: committed, dead or parked; as it is when the hub stops before. */
  readonly done: Promise<Entry>
}

export interface Processing {
  /** Goes on with what was journaled and not processed when the hub stopped. */
  start(): Promise<void>
  /** Lets the messages that are being committed finish; the others stay in the journal. */
  stop(): Promise<void>
  /** Processes a journaled message in the order of its partitions. */
  submit(message: Journaled): Progress
  /** Processes a message again by the rules of today. @throws Fault `not-found`, `unprocessable` */
  replay(id: string): Promise<Entry>
  /** What `replay` would do now. */
  rehearse(id: string): Promise<Plan>
}

/** Messages that are mapped and wait for their turn in memory; more wait in the journal. */
const OUTSTANDING = limits.hl7.inFlight * 4

export function createProcessing(deps: ProcessingDeps): Processing {
  const queue = new WorkQueue(deps)
  return {
    async start() {
      await deps.parking.load()
      void queue.catchUp()
    },
    stop: async () => queue.stop(),
    submit: (message) => queue.submit(message),
    async replay(id) {
      const message = await known(deps.journal, id)
      const before = message.entry.history.length
      const entry = await queue.run(message).done
      if (entry.state !== 'committed' && entry.history.length === before) {
        throw fault('unavailable', {
          code: 'transient',
          text: 'The message could not be processed now; try again.',
        })
      }
      return entry
    },
    async rehearse(id) {
      const job = await mapJob(deps, await known(deps.journal, id))
      if (job instanceof Fault) throw job
      return deps.apply.plan(job)
    },
  }
}

/** The messages at work in this process, and the way to those that wait in the journal. */
class WorkQueue {
  readonly #deps: ProcessingDeps
  readonly #running = new Map<string, Progress>()
  readonly #stopping = new AbortController()
  #catchingUp: Promise<void> | undefined
  /** The message before has stepped up to its partitions. */
  #entered: Promise<unknown> = Promise.resolve()
  /** Something was journaled behind the back of the one who catches up. */
  #isMoreWork = false

  constructor(deps: ProcessingDeps) {
    this.#deps = deps
  }

  submit(message: Journaled): Progress {
    if (this.#catchingUp === undefined && this.#running.size < OUTSTANDING) return this.run(message)
    this.#isMoreWork = true
    return this.#follow(message, this.catchUp())
  }

  run(message: Journaled): Progress {
    const same = this.#running.get(message.id)
    if (same) return same
    const mapped = Promise.withResolvers<boolean>()
    const done = this.#process(message, mapped.resolve).catch((error: unknown) => {
      this.#deps.report(error, message.id)
      this.#lookAgain()
      return message.entry
    })
    const progress = { mapped: mapped.promise, done }
    this.#running.set(message.id, progress)
    void done.then(() => {
      mapped.resolve(false)
      return this.#running.delete(message.id)
    })
    return progress
  }

  /** Takes what waits in the journal, oldest first, as places become free. */
  async catchUp(): Promise<void> {
    this.#catchingUp ??= this.#readJournal().finally(() => {
      this.#catchingUp = undefined
    })
    return this.#catchingUp
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#catchingUp
    await Promise.all(this.#atWork())
  }

  async #process(message: Journaled, onMapped: (isMapped: boolean) => void): Promise<Entry> {
    const { partitions } = this.#deps
    const { signal } = this.#stopping
    const reading = mapJob(this.#deps, message)
    // Messages are read side by side, but step up to their partitions in the order in which they were handed in.
    const turn = Promise.allSettled([this.#entered, reading]).then(() => undefined)
    this.#entered = turn
    await turn
    const job = await reading
    onMapped(!(job instanceof Fault))
    if (job instanceof Fault) return bury(this.#deps, message, { keys: [], error: job })
    const keys = job.mapped.partitions.map((partition) => partitionKey(job.feed.name, partition))
    let entry = message.entry
    await partitions.run(keys, async () => {
      if (!signal.aborted) entry = await settle(this.#deps, job, { keys, signal })
      if (entry.state === 'committed') await this.#release(keys)
    })
    return entry
  }

  /** A partition that was blocked goes on with the message that waited longest. */
  async #release(keys: readonly string[]): Promise<void> {
    const { parking, journal } = this.#deps
    if (parking.blockedPartitions === 0) return
    const [next] = await parking.waiting(keys)
    const message = next === undefined ? undefined : await journal.get(next)
    if (message?.entry.state === 'parked') this.run(message)
  }

  async #readJournal(): Promise<void> {
    const { journal, report } = this.#deps
    let after = ''
    try {
      for (;;) {
        this.#isMoreWork = false
        const ids = await journal.pending(after)
        if (this.#stopping.signal.aborted || (ids.length === 0 && !this.#hasMoreWork())) return
        for (const id of ids) await this.#takeUp(id)
        after = ids.at(-1) ?? after
      }
    } catch (error) {
      report(error, after)
      this.#lookAgain()
    }
  }

  #hasMoreWork(): boolean {
    return this.#isMoreWork
  }

  async #takeUp(id: string): Promise<void> {
    if (this.#running.has(id)) return
    while (this.#running.size >= OUTSTANDING) await Promise.race(this.#atWork())
    const message = await this.#deps.journal.get(id)
    if (message?.entry.state === 'received' && !this.#stopping.signal.aborted) this.run(message)
  }

  /** The store was away: what is still open in the journal is taken up later. */
  #lookAgain(): void {
    if (this.#stopping.signal.aborted) return
    setTimeout(() => void this.catchUp(), limits.hl7.retryMs).unref()
  }

  #atWork(): Promise<Entry>[] {
    return [...this.#running.values()].map(async ({ done }) => done)
  }

  /** Progress of a message that waits in the journal for its turn. */
  #follow(message: Journaled, turn: Promise<void>): Progress {
    const now = async () => (await this.#deps.journal.get(message.id))?.entry ?? message.entry
    const done = turn
      .then(async () => this.#running.get(message.id)?.done ?? now())
      .catch(() => message.entry)
    return { mapped: done.then(({ state }) => state === 'committed'), done }
  }
}

async function known(journal: Journal, id: string): Promise<Journaled> {
  const message = await journal.get(id)
  if (message === undefined)
    throw fault('not-found', { code: 'not-found', text: 'There is no such message.' })
  if (message.entry.state === 'duplicate') {
    throw fault('unprocessable', {
      code: 'business-rule',
      text: 'A duplicate has no content of its own; take the message that it repeats.',
    })
  }
  return message
}
