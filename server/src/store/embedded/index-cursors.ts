import { peek, type Bytes } from './databases.ts'
import { classKey, HASH, hashKey, nameKey, type IndexFile } from './index-file.ts'
import { highAt, INTERVALS, intervalSeqAt, lowAt, writeInterval } from './intervals.hot.ts'
import { addedTo } from './late-changes.ts'
import { endOf, isOf, placeIn, type ListPlace } from './packed-lists.ts'
import { EARLIEST, POSTING, POSTINGS, seqAt, sortAt, writePosting } from './postings.hot.ts'
import type { Cursor, Direction, Place } from './sorted-blocks.ts'
import { OPEN_CLASS, reachOf } from './tail.ts'

interface ListWalk {
  /** Entries of rows above are still told by the tail. */
  readonly upTo: number
  readonly direction: Direction
  /** Upwards the first possible entry, downwards the one that all are below: as the ordered bytes of one. */
  readonly start?: Buffer
}

/** Walks a list chunk by chunk. */
abstract class ListCursor implements Cursor<number> {
  readonly #list: ListPlace
  readonly #walk: ListWalk
  readonly #isUp: boolean
  #isBegun = false
  /** Of the chunk; `undefined` behind the last one. */
  #chunkKey: Buffer | undefined
  #isThere = false
  #hasOneChunk = true
  protected chunk: Buffer = NO_ENTRIES
  protected at = 0

  constructor(list: ListPlace, walk: ListWalk) {
    this.#list = list
    this.#walk = walk
    this.#isUp = walk.direction === 'asc'
    this.#loadFirst()
  }

  /** Whether the list has a chunk. */
  get isThere(): boolean {
    return this.#isThere
  }

  /** Whether the list has one chunk at most: nothing is put aside beside such a list, see `late-changes.ts`. */
  get hasOneChunk(): boolean {
    return this.#hasOneChunk
  }

  abstract get key(): number
  abstract get seq(): number
  abstract get extra(): number

