import { setTimeout as delay } from 'node:timers/promises'

import type { Clock } from '../../kernel/clock.ts'
import { Fault, fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordStore } from '../../store/port.ts'
import { entryChange, FLOW, withState, type Entry, type Journaled } from '../journal/entry.ts'
import type { FlowFeed } from '../journal/feed.ts'
import type { Journal } from '../journal/journal.ts'
import { markChanges } from '../journal/state-marks.ts'
import type { Mapped } from '../mapping/model/image.ts'
import type { Message } from '../message/message.ts'
import { parseMessage } from '../message/parse-message.ts'
import { ackOfError } from '../mllp/ack.ts'
import { decodeMessage } from '../mllp/charset.ts'
import { readHeader } from '../mllp/header.ts'
import { checkProfile } from '../profile/conformance.ts'
import type { Apply, ApplyJob } from './apply.ts'
import { breathe } from './breathe.ts'
import type { Parking } from './parking.ts'

/** What the flow needs of the mapping. */
export interface FlowMapper {
  map(message: Message, feed: string): Mapped
}

export interface SettleDeps {
  readonly records: RecordStore
  readonly journal: Journal
  readonly apply: Apply
  readonly parking: Parking
  readonly mapper: FlowMapper
  readonly feeds: ReadonlyMap<string, FlowFeed>
  readonly clock: Clock
  /** Told once for each thing that went wrong behind the back of a sender; ids only, no clinical content. */
  readonly report: (error: unknown, message: string) => void
}

/** @returns what is wrong, when the message cannot be mapped; a store that is away is thrown instead. */
export async function mapJob(deps: SettleDeps, message: Journaled): Promise<ApplyJob | Fault> {
  const bytes = await deps.journal.text(message)
  await breathe(message.entry)
  const job = mapBytes(deps, message, bytes)
  await breathe(message.entry)
  return job
}

/** The same with other bytes than those that were sent. */
export function mapBytes(deps: SettleDeps, message: Journaled, bytes: Buffer): ApplyJob | Fault {
  const { entry, id } = message
  const feed = deps.feeds.get(entry.feed)
  if (!feed)
    return fault('unprocessable', {
      code: 'business-rule',
      text: `There is no feed "${entry.feed}" any more.`,
    })
  try {
    const header = readHeader(bytes)
    if (!header)
      return fault('malformed', { code: 'structure', text: 'The message has no MSH segment.', at: 'MSH' })
    const parsed = parseMessage(decodeMessage(bytes, header, feed.charset))
    const wrong = feed.profile && checkProfile(feed.profile, parsed)[0]
    if (wrong)
      return fault('unprocessable', { code: 'invalid', text: wrong.text, ...(wrong.at && { at: wrong.at }) })
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
export async function settle(deps: SettleDeps, job: ApplyJob, { keys, signal }: Turn): Promise<Entry> {
  const { message, feed } = job
  const stops = feed.onFailure === 'park' ? keys : []
  const behind = await deps.parking.blockedBy(stops, message.id)
  if (behind !== undefined) return park(deps, message, { keys, behind })
  for (let attempt = 1; ; attempt++) {
    try {
      return await deps.apply.apply(job)
    } catch (error) {
      if (!mayPass(error, attempt))
        return bury(deps, message, {
          keys: stops,
          error,
          attempts: attempt,
          partitions: job.mapped.partitions,
        })
    }
    await delay(Math.min(100 * 2 ** attempt, limits.hl7.retryMs), undefined, { signal }).catch(
      () => undefined,
    )
    if (signal.aborted) return message.entry
  }
}

/** Faults that may be gone when the same is tried again. */
const PASSING: ReadonlySet<Fault['kind']> = new Set(['conflict', 'busy'])

/** A store that is away comes back: nothing is given up for that. What is no fault at all may be a broken connection. */
function mayPass(error: unknown, attempt: number): boolean {
  if (error instanceof Fault && error.kind === 'unavailable') return true
  return attempt < limits.hl7.attempts && (!(error instanceof Fault) || PASSING.has(error.kind))
}

async function park(
  deps: SettleDeps,
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
  /** What the message is about, as far as it could be told. */
  readonly partitions?: readonly string[]
}

/** The dead letter: the message stays in the journal with the reason, until a person replays it. */
export async function bury(
  deps: SettleDeps,
  message: Journaled,
  { keys, error, attempts = 1, partitions }: Burial,
): Promise<Entry> {
  if (!(error instanceof Fault)) deps.report(error, message.id)
  const { errors } = ackOfError(error)
  const reason = errors[0]?.text ?? 'failed'
  const dead = withState(message.entry, { state: 'dead', time: deps.clock(), reason })
  const entry = {
    ...dead,
    errors,
    attempts: message.entry.attempts + attempts,
    ...(partitions === undefined ? {} : { partitions }),
  }
  await rest(deps, message, { entry, keys })
  return entry
}

async function rest(
  deps: SettleDeps,
  message: Journaled,
  { entry, keys }: { entry: Entry; keys: readonly string[] },
): Promise<void> {
  const result = await deps.records.apply([
    entryChange(message, entry),
    ...markChanges(message.id, message.entry.state, entry),
    ...deps.parking.park(keys, message.id),
    { op: 'delete', collection: FLOW.pending, id: message.id },
  ])
  if (result.outcome === 'refused') {
    throw fault('conflict', { code: 'conflict', text: 'Another process has taken the message meanwhile.' })
  }
}
