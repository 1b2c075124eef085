import type { Bytes } from './databases.ts'
import { chunkKey, HASH, hashKey, nameKey, rangeKey, readOrdered, type IndexFile } from './index-file.ts'
import { POSTING, seqAt, sortAt, unpackChunk } from './postings.hot.ts'
import type { Cursor, Direction, Place } from './sorted-blocks.ts'
import { OPEN_CLASS, reachOf } from './tail.ts'

/** Walks the packed postings of one hash, chunk by chunk. Postings of rows above `upTo` are still told by the tail. */
export class ChunkCursor implements Cursor<number> {
  readonly extra = 0
  readonly #chunks: Bytes
  readonly #hash: number
  readonly #upTo: number
  readonly #isUp: boolean
  #chunk: Buffer = Buffer.alloc(0)
  /** Of the chunk; `undefined` behind the last one. */
  #chunkKey: Buffer | undefined
  #at = 0
  /** Set until the first `next()`. */
  #start: { after: Place<number> | undefined } | undefined

  constructor(
    chunks: Bytes,
    walk: { hash: number; upTo: number; direction: Direction; after?: Place<number> },
  ) {
    this.#chunks = chunks
    this.#hash = walk.hash
    this.#upTo = walk.upTo
    this.#isUp = walk.direction === 'asc'
    this.#start = { after: walk.after }
  }

