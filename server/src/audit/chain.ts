import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'

import { z } from 'zod'

import { everyRecord } from '../store/every-record.ts'
import type { RecordStore, RecordValue } from '../store/port.ts'

export const GROUPS = 'audit'
export const DAYS = 'audit-days'

/** Rows that were sealed together: JSON lines in `text`, bound to the group before by `hash` (SHA-256, hexadecimal). */
export interface Group {
  readonly previous: string
  readonly hash: string
  readonly text: string
}

/** The end of a day's chain, and where it was tied to the chain of the day before. */
export const Day = z.object({
  groups: z.number(),
  hash: z.string(),
  after: z.object({ day: z.string(), hash: z.string() }).optional(),
})
export type Day = z.output<typeof Day>

export interface ChainFault {
  /** `2026-11-23`, UTC. */
  readonly day: string
  /** Number of the group from 1; 0: the day as a whole. */
  readonly group: number
  readonly problem: 'missing' | 'changed'
}

/** The next group behind the end of a chain. */
export function sealed(previous: string, text: string): Group {
  return { previous, text, hash: hashOf(previous, text) }
}

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/** A group as it is stored: length of the JSON (2), JSON of both hashes, the text compressed. Rows repeat each other: a tenth is left of them. */
export async function packed({ previous, hash, text }: Group): Promise<Uint8Array> {
  const head = Buffer.from(JSON.stringify({ previous, hash }), 'utf8')
  const length = Buffer.allocUnsafe(2)
  length.writeUInt16BE(head.length)
  return Buffer.concat([length, head, await compress(text, FAST)])
}

const FAST = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }
const Hashes = z.object({ previous: z.string(), hash: z.string() })

/** @throws Error when the value is no group */
export async function unpacked(value: RecordValue): Promise<Group> {
  if (!(value instanceof Uint8Array)) throw new Error('a group of audit rows is bytes')
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  const textAt = 2 + bytes.readUInt16BE(0)
  const head: unknown = JSON.parse(bytes.toString('utf8', 2, textAt))
  return { ...Hashes.parse(head), text: (await decompress(bytes.subarray(textAt))).toString('utf8') }
}

/** What the first group of a day is bound to. */
export function seedOf(day: string, { after }: Pick<Day, 'after'>): string {
  return `${day}<${after?.day ?? ''}:${after?.hash ?? ''}`
}

export function groupId(day: string, number: number): string {
  return `${day}/${String(number).padStart(8, '0')}`
}

/**
 * Recomputes the chain of every sealed day: a changed row, a missing group, a missing end and a missing day are found. Rows that are
 * not shipped yet stand in no chain.
 */
export async function verifyChain(records: RecordStore): Promise<readonly ChainFault[]> {
  const faults: ChainFault[] = []
  let before: { day: string; hashes: ReadonlySet<string> } | undefined
  for await (const { id: day, value } of everyRecord(records, { collection: DAYS })) {
    const end = Day.parse(value)
    if (end.after?.day !== before?.day || (end.after && before && !before.hashes.has(end.after.hash)))
      faults.push({ day: end.after?.day ?? day, group: 0, problem: 'missing' })
    const hashes = await verifyDay(records, { day, end, faults })
    before = { day, hashes }
  }
  return faults
}

async function verifyDay(records: RecordStore, { day, end, faults }: DayCheck): Promise<ReadonlySet<string>> {
  const hashes = new Set<string>()
  let expected = { number: 1, previous: seedOf(day, end) }
  for await (const { id, value } of everyRecord(records, {
    collection: GROUPS,
    from: `${day}/`,
    to: `${day}0`,
  })) {
    const { previous, hash, text } = await unpacked(value)
    const number = Number(id.slice(day.length + 1))
    for (let missing = expected.number; missing < number; missing += 1)
      faults.push({ day, group: missing, problem: 'missing' })
    const isNext = number !== expected.number || previous === expected.previous
    if (!isNext || hash !== hashOf(previous, text)) faults.push({ day, group: number, problem: 'changed' })
    hashes.add(hash)
    expected = { number: number + 1, previous: hash }
  }
  for (let missing = expected.number; missing <= end.groups; missing += 1)
    faults.push({ day, group: missing, problem: 'missing' })
  return hashes
}

interface DayCheck {
  readonly day: string
  readonly end: Day
  readonly faults: ChainFault[]
}

function hashOf(previous: string, text: string): string {
  return createHash('sha256').update(previous).update('\n').update(text).digest('hex')
}
