import { z } from 'zod'

/** Messages on `/ws`, shared with the console. Times are milliseconds since 1970 in UTC. */

/** Commit number and index of the change in it, `17.0`: order and identity of an event. Hand the last one back as `after` to go on behind it. */
const Sequence = z.string().regex(/^\d{1,15}\.\d{1,6}$/)

/** The first message of a client, and later again with a new token before the old one ends. */
export const Hello = z.object({
  type: z.literal('hello'),
  token: z.string().max(8192),
  /** The last sequence that the client has, or a commit number. Absent: from now on. Ignored after the first hello. */
  after: z.union([z.number().int().min(0), Sequence]).optional(),
  /** Topics that the client wants; absent: all that it may see. */
  topics: z.array(z.string().max(100)).max(100).optional(),
})
export type Hello = z.output<typeof Hello>

/** Events behind commit `sequence` follow. */
const Welcome = z.object({ type: z.literal('welcome'), sequence: z.number() })

/** What lies between is not available any more: read everything again; events behind commit `sequence` follow. */
const TooOld = z.object({ type: z.literal('too-old'), sequence: z.number() })

/** The connection lives, and every event up to commit `sequence` was sent. */
const Beat = z.object({ type: z.literal('beat'), sequence: z.number() })

const ResourceEvent = z.object({
  type: z.literal('event'),
  topic: z.string(),
  sequence: Sequence,
  time: z.number(),
  resource: z.object({ type: z.string(), id: z.string(), version: z.number() }),
  /** `Patient/<id>` whose compartment holds the resource. */
  patient: z.string().optional(),
})

/** A signal that did not wait for a commit. */
const Live = z.object({
  type: z.literal('live'),
  topic: z.string(),
  time: z.number(),
  patient: z.string().optional(),
  data: z.record(z.string(), z.unknown()),
})

export const ServerMessage = z.discriminatedUnion('type', [Welcome, TooOld, Beat, ResourceEvent, Live])
export type ServerMessage = z.output<typeof ServerMessage>

/** Why the server closed the socket. */
export const CLOSE = {
  /** The token is missing, wrong or over: get a new one, come back with `after`. */
  unauthenticated: 4401,
  /** The client read too slowly: come back with `after`. */
  slow: 4008,
  malformed: 4400,
  /** Too many sockets, or the hub stops. */
  away: 1013,
} as const
