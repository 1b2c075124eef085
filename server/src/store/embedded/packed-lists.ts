import { peek, type Bytes } from './databases.ts'

/** How the entries of a list look in memory, and how a chunk of them is packed. */
export interface Layout {
  /** Bytes of an entry. */
  readonly width: number
  /** How many of them, in front, tell entries apart and compare as the entries do. */
  readonly ordered: number
  /** About how many entries a chunk holds. */
  readonly most: number
  readonly pack: (chunk: Chunk) => Buffer
  /** @param packed may be lmdb's shared read buffer. */
  readonly unpack: (packed: Buffer) => Chunk
}

export interface Chunk {
  /** Ascending, each `width` bytes. */
  readonly entries: Buffer
  /** Of the first chunk of a list: whether others follow it. */
  readonly isFollowed: boolean
}

/**
 * A list of one database: it lies in chunks, the first under the list's prefix alone (most lists have no other, so that one look-up finds all),
 * the others under the prefix and an entry that none of theirs is before.
 */
export interface ListPlace {
  readonly database: Bytes
  readonly layout: Layout
  readonly prefix: Buffer
}

/** What is to change in a list, ascending; of one entry what is dropped comes first. */
export class Changes {
  readonly #layout: Layout
  #bytes: Buffer
  #dropped: boolean[] = []
  /** Whether entries of two sources have come. */
  #isMixed = false

  constructor(layout: Layout) {
    this.#layout = layout
    this.#bytes = Buffer.allocUnsafe(layout.width * 2)
  }

  get count(): number {
    return this.#dropped.length
  }

  get bytes(): Buffer {
    return this.#bytes
  }

  isDropped(index: number): boolean {
    return this.#dropped[index] === true
  }

  /** @returns where the bytes of one more change are to be written. All that is dropped is to come first; both ascending. */
  place(isDropped: boolean): number {
    const at = this.count * this.#layout.width
    if (at === this.#bytes.length) {
      const grown = Buffer.allocUnsafe(at * 2)
      this.#bytes.copy(grown)
      this.#bytes = grown
    }
    if (!isDropped && this.#dropped.at(-1) === true) this.#isMixed = true
    this.#dropped.push(isDropped)
    return at
  }

  /** @param at where the entry stands in the bytes */
  copy(isDropped: boolean, bytes: Buffer, at: number): void {
    const place = this.place(isDropped)
    bytes.copy(this.#bytes, place, at, at + this.#layout.width)
  }

  /** Two runs become one. */
  sorted(): this {
    if (!this.#isMixed) return this
    const { width, ordered } = this.#layout
    const bytes = this.#bytes
    const merged = new Changes(this.#layout)
    const droppedCount = this.#dropped.indexOf(false)
    let dropped = 0
    let added = droppedCount
    while (dropped < droppedCount || added < this.count) {
      const isNext =
        added === this.count ||
        (dropped < droppedCount &&
          compareEntries(ordered, { bytes, at: dropped * width }, { bytes, at: added * width }) <= 0)
      const next = isNext ? dropped++ : added++
      merged.copy(this.isDropped(next), bytes, next * width)
    }
    this.#bytes = merged.#bytes
    this.#dropped = merged.#dropped
    this.#isMixed = false
    return this
  }

  /** @param from index of a change, of one that is sorted; `upTo` of the one behind the last */
  slice(from: number, upTo: number): Changes {
    const part = new Changes(this.#layout)
    part.#bytes = this.#bytes.subarray(from * this.#layout.width, upTo * this.#layout.width)
    part.#dropped = this.#dropped.slice(from, upTo)
    return part
  }
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
  const { database, layout, prefix } = list
  const { bytes, count } = changes.sorted()
  if (count === 0) return
  const first = firstChunk(list)
  if (first?.isFollowed !== true) {
    const { entries, isFollowed } = first ?? { entries: NO_ENTRIES, isFollowed: false }
    const whole = applied(layout, entries, { changes, from: 0, upTo: count })
    return putChunks(list, { key: prefix, isFollowed }, whole)
  }
  const keys = keysFor(list, { bytes, upTo: count * layout.width })
  let from = 0
  for (const [at, key] of keys.entries()) {
    const bound = keys[at + 1]
    const upTo = bound === undefined ? count : endBefore(list, changes, { from, bound })
    if (upTo === from) continue
    const stored = peek(database, key)
    const chunk = stored === undefined ? NO_CHUNK : layout.unpack(stored)
    putChunks(
      list,
      { key, isFollowed: chunk.isFollowed },
      applied(layout, chunk.entries, { changes, from, upTo }),
    )
    from = upTo
  }
}

/** The chunk under the prefix; most lists have no other. */
export function firstChunk({ database, layout, prefix }: ListPlace): Chunk | undefined {
  const stored = peek(database, prefix)
  return stored && layout.unpack(stored)
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

/** The entries with the changes. */
function applied(
  layout: Layout,
  entries: Buffer,
  { changes, from, upTo }: { changes: Changes; from: number; upTo: number },
): Buffer {
  const { width, ordered } = layout
  const { bytes } = changes
  const isSame = (place: EntryPlace, at: number) => compareEntries(ordered, place, { bytes, at }) === 0
  const result = Buffer.allocUnsafe(entries.length + (upTo - from) * width)
  let length = 0
  let next = 0
  for (let change = from; change < upTo; change++) {
    const at = change * width
    const place = placeIn(layout, entries, { bytes, at, from: next })
    length += entries.copy(result, length, next * width, place * width)
    const isThere = place * width < entries.length && isSame({ bytes: entries, at: place * width }, at)
    next = isThere ? place + 1 : place
    if (changes.isDropped(change)) continue
    if (length > 0 && isSame({ bytes: result, at: length - width }, at)) continue
    length += bytes.copy(result, length, at, at + width)
  }
  length += entries.copy(result, length, next * width)
  return result.subarray(0, length)
}

const NO_ENTRIES = Buffer.alloc(0)
const NO_CHUNK: Chunk = { entries: NO_ENTRIES, isFollowed: false }

/** What no chunk of the list is behind. */
export function endOf({ prefix, layout: { ordered } }: ListPlace): Buffer {
  return Buffer.concat([prefix, Buffer.alloc(ordered, 0xff)])
}

export function isOf(key: Buffer, prefix: Buffer): boolean {
  return key.length >= prefix.length && key.compare(prefix, 0, prefix.length, 0, prefix.length) === 0
}

/** Puts the entries in place of the chunk, which keeps its key: what was its first entry may be gone. */
function putChunks(
  { database, layout, prefix }: ListPlace,
  place: { readonly key: Buffer; readonly isFollowed: boolean },
  entries: Buffer,
): void {
  const isFirst = place.key.length === prefix.length
  if (entries.length === 0 && !(isFirst && place.isFollowed)) {
    database.removeSync(place.key)
    return
  }
  const most = layout.most * layout.width
  // A chunk may outgrow its measure by half before it is cut, so that single additions do not leave crumbs.
  const size = entries.length <= most * 1.5 ? entries.length : most
  const isFollowed = isFirst && (place.isFollowed || size < entries.length)
  database.putSync(place.key, layout.pack({ entries: entries.subarray(0, size), isFollowed }))
  for (let from = size; from < entries.length; from += size) {
    const part = entries.subarray(from, from + size)
    const key = Buffer.concat([prefix, part.subarray(0, layout.ordered)])
    database.putSync(key, layout.pack({ entries: part, isFollowed: false }))
  }
}
