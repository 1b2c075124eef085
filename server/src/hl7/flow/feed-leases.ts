import { z } from 'zod'

import type { Clock } from '../../kernel/clock.ts'
import { uuid7 } from '../../kernel/ids.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordChange, RecordStore } from '../../store/port.ts'

/**
 * With several processes on one store, each feed is processed by one of them, so that a partition never has two messages in flight and
 * keeps its order. Every process takes messages for every feed; the holder of the feed finds them in the journal.
 */
export interface FeedLeases {
  /** Of a feed that this process does not have: only when nobody else has taken it for a while, so that what waits is not left lying. */
  holds(feed: string): boolean
  start(): Promise<void>
  /** Hands over to the others at once. */
  stop(): Promise<void>
}

interface LeaseDeps {
  readonly records: RecordStore
  readonly clock: Clock
  readonly feeds: () => Iterable<string>
  readonly report: (error: unknown, message: string) => void
  /** A feed has come to this process. */
  readonly onTaken: () => void
}

/** For a store that belongs to this process alone. */
export const ALL_FEEDS: FeedLeases = {
  holds: () => true,
  start: () => Promise.resolve(),
  stop: () => Promise.resolve(),
}

const LEASES = 'hl7-leases'
const Lease = z.object({ holder: z.string(), until: z.number() })

interface Held {
  readonly until: number
  readonly revision: number
  /** The feed is none of this process: nobody else has taken it. */
  readonly isLeft: boolean
}

/** What is to be said of a feed: until when, as whose, and over which revision. */
interface Claim {
  readonly feed: string
  readonly until: number
  readonly revision: number
  readonly isLeft: boolean
}

export function createFeedLeases(deps: LeaseDeps): FeedLeases {
  const { clock, feeds, report } = deps
  const book = createLeaseBook(deps)
  const { held } = book
  /** Feeds that were asked for and are none of this process, and since when. */
  const asked = new Map<string, number>()
  const isOwn = (feed: string): boolean => [...feeds()].includes(feed)
  let timer: NodeJS.Timeout | undefined
  let renewing: Promise<void> = Promise.resolve()

  const surely = async (feed: string, step: () => Promise<void>): Promise<void> => {
    try {
      await step()
    } catch (error) {
      report(error, feed)
    }
  }
  const renew = async (): Promise<void> => {
    for (const feed of feeds()) await surely(feed, async () => book.take(feed))
    // A feed whose file is gone here may still be one of another process.
    for (const [feed, { isLeft }] of held)
      if (!isLeft && !isOwn(feed)) await surely(feed, async () => book.release(feed))
    for (const [feed, since] of asked) {
      if (isOwn(feed)) asked.delete(feed)
      else if (since + limits.hl7.leaseMs < clock()) await surely(feed, async () => book.takeLeft(feed))
    }
  }
  return {
    // A process that was held up must not go on with what another one has taken meanwhile.
    holds(feed) {
      const own = held.get(feed)
      const isLive = own !== undefined && own.until > clock()
      if (isOwn(feed)) return isLive
      if (!asked.has(feed)) asked.set(feed, clock())
      return isLive && own.isLeft
    },
    async start() {
      await renew()
      timer = setInterval(() => {
        renewing = renewing.then(renew)
      }, limits.hl7.leaseMs / 4).unref()
    },
    async stop() {
      clearInterval(timer)
      await renewing
      for (const feed of held.keys()) await surely(feed, async () => book.release(feed))
      held.clear()
    },
  }
}

/** The leases as they stand in the store, and those of this process. */
function createLeaseBook({ records, clock, onTaken }: LeaseDeps) {
  const holder = uuid7(clock())
  const held = new Map<string, Held>()
  const write = async ({ feed, until, revision, isLeft }: Claim): Promise<boolean> => {
    const content = { collection: LEASES, id: feed, value: { holder, until } }
    const change: RecordChange =
      revision === 0 ? { op: 'insert', ...content } : { op: 'replace', revision, ...content }
    const { outcome } = await records.apply([change])
    if (outcome === 'applied') held.set(feed, { until, revision: revision + 1, isLeft })
    else held.delete(feed)
    return outcome === 'applied'
  }
  const known = async (feed: string) => {
    const record = await records.get(LEASES, feed)
    const lease = record === undefined ? undefined : Lease.parse(record.value)
    return { lease, revision: record?.revision ?? 0 }
  }
  return {
    held,
    async take(feed: string): Promise<void> {
      const until = clock() + limits.hl7.leaseMs
      const own = held.get(feed)
      if (own !== undefined && own.until > clock()) {
        await write({ feed, until, revision: own.revision, isLeft: false })
        if (own.isLeft) onTaken()
        return
      }
      const { lease, revision } = await known(feed)
      if (lease !== undefined && lease.holder !== holder && lease.until > clock()) return
      if (await write({ feed, until, revision, isLeft: false })) onTaken()
    },
    /** For one time only: in the next nobody has it, so that a process which has the feed again can take it. */
    async takeLeft(feed: string): Promise<void> {
      const { lease, revision } = await known(feed)
      if (lease !== undefined && lease.until > clock() - limits.hl7.leaseMs) return
      const until = clock() + limits.hl7.leaseMs
      if (await write({ feed, until, revision, isLeft: true })) onTaken()
    },
    async release(feed: string): Promise<void> {
      const revision = held.get(feed)?.revision ?? 0
      await write({ feed, until: 0, revision, isLeft: false })
      held.delete(feed)
    },
  }
}
