import { z } from 'zod'

/** What `/api/v1/interop` takes and gives; the console checks its answers by the same schemas. */

export const MessageState = z.enum([
  'received',
  'mapped',
  'committed',
  'duplicate',
  'rejected',
  'parked',
  'dead',
  'discarded',
])

export const MessageId = z.string().regex(/^[0-9a-f]{18}$/)
const Reference = z.string().regex(/^[A-Za-z]{1,64}\/[A-Za-z0-9.-]{1,64}$/)
const Instant = z.iso.datetime()

export const MessageSummary = z.object({
  id: MessageId,
  feed: z.string(),
  received: Instant,
  type: z.string(),
  event: z.string(),
  controlId: z.string(),
  sender: z.string(),
  /** Of the persons that it names (PID-2 to PID-4, MRG-1), as they came. */
  numbers: z.array(z.string()),
  version: z.string(),
  bytes: z.int(),
  state: MessageState,
  /** Why it is in this state. */
  reason: z.string().optional(),
  attempts: z.int(),
  /** How many resources it made or changed. */
  written: z.int(),
  /** For a duplicate: the message that it repeats. */
  of: MessageId.optional(),
})

/** `failed`: dead or rejected, as the statistics count them. */
export const SoughtState = z.enum([...MessageState.options, 'failed'])

export const MessageQuery = z.strictObject({
  state: SoughtState.optional(),
  /** `ADT` or `ADT^A01`. */
  type: z.string().max(20).optional(),
  feed: z.string().max(100).optional(),
  /** Logical id of a Patient. */
  patient: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,64}$/)
    .optional(),
  /** Of a person that the message names (PID-2 to PID-4, MRG-1), whole. */
  number: z.string().min(1).max(100).optional(),
  /** MSH-10, whole. */
  controlId: z.string().min(1).max(200).optional(),
  /** MSH-3 and MSH-4 with a blank between them, whole. */
  sender: z.string().min(1).max(400).optional(),
  /** Received at or after. */
  from: Instant.optional(),
  /** Received before. */
  to: Instant.optional(),
  /** `key` of a group of dead letters. */
  cause: z.string().max(64).optional(),
  /** `next` of the page before. */
  cursor: MessageId.optional(),
  count: z.coerce.number().int().min(1).max(200).default(50),
})

export const MessageList = z.object({
  /** Newest first. */
  messages: z.array(MessageSummary),
  next: MessageId.optional(),
})

export const ElementTrace = z.object({
  reference: Reference,
  /** FHIRPath: `Patient.name[0].family`. */
  element: z.string(),
  /** HL7 position: `PID-5[1].1`. */
  source: z.string(),
  rule: z.string(),
})

const Segment = z.object({
  /** `OBX[2]` where the segment repeats. */
  label: z.string(),
  fields: z.array(z.object({ position: z.string(), text: z.string() })),
})

export const MessageDetail = MessageSummary.extend({
  /** Decoded text, cut at 64 KiB. */
  raw: z.string(),
  isCut: z.boolean(),
  segments: z.array(Segment),
  resources: z.array(
    z.object({
      reference: Reference,
      version: z.int().optional(),
      action: z.enum(['created', 'updated', 'unchanged', 'superseded', 'linked']),
    }),
  ),
  ack: z.string().optional(),
  errors: z.array(
    z.object({ code: z.string(), severity: z.string(), at: z.string().optional(), text: z.string() }),
  ),
  warnings: z.array(z.object({ kind: z.string(), at: z.string(), text: z.string() })),
  rules: z.string().optional(),
  trace: z.array(ElementTrace),
  history: z.array(z.object({ state: MessageState, time: Instant, reason: z.string().optional() })),
  /** Who mended the text, oldest first. `raw` is the newest text, the first one is at `/messages/:id/raw?edit=0`. */
  edits: z.array(z.object({ time: Instant, by: z.string() })),
})

/** A mended text. It takes the place of the message in its partition; what the sender sent is kept. */
export const Edit = z.strictObject({
  text: z
    .string()
    .min(1)
    .max(8 * 1024 * 1024),
})

export const ReplayQuery = z.strictObject({ dryRun: z.enum(['true', 'false']).default('true') })

export const WorkItem = z.object({
  id: z.string(),
  kind: z.enum(['element', 'identity', 'place']),
  feed: z.string(),
  message: MessageId,
  time: Instant,
  reference: Reference,
  /** Of the persons that the message names. */
  numbers: z.array(z.string()).optional(),
  /** FHIRPath without the type: `name[0].family`. */
  element: z.string(),
  /** JSON texts: what the record holds, what the feed says. */
  current: z.string().optional(),
  incoming: z.string().optional(),
  /** Of an identity: whose the number is instead. `bed`: another patient is in it. */
  why: z
    .enum(['other', 'alike', 'several', 'unknown', 'former', 'moved', 'given', 'nobody', 'bed'])
    .optional(),
})

export const ReplayAnswer = z.object({
  dryRun: z.boolean(),
  state: MessageState,
  reason: z.string().optional(),
  resources: MessageDetail.shape.resources,
  /** What would change in the record, by element; JSON texts. Only for a dry run. */
  changes: z.array(
    z.object({
      reference: Reference,
      element: z.string(),
      before: z.string().optional(),
      after: z.string().optional(),
    }),
  ),
  conflicts: z.array(WorkItem),
})

export const TraceQuery = z.strictObject({
  reference: Reference,
  /** An element with all below it; with or without the type. Absent: every element. */
  element: z.string().max(500).optional(),
})

export const TraceAnswer = z.object({
  reference: Reference,
  sources: z.array(
    ElementTrace.omit({ reference: true }).extend({
      message: MessageId,
      received: Instant.optional(),
      /** `ADT^A01`. */
      type: z.string().optional(),
      sender: z.string().optional(),
      /**
       * The segment of the message that the element came from, and no other: whoever may read the resource may read what it was made of,
       * but a message may speak of other patients, too. Absent when the message is not kept any more.
       */
      segment: Segment.optional(),
      /** The record still holds what the message said; otherwise somebody has changed it since. */
      isCurrent: z.boolean(),
    }),
  ),
})

/** The oldest first, so that none moves while somebody decides; `isCut`: there are more. */
export const Worklist = z.object({ items: z.array(WorkItem), isCut: z.boolean() })
/** Newest first: what can be taken back. */
export const DecidedItems = z.object({
  items: z.array(
    WorkItem.extend({
      decision: z.enum(['keep', 'take']),
      /** The name of who decided, or the id of a client. */
      by: z.string(),
      /** Absent for decisions of before this was noted. */
      decided: Instant.optional(),
    }),
  ),
  next: z.string().optional(),
})
export const DecidedQuery = z.strictObject({
  /** `next` of the page before. */
  cursor: z
    .string()
    .regex(/^\d{15}\.[\w-]{1,64}$/)
    .optional(),
  count: z.coerce.number().int().min(1).max(200).default(50),
})
export const Resolution = z.strictObject({
  /** `keep` what the record holds, or `take` what the feed says. */
  decision: z.enum(['keep', 'take']),
})
