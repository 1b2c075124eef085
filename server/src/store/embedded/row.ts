import type { NameKey, RangeKey } from '../keys.ts'
import type { ResourceWrite, StoredVersion, WriteMethod } from '../port.ts'
import { DICTIONARY_1 } from './dictionary-1.ts'
import type { KeyHash } from './key-hash.ts'
import { Lz } from './lz.hot.ts'
import {
  extrasOf,
  HEAD_LEFT_OUT,
  headBytes,
  headLength,
  isHeadLeftOut,
  putHead,
  wholeExtras,
  wholeRanges,
  wholeScalars,
  withHead,
  type RowExtras,
} from './row-derived.ts'

/**
 * One version of one resource as stored bytes; all numbers big-endian:
 *
 *  0 format, 1 flags (bit 0 deleted, bits 1 and 2 method, bits 3 to 5: see `row-derived.ts`; 0 in older stores), 2 length of type,
 * 3 length of id, 4 version (4), 8 row of the version before (6), 14 commit (6), 20 lastUpdated (6), 26 highest lastUpdated of all rows up to this one (6), 32 clinical date (8, double), 40 number of keys (2),
 * 42 length of extras (4), 46 type, id, 8 bytes a key hash, then the text: extras as JSON, the resource. In format 2 the text is compressed
 * with dictionary 1, behind its length (4). Rows that compressing does not make shorter, and those of older stores, have format 1.
 */
const HEADER = 46
const PLAIN = 1
const COMPRESSED = 2
const LZ = new Lz(Buffer.from(DICTIONARY_1, 'utf8'))
const METHODS: readonly WriteMethod[] = ['POST', 'PUT', 'PATCH', 'DELETE']

export const rowVersion = (row: Buffer): number => row.readUInt32BE(4)
export const rowPrevious = (row: Buffer): number => row.readUIntBE(8, 6)
export const rowCommit = (row: Buffer): number => row.readUIntBE(14, 6)
export const rowLastUpdated = (row: Buffer): number => row.readUIntBE(20, 6)
export const rowLatest = (row: Buffer): number => row.readUIntBE(26, 6)
export const rowMethod = (row: Buffer): WriteMethod => METHODS[(flagsOf(row) >> 1) & 3] ?? 'PUT'
export const rowIsDeleted = (row: Buffer): boolean => flagsOf(row) % 2 === 1
export const rowType = (row: Buffer): string => row.toString('latin1', HEADER, HEADER + typeLength(row))
export const rowId = (row: Buffer): string => row.toString('utf8', HEADER + typeLength(row), hashesAt(row))
export const rowKeyCount = (row: Buffer): number => row.readUInt16BE(40)
export const rowDate = (row: Buffer): number => row.readDoubleBE(32)

/** The type; no new text for it when it is the expected one. */
export function rowTypeLike(row: Buffer, expected: string): string {
  if (typeLength(row) !== expected.length) return rowType(row)
  for (let at = 0; at < expected.length; at++)
    if (row[HEADER + at] !== expected.charCodeAt(at)) return rowType(row)
  return expected
}

const flagsOf = (row: Buffer): number => row[1] ?? 0
const typeLength = (row: Buffer): number => row[2] ?? 0
const hashesAt = (row: Buffer): number => HEADER + typeLength(row) + (row[3] ?? 0)
const textAt = (row: Buffer): number => hashesAt(row) + 8 * rowKeyCount(row)
const extrasLength = (row: Buffer): number => row.readUInt32BE(42)

/** The text as the row holds it, up to `end` or all of it. */
function storedText(row: Buffer, end?: number): Buffer {
  const at = textAt(row)
  if (row[0] === PLAIN) return row.subarray(at, end === undefined ? row.length : at + end)
  return LZ.decompress(row.subarray(at + 4), end ?? textLength(row))
}

function textLength(row: Buffer): number {
  const at = textAt(row)
  return row[0] === PLAIN ? row.length - at : row.readUInt32BE(at)
}

export const rowHashHi = (row: Buffer, index: number): number => row.readInt32BE(hashesAt(row) + 8 * index)
export const rowHashLo = (row: Buffer, index: number): number =>
  row.readInt32BE(hashesAt(row) + 8 * index + 4)

