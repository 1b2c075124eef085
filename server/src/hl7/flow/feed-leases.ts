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
}

export function createFeedLeases({ records, clock, feeds, report, onTaken }: LeaseDeps): FeedLeases {
  const holder = uuid7(clock())
  const held = new Map<string, Held>()
  let timer: NodeJS.Timeout | undefined
  let renewing: Promise<void> = Promise.resolve()

  const write = async (feed: string, until: number, revision: number): Promise<boolean> => {
    const content = { collection: LEASES, id: feed, value: { holder, until } }
    const change: RecordChange =
      revision === 0 ? { op: 'insert', ...content } : { op: 'replace', revision, ...content }
    const { outcome } = await records.apply([change])
    if (outcome === 'applied') held.set(feed, { until, revision: revision + 1 })
    else held.delete(feed)
    return outcome === 'applied'
  }
  const takeOrRenew = async (feed: string): Promise<void> => {
    const until = clock() + limits.hl7.leaseMs
    const own = held.get(feed)
    if (own !== undefined && own.until > clock()) {
      await write(feed, until, own.revision)
      return
    }
    const record = await records.get(LEASES, feed)
    const known = record === undefined ? undefined : Lease.parse(record.value)
    if (known !== undefined && known.holder !== holder && known.until > clock()) return
    if (await write(feed, until, record?.revision ?? 0)) onTaken()
  }
  const renew = async (): Promise<void> => {
    for (const feed of feeds()) {
      try {
        await takeOrRenew(feed)
      } catch (error) {
        report(error, feed)
      }
    }
  }
  return {
    // A process that was held up must not go on with what another one has taken meanwhile.
    holds: (feed) => (held.get(feed)?.until ?? 0) > clock(),
    async start() {
      await renew()
      timer = setInterval(() => {
        renewing = renewing.then(renew)
      }, limits.hl7.leaseMs / 4).unref()
    },
    async stop() {
      clearInterval(timer)
      await renewing
      for (const [feed, { revision }] of held)
        await write(feed, 0, revision).catch((error: unknown) => report(error, feed))
      held.clear()
    },
  }
}
