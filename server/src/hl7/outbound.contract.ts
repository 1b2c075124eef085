import { z } from 'zod'

/** What leaves the hub as HL7 v2: destinations, and the messages to them. */

const Instant = z.iso.datetime()

export const DestinationName = z.string().regex(/^[A-Za-z0-9._-]{1,60}$/)
export const OutId = z.string().regex(/^[A-Za-z0-9._-]{1,60}\|[0-9.]{1,60}$/)
export const DestinationCommand = z.strictObject({ mode: z.enum(['running', 'paused']) })

export const DestinationView = z.object({
  name: z.string(),
  /** `host:port`; empty when its file is gone while messages wait. */
  address: z.string(),
  isTls: z.boolean(),
  mode: z.enum(['running', 'paused', 'stopped']),
  messages: z.array(z.string()),
  /** `isMore`: at least so many. */
  waiting: z.object({ count: z.int(), isMore: z.boolean(), oldest: Instant.optional() }),
  /** Attempts in a row without an answer, and why the oldest one still waits. */
  failures: z.int(),
  /** When the next attempt is made; absent while another process sends to it. */
  nextTry: Instant.optional(),
  reason: z.string().optional(),
  /** Refused, or not built; `isMore`: at least so many. */
  dead: z.object({ count: z.int(), isMore: z.boolean() }),
  /** Answered in the last full minute and in the last hour; absent while another process sends to it. */
  sent: z.object({ perMinute: z.int(), perHour: z.int() }).optional(),
  /** Of the newest messages: the last answer (MSA-1), and what is wrong with the last one that has not got through. */
  lastAnswer: z.object({ time: Instant, code: z.string(), id: OutId }).optional(),
  lastError: z.object({ time: Instant, reason: z.string(), id: OutId }).optional(),
})
export const Destinations = z.object({
  destinations: z.array(DestinationView),
  /** Answers that belonged to no message, since the hub started. */
  strayAnswers: z.int(),
})

const OutState = z.enum(['queued', 'sent', 'answered', 'dead', 'cancelled'])

export const OutView = z.object({
  id: OutId,
  destination: z.string(),
  definition: z.string(),
  reference: z.string(),
  version: z.int(),
  controlId: z.string(),
  state: OutState,
  created: Instant,
  changed: Instant,
  attempts: z.int(),
  /** MSA-1 of the last answer. */
  code: z.string().optional(),
  reason: z.string().optional(),
})
export const OutDetail = OutView.extend({ text: z.string(), answer: z.string().optional() })

/** How many dead letters were put back into the queue. */
export const Retried = z.object({ count: z.int(), isMore: z.boolean() })

export const OutQuery = z.strictObject({
  destination: DestinationName,
  state: OutState.optional(),
  /** `next` of the page before. */
  cursor: OutId.optional(),
  count: z.coerce.number().int().min(1).max(200).default(50),
})
export const OutList = z.object({
  /** Newest first. */
  messages: z.array(OutView),
  next: OutId.optional(),
})
