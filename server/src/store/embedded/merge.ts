import { numberKey, type DataFile } from './databases.ts'
import {
  CHUNK_MOST,
  chunkKey,
  HASH,
  hashKey,
  INDEX_FORMAT,
  nameKey,
  putWatermark,
  rangeKey,
  type IndexFile,
} from './index-file.ts'
import type { KeyHash } from './key-hash.ts'
import { packChunk, POSTING, seqAt, sortAt, unpackChunk, writePosting, type Chunk } from './postings.hot.ts'
import { rowPrevious } from './row.ts'
import type { Cursor } from './sorted-blocks.ts'
import { Tail } from './tail.ts'

export interface MergeStep {
  readonly from: number
  readonly upTo: number
  /** Entries of `rekeyed` up to this number are filed, too. */
  readonly rekeyed: number
  readonly seed: string
}

interface Files {
  readonly data: DataFile
  readonly index: IndexFile
  readonly hash: KeyHash
}

/**
 * Files the postings of the rows `from..upTo` into the index and takes out those of the rows that they replaced, in one transaction with the
 * watermark. Doing it again changes nothing.
 */
export function mergeRows(files: Files, step: MergeStep): void {
  const { index } = files
  const { added, dropped } = changesOf(files, step)
  index.env.transactionSync(() => {
    for (const [hash, changes] of inOrder(chunkChanges(added, dropped))) mergeChunks(index, hash, changes)
    eachRange(dropped, (key) => index.ranges.removeSync(key))
    eachRange(added, (key, hi) => index.ranges.putSync(key, doubleOf(hi)))
    eachName(dropped, (key) => index.names.removeSync(key))
    eachName(added, (key) => index.names.putSync(key, EMPTY))
    putWatermark(index, { format: INDEX_FORMAT, row: step.upTo, seed: step.seed })
  })
}

/** What is added counts more than what is dropped. */
function changesOf({ data, hash }: Files, step: MergeStep): { added: Tail; dropped: Tail } {
  const added = new Tail(hash)
  const dropped = new Tail(hash)
  const replaced = new Set<number>()
  const rows = { start: numberKey(step.from), end: numberKey(step.upTo + 1) }
  for (const { key, value } of data.rows.getRange(rows)) {
    added.addVersion(key.readUIntBE(0, 6), value)
    replaced.add(rowPrevious(value))
  }
  for (const { key, value } of data.rows.getRange(rows)) {
    const seq = key.readUIntBE(0, 6)
    if (!replaced.has(seq)) added.addKeys(seq, value)
  }
  for (const seq of replaced) if (seq > 0 && seq < step.from) addRow(data, dropped, seq)
  for (const { value } of data.rekeyed.getRange({ end: numberKey(step.rekeyed + 1) })) {
    const seq = value.readUIntBE(0, 6)
    dropped.addKeys(seq, value.subarray(6))
    if (data.superseded.getBinary(numberKey(seq)) === undefined) addRow(data, added, seq)
  }
  return { added, dropped }
}

function addRow(data: DataFile, tail: Tail, seq: number): void {
  const row = data.rows.getBinary(numberKey(seq))
  if (row !== undefined) tail.addKeys(seq, row)
}

/** Writing in key order touches each page of the tree once. */
function inOrder<V>(lists: ReadonlyMap<number, V>): [number, V][] {
  return [...lists].toSorted(([a], [b]) => a - b)
}

interface Change {
  readonly key: number
  readonly seq: number
  readonly isDropped: boolean
}

/** By hash, in the order of the postings; of one posting what is dropped comes first. */
function chunkChanges(added: Tail, dropped: Tail): Map<number, Change[]> {
  const changes = new Map<number, Change[]>()
  for (const [tail, isDropped] of [
    [dropped, true],
    [added, false],
  ] as const) {
    for (const [hash, list] of tail.allPostings()) {
      const all = changes.get(hash) ?? []
      changes.set(hash, all)
      const cursor = list.cursor('asc')
      while (cursor.next()) all.push({ key: cursor.key, seq: cursor.seq, isDropped })
    }
  }
  for (const hash of dropped.allPostings().keys())
    changes.get(hash)?.sort((a, b) => a.key - b.key || a.seq - b.seq)
  return changes
}

function mergeChunks(index: IndexFile, hash: number, changes: readonly Change[]): void {
  let from = 0
  for (let first = changes[0]; first !== undefined; first = changes[from]) {
    const chunk = chunkFor(index, hash, first)
    let upTo = from + 1
    for (let next = changes[upTo]; next && isBefore(next, chunk.bound); next = changes[upTo]) upTo++
    putChunks(index, { ...chunk, hash }, applied(chunk.postings, changes.slice(from, upTo)))
    from = upTo
  }
}

