import { putBytes } from '../../kernel/short-bytes.ts'
import { Scratch, type Chunk, type Layout } from './list-layout.ts'
import { putNumber, putSigned, read48, readNumber, readSigned, write48 } from './postings.hot.ts'

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
  write48(bytes, at + SEQ, seq)
  writeDouble(bytes, at + HI, hi)
}

export const lowAt = (intervals: Buffer, at: number): number => readOrdered(intervals, at)
export const intervalSeqAt = (intervals: Buffer, at: number): number => read48(intervals, at + SEQ)
export const highAt = (intervals: Buffer, at: number): number => readDouble(intervals, at + HI)

/** A double whose bytes compare as the numbers do: the sign bit is turned, negative numbers are turned as a whole. */
function writeOrdered(bytes: Buffer, at: number, number: number): void {
  WORDS.setFloat64(0, number)
  const high = WORDS.getInt32(0)
  const low = WORDS.getInt32(4)
  put32(bytes, at, high < 0 ? ~high : high | SIGN)
  put32(bytes, at + 4, high < 0 ? ~low : low)
}

function readOrdered(bytes: Buffer, at: number): number {
  const high = get32(bytes, at)
  const low = get32(bytes, at + 4)
  WORDS.setInt32(0, high < 0 ? high & ~SIGN : ~high)
  WORDS.setInt32(4, high < 0 ? low : ~low)
  return WORDS.getFloat64(0)
}

function writeDouble(bytes: Buffer, at: number, number: number): void {
  WORDS.setFloat64(0, number)
  put32(bytes, at, WORDS.getInt32(0))
  put32(bytes, at + 4, WORDS.getInt32(4))
}

function readDouble(bytes: Buffer, at: number): number {
  WORDS.setInt32(0, get32(bytes, at))
  WORDS.setInt32(4, get32(bytes, at + 4))
  return WORDS.getFloat64(0)
}

const WORDS = new DataView(new ArrayBuffer(8))
const SIGN = 0x8000_0000 | 0

function put32(bytes: Buffer, at: number, word: number): void {
  bytes[at] = word >>> 24
  bytes[at + 1] = word >>> 16
  bytes[at + 2] = word >>> 8
  bytes[at + 3] = word
}

function get32(bytes: Buffer, at: number): number {
  const high = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  const low = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
  return (high << 16) | low
}

/** How the upper bound stands: it is the lower one, it follows as a double, or it is so much above, plus 1. */
const SAME = 0
const APART = 1

/**
 * One byte for `isFollowed`, then for each interval: how many bytes its lower bound begins with that the one before has, too (high half), how
 * many zero bytes it ends with (low half), the bytes between; the difference of its row (zigzag); the upper bound.
 */
function packIntervals({ entries, isFollowed }: Chunk): Buffer {
  const packed = PACKED.of(1 + (entries.length / INTERVAL) * PACKED_MOST)
  packed[0] = isFollowed ? 1 : 0
  let out = 1
  let seq = 0
  for (let at = 0; at < entries.length; at += INTERVAL) {
    const same = at === 0 ? 0 : sameBytes(entries, at)
    const zeros = zeroBytes(entries, at, 8 - same)
    packed[out++] = same * 16 + zeros
    out = putBytes(packed, out, { bytes: entries, from: at + same, to: at + 8 - zeros })
    const nextSeq = intervalSeqAt(entries, at)
    out = putSigned(packed, out, nextSeq - seq)
    seq = nextSeq
    out = putHigh(packed, out, { lo: lowAt(entries, at), hi: highAt(entries, at) })
  }
  return Buffer.from(packed.subarray(0, out))
}

const PACKED = new Scratch()

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
  writeDouble(packed, behind, hi)
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
    for (let i = 0; i < same; i++) entries[length + i] = entries[length - INTERVAL + i] ?? 0
    for (let i = same; i < end; i++) entries[length + i] = packed[reader.at++] ?? 0
    for (let i = end; i < 8; i++) entries[length + i] = 0
    seq += readSigned(packed, reader)
    write48(entries, length + SEQ, seq)
    const above = readNumber(packed, reader)
    if (above === APART) {
      writeDouble(entries, length + HI, readDouble(packed, reader.at))
      reader.at += 8
    } else writeDouble(entries, length + HI, lowAt(entries, length) + (above === SAME ? 0 : above - APART))
  }
  return { entries: entries.subarray(0, length), isFollowed: packed[0] === 1 }
}
