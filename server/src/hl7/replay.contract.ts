import { z } from 'zod'

import { FeedName } from './feeds.contract.ts'
import { ElementTrace, MessageId, MessageState } from './hl7.contract.ts'

/** What failed, and how it is brought through: dead letters, replay of many messages, the mapping tester. */

const Instant = z.iso.datetime()

export const DeadLetters = z.object({
  groups: z.array(
    z.object({
      /** For `cause` of the message search and of a replay. */
      key: z.string(),
      feed: z.string(),
      /** `ADT^A01`. */
      type: z.string(),
      /** HL7 table 0357. */
      code: z.string(),
      at: z.string().optional(),
      text: z.string(),
      count: z.int(),
      oldest: Instant,
      newest: Instant,
      /** The newest of them. */
      example: MessageId,
    }),
  ),
  /** Only the newest so many dead letters were counted. */
  isCut: z.boolean(),
})

export const ReplayRequest = z
  .strictObject({
    feed: FeedName,
    /** Received at or after, and before. */
    from: Instant,
    to: Instant,
    /** Only messages in this state; absent: all but duplicates, rejected and discarded ones. */
    state: z.enum(['committed', 'dead', 'parked', 'received']).optional(),
    type: z.string().max(20).optional(),
    cause: z.string().max(64).optional(),
    /** Why those of the cause are given up, which happens instead of processing them again. */
    discard: z.string().trim().min(1).max(400).optional(),
  })
  .refine(({ discard, cause }) => discard === undefined || cause !== undefined, {
    path: ['discard'],
    message: 'only messages of one cause can be given up together',
  })
  .refine(({ from, to }) => Date.parse(from) < Date.parse(to), {
    path: ['to'],
    message: 'must be later than "from"',
  })

/** How many messages a replay would process: `POST /replays?dryRun=true` writes nothing. */
export const ReplayCount = z.object({
  count: z.int(),
  /** So long was counted; there may be more. */
  isCut: z.boolean(),
})
export const ReplaysQuery = z.strictObject({ dryRun: z.enum(['true', 'false']).default('false') })

export const ReplayJob = z.object({
  id: z.string(),
  request: ReplayRequest,
  by: z.string(),
  started: Instant,
  ended: Instant.optional(),
  state: z.enum(['running', 'done', 'cancelled']),
  /** The feed is paused: it goes on when that runs. */
  isHeld: z.boolean().optional(),
  /** How many messages it was to process when it began; absent for replays of before this was counted. */
  expected: ReplayCount.optional(),
  /** Share of the time span that is done, 0 to 1. */
  progress: z.number(),
  /** Messages that were processed again, and what became of them. */
  done: z.int(),
  changed: z.int(),
  unchanged: z.int(),
  failed: z.int(),
})
export const ReplayJobs = z.object({ jobs: z.array(ReplayJob) })

export const TesterRequest = z.strictObject({
  feed: FeedName.default('default'),
  text: z
    .string()
    .min(1)
    .max(1024 * 1024),
})

export const TesterAnswer = z.object({
  rules: z.string().optional(),
  partitions: z.array(z.string()),
  resources: z.array(
    z.object({
      key: z.string(),
      own: z.enum(['create', 'update', 'link']),
      /** JSON text, every digit kept. */
      resource: z.string(),
      trace: z.array(ElementTrace.omit({ reference: true })),
    }),
  ),
  warnings: z.array(z.object({ kind: z.string(), at: z.string(), text: z.string() })),
  errors: z.array(
    z.object({ code: z.string(), severity: z.string(), at: z.string().optional(), text: z.string() }),
  ),
})

export const DiscardRequest = z.strictObject({ reason: z.string().min(1).max(500) })
export const Discarded = z.object({ id: MessageId, state: MessageState })