export function rowHasHash(row: Buffer, hi: number, lo: number): boolean {
  const end = textAt(row)
  const first = hi >>> 24
  for (let at = hashesAt(row); at < end; at += 8) {
    if (row[at] === first && row.readInt32BE(at) === hi && row.readInt32BE(at + 4) === lo) return true
  }
  return false
}

export function rowExtras(row: Buffer): RowExtras {
  const stored = JSON.parse(storedText(row, extrasLength(row)).toString('utf8')) as RowExtras
  return wholeExtras(stored, flagsOf(row), { id: rowId(row), lastUpdated: rowLastUpdated(row) })
}

/** What the index files of a row beside its keys; its extras would be objects of many shapes. */
export function rowFiled(row: Buffer): {
  readonly ranges: readonly RangeKey[]
  readonly names: readonly NameKey[]
} {
  const stored = JSON.parse(storedText(row, extrasLength(row)).toString('utf8')) as RowExtras
  const r = wholeRanges(stored, flagsOf(row), rowLastUpdated(row))
  return { ranges: rangesOf({ r }), names: namesOf(stored) }
}

/** The sort scalars, for `scalarIn`. */
export function rowScalars(row: Buffer): string {
  return wholeScalars(storedText(row, extrasLength(row)).toString('utf8'), flagsOf(row), () => rowId(row))
}

export function rangesOf(extras: RowExtras): readonly RangeKey[] {
  return (extras.r ?? []).map(([p, lo, hi]) => ({ p, lo: lo ?? -Infinity, hi: hi ?? Infinity }))
}

export function namesOf(extras: RowExtras): readonly NameKey[] {
  return (extras.n ?? []).map(([p, text]) => ({ p, text }))
}

/** The row of a write, without what only its transaction knows: see `stampRow`. */
export function encodeRow(write: ResourceWrite, hash: KeyHash): Buffer {
  const { keys } = write
  const { extras, flags } = extrasOf(write)
  const row = composeRow(write, keys.k.length, { text: JSON.stringify(extras), flags })
  const view = new DataView(row.buffer, row.byteOffset)
  let at = hashesAt(row)
  // Keys are put together from pieces, whose units are slow to reach; those of one text are not.
  const text = keys.k.join('')
  let from = 0
  for (const { length } of keys.k) {
    const { hi, lo } = hash.ofPart(write.type, text, { from, end: from + length })
    view.setInt32(at, hi)
    view.setInt32(at + 4, lo)
    at += 8
    from += length
  }
  return row
}

/** The row of a deletion: it remembers whose compartment held the version before it. */
export function encodeDeletion(write: ResourceWrite, patients: readonly string[]): Buffer {
  const text = JSON.stringify(patients.length > 0 ? { c: patients } : {})
  return composeRow({ ...write, bytes: EMPTY }, 0, { text, flags: 0 })
}

const EMPTY = new Uint8Array(0)

/** A row without its hashes. */
function composeRow(
  write: ResourceWrite,
  keyCount: number,
  extras: { readonly text: string; readonly flags: number },
): Buffer {
  const idLength = Buffer.byteLength(write.id)
  const extrasBytes = Buffer.byteLength(extras.text)
  const head = headLength(write)
  const packed = LZ.compress(write.bytes.subarray(head), extras.text)
  const textBytes = extrasBytes + write.bytes.length - (packed === undefined ? 0 : head)
  const headFlag = packed === undefined || head === 0 ? 0 : HEAD_LEFT_OUT
  const textStart = HEADER + write.type.length + idLength + 8 * keyCount
  const row = Buffer.allocUnsafe(textStart + (packed === undefined ? textBytes : 4 + packed.length))
  row[0] = packed === undefined ? PLAIN : COMPRESSED
  row[1] = METHODS.indexOf(write.method) * 2 + (write.method === 'DELETE' ? 1 : 0) + extras.flags + headFlag
  row[2] = write.type.length
  row[3] = idLength
  row.writeUInt32BE(write.expected + 1, 4)
  row.writeUIntBE(write.lastUpdated, 20, 6)
  row.writeDoubleBE(write.keys.date, 32)
  row.writeUInt16BE(keyCount, 40)
  row.writeUInt32BE(extrasBytes, 42)
  row.write(write.type, HEADER, 'latin1')
  row.write(write.id, HEADER + write.type.length, 'utf8')
  if (packed === undefined) {
    row.write(extras.text, textStart, 'utf8')
    row.set(write.bytes, textStart + extrasBytes)
  } else {
    row.writeUInt32BE(textBytes, textStart)
    row.set(packed, textStart + 4)
  }
  return row
}

