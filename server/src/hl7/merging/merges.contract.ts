import { z } from 'zod'

import { limits } from '../../kernel/limits.ts'

/** What `/api/v1/interop/merges` gives. */
export const Merge = z.object({
  id: z.string(),
  kind: z.enum(['merge', 'move']),
  from: z.string(),
  to: z.string(),
  state: z.enum(['pending', 'done', 'undoing', 'undone']),
  feed: z.string(),
  /** Id of the message in the journal. */
  message: z.string(),
  time: z.iso.datetime(),
  /** Of a move: what moved, and what belongs to it with it. */
  scope: z.array(z.string()),
  /** Resources whose references changed. */
  moved: z.int(),
  /** References that could not be taken back, because somebody has changed them since. */
  left: z.array(z.string()),
})

const MergeId = z.guid()

export const MergeQuery = z.strictObject({
  /** `next` of the page before. */
  cursor: MergeId.optional(),
  /** Only those of a patient, visit or account with this number. */
  number: z.string().trim().min(1).max(limits.hl7.numberChars).optional(),
  count: z.coerce.number().int().min(1).max(200).default(50),
})

/** Newest first. With a number a page may have fewer than were asked for, or none, and still a page behind it. */
export const Merges = z.object({ merges: z.array(Merge), next: MergeId.optional() })
export type Merges = z.infer<typeof Merges>

/** One of them, with the resources whose references changed, as many as are told. */
export const MergeDetail = Merge.extend({ changed: z.array(z.string()) })
