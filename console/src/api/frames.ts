import { z } from 'zod'

/** A committed change: number of its commit, which resource, which patients it concerns. */
const Arrival = z.object({
  kind: z.literal('event'),
  n: z.number(),
  topic: z.string(),
  time: z.string().or(z.number()),
  type: z.string(),
  id: z.string(),
  version: z.number().or(z.string()),
  patients: z.array(z.string()).optional(),
})

/** A live signal that did not wait for the record (`vitals.update`). */
const Signal = z.object({
  kind: z.literal('signal'),
  n: z.undefined().optional(),
  topic: z.string(),
  time: z.number(),
  patient: z.string().optional(),
  data: z.unknown(),
})

const Welcome = z.object({ kind: z.literal('welcome'), n: z.number() })
const Heartbeat = z.object({ kind: z.literal('heartbeat'), n: z.number().optional() })
const Reset = z.object({ kind: z.literal('reset'), n: z.number() })

export const Frame = z.discriminatedUnion('kind', [Arrival, Signal, Welcome, Heartbeat, Reset])
export type Arrival = z.infer<typeof Arrival>
export type Signal = z.infer<typeof Signal>
