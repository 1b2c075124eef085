import { setTimeout as delay } from 'node:timers/promises'

import type { Clock } from '../../kernel/clock.ts'
import { Fault, fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordStore } from '../../store/port.ts'
import type { Mapped } from '../mapping/image.ts'
import type { Message } from '../message/message.ts'
import { parseMessage } from '../message/parse-message.ts'
import { ackOfError } from '../mllp/ack.ts'
import { decodeMessage } from '../mllp/charset.ts'
import { readHeader } from '../mllp/header.ts'
import type { Apply, ApplyJob } from './apply.ts'
import { entryChange, FLOW, withState, type Entry, type Journaled } from './entry.ts'
import type { FlowFeed } from './feed.ts'
import type { Journal } from './journal.ts'
import { partitionKey, type Parking } from './parking.ts'
import type { Partitions } from './partitions.ts'
import type { Plan } from './plan.ts'

/** What the flow needs of the mapping. */
export interface FlowMapper {
  map(message: Message, feed: string): Mapped
}

export interface ProcessingDeps {
  readonly records: RecordStore
  readonly journal: Journal
  readonly apply: Apply
  readonly parking: Parking
  readonly partitions: Partitions
  readonly mapper: FlowMapper
  readonly feeds: ReadonlyMap<string, FlowFeed>
  readonly clock: Clock
  /** Told once for each thing that went wrong behind the back of a sender; ids only, no clinical content. */
  readonly report: (error: unknown, message: string) => void
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
  const { journal, partitions, parking } = deps
  const running = new Map<string, Progress>()
  const stopping = new AbortController()
  let pump: Promise<void> | undefined
  let isMoreWork = false

  function run(message: Journaled): Progress {
    const known = running.get(message.id)
    if (known) return known
    const mapped = Promise.withResolvers<boolean>()
    const done = work(message, mapped.resolve).catch((error: unknown) => {
      deps.report(error, message.id)
      return message.entry
    })
    const progress = { mapped: mapped.promise, done }
    running.set(message.id, progress)
    void done.then(() => {
      mapped.resolve(false)
      return running.delete(message.id)
    })
    return progress
  }

  async function work(message: Journaled, onMapped: (isMapped: boolean) => void): Promise<Entry> {
    const job = await mapJob(deps, message)
    onMapped(!(job instanceof Fault))
    if (job instanceof Fault) return bury(deps, message, { keys: [], error: job })
    const keys = job.mapped.partitions.map((partition) => partitionKey(job.feed.name, partition))
    let entry = message.entry
    await partitions.run(keys, async () => {
      if (stopping.signal.aborted) return
      entry = await settle(deps, job, { keys, signal: stopping.signal })
    })
    if (entry.state === 'committed') await release(keys)
    return entry
  }

  /** A partition that was blocked goes on with the message that waited longest. */
  async function release(keys: readonly string[]): Promise<void> {
    if (parking.blockedPartitions === 0) return
    const [next] = await parking.waiting(keys)
    const message = next === undefined ? undefined : await journal.get(next)
    if (message?.entry.state === 'parked') run(message)
  }

  /** Takes what waits in the journal, oldest first, as places become free. */
  async function catchUp(): Promise<void> {
    let after = ''
    while (!stopping.signal.aborted) {
      isMoreWork = false
      const ids = await journal.pending(after)
      for (const id of ids) {
        while (partitions.outstanding >= OUTSTANDING)
          await Promise.race([...running.values()].map(({ done }) => done))
        const message = running.has(id) ? undefined : await journal.get(id)
        if (message && !stopping.signal.aborted) run(message)
        after = id
      }
      // No line of code runs between this look and the end of the pump that could hand in more.
      if (ids.length === 0 && !isMoreWork) break
    }
    pump = undefined
  }

  return {
    async start() {
      await parking.load()
      pump = catchUp()
    },
    async stop() {
      stopping.abort()
      await pump
      await Promise.all([...running.values()].map(({ done }) => done))
    },
    submit(message) {
      if (pump === undefined && partitions.outstanding < OUTSTANDING) return run(message)
      isMoreWork = true
      pump ??= catchUp()
      return follow(async () => (await pump, running.get(message.id)?.done), deps, message)
    },
    async replay(id) {
      const message = await known(journal, id)
      const before = message.entry.history.length
      const entry = await run(message).done
      if (entry.state !== 'committed' && entry.history.length === before) {
        throw fault('unavailable', {
          code: 'transient',
          text: 'The message could not be processed now; try again.',
        })
      }
      return entry
    },
    async rehearse(id) {
      const job = await mapJob(deps, await known(journal, id))
      if (job instanceof Fault) throw job
      return deps.apply.plan(job)
    },
  }
}

