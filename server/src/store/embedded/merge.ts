import { numberKey, type DataFile } from './databases.ts'
import {
  CHUNK_MOST,
  chunkKey,
  HASH,
  hashKey,
  nameKey,
  POSTING,
  postingsOf,
  putWatermark,
  rangeKey,
  seqAt,
  sortAt,
  writePosting,
  type IndexFile,
} from './index-file.ts'
import type { KeyHash } from './key-hash.ts'
import type { Cursor } from './sorted-blocks.ts'
import { Tail } from './tail.ts'

export interface MergeStep {
  readonly from: number
  readonly upTo: number
  readonly seed: string
}

/** Files the postings of the rows `from..upTo` into the index, in one transaction with the watermark. */
export function mergeRows(files: { data: DataFile; index: IndexFile; hash: KeyHash }, step: MergeStep): void {
  const { data, index, hash } = files
  const tail = new Tail(hash)
  const rows = { start: numberKey(step.from), end: numberKey(step.upTo + 1) }
  for (const { key, value } of data.rows.getRange(rows)) tail.add(key.readUIntBE(0, 6), value)
  index.env.transactionSync(() => {
    for (const [key, list] of inOrder(tail.allPostings())) mergeChunks(index, key, list.cursor('asc'))
    for (const [param, classes] of inOrder(tail.allRanges())) {
      for (const [size, list] of classes) putRanges(index, { param, size }, list.cursor('asc'))
    }
    for (const [param, list] of inOrder(tail.allNames())) putNames(index, param, list.cursor('asc'))
    putWatermark(index, { row: step.upTo, seed: step.seed })
  })
}

/** Writing in key order touches each page of the tree once. */
function inOrder<V>(lists: ReadonlyMap<number, V>): [number, V][] {
  return [...lists].toSorted(([a], [b]) => a - b)
}

interface Posting {
  readonly sort: number
  readonly seq: number
}

function mergeChunks(index: IndexFile, hash: number, postings: Cursor<number>): void {
  let more = postings.next()
  while (more) {
    const chunk = chunkFor(index, hash, postings)
    const merged: Posting[] = []
    let at = 0
    while (more && isBefore(postings, chunk.bound)) {
      for (; at < chunk.bytes.length && isBefore(entryAt(chunk.bytes, at), postings); at += POSTING) {
        merged.push({ sort: sortAt(chunk.bytes, at), seq: seqAt(chunk.bytes, at) })
      }
      merged.push({ sort: postings.key, seq: postings.seq })
      more = postings.next()
    }
    for (; at < chunk.bytes.length; at += POSTING) {
      merged.push({ sort: sortAt(chunk.bytes, at), seq: seqAt(chunk.bytes, at) })
    }
    putChunks(index, { hash, key: chunk.key, isFollowed: chunk.bound !== undefined }, merged)
  }
}

interface Found {
  readonly key: Buffer
  readonly bytes: Buffer
  /** First posting of the chunk behind it. */
  readonly bound: Entry | undefined
}

type Entry = Pick<Cursor<number>, 'key' | 'seq'>

const EMPTY = Buffer.alloc(0)

/** The chunk that the posting belongs into: the last one that starts at or before it, else the first one of the hash. */
function chunkFor({ chunks }: IndexFile, hash: number, { key: sort, seq }: Entry): Found {
  const first = hashKey(hash, 0)
  const only = chunks.getBinary(first)
  if (only === undefined) return { key: first, bytes: EMPTY, bound: undefined }
  if (only.length % POSTING === 0) return { key: first, bytes: only, bound: undefined }
  const [before] = chunks.getRange({ start: chunkKey(hash, sort, seq), reverse: true, limit: 1 })
  const [behind] = chunks.getRange({ start: chunkKey(hash, sort, seq + 1), limit: 1 })
  const bound = behind !== undefined && isOf(behind.key, hash) ? entryAt(behind.key, HASH) : undefined
  return { key: before?.key ?? first, bytes: postingsOf(before?.value ?? only), bound }
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

/** Puts the postings in place of the chunk `key`, which keeps its key: nothing was there below it. */
function putChunks(
  { chunks }: IndexFile,
  place: { hash: number; key: Buffer; isFollowed: boolean },
  postings: readonly Posting[],
): void {
  // A chunk may outgrow its measure by half before it is cut, so that single additions do not leave crumbs.
  const size = postings.length <= CHUNK_MOST * 1.5 ? postings.length : CHUNK_MOST
  const isFollowed = place.key.length === HASH && (place.isFollowed || size < postings.length)
  chunks.putSync(place.key, packed(postings.slice(0, size), isFollowed))
  for (let from = size; from < postings.length; from += size) {
    const part = postings.slice(from, from + size)
    chunks.putSync(chunkKey(place.hash, part[0]?.sort ?? 0, part[0]?.seq ?? 0), packed(part, false))
  }
}

function packed(postings: readonly Posting[], isFollowed: boolean): Buffer {
  const bytes = Buffer.alloc(postings.length * POSTING + (isFollowed ? 1 : 0))
  for (const [i, posting] of postings.entries()) writePosting(bytes, i * POSTING, posting)
  return bytes
}

function putRanges(
  index: IndexFile,
  { param, size }: { param: number; size: number },
  list: Cursor<number>,
): void {
  while (list.next()) {
    const hi = Buffer.allocUnsafe(8)
    hi.writeDoubleBE(list.extra, 0)
    index.ranges.putSync(rangeKey(param, size, { lo: list.key, seq: list.seq }), hi)
  }
}

function putNames(index: IndexFile, param: number, list: Cursor<string>): void {
  while (list.next()) index.names.putSync(nameKey(param, list.key, list.seq), EMPTY)
}