  get key(): number {
    return sortAt(this.#chunk, this.#at)
  }

  get seq(): number {
    return seqAt(this.#chunk, this.#at)
  }

  next(): boolean {
    do {
      if (!this.#step()) return false
    } while (this.seq > this.#upTo)
    return true
  }

  #step(): boolean {
    if (this.#start !== undefined) {
      const { after } = this.#start
      this.#start = undefined
      return this.#begin(after)
    }
    this.#at += this.#isUp ? POSTING : -POSTING
    return this.#settle()
  }

  #begin(after: Place<number> | undefined): boolean {
    const first = hashKey(this.#hash, 0)
    const edge = this.#isUp ? first : behind(this.#hash)
    if (after === undefined) return this.#load(edge) && this.#settle()
    // The chunk that could hold the place is the last one that starts at or before it.
    if (!this.#load(chunkKey(this.#hash, after.key, after.seq), { reverse: true })) {
      return this.#isUp && this.#load(first) && this.#settle()
    }
    const count = this.#countUpTo(after)
    if (this.#isUp) this.#at = count * POSTING
    else this.#at = (this.#holds(count - 1, after) ? count - 2 : count - 1) * POSTING
    return this.#settle()
  }

  /** Goes on to the neighbouring chunks when the place is none of this one, which may be empty. */
  #settle(): boolean {
    while (this.#chunkKey !== undefined) {
      if (this.#at >= 0 && this.#at < this.#chunk.length) return true
      this.#load(this.#chunkKey, { exclusiveStart: true })
    }
    return false
  }

  #load(start: Buffer, how: { reverse?: boolean; exclusiveStart?: boolean } = {}): boolean {
    for (const { key, value } of this.#chunks.getRange({ start, reverse: !this.#isUp, limit: 1, ...how })) {
      if (!startsWithHash(key, this.#hash)) break
      this.#chunk = unpackChunk(value).postings
      this.#chunkKey = Buffer.from(key)
      this.#at = this.#isUp ? 0 : this.#chunk.length - POSTING
      return true
    }
    this.#chunk = Buffer.alloc(0)
    this.#chunkKey = undefined
    return false
  }

  /** How many postings of the chunk stand at or before the place. */
  #countUpTo({ key, seq }: Place<number>): number {
    let low = 0
    let high = this.#chunk.length / POSTING
    while (low < high) {
      const middle = (low + high) >> 1
      const sort = sortAt(this.#chunk, middle * POSTING)
      if (sort < key || (sort === key && seqAt(this.#chunk, middle * POSTING) <= seq)) low = middle + 1
      else high = middle
    }
    return low
  }

  #holds(index: number, { key, seq }: Place<number>): boolean {
    const at = index * POSTING
    return index >= 0 && sortAt(this.#chunk, at) === key && seqAt(this.#chunk, at) === seq
  }
}

function behind(hash: number): Buffer {
  return hashKey(hash, POSTING).fill(0xff, HASH)
}

function startsWithHash(key: Buffer, hash: number): boolean {
  return key.compare(hashKey(hash, 0), 0, HASH, 0, HASH) === 0
}

interface Entry<K> {
  readonly key: K
  readonly seq: number
  readonly extra: number
}

/** Most walks end soon; those that go on read more at a time. */
const FIRST_BATCH = 8
const BATCH = 64

interface Batch<K> {
  readonly entries: readonly Entry<K>[]
  /** Where the next one starts; `undefined` behind the last. */
  readonly next: Buffer | undefined
}

/** Walks entries of one key each upwards, some at a time. */
class EntryCursor<K> implements Cursor<K> {
  readonly #read: (start: Buffer, size: number) => Batch<K>
  readonly #upTo: number
  #start: Buffer | undefined
  #entries: readonly Entry<K>[] = []
  #index = -1
  #size = FIRST_BATCH

  constructor(read: (start: Buffer, size: number) => Batch<K>, start: Buffer, upTo: number) {
    this.#read = read
    this.#start = start
    this.#upTo = upTo
  }

  get key(): K {
    return this.#entry().key
  }

  get seq(): number {
    return this.#entry().seq
  }

  get extra(): number {
    return this.#entry().extra
  }

  next(): boolean {
    for (;;) {
      this.#index++
      if (this.#index >= this.#entries.length && !this.#load()) return false
      if (this.#entry().seq <= this.#upTo) return true
    }
  }

  #load(): boolean {
    if (this.#start === undefined) return false
    const { entries, next } = this.#read(this.#start, this.#size)
    this.#size = BATCH
    this.#entries = entries
    this.#start = next
    this.#index = 0
    return entries.length > 0
  }

  #entry(): Entry<K> {
    const entry = this.#entries[this.#index]
    if (entry === undefined) throw new Error('a cursor was read before next() or behind its end')
    return entry
  }
}

/** One cursor a length class; each from the first interval that could reach `lo`. */
export function rangeCursors(
  index: IndexFile,
  walk: { hash: number; upTo: number; lo: number; after?: Place<number> },
): Cursor<number>[] {
  return classesOf(index, walk.hash).map((size) => {
    const reach = walk.lo - reachOf(size)
    const { key, seq } =
      walk.after !== undefined && walk.after.key > reach ? walk.after : { key: reach, seq: -1 }
    const end = hashKey(walk.hash, 1)
    end[HASH] = size + 1
    return new EntryCursor<number>(
      (from, most) => batch(index.ranges, { start: from, end, size: most }, decodeRange),
      rangeKey(walk.hash, size, { lo: key, seq: seq + 1 }),
      walk.upTo,
    )
  })
}

function classesOf({ ranges }: IndexFile, hash: number): number[] {
  const classes: number[] = []
  const start = hashKey(hash, 1)
  start[HASH] = 0
  for (;;) {
    const [key] = ranges.getKeys({ start, limit: 1 })
    if (key === undefined || !startsWithHash(key, hash)) return classes
    const size = key[HASH] ?? OPEN_CLASS
    classes.push(size)
    start[HASH] = size + 1
  }
}

function decodeRange(key: Buffer, value: Buffer): Entry<number> {
  return { key: readOrdered(key, HASH + 1), seq: key.readUIntBE(HASH + 9, 6), extra: value.readDoubleBE(0) }
}

export function nameCursor(
  index: IndexFile,
  walk: { hash: number; upTo: number; after: Place<string> },
): Cursor<string> {
  const start =
    walk.after.seq < 0
      ? prefixKey(walk.hash, walk.after.key)
      : nameKey(walk.hash, walk.after.key, walk.after.seq + 1)
  const end = behind(walk.hash)
  return new EntryCursor<string>(
    (from, size) => batch(index.names, { start: from, end, size }, decodeName),
    start,
    walk.upTo,
  )
}

function prefixKey(hash: number, prefix: string): Buffer {
  return Buffer.concat([hashKey(hash, 0), Buffer.from(prefix, 'utf8')])
}

function decodeName(key: Buffer): Entry<string> {
  const seq = key.readUIntBE(key.length - 6, 6)
  return { key: key.toString('utf8', HASH, key.length - 7), seq, extra: 0 }
}

function batch<K>(
  database: Bytes,
  { start, end, size }: { start: Buffer; end: Buffer; size: number },
  decode: (key: Buffer, value: Buffer) => Entry<K>,
): Batch<K> {
  const entries: Entry<K>[] = []
  let last: Buffer | undefined
  for (const { key, value } of database.getRange({ start, end, limit: size })) {
    entries.push(decode(key, value))
    last = key
  }
  // The next possible key is the last one with a zero byte behind it.
  const next = last === undefined || entries.length < size ? undefined : Buffer.concat([last, ZERO])
  return { entries, next }
}

const ZERO = Buffer.alloc(1)
