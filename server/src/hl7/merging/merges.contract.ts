import { z } from 'zod'

/** What `/api/v1/interop/merges` gives. */
const Merge = z.object({
  id: z.string(),
  kind: z.enum(['merge', 'move']),
  from: z.string(),
  to: z.string(),
  state: z.enum(['pending', 'done', 'undoing', 'undone']),
  feed: z.string(),
  /** Id of the message in the journal. */
  message: z.string(),
  time: z.iso.datetime(),
  /** Resources whose references changed. */
  moved: z.int(),
  /** References that could not be taken back, because somebody has changed them since. */
  left: z.array(z.string()),
})

const MergeId = z.guid()

export const MergeQuery = z.strictObject({
  /** `next` of the page before. */
  cursor: MergeId.optional(),
  count: z.coerce.number().int().min(1).max(200).default(50),
})

/** Newest first. */
export const Merges = z.object({ merges: z.array(Merge), next: MergeId.optional() })