export function stampRow(row: Buffer, stamp: { previous: number; commit: number; latest: number }): void {
  row.writeUIntBE(stamp.previous, 8, 6)
  row.writeUIntBE(stamp.commit, 14, 6)
  row.writeUIntBE(stamp.latest, 26, 6)
}

/** @param row may be lmdb's shared read buffer: the bytes are copied. */
export function versionOf(row: Buffer): StoredVersion {
  return {
    type: rowType(row),
    id: rowId(row),
    version: rowVersion(row),
    lastUpdated: rowLastUpdated(row),
    deleted: rowIsDeleted(row),
    method: rowMethod(row),
    commit: rowCommit(row),
    bytes: bodyOf(row),
  }
}

/** The resource of a row: what stays when it gets other keys. Of a plain row a view of the row. */
export function rowContent(row: Buffer): Buffer {
  if (row[0] === PLAIN) return row.subarray(textAt(row) + extrasLength(row))
  const content = Buffer.allocUnsafe(rowContentLength(row))
  copyContent(row, content, 0)
  return content
}

export function rowContentLength(row: Buffer): number {
  return leftOutLength(row) + textLength(row) - extrasLength(row)
}

/** Puts the resource of a row, `rowContentLength` bytes, into the target. @returns where it ends */
export function copyContent(row: Buffer, target: Buffer, at: number): number {
  return unpackInto(target, row, { skip: extrasLength(row), at: putLeftOut(row, target, at) })
}

/** The same row, not compressed, in memory of its own. */
export function unpackedRow(row: Buffer): Buffer {
  const at = textAt(row)
  const extras = extrasLength(row)
  const missing = leftOutLength(row)
  const plain = Buffer.allocUnsafeSlow(at + missing + textLength(row))
  row.copy(plain, 0, 0, at)
  unpackInto(plain, row, { skip: 0, at: at + missing })
  // What is left out stands between the extras and the rest.
  plain.copyWithin(at, at + missing, at + missing + extras)
  putLeftOut(row, plain, at + extras)
  plain[0] = PLAIN
  plain[1] = withHead(flagsOf(row))
  return plain
}

/** Puts how the resource begins, when that is not part of the row's text. @returns where it ends */
function putLeftOut(row: Buffer, target: Buffer, at: number): number {
  if (!isHeadLeftOut(flagsOf(row))) return at
  const idAt = HEADER + typeLength(row)
  const [version, lastUpdated] = [rowVersion(row), rowLastUpdated(row)]
  return putHead(target, at, { bytes: row, typeAt: HEADER, idAt, idEnd: hashesAt(row), version, lastUpdated })
}

/** Bytes of what `putLeftOut` puts. */
function leftOutLength(row: Buffer): number {
  if (!isHeadLeftOut(flagsOf(row))) return 0
  return headBytes({ type: typeLength(row), id: row[3] ?? 0 }, rowVersion(row), rowLastUpdated(row))
}

function unpackInto(target: Buffer, row: Buffer, { skip, at }: { skip: number; at: number }): number {
  const text = textAt(row)
  if (row[0] === PLAIN) return at + row.copy(target, at, text + skip)
  return LZ.decompressInto(target, { bytes: row, from: text + 4, length: textLength(row), skip, at })
}

/** The resource in a buffer of its own. */
function bodyOf(row: Buffer): Buffer {
  return row[0] === PLAIN ? copyOf(rowContent(row)) : rowContent(row)
}

export function copyOf(bytes: Buffer, from = 0): Buffer {
  const copy = Buffer.allocUnsafe(bytes.length - from)
  bytes.copy(copy, 0, from)
  return copy
}
