import type { MessageState } from './entry.ts'

export type Counts = Readonly<Record<MessageState, number>>

export interface Minute {
  /** Milliseconds UTC of its beginning. */
  readonly time: number
  readonly received: number
  readonly committed: number
  readonly failed: number
}

export interface Unmapped {
  readonly kind: string
  readonly at: string
  readonly text: string
  readonly count: number
}

/** How many messages of each feed came to which state since the hub started, and what no rule took. */
export interface Tally {
  count(feed: string, state: MessageState): void
  /** Counts what the mapping reported for one message. */
  unmapped(feed: string, warnings: readonly Omit<Unmapped, 'count'>[]): void
  of(feed: string): Counts
  /** Over all feeds. */
  total(): Counts
  /** The last sixty minutes, oldest first, the running one last; of one feed, or of all. */
  minutes(feed?: string): readonly Minute[]
  /** Milliseconds UTC. */
  lastReceived(feed: string): number | undefined
  /** The most frequent first. */
  unmappedOf(feed: string): readonly Unmapped[]
}

const NONE: Counts = {
  received: 0,
  mapped: 0,
  committed: 0,
  duplicate: 0,
  rejected: 0,
  parked: 0,
  dead: 0,
  discarded: 0,
}
const MINUTE_MS = 60_000
const MINUTES = 60
/** Different things that are counted for one feed; more are not told apart from each other in a hub that runs for years. */
const UNMAPPED_MOST = 2000

/** What a state means for the curves. */
const CURVES: Readonly<Partial<Record<MessageState, 'received' | 'committed' | 'failed'>>> = {
  received: 'received',
  committed: 'committed',
  rejected: 'failed',
  dead: 'failed',
}

interface FeedTally {
  readonly counts: Record<MessageState, number>
  /** By minute modulo sixty. */
  readonly minutes: Map<number, { time: number; received: number; committed: number; failed: number }>
  readonly unmapped: Map<string, { kind: string; at: string; text: string; count: number }>
  lastReceived?: number
}

export function createTally(clock: () => number): Tally {
  const feeds = new Map<string, FeedTally>()
  const tallyOf = (feed: string): FeedTally => {
    const known = feeds.get(feed)
    if (known) return known
    const made: FeedTally = { counts: { ...NONE }, minutes: new Map(), unmapped: new Map() }
    feeds.set(feed, made)
    return made
  }
  return {
    count(feed, state) {
      const tally = tallyOf(feed)
      tally.counts[state]++
      const curve = CURVES[state]
      if (curve === undefined) return
      const now = clock()
      if (state === 'received') tally.lastReceived = now
      minuteAt(tally, now)[curve]++
    },
    unmapped(feed, warnings) {
      const { unmapped } = tallyOf(feed)
      for (const { kind, at, text } of warnings) {
        const place = at.replaceAll(/\[\d+\]/g, '')
        const key = `${kind}|${place}|${text}`
        const known = unmapped.get(key)
        if (known) known.count++
        else if (unmapped.size < UNMAPPED_MOST) unmapped.set(key, { kind, at: place, text, count: 1 })
      }
    },
    of: (feed) => feeds.get(feed)?.counts ?? NONE,
    total() {
      const total = { ...NONE }
      for (const { counts } of feeds.values()) {
        for (const state of Object.keys(total) as MessageState[]) total[state] += counts[state]
      }
      return total
    },
    minutes: (feed) =>
      curveOf(feed === undefined ? [...feeds.values()] : [feeds.get(feed)].filter(isThere), clock()),
    lastReceived: (feed) => feeds.get(feed)?.lastReceived,
    unmappedOf: (feed) =>
      [...(feeds.get(feed)?.unmapped.values() ?? [])].toSorted((a, b) => b.count - a.count),
  }
}

function isThere<T>(value: T | undefined): value is T {
  return value !== undefined
}

function minuteAt({ minutes }: FeedTally, now: number) {
  const time = Math.floor(now / MINUTE_MS) * MINUTE_MS
  const place = (time / MINUTE_MS) % MINUTES
  const known = minutes.get(place)
  if (known?.time === time) return known
  const fresh = { time, received: 0, committed: 0, failed: 0 }
  minutes.set(place, fresh)
  return fresh
}

function curveOf(tallies: readonly FeedTally[], now: number): readonly Minute[] {
  const last = Math.floor(now / MINUTE_MS) * MINUTE_MS
  return Array.from({ length: MINUTES }, (_, at) => {
    const time = last - (MINUTES - 1 - at) * MINUTE_MS
    const here = tallies
      .map(({ minutes }) => minutes.get((time / MINUTE_MS) % MINUTES))
      .filter((minute) => minute?.time === time)
    const sum = (name: 'received' | 'committed' | 'failed') =>
      here.reduce((total, minute) => total + (minute?.[name] ?? 0), 0)
    return { time, received: sum('received'), committed: sum('committed'), failed: sum('failed') }
  })
}
