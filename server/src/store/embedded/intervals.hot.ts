import type { Chunk, Layout } from './list-layout.ts'
import { putNumber, putSigned, readNumber, readSigned } from './postings.hot.ts'

/** Intervals as they are worked with: 22 bytes each, lower bound (8, see `writeOrdered`), row (6), upper bound (8, a double); ascending. */
const INTERVAL = 22
const SEQ = 8
const HI = 14
/** Behind the number of a chunk's intervals; each takes at most so many bytes. */
const PACKED_MOST = 1 + 8 + 8 + 9

export const INTERVALS: Layout = {
  width: INTERVAL,
  ordered: HI,
  most: 64,
  pack: packIntervals,
  unpack: unpackIntervals,
}

export interface Interval {
  readonly lo: number
  readonly hi: number
  readonly seq: number
}

export function writeInterval(bytes: Buffer, at: number, { lo, hi, seq }: Interval): void {
  writeOrdered(bytes, at, lo)
  bytes.writeUIntBE(seq, at + SEQ, 6)
  bytes.writeDoubleBE(hi, at + HI)
}

export const lowAt = (intervals: Buffer, at: number): number => readOrdered(intervals, at)
export const intervalSeqAt = (intervals: Buffer, at: number): number => intervals.readUIntBE(at + SEQ, 6)
export const highAt = (intervals: Buffer, at: number): number => intervals.readDoubleBE(at + HI)

/** A double whose bytes compare as the numbers do: the sign bit is turned, negative numbers are turned as a whole. */
function writeOrdered(bytes: Buffer, at: number, number: number): void {
  bytes.writeDoubleBE(number, at)
  const isNegative = (bytes[at] ?? 0) >= 0x80
  if (isNegative) for (let i = at; i < at + 8; i++) bytes[i] = ~(bytes[i] ?? 0)
  else bytes[at] = (bytes[at] ?? 0) | 0x80
}

const turned = Buffer.alloc(8)

function readOrdered(bytes: Buffer, at: number): number {
  bytes.copy(turned, 0, at, at + 8)
  if ((turned[0] ?? 0) >= 0x80) turned[0] = (turned[0] ?? 0) & 0x7f
  else for (let i = 0; i < 8; i++) turned[i] = ~(turned[i] ?? 0)
  return turned.readDoubleBE(0)
}

/** How the upper bound stands: it is the lower one, it follows as a double, or it is so much above, plus 1. */
const SAME = 0
const APART = 1

/**
 * One byte for `isFollowed`, then for each interval: how many bytes its lower bound begins with that the one before has, too (high half), how
 * many zero bytes it ends with (low half), the bytes between; the difference of its row (zigzag); the upper bound.
 */
function packIntervals({ entries, isFollowed }: Chunk): Buffer {
  const packed = Buffer.allocUnsafe(1 + (entries.length / INTERVAL) * PACKED_MOST)
  packed[0] = isFollowed ? 1 : 0
  let out = 1
  let seq = 0
  for (let at = 0; at < entries.length; at += INTERVAL) {
    const same = at === 0 ? 0 : sameBytes(entries, at)
    const zeros = zeroBytes(entries, at, 8 - same)
    packed[out++] = same * 16 + zeros
    out += entries.copy(packed, out, at + same, at + 8 - zeros)
    const nextSeq = intervalSeqAt(entries, at)
    out = putSigned(packed, out, nextSeq - seq)
    seq = nextSeq
    out = putHigh(packed, out, { lo: lowAt(entries, at), hi: highAt(entries, at) })
  }
  return Buffer.from(packed.subarray(0, out))
}

function sameBytes(entries: Buffer, at: number): number {
  let same = 0
  while (same < 8 && entries[at + same] === entries[at - INTERVAL + same]) same++
  return same
}

function zeroBytes(entries: Buffer, at: number, most: number): number {
  let zeros = 0
  while (zeros < most && entries[at + 7 - zeros] === 0) zeros++
  return zeros
}

function putHigh(packed: Buffer, at: number, { lo, hi }: { lo: number; hi: number }): number {
  const above = hi - lo
  if (above === 0) return putNumber(packed, at, SAME)
  const isShort = above > 0 && above < 2 ** 42 && Number.isInteger(above) && lo + above === hi
  if (isShort) return putNumber(packed, at, above + APART)
  const behind = putNumber(packed, at, APART)
  packed.writeDoubleBE(hi, behind)
  return behind + 8
}

function unpackIntervals(packed: Buffer): Chunk {
  // An interval takes at least three bytes.
  const entries = Buffer.allocUnsafe(Math.floor((packed.length - 1) / 3) * INTERVAL)
  const reader = { at: 1 }
  let length = 0
  let seq = 0
  for (; reader.at < packed.length; length += INTERVAL) {
    const form = packed[reader.at++] ?? 0
    const same = form >> 4
    const end = 8 - (form & 15)
    if (length > 0) entries.copy(entries, length, length - INTERVAL, length - INTERVAL + same)
    packed.copy(entries, length + same, reader.at, reader.at + end - same)
    entries.fill(0, length + end, length + 8)
    reader.at += end - same
    seq += readSigned(packed, reader)
    entries.writeUIntBE(seq, length + SEQ, 6)
    const above = readNumber(packed, reader)
    if (above === APART) {
      packed.copy(entries, length + HI, reader.at, reader.at + 8)
      reader.at += 8
    } else entries.writeDoubleBE(lowAt(entries, length) + (above === SAME ? 0 : above - APART), length + HI)
  }
  return { entries: entries.subarray(0, length), isFollowed: packed[0] === 1 }
}