/** Progress of a message that waits in the journal for its turn. */
function follow(turn: () => Promise<Entry | undefined>, deps: ProcessingDeps, message: Journaled): Progress {
  const done = turn()
    .then(async (entry) => entry ?? (await deps.journal.get(message.id))?.entry ?? message.entry)
    .catch(() => message.entry)
  return { mapped: done.then(({ state }) => state === 'committed'), done }
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

/** @returns what is wrong, when the message cannot be mapped. */
async function mapJob(deps: ProcessingDeps, message: Journaled): Promise<ApplyJob | Fault> {
  const { entry, id } = message
  const feed = deps.feeds.get(entry.feed)
  if (!feed)
    return fault('unprocessable', {
      code: 'business-rule',
      text: `There is no feed "${entry.feed}" any more.`,
    })
  try {
    const bytes = await deps.journal.raw(id)
    const header = readHeader(bytes)
    if (!header)
      return fault('malformed', { code: 'structure', text: 'The message has no MSH segment.', at: 'MSH' })
    const parsed = parseMessage(decodeMessage(bytes, header, feed.charset))
    return { message, feed, mapped: deps.mapper.map(parsed, feed.name), mappedAt: deps.clock() }
  } catch (error) {
    if (error instanceof Fault) return error
    deps.report(error, id)
    return fault('unprocessable', {
      code: 'exception',
      text: 'The message could not be mapped because of an internal error.',
    })
  }
}

interface Turn {
  readonly keys: readonly string[]
  readonly signal: AbortSignal
}

/** Tries until the message is committed, parked or dead, or the hub stops. */
async function settle(deps: ProcessingDeps, job: ApplyJob, { keys, signal }: Turn): Promise<Entry> {
  const { message } = job
  const behind = await deps.parking.blockedBy(keys, message.id)
  if (behind !== undefined && job.feed.onFailure === 'park') return park(deps, message, { keys, behind })
  for (let attempt = 1; ; attempt++) {
    try {
      return await deps.apply.apply(job)
    } catch (error) {
      const isAway = error instanceof Fault && error.kind === 'unavailable'
      const isPassing = !(error instanceof Fault) || PASSING.has(error.kind)
      if (!isPassing || (attempt >= limits.hl7.attempts && !isAway)) {
        if (!(error instanceof Fault)) deps.report(error, message.id)
        return bury(deps, message, {
          keys: job.feed.onFailure === 'park' ? keys : [],
          error,
          attempts: attempt,
        })
      }
      await delay(Math.min(100 * 2 ** attempt, limits.hl7.retryMs), undefined, { signal }).catch(
        () => undefined,
      )
      if (signal.aborted) return message.entry
    }
  }
}

/** Faults that may be gone when the same is tried again. */
const PASSING: ReadonlySet<Fault['kind']> = new Set(['conflict', 'busy', 'unavailable'])

async function park(
  deps: ProcessingDeps,
  message: Journaled,
  { keys, behind }: { keys: readonly string[]; behind: string },
): Promise<Entry> {
  if (message.entry.state === 'parked') return message.entry
  const reason = `waits behind message ${behind}`
  const entry = withState(message.entry, { state: 'parked', time: deps.clock(), reason })
  await rest(deps, message, { entry, keys })
  return entry
}

interface Burial {
  /** Partitions that stand still from now on. */
  readonly keys: readonly string[]
  readonly error: unknown
  readonly attempts?: number
}

/** The dead letter: the message stays in the journal with the reason, until a person replays it. */
async function bury(
  deps: ProcessingDeps,
  message: Journaled,
  { keys, error, attempts = 1 }: Burial,
): Promise<Entry> {
  const { errors } = ackOfError(error)
  const reason = errors[0]?.text ?? 'failed'
  const dead = withState(message.entry, { state: 'dead', time: deps.clock(), reason })
  const entry = { ...dead, errors, attempts: message.entry.attempts + attempts }
  await rest(deps, message, { entry, keys })
  return entry
}

async function rest(
  deps: ProcessingDeps,
  message: Journaled,
  { entry, keys }: { entry: Entry; keys: readonly string[] },
): Promise<void> {
  const result = await deps.records.apply([
    entryChange(message, entry),
    ...deps.parking.park(keys, message.id),
    { op: 'delete', collection: FLOW.pending, id: message.id },
  ])
  if (result.outcome === 'refused') {
    throw fault('conflict', { code: 'conflict', text: 'Another process has taken the message meanwhile.' })
  }
}
