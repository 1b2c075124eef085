import { setTimeout as delay } from 'node:timers/promises'

import { Fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { Entry, Journaled } from '../journal/entry.ts'
import type { MessageIndex } from '../journal/message-index.ts'
import type { Tally } from '../journal/tally.ts'
import { partitionKey } from './parking.ts'
import type { Partitions } from './partitions.ts'
import { bury, mapJob, settle, type SettleDeps } from './settle.ts'
import { createTurns, type Turns } from './turns.ts'

export interface ProcessingDeps extends SettleDeps {
  readonly index: Pick<MessageIndex, 'note'>
  readonly partitions: Partitions
  readonly tally: Tally
  readonly gate: Gate
  /** Sends what came in on its way to the disk. */
  readonly flush?: () => void
}

/** How far a message is. Neither promise is ever rejected: what went wrong is in the entry. */
export interface Progress {
  /** Whether it could be mapped. */
  readonly mapped: Promise<boolean>
  /** The entry at rest: committed, dead or parked; as it is when the hub stops before. */
  readonly done: Promise<Entry>
}

/** Which feeds this process may process now. */
export interface Gate {
  /** Several processes work on one journal: what this one has journaled may be processed by another, and the other way round. */
  readonly isShared: boolean
  isOpen(feed: string): boolean
}

/** Messages that are mapped and wait for their turn in memory; more wait in the journal. */
const OUTSTANDING = limits.hl7.inFlight * 4

/** The messages at work in this process, and the way to those that wait in the journal. */
export class WorkQueue {
  readonly #deps: ProcessingDeps
  readonly #running = new Map<string, Progress>()
  readonly #stopping = new AbortController()
  readonly #turns: Turns
  /** Resolves when a message has come to rest. */
  #freed = Promise.withResolvers<void>()
  #catchingUp: Promise<void> | undefined
  /** The message before has stepped up to its partitions. */
  #entered: Promise<unknown> = Promise.resolve()
  /** Something was journaled behind the back of the one who catches up. */
  #isMoreWork = false
  /** Where the one who catches up goes on. */
  #after = ''
  #poll: NodeJS.Timeout | undefined

  constructor(deps: ProcessingDeps) {
    this.#deps = deps
    this.#turns = createTurns(limits.hl7.slice, deps.flush)
  }

  start(): void {
    void this.catchUp()
    if (this.#deps.gate.isShared) this.#poll = setInterval(() => this.lookAtAll(), limits.hl7.pollMs).unref()
  }

  submit(message: Journaled): Progress {
    this.#turns.arrived()
    const { gate } = this.#deps
    const isOpen = gate.isOpen(message.entry.feed)
    if (!gate.isShared && isOpen && this.#catchingUp === undefined && this.#running.size < OUTSTANDING)
      return this.run(message)
    // Another process works on the feed, or nobody does for now: the journal has the message.
    if (!isOpen) return gate.isShared ? this.#watch(message) : untouched(message)
    // With several processes the journal alone tells who came first. A large message may be there later than those that came behind it.
    this.#isMoreWork = true
    if (message.id <= this.#after) this.#after = ''
    return this.#follow(message, this.catchUp())
  }

  /** From the oldest one on. */
  lookAtAll(): void {
    this.#after = ''
    this.#isMoreWork = true
    void this.catchUp()
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
    void done.then((entry) => {
      if (entry.state !== message.entry.state) this.#deps.tally.count(entry.feed, entry.state)
      mapped.resolve(false)
      this.#freed.resolve()
      this.#freed = Promise.withResolvers()
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
    clearInterval(this.#poll)
    await this.#catchingUp
    await Promise.all(this.#atWork())
  }

  async #process(message: Journaled, onMapped: (isMapped: boolean) => void): Promise<Entry> {
    const { partitions } = this.#deps
    const { signal } = this.#stopping
    const reading = this.#turns.begin().then(async () => mapJob(this.#deps, message))
    // Messages are read side by side, but step up to their partitions in the order in which they were handed in.
    const turn = Promise.allSettled([this.#entered, reading]).then(() => undefined)
    this.#entered = turn
    await turn
    const job = await reading
    onMapped(!(job instanceof Fault))
    if (job instanceof Fault) return bury(this.#deps, message, { keys: [], error: job })
    this.#deps.tally.unmapped(job.feed.name, job.mapped.warnings)
    const keys = job.mapped.partitions.map((partition) => partitionKey(job.feed.name, partition))
    let entry = message.entry
    await partitions.run(keys, async () => {
      await this.#turns.finish()
      if (!signal.aborted) entry = await settle(this.#deps, job, { keys, signal })
      // A text that a person mended may speak of another patient than before.
      const before = (message.entry.partitions ?? []).map((partition) =>
        partitionKey(job.feed.name, partition),
      )
      if (entry.state === 'committed') await this.release([...new Set([...keys, ...before])])
    })
    return entry
  }

  /** A partition that was blocked goes on with the message that waited longest. */
  async release(keys: readonly string[]): Promise<void> {
    const { parking, journal } = this.#deps
    if (parking.blockedPartitions === 0) return
    const [next] = await parking.waiting(keys)
    const message = next === undefined ? undefined : await journal.get(next)
    if (message?.entry.state === 'parked') this.run(message)
  }

  async #readJournal(): Promise<void> {
    const { journal, gate, report } = this.#deps
    this.#after = ''
    try {
      for (;;) {
        this.#isMoreWork = false
        const after = this.#after
        const ids = await journal.pending(after)
        if (this.#stopping.signal.aborted || (ids.length === 0 && !this.#hasMoreWork())) return
        for (const { id, feed } of ids) await (gate.isOpen(feed) && this.#takeUp(id))
        if (this.#after === after) this.#after = ids.at(-1)?.id ?? after
      }
    } catch (error) {
      report(error, this.#after)
      this.#lookAgain()
    }
  }

  #hasMoreWork(): boolean {
    return this.#isMoreWork
  }

  async #takeUp(id: string): Promise<void> {
    if (this.#running.has(id)) return
    while (this.#running.size >= OUTSTANDING) await this.#freed.promise
    const message = await this.#deps.journal.get(id)
    if (message?.entry.state !== 'received' || this.#stopping.signal.aborted) return
    if (this.#deps.gate.isOpen(message.entry.feed)) this.run(message)
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

  /** Progress of a message that another process works on, as the journal tells it. */
  #watch(message: Journaled): Progress {
    const { signal } = this.#stopping
    const atRest = async (): Promise<Entry> => {
      const endMs = Date.now() + limits.hl7.followMs
      for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 2, limits.hl7.pollMs)) {
        const entry = (await this.#deps.journal.get(message.id))?.entry ?? message.entry
        if (entry.state !== 'received' || Date.now() > endMs || signal.aborted) return entry
        await delay(waitMs, undefined, { signal }).catch(() => undefined)
      }
    }
    const done = atRest().catch(() => message.entry)
    return { mapped: done.then(({ state }) => state === 'committed'), done }
  }
}

const FIRST_LOOK_MS = 10

function untouched({ entry }: Journaled): Progress {
  return { mapped: Promise.resolve(false), done: Promise.resolve(entry) }
}