/** The postings with the changes. */
function applied(postings: Buffer, changes: readonly Change[]): Buffer {
  const result = Buffer.allocUnsafe(postings.length + changes.length * POSTING)
  let length = 0
  let at = 0
  for (const change of changes) {
    const place = placeIn(postings, at, change)
    length += postings.copy(result, length, at, place)
    const isThere = place < postings.length && !isBefore(change, entryAt(postings, place))
    at = isThere ? place + POSTING : place
    if (change.isDropped) continue
    const last = length - POSTING
    if (last >= 0 && sortAt(result, last) === change.key && seqAt(result, last) === change.seq) continue
    writePosting(result, length, { sort: change.key, seq: change.seq })
    length += POSTING
  }
  length += postings.copy(result, length, at)
  return result.subarray(0, length)
}

/** Where the first posting stands that is not before the change, from `at` on. */
function placeIn(postings: Buffer, at: number, change: Entry): number {
  let low = at / POSTING
  let high = postings.length / POSTING
  while (low < high) {
    const middle = (low + high) >> 1
    if (isBefore(entryAt(postings, middle * POSTING), change)) low = middle + 1
    else high = middle
  }
  return low * POSTING
}

interface Found extends Chunk {
  readonly key: Buffer
  /** First posting of the chunk behind it. */
  readonly bound: Entry | undefined
}

type Entry = Pick<Cursor<number>, 'key' | 'seq'>

const EMPTY = Buffer.alloc(0)

/** The chunk that the posting belongs into: the last one that starts at or before it, else the first one of the hash. */
function chunkFor({ chunks }: IndexFile, hash: number, { key: sort, seq }: Entry): Found {
  const key = hashKey(hash, 0)
  const stored = chunks.getBinary(key)
  if (stored === undefined) return { key, postings: EMPTY, isFollowed: false, bound: undefined }
  const first = unpackChunk(stored)
  if (!first.isFollowed) return { key, ...first, bound: undefined }
  const [before] = chunks.getRange({ start: chunkKey(hash, sort, seq), reverse: true, limit: 1 })
  const [behind] = chunks.getRange({ start: chunkKey(hash, sort, seq + 1), limit: 1 })
  const bound = behind !== undefined && isOf(behind.key, hash) ? entryAt(behind.key, HASH) : undefined
  if (before === undefined || before.key.length === HASH) return { key, ...first, bound }
  return { key: before.key, ...unpackChunk(before.value), bound }
}

function isOf(key: Buffer, hash: number): boolean {
  return key.compare(hashKey(hash, 0), 0, HASH, 0, HASH) === 0
}

function entryAt(bytes: Buffer, at: number): Entry {
  return { key: sortAt(bytes, at), seq: seqAt(bytes, at) }
}

function isBefore(a: Entry, b: Entry | undefined): boolean {
  return b === undefined || a.key < b.key || (a.key === b.key && a.seq < b.seq)
}

/** Puts the postings in place of the chunk `key`, which keeps its key: what was its first posting may be gone. */
function putChunks(
  { chunks }: IndexFile,
  place: { hash: number; key: Buffer; isFollowed: boolean },
  postings: Buffer,
): void {
  const isFirst = place.key.length === HASH
  if (postings.length === 0 && !(isFirst && place.isFollowed)) {
    chunks.removeSync(place.key)
    return
  }
  // A chunk may outgrow its measure by half before it is cut, so that single additions do not leave crumbs.
  const size = postings.length <= CHUNK_MOST * POSTING * 1.5 ? postings.length : CHUNK_MOST * POSTING
  const isFollowed = isFirst && (place.isFollowed || size < postings.length)
  chunks.putSync(place.key, packChunk({ postings: postings.subarray(0, size), isFollowed }))
  for (let from = size; from < postings.length; from += size) {
    const part = postings.subarray(from, from + size)
    const key = chunkKey(place.hash, sortAt(part, 0), seqAt(part, 0))
    chunks.putSync(key, packChunk({ postings: part, isFollowed: false }))
  }
}

function eachRange(tail: Tail, visit: (key: Buffer, hi: number) => void): void {
  for (const [param, classes] of inOrder(tail.allRanges())) {
    for (const [size, list] of classes) {
      const cursor = list.cursor('asc')
      while (cursor.next()) visit(rangeKey(param, size, { lo: cursor.key, seq: cursor.seq }), cursor.extra)
    }
  }
}

function doubleOf(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(8)
  bytes.writeDoubleBE(number, 0)
  return bytes
}

function eachName(tail: Tail, visit: (key: Buffer) => void): void {
  for (const [param, list] of inOrder(tail.allNames())) {
    const cursor = list.cursor('asc')
    while (cursor.next()) visit(nameKey(param, cursor.key, cursor.seq))
  }
}
