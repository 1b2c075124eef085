import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { parse } from 'yaml'
import { z } from 'zod'

import { Fault, fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { Duration } from '../journal/feed.ts'
import { encodeText } from '../mllp/charset.ts'
import { PEER } from '../mllp/reach.ts'

/** Those that the rules in `mappings/outbound` know the fields of. */
const VERSIONS = [
  '2.1',
  '2.2',
  '2.3',
  '2.3.1',
  '2.4',
  '2.5',
  '2.5.1',
  '2.6',
  '2.7',
  '2.7.1',
  '2.8',
  '2.8.1',
  '2.8.2',
] as const

/** A file `mappings/destinations/<name>.yaml`. */
const DestinationFile = z.strictObject({
  ...PEER,
  /** Names of files in `mappings/outbound`. */
  messages: z.array(z.string().min(1)).min(1),
  /** Folders of `mappings/overlays` whose `outbound` and `fields` count for what is sent here. */
  overlays: z.array(z.string().min(1)).max(limits.hl7.destinationOverlays).default([]),
  /** Connections side by side; the messages of one patient always take the same one. */
  lanes: z.int().min(1).max(16).default(1),
  /** Changes that came from HL7 feeds are not sent back, unless the feed is named here. */
  fromFeeds: z.array(z.string()).default([]),
  ackSeconds: z.int().min(1).max(600).default(30),
  /** What an AE or CE does: the message is a dead letter, or it is sent again until it is taken, and holds up its lane. */
  onError: z.enum(['dead', 'retry']).default('dead'),
  /** What an AR or CR does: the message is a dead letter, or the destination pauses with the message first in its queue. */
  onReject: z.enum(['dead', 'pause']).default('dead'),
  sendingApplication: z.string().default('MOGRAN'),
  sendingFacility: z.string().default(''),
  receivingApplication: z.string().default(''),
  receivingFacility: z.string().default(''),
  processingId: z.enum(['P', 'T', 'D']).default('P'),
  version: z.enum(VERSIONS).default('2.5.1'),
  /** MSH-18. Several, as in `ASCII~ISO IR87`, for sets that a text switches to. */
  charset: z
    .string()
    .refine(isKnownCharset, 'is no character set that the hub can write')
    .default('UNICODE UTF-8'),
  /** How long a message is kept that was sent or cancelled, with its answer; for ever when absent. */
  keep: Duration.optional(),
})

function isKnownCharset(name: string): boolean {
  try {
    for (const one of name.split('~')) encodeText('', undefined, one)
    return true
  } catch (error) {
    if (error instanceof Fault) return false
    throw error
  }
}

export interface Destination extends Readonly<z.output<typeof DestinationFile>> {
  readonly name: string
}

/** @throws Fault `malformed` that names file and key */
export function readDestination(name: string, file: unknown): Destination {
  const read = DestinationFile.safeParse(file)
  if (read.success && NAME.test(name)) return { name, ...read.data }
  const [issue] = read.success ? [] : read.error.issues
  const text = `mappings/destinations/${name}.yaml, ${issue?.path.join('.') ?? 'name'}: ${issue?.message ?? 'is wrong'}`
  throw fault('malformed', { code: 'value', text })
}

const NAME = /^[A-Za-z0-9._-]{1,60}$/

/** All destinations of a `mappings/` folder; none when it has no folder for them. */
export async function loadDestinations(mappings: string): Promise<readonly Destination[]> {
  const folder = join(mappings, 'destinations')
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.yaml'))
  return Promise.all(
    names.toSorted().map(async (file) => {
      const text = await readFile(join(folder, file), 'utf8')
      return readDestination(file.slice(0, -'.yaml'.length), parse(text, { uniqueKeys: true }))
    }),
  )
}
