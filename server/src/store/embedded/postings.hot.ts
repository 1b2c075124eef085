import { Scratch, type Chunk, type Layout } from './list-layout.ts'

/** Postings as they are worked with: 12 bytes each, sort (6, from `EARLIEST` on) and row (6), ascending. */
export const POSTING = 12

/** The least sort value: the year -249. */
export const EARLIEST = -70_000_000_000_000

export const sortAt = (postings: Buffer, at: number): number => read48(postings, at) + EARLIEST
export const seqAt = (postings: Buffer, at: number): number => read48(postings, at + 6)

export function writePosting(bytes: Buffer, at: number, { sort, seq }: { sort: number; seq: number }): void {
  write48(bytes, at, sort - EARLIEST)
  write48(bytes, at + 6, seq)
}

/** What `readUIntBE(at, 6)` does, without its checks. */
export function read48(bytes: Buffer, at: number): number {
  const high = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
  const low =
    ((bytes[at + 2] ?? 0) << 24) |
    ((bytes[at + 3] ?? 0) << 16) |
    ((bytes[at + 4] ?? 0) << 8) |
    (bytes[at + 5] ?? 0)
  return high * 0x1_0000_0000 + (low >>> 0)
}

export function write48(bytes: Buffer, at: number, number: number): void {
  const high = Math.floor(number / 0x1_0000_0000)
  const low = number | 0
  bytes[at] = high >>> 8
  bytes[at + 1] = high
  bytes[at + 2] = low >>> 24
  bytes[at + 3] = low >>> 16
  bytes[at + 4] = low >>> 8
  bytes[at + 5] = low
}

export const POSTINGS: Layout = {
  width: POSTING,
  ordered: POSTING,
  most: 128,
  pack: packPostings,
  unpack: unpackPostings,
}

/** Of the first byte of a chunk. */
const FOLLOWED = 1
const SECONDS = 2
const SECOND_MS = 1000

/**
 * One byte (bit 0 `isFollowed`, bit 1 when all sorts are whole seconds and stand as such), then for each posting the difference of its sort and
 * of its row (zigzag) to the one before: 7 bits a byte, lowest first.
 */
function packPostings({ entries, isFollowed }: Chunk): Buffer {
  const packed = PACKED.of(1 + (entries.length / POSTING) * 16)
  const unit = unitOf(entries)
  packed[0] = (isFollowed ? FOLLOWED : 0) + (unit === SECOND_MS ? SECONDS : 0)
  let out = 1
  let sort = 0
  let seq = 0
  for (let at = 0; at < entries.length; at += POSTING) {
    const nextSort = read48(entries, at)
    const nextSeq = read48(entries, at + 6)
    out = putNumber(packed, out, (nextSort - sort) / unit)
    out = putSigned(packed, out, nextSeq - seq)
    sort = nextSort
    seq = nextSeq
  }
  return Buffer.from(packed.subarray(0, out))
}

const PACKED = new Scratch()

function unitOf(entries: Buffer): number {
  for (let at = 0; at < entries.length; at += POSTING) if (thousandthsAt(entries, at) !== 0) return 1
  return SECOND_MS
}

/** What is left of six bytes when they are divided by 1000, without a division of doubles. */
function thousandthsAt(bytes: Buffer, at: number): number {
  const high = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
  const low = ((bytes[at + 3] ?? 0) << 16) | ((bytes[at + 4] ?? 0) << 8) | (bytes[at + 5] ?? 0)
  return ((high % SECOND_MS) * (2 ** 24 % SECOND_MS) + (low % SECOND_MS)) % SECOND_MS
}

function unpackPostings(packed: Buffer): Chunk {
  let count = 0
  for (let at = 1; at < packed.length; at++) if ((packed[at] ?? 0) < 0x80) count++
  const entries = Buffer.allocUnsafe((count / 2) * POSTING)
  const flags = packed[0] ?? 0
  const unit = (flags & SECONDS) === 0 ? 1 : SECOND_MS
  const reader = { at: 1 }
  let sort = 0
  let seq = 0
  for (let out = 0; out < entries.length; out += POSTING) {
    sort += readNumber(packed, reader) * unit
    seq += readSigned(packed, reader)
    write48(entries, out, sort)
    write48(entries, out + 6, seq)
  }
  return { entries, isFollowed: (flags & FOLLOWED) !== 0 }
}

export function putNumber(bytes: Buffer, at: number, number: number): number {
  let next = at
  let left = number
  // Bit operations would cut what is larger than 31 bits; below that they are many times as fast.
  for (; left > 0x7fff_ffff; left = Math.floor(left / 0x80)) bytes[next++] = (left % 0x80) | 0x80
  let low = left | 0
  for (; low >= 0x80; low >>= 7) bytes[next++] = (low & 0x7f) | 0x80
  bytes[next++] = low
  return next
}

/** Zigzag: small numbers of either sign take few bytes. */
export function putSigned(bytes: Buffer, at: number, number: number): number {
  return putNumber(bytes, at, number < 0 ? number * -2 - 1 : number * 2)
}

export function readNumber(bytes: Buffer, reader: { at: number }): number {
  let byte = bytes[reader.at++] ?? 0
  if (byte < 0x80) return byte
  let number = byte & 0x7f
  for (let shift = 7; shift < 28; shift += 7) {
    byte = bytes[reader.at++] ?? 0
    number |= (byte & 0x7f) << shift
    if (byte < 0x80) return number
  }
  for (let weight = 2 ** 28; byte >= 0x80; weight *= 0x80) {
    byte = bytes[reader.at++] ?? 0
    number += (byte & 0x7f) * weight
  }
  return number
}

export function readSigned(bytes: Buffer, reader: { at: number }): number {
  const turned = readNumber(bytes, reader)
  if (turned <= 0x7fff_ffff) return (turned >> 1) ^ -(turned & 1)
  return turned % 2 === 1 ? -(turned + 1) / 2 : turned / 2
}