  next(): boolean {
    do {
      if (!this.#step()) return false
    } while (this.seq > this.#walk.upTo)
    return true
  }

  #step(): boolean {
    if (this.#isBegun) {
      this.at += this.#isUp ? this.#list.layout.width : -this.#list.layout.width
      return this.#settle()
    }
    this.#isBegun = true
    return this.#settle()
  }

  /** Most lists have one chunk, which is found without a search. */
  #loadFirst(): void {
    const { database, layout, prefix } = this.#list
    const { start } = this.#walk
    const stored = peek(database, prefix)
    if (stored === undefined) return
    this.#isThere = true
    const { entries, isFollowed } = layout.unpack(stored)
    this.#hasOneChunk = !isFollowed
    this.#enter(prefix, entries)
    if (isFollowed && start !== undefined) {
      // The chunk that could hold the place is the last one that starts at or before it.
      this.#load(Buffer.concat([prefix, start]), { reverse: true })
    } else if (isFollowed && !this.#isUp) this.#load(endOf(this.#list))
    if (start === undefined) return
    const place = placeIn(layout, this.chunk, { bytes: start, at: 0 })
    this.at = (this.#isUp ? place : place - 1) * layout.width
  }

  /** Goes on to the neighbouring chunks when the place is none of this one, which may be empty. */
  #settle(): boolean {
    while (this.#chunkKey !== undefined) {
      if (this.at >= 0 && this.at < this.chunk.length) return true
      if (this.#hasOneChunk || !this.#load(this.#chunkKey, { exclusiveStart: true })) return false
    }
    return false
  }

  #load(start: Buffer, how: { reverse?: boolean; exclusiveStart?: boolean } = {}): boolean {
    const { database, layout, prefix } = this.#list
    const [key] = database.getKeys({ start, reverse: !this.#isUp, limit: 1, ...how })
    const stored = key !== undefined && isOf(key, prefix) ? peek(database, key) : undefined
    if (key === undefined || stored === undefined) {
      this.#chunkKey = undefined
      return false
    }
    this.#enter(key, layout.unpack(stored).entries)
    return true
  }

  #enter(key: Buffer, entries: Buffer): void {
    this.#chunkKey = key
    this.chunk = entries
    this.at = this.#isUp ? 0 : entries.length - this.#list.layout.width
  }
}

const NO_ENTRIES = Buffer.alloc(0)

function withAdded(list: ListPlace, cursorOf: (place: ListPlace) => ListCursor): ListCursor[] {
  const filed = cursorOf(list)
  return filed.hasOneChunk ? [filed] : [filed, cursorOf(addedTo(list))]
}

/**
 * The packed postings of one hash: the list, and what is still to be filed into it.
 *
 * @param others what lies in runs, which is walked alone when there is no list
 */
export function postingCursors(
  { chunks: database }: IndexFile,
  walk: { hash: number; upTo: number; direction: Direction; after?: Place<number> },
  others: readonly Cursor<number>[] = [],
): Cursor<number>[] {
  const { hash, upTo, direction, after } = walk
  const start = after && postingOf({ sort: after.key, seq: direction === 'asc' ? after.seq + 1 : after.seq })
  const list = { database, layout: POSTINGS, prefix: hashKey(hash, 0) }
  const way = { upTo, direction, ...(start && { start }) }
  const filed = withAdded(list, (place) => new PostingCursor(place, way))
  return others.length > 0 && filed[0]?.isThere === false ? [...others] : [...filed, ...others]
}

class PostingCursor extends ListCursor {
  readonly extra = 0

  get key(): number {
    return sortAt(this.chunk, this.at)
  }

  get seq(): number {
    return seqAt(this.chunk, this.at)
  }
}

function postingOf(place: { sort: number; seq: number }): Buffer {
  const bytes = Buffer.allocUnsafe(POSTING)
  writePosting(bytes, 0, place)
  return bytes
}

class IntervalCursor extends ListCursor {
  get key(): number {
    return lowAt(this.chunk, this.at)
  }

  get seq(): number {
    return intervalSeqAt(this.chunk, this.at)
  }

  get extra(): number {
    return highAt(this.chunk, this.at)
  }
}

/** For each length class, the list and what is still to be filed into it; each from the first interval that could reach `lo`. */
export function rangeCursors(
  index: IndexFile,
  walk: { hash: number; upTo: number; lo: number; after?: Place<number> },
): Cursor<number>[] {
  const { after, hash, upTo } = walk
  return classesOf(index, hash).flatMap((size) => {
    const reach = walk.lo - reachOf(size)
    const { key, seq } = after !== undefined && after.key > reach ? after : { key: reach, seq: -1 }
    const start = Buffer.allocUnsafe(INTERVALS.width)
    writeInterval(start, 0, { lo: key, seq: seq + 1, hi: 0 })
    const list = { database: index.ranges, layout: INTERVALS, prefix: classKey(hash, size) }
    const way = { upTo, direction: 'asc', start: start.subarray(0, INTERVALS.ordered) } as const
    return withAdded(list, (place) => new IntervalCursor(place, way))
  })
}

function classesOf({ ranges }: IndexFile, hash: number): number[] {
  const classes: number[] = []
  const any = hashKey(hash, 0)
  let start = classKey(hash, 0)
  for (;;) {
    const [key] = ranges.getKeys({ start, limit: 1 })
    if (key === undefined || !isOf(key, any)) return classes
    const size = key[HASH] ?? OPEN_CLASS
    classes.push(size)
    start = classKey(hash, size + 1)
  }
}

interface NameEntry {
  readonly text: string
  readonly seq: number
}

/** Most walks end soon; those that go on read more at a time. */
const FIRST_BATCH = 8
const BATCH = 64

/** Walks the rows of the texts that begin with a prefix upwards, in the order of the texts' bytes, some at a time. */
export class NameCursor implements Cursor<string> {
  readonly extra = 0
  readonly #names: Bytes
  readonly #upTo: number
  readonly #end: Buffer
  /** Where the next batch starts; `undefined` behind the last. */
  #start: Buffer | undefined
  #entries: readonly NameEntry[] = []
  #index = -1
  #size = FIRST_BATCH

  constructor(
    { names }: IndexFile,
    { hash, upTo, prefix, after }: { hash: number; upTo: number; prefix: string; after: Place<string> },
  ) {
    this.#names = names
    this.#upTo = upTo
    // Half a character has no bytes of its own to stop at.
    const start = nameKey(hash, prefix.isWellFormed() ? prefix : '').subarray(0, -1)
    this.#end = Buffer.concat([start, LAST])
    if (after.seq < 0 && after.key === prefix) this.#start = start
    else if (after.seq < 0) this.#start = nameKey(hash, after.key).subarray(0, -1)
    else this.#begin(nameKey(hash, after.key), after)
  }

  get key(): string {
    return this.#entry().text
  }

  get seq(): number {
    return this.#entry().seq
  }

  next(): boolean {
    for (;;) {
      this.#index++
      while (this.#index >= this.#entries.length) if (!this.#load()) return false
      if (this.#entry().seq <= this.#upTo) return true
    }
  }

  /** In the chunk that could hold the place, behind it. */
  #begin(list: Buffer, after: Place<string>): void {
    const place = Buffer.concat([list, postingOf({ sort: EARLIEST, seq: after.seq + 1 })])
    const [holding] = this.#names.getKeys({ start: place, reverse: true, limit: 1 })
    this.#start = holding !== undefined && isOf(holding, list) ? holding : place
    const isBegun = this.#load()
    if (!isBegun) return
    const first = this.#entries.findIndex(({ text, seq }) => text !== after.key || seq > after.seq)
    this.#index = (first < 0 ? this.#entries.length : first) - 1
  }

  #load(): boolean {
    if (this.#start === undefined) return false
    const entries: NameEntry[] = []
    let last: Buffer | undefined
    let isCut = false
    // Values are read one by one: a range with values costs twice as much.
    for (const key of this.#names.getKeys({ start: this.#start, end: this.#end })) {
      last = key
      const text = key.toString('utf8', HASH, key.indexOf(0, HASH))
      const { entries: rows } = POSTINGS.unpack(peek(this.#names, key) ?? NO_ENTRIES)
      for (let at = 0; at < rows.length; at += POSTING) entries.push({ text, seq: seqAt(rows, at) })
      isCut = entries.length >= this.#size
      if (isCut) break
    }
    // The next possible key is the last one with a zero byte behind it.
    this.#start = isCut && last !== undefined ? Buffer.concat([last, ZERO]) : undefined
    this.#size = BATCH
    this.#entries = entries
    this.#index = 0
    return last !== undefined
  }

  #entry(): NameEntry {
    const entry = this.#entries[this.#index]
    if (entry === undefined) throw new Error('a cursor was read before next() or behind its end')
    return entry
  }
}

const ZERO = Buffer.alloc(1)
const LAST = Buffer.alloc(1, 0xff)
