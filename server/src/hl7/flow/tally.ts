import type { MessageState } from './entry.ts'

export type Counts = Readonly<Record<MessageState, number>>

/** How many messages of each feed came to which state since the hub started. */
export interface Tally {
  count(feed: string, state: MessageState): void
  of(feed: string): Counts
  /** Over all feeds. */
  total(): Counts
}

const NONE: Counts = { received: 0, mapped: 0, committed: 0, duplicate: 0, rejected: 0, parked: 0, dead: 0 }

export function createTally(): Tally {
  const feeds = new Map<string, Record<MessageState, number>>()
  return {
    count(feed, state) {
      const counts = feeds.get(feed) ?? { ...NONE }
      counts[state]++
      feeds.set(feed, counts)
    },
    of: (feed) => feeds.get(feed) ?? NONE,
    total() {
      const total = { ...NONE }
      for (const counts of feeds.values()) {
        for (const state of Object.keys(total) as MessageState[]) total[state] += counts[state]
      }
      return total
    },
  }
}
