import { putBytes } from '../../kernel/short-bytes.ts'
import type { Changes, ChunkChange, Piece } from './changes.ts'
import { peek, type Bytes } from './databases.ts'
import { Scratch, type Chunk, type Layout } from './list-layout.ts'

/** @param first how the chunk under the prefix of a list is stored */
export const isFollowed = (first: Buffer | undefined): boolean => ((first?.[0] ?? 0) & 1) === 1

/**
 * A list of one database: it lies in chunks, the first under the list's prefix alone (most lists have no other, so that one look-up finds all),
 * the others under the prefix and an entry that none of theirs is before.
 */
export interface ListPlace {
  readonly database: Bytes
  readonly layout: Layout
  readonly prefix: Buffer
}

/** Where an entry stands, or its ordered bytes alone. */
interface EntryPlace {
  readonly bytes: Buffer
  readonly at: number
}

/** Less than 0 when the first entry comes before the second. */
function compareEntries(ordered: number, a: EntryPlace, b: EntryPlace): number {
  for (let i = 0; i < ordered; i++) {
    const difference = (a.bytes[a.at + i] ?? 0) - (b.bytes[b.at + i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Index of the first entry that is not before the place, from entry `from` on. */
export function placeIn(
  { width, ordered }: Layout,
  entries: Buffer,
  place: EntryPlace & { from?: number },
): number {
  let low = place.from ?? 0
  let high = entries.length / width
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareEntries(ordered, { bytes: entries, at: middle * width }, place) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** Doing it again changes nothing. */
export function applyChanges(list: ListPlace, changes: Changes): void {
  const { count } = changes
  if (count === 0) return
  const stored = firstChunk(list)
  if (isFollowed(stored)) applyToChunks(list, changes)
  else changeOnly(list, changes, stored)
}

/**
 * The chunk under the prefix as it is stored; most lists have no other. To be asked for once: finding it among all lists is much of what a change costs.
 *
 * @returns lmdb's own read buffer
 */
export function firstChunk({ database, prefix }: ListPlace): Buffer | undefined {
  return peek(database, prefix)
}

/** Changes a list that has one chunk or none. */
export function changeOnly(list: ListPlace, changes: Changes, stored: Buffer | undefined): void {
  changeChunk(list, { key: list.prefix, stored }, { changes, from: 0, upTo: changes.count })
}

/** Changes that belong into one chunk, that of the key. */
export function changeAt(list: ListPlace, key: Buffer, part: Part): void {
  changeChunk(list, { key, stored: peek(list.database, key) }, part)
}

function applyToChunks(list: ListPlace, changes: Changes): void {
  const { layout } = list
  const { bytes, count } = changes
  const keys = keysFor(list, { bytes, upTo: count * layout.width })
  let from = 0
  for (const [at, key] of keys.entries()) {
    const bound = keys[at + 1]
    const upTo = bound === undefined ? count : endBefore(list, changes, { from, bound })
    if (upTo > from) changeAt(list, key, { changes, from, upTo })
    from = upTo
  }
}

/** Keys of the chunks from that of the first change to that of the last. */
function keysFor(
  { database, layout, prefix }: ListPlace,
  { bytes, upTo }: { bytes: Buffer; upTo: number },
): Buffer[] {
  const place = (at: number) => Buffer.concat([prefix, bytes.subarray(at, at + layout.ordered)])
  const [start = prefix] = database.getKeys({ start: place(0), reverse: true, limit: 1 })
  const end = place(Math.max(upTo - layout.width, 0))
  return Array.from(database.getKeys({ start, end, inclusiveEnd: true }), (key) => Buffer.from(key))
}

/** Index of the first change from `from` on that belongs into the chunk behind. */
function endBefore(
  { layout: { width, ordered }, prefix }: ListPlace,
  { bytes, count }: Changes,
  { from, bound }: { from: number; bound: Buffer },
): number {
  const end = { bytes: bound, at: prefix.length }
  let upTo = from
  while (upTo < count && compareEntries(ordered, { bytes, at: upTo * width }, end) < 0) upTo++
  return upTo
}

interface Part {
  readonly changes: Changes
  readonly from: number
  readonly upTo: number
}

interface StoredChunk {
  readonly key: Buffer
  /** May be lmdb's own read buffer. */
  readonly stored: Buffer | undefined
}

/** The chunk keeps its key: what was its first entry may be gone. */
function changeChunk(
  { database, layout, prefix }: ListPlace,
  { key, stored }: StoredChunk,
  part: Part,
): void {
  const { changes, from, upTo } = part
  const change = { from, upTo, isFirst: key.length === prefix.length, stored }
  let pieces = changes.madeOf(change)
  if (pieces === undefined) {
    pieces = piecesOf(layout, change, changes)
    changes.remember(change, pieces)
  }
  if (pieces.length === 0) database.removeSync(key)
  for (const [at, { first, packed }] of pieces.entries())
    database.putSync(at === 0 ? key : Buffer.concat([prefix, first]), packed)
}

/** What the changes make of a chunk; nothing when all is gone. */
function piecesOf(layout: Layout, change: ChunkChange, changes: Changes): readonly Piece[] {
  const { stored, isFirst } = change
  const chunk = stored === undefined ? NO_CHUNK : layout.unpack(stored)
  const entries = applied(layout, chunk.entries, { changes, ...change })
  if (entries.length === 0 && !chunk.isFollowed) return []
  const most = layout.most * layout.width
  // A chunk may outgrow its measure by half before it is cut, so that single additions do not leave crumbs.
  const size = entries.length <= most * 1.5 ? entries.length : most
  const pieces: Piece[] = []
  let from = 0
  do {
    const part = entries.subarray(from, from + size)
    const isBefore = isFirst && from === 0 && (chunk.isFollowed || size < entries.length)
    const packed = layout.pack({ entries: part, isFollowed: isBefore })
    pieces.push({ first: Buffer.from(part.subarray(0, layout.ordered)), packed })
    from += size
  } while (from < entries.length)
  return pieces
}

/** The entries with the changes, until the next call. */
function applied(layout: Layout, entries: Buffer, { changes, from, upTo }: Part): Buffer {
  const { width, ordered } = layout
  const { bytes } = changes
  const isSame = (place: EntryPlace, at: number) => compareEntries(ordered, place, { bytes, at }) === 0
  const result = APPLIED.of(entries.length + (upTo - from) * width)
  let length = 0
  let next = 0
  for (let change = from; change < upTo; change++) {
    const at = change * width
    const place = placeIn(layout, entries, { bytes, at, from: next })
    length = putSome(result, length, { bytes: entries, from: next * width, to: place * width })
    const isThere = place * width < entries.length && isSame({ bytes: entries, at: place * width }, at)
    next = isThere ? place + 1 : place
    if (changes.isDropped(change)) continue
    if (length > 0 && isSame({ bytes: result, at: length - width }, at)) continue
    length = putBytes(result, length, { bytes, from: at, to: at + width })
  }
  length = putSome(result, length, { bytes: entries, from: next * width, to: entries.length })
  return result.subarray(0, length)
}

const APPLIED = new Scratch()

/** Some entries, or none. */
function putSome(target: Buffer, at: number, part: { bytes: Buffer; from: number; to: number }): number {
  const { bytes, from, to } = part
  return to - from > FEW_BYTES ? at + bytes.copy(target, at, from, to) : putBytes(target, at, part)
}

const FEW_BYTES = 128

const NO_ENTRIES = Buffer.alloc(0)
const NO_CHUNK: Chunk = { entries: NO_ENTRIES, isFollowed: false }

/** What no chunk of the list is behind. */
export function endOf({ prefix, layout: { ordered } }: ListPlace): Buffer {
  return Buffer.concat([prefix, Buffer.alloc(ordered, 0xff)])
}

export function isOf(key: Buffer, prefix: Buffer): boolean {
  return key.length >= prefix.length && key.compare(prefix, 0, prefix.length, 0, prefix.length) === 0
}
