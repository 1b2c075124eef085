import { z } from 'zod'

import { MessageState } from './hl7.contract.ts'

/** How the feeds of `/api/v1/interop` are: state, rates, errors, lag. */

const Instant = z.iso.datetime()

/**
 * `running`; `paused`: messages are taken and acknowledged, and wait; `stopped`: the port is closed, what was taken is still processed.
 */
const FeedMode = z.enum(['running', 'paused', 'stopped'])
export const FeedCommand = z.strictObject({ mode: FeedMode })
export const FeedName = z.string().regex(/^[A-Za-z0-9._-]{1,100}$/)

export const Feed = z.object({
  name: z.string(),
  /** Absent while nobody listens for it. */
  port: z.int().optional(),
  /** Watched folder, for feeds of files. */
  folder: z.string().optional(),
  isTls: z.boolean(),
  mode: FeedMode,
  /** `watching`: of a feed that has a folder and no port. */
  state: z.enum(['listening', 'watching', 'closed']),
  /** Why its port is not open although it shall be. */
  problem: z.string().optional(),
  ackAt: z.enum(['stored', 'mapped', 'committed']),
  onFailure: z.enum(['park', 'skip']),
  /** Since the hub started. */
  messages: z.record(MessageState, z.int()),
  wire: z.record(z.string(), z.int()),
  /** Messages received in the last full minute, and in the last hour. */
  perMinute: z.int(),
  perHour: z.int(),
  /** Rejected and dead in the last hour. */
  errorsPerHour: z.int(),
  /** Journaled and not processed yet; `isMore`: at least so many. */
  waiting: z.object({ count: z.int(), isMore: z.boolean(), oldest: Instant.optional() }),
  lastReceived: Instant.optional(),
})

export const Feeds = z.object({ feeds: z.array(Feed) })

export const Statistics = z.object({
  since: Instant,
  messages: z.record(MessageState, z.int()),
  /** Partitions that are being processed, messages that wait in memory, partitions that stand still. */
  inFlight: z.int(),
  outstanding: z.int(),
  blockedPartitions: z.int(),
  /** The mapping rules in force, and why newer ones are not. */
  rules: z.object({ version: z.string(), problems: z.array(z.string()) }),
  /** The last sixty minutes, oldest first; the last one is not over. */
  minutes: z.array(z.object({ time: Instant, received: z.int(), committed: z.int(), failed: z.int() })),
})

/** Fields and codes that no rule took, counted since the hub started; the most frequent first. */
export const Unmapped = z.object({
  feed: z.string(),
  items: z.array(z.object({ kind: z.string(), at: z.string(), text: z.string(), count: z.int() })),
})

/** What `learn` proposes, of the newest messages of a feed. It counts when a person has put it into the rule files. */
export const LearnedProfile = z.object({
  feed: z.string(),
  messages: z.int(),
  /** `profile` of the feed file, as YAML. */
  profile: z.string(),
  overlay: z.object({
    /** For `overlays` of the feed file. */
    name: z.string(),
    /** By their path in `mappings/`; none when the rules took everything. */
    files: z.array(z.object({ path: z.string(), text: z.string() })),
    /** What nobody reads and has no place in a resource of its message. */
    fields: z.array(z.object({ at: z.string(), count: z.int() })),
    /** Codes that a person has to give a meaning. */
    codes: z.array(z.object({ table: z.string(), code: z.string(), text: z.string(), count: z.int() })),
  }),
})
