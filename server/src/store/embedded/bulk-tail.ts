import type { KeyHash } from './key-hash.ts'
import type { Cursor, SortedBlocks } from './sorted-blocks.ts'
import { Tail } from './tail.ts'

/** A list of postings that can be walked. */
export type PostingList<K extends number | string> = Pick<SortedBlocks<K>, 'cursor'>

/**
 * The postings of one large commit, made while others read and write: before the commit has row numbers. Rows are numbered from 0 inside, and
 * `place` tells which row of the store the first one became. Versions in commit order are not among them.
 */
export class BulkTail {
  readonly #tail: Tail
  #first = 0

  constructor(hash: KeyHash) {
    this.#tail = new Tail(hash)
  }

  /** @param at place of the write in its commit */
  add(at: number, row: Buffer): void {
    this.#tail.addKeys(at, row)
  }

  place(first: number): void {
    this.#first = first
  }

  postings(type: string, key: number): PostingList<number> | undefined {
    const list = this.#tail.postings(type, key)
    return list && this.#placed(list)
  }

  ranges(type: string, param: number): ReadonlyMap<number, PostingList<number>> | undefined {
    const classes = this.#tail.ranges(type, param)
    return classes && new Map([...classes].map(([size, list]) => [size, this.#placed(list)]))
  }

  names(type: string, param: number): PostingList<string> | undefined {
    const list = this.#tail.names(type, param)
    return list && this.#placed(list)
  }

  #placed<K extends number | string>(list: PostingList<K>): PostingList<K> {
    const first = this.#first
    return {
      cursor: (direction, after) =>
        new PlacedCursor(list.cursor(direction, after && { key: after.key, seq: after.seq - first }), first),
    }
  }
}

class PlacedCursor<K> implements Cursor<K> {
  readonly #inside: Cursor<K>
  readonly #first: number

  constructor(inside: Cursor<K>, first: number) {
    this.#inside = inside
    this.#first = first
  }

  get key(): K {
    return this.#inside.key
  }

  get seq(): number {
    return this.#inside.seq + this.#first
  }

  get extra(): number {
    return this.#inside.extra
  }

  next(): boolean {
    return this.#inside.next()
  }
}
