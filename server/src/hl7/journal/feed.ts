import { z } from 'zod'

import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { Peer } from '../mllp/reach.ts'
import { Profile } from '../profile/conformance.ts'

const Path = z.string().min(1).max(4096)

const Tls = z.strictObject({
  /** Files in PEM; read again when they change. */
  cert: Path,
  key: Path,
  /** Authorities of client certificates: with them every client needs one. */
  ca: Path.optional(),
  /** Clients that may connect: `CN=name`, `DNS:name`, `IP:address`, `sha256:fingerprint`. Absent: all that the authorities vouch for. */
  allow: z.array(z.string().regex(/^(CN=|DNS:|IP:|URI:|email:|sha256:)./)).optional(),
})

const Files = z.strictObject({
  /** Watched for files that are complete. */
  folder: Path,
  /** Where files go; below the folder when absent. */
  done: Path.optional(),
  failed: Path.optional(),
  /** Ends of names that are taken. */
  endings: z.array(z.string().min(1)).default(['.hl7', '.txt', '.dat']),
  pollMs: z.int().min(50).max(600_000).default(2000),
})

export const Duration = z
  .string()
  .regex(/^\d{1,5}[dhm]$/, 'must be a number of days, hours or minutes, such as 30d, 12h or 45m')

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
  tls: Tls.optional(),
  connections: z.int().min(1).max(limits.hl7.connectionsMost).default(limits.hl7.connectionsPerFeed),
  idleSeconds: z.int().min(1).max(86_400).optional(),
  /** How a frame may end: `lenient` also takes FS LF and FS with nothing behind it but the next frame. */
  framing: z.enum(['strict', 'lenient']).default('strict'),
  /** MLLP release 2: each frame is answered by a commit byte first. */
  commitBytes: z.boolean().default(false),
  /** Which acknowledgement mode counts: what MSH-15 and MSH-16 ask for, or one for senders that ask for what they do not understand. */
  ackMode: z.enum(['asked', 'original', 'enhanced']).default('asked'),
  /** Where the application's answers of enhanced mode go; absent: where the message came from. */
  returnTo: Peer.optional(),
  /** What answers an order in original mode: a plain acknowledgement, or, once it is in the record, ORR, ORL, RRE and their like. */
  answers: z.enum(['acknowledgement', 'application']).default('acknowledgement'),
  /** Persons may be asked for (QBP^Q21 to Q23): the answer tells who they are, within the feed's facility. */
  queries: z.boolean().default(false),
  /** What answers a batch: one batch of acknowledgements, or one acknowledgement for each message. */
  batchAck: z.enum(['batch', 'each']).default('batch'),
  /** Messages are numbered (MSH-13): each counts only behind the one before it, one at a time. */
  sequence: z.boolean().default(false),
  /** A control id that comes again with other content. */
  reusedIds: z.enum(['take', 'reject']).default('take'),
  /** How long messages are kept in the journal; for ever when absent. */
  keep: Duration.optional(),
  files: Files.optional(),
  /** What messages have to look like, and when it is checked: a wrong one is refused, or becomes a dead letter. */
  profile: Profile.optional(),
  checkProfile: z.enum(['before-ack', 'before-mapping']).default('before-ack'),
})

export interface FlowFeed extends Readonly<z.output<typeof FeedKeys>> {
  readonly name: string
}

/** @throws Fault `malformed` that names file and key */
export function readFeeds(files: ReadonlyMap<string, object>): ReadonlyMap<string, FlowFeed> {
  return new Map([...files].map(([name, file]) => [name, readFeed(name, file)]))
}

/** @throws Fault `malformed` that names the key */
function readFeed(name: string, file: object): FlowFeed {
  const read = FeedKeys.safeParse(file)
  if (read.success) return { name, ...read.data }
  const [issue] = read.error.issues
  const key = issue?.path.join('.') ?? ''
  throw fault('malformed', {
    code: 'value',
    text: `mappings/feeds/${name}.yaml, ${key}: ${issue?.message ?? 'is wrong'}`,
  })
}
