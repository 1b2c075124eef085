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

  /** @param write puts the entry into the bytes. All that is dropped is to come first; both ascending. */
  add(isDropped: boolean, write: (bytes: Buffer, at: number) => void): void {
    const at = this.count * this.#layout.width
    if (at === this.#bytes.length) {
      const grown = Buffer.allocUnsafe(at * 2)
      this.#bytes.copy(grown)
      this.#bytes = grown
    }
    write(this.#bytes, at)
    if (this.#dropped.at(-1) === true && !isDropped) this.#isMixed = true
    this.#dropped.push(isDropped)
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
      merged.#copy(this, isNext ? dropped++ : added++)
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

  #copy(from: Changes, index: number): void {
    const { width } = this.#layout
    this.add(from.isDropped(index), (bytes, at) => {
      from.bytes.copy(bytes, at, index * width, (index + 1) * width)
    })
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
  const { layout } = list
  const { bytes, count } = changes.sorted()
  let from = 0
  while (from < count) {
    const chunk = chunkFor(list, bytes, from * layout.width)
    const upTo = chunk.bound === undefined ? count : endBefore(list, changes, { from, bound: chunk.bound })
    putChunks(list, chunk, applied(layout, chunk.entries, { changes, from, upTo }))
    from = upTo
  }
}

/** Index of the first change behind `from` that belongs into the chunk behind. */
function endBefore(
  { layout: { width, ordered }, prefix }: ListPlace,
  { bytes, count }: Changes,
  { from, bound }: { from: number; bound: Buffer },
): number {
  const end = { bytes: bound, at: prefix.length }
  let upTo = from + 1
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

interface Found extends Chunk {
  readonly key: Buffer
  /** Key of the chunk behind it. */
  readonly bound: Buffer | undefined
}

const NO_ENTRIES = Buffer.alloc(0)

/** The chunk that the entry belongs into: the last one that starts at or before it, else the first one of the list. */
function chunkFor({ database, layout, prefix }: ListPlace, bytes: Buffer, at: number): Found {
  const stored = peek(database, prefix)
  if (stored === undefined) return { key: prefix, entries: NO_ENTRIES, isFollowed: false, bound: undefined }
  const first = layout.unpack(stored)
  if (!first.isFollowed) return { key: prefix, ...first, bound: undefined }
  const place = Buffer.concat([prefix, bytes.subarray(at, at + layout.ordered)])
  const [before] = database.getRange({ start: place, reverse: true, limit: 1 })
  const [one, other] = database.getKeys({ start: place, limit: 2 })
  const behind = one?.compare(place) === 0 ? other : one
  const bound = behind !== undefined && isOf(behind, prefix) ? behind : undefined
  if (before === undefined || before.key.length === prefix.length) return { key: prefix, ...first, bound }
  return { key: before.key, ...layout.unpack(before.value), bound }
}

/** What no chunk of the list is behind. */
export function endOf({ prefix, layout: { ordered } }: ListPlace): Buffer {
  return Buffer.concat([prefix, Buffer.alloc(ordered, 0xff)])
}

export function isOf(key: Buffer, prefix: Buffer): boolean {
  return key.length >= prefix.length && key.compare(prefix, 0, prefix.length, 0, prefix.length) === 0
}

/** Puts the entries in place of the chunk, which keeps its key: what was its first entry may be gone. */
function putChunks({ database, layout, prefix }: ListPlace, place: Found, entries: Buffer): void {
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
