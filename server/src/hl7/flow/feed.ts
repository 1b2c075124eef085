import { z } from 'zod'

import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'

/** The keys of a feed file (`mappings/feeds/<name>.yaml`) that belong to the wire and the flow; the rest is the mapping's. */
const FeedKeys = z.object({
  /** Port of its own; without one the feed is served by the listener of evaluation mode. */
  port: z.int().min(0).max(65_535).optional(),
  /** For senders whose MSH-18 is wrong. */
  charset: z.string().min(1).optional(),
  /** When a message in original mode is acknowledged. */
  ackAt: z.enum(['stored', 'mapped', 'committed']).default('stored'),
  frameBytes: z.int().min(1024).max(limits.hl7.frameBytesMost).default(limits.hl7.frameBytes),
  /** What happens to later messages of a partition when one could not be processed: they wait, or they go on. */
  onFailure: z.enum(['park', 'skip']).default('park'),
  /** What the feed creates belongs to it. */
  facility: z
    .string()
    .regex(/^Organization\/[A-Za-z0-9.-]{1,64}$/)
    .optional(),
  /** HL7 table 0103. */
  processingIds: z.array(z.enum(['P', 'T', 'D'])).default(['P']),
})

export interface FlowFeed extends Readonly<z.output<typeof FeedKeys>> {
  readonly name: string
}

/** @throws Fault `malformed` that names the key */
export function readFeed(name: string, file: object): FlowFeed {
  const read = FeedKeys.safeParse(file)
  if (read.success) return { name, ...read.data }
  const [issue] = read.error.issues
  const key = issue?.path.join('.') ?? ''
  throw fault('malformed', {
    code: 'value',
    text: `mappings/feeds/${name}.yaml, ${key}: ${issue?.message ?? 'is wrong'}`,
  })
}
