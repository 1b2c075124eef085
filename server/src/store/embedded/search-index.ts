import { MergedCursor } from './cursors.ts'
import type { KeyHash } from './key-hash.ts'
import { compareNumbers, compareUtf8, type Cursor, type Direction, type Place } from './sorted-blocks.ts'
import { reachOf, Tail } from './tail.ts'

export interface Walk<K> {
  readonly type: string
  /** A key, or the parameter of ranges and names. */
  readonly key: string
  readonly direction: Direction
  readonly after?: Place<K>
}

/** All postings, wherever they stand. They may be stale: the set of superseded rows and the rows decide. */
export class SearchIndex {
  readonly #hash: KeyHash
  readonly #tail: Tail

  constructor(hash: KeyHash) {
    this.#hash = hash
    this.#tail = new Tail(hash)
  }

  get tailRows(): number {
    return this.#tail.rows
  }

  add(seq: number, row: Buffer): void {
    this.#tail.add(seq, row)
  }

  postings({ type, key, direction, after }: Walk<number>): Cursor<number> {
    const list = this.#tail.postings(this.#hash.of(type, key).short)
    return new MergedCursor(
      list === undefined ? [] : [list.cursor(direction, after)],
      compareNumbers,
      direction,
    )
  }

  /** By lower bound, from the first interval that could reach `lo`. */
  ranges({ type, key, after }: Walk<number>, lo: number): Cursor<number> {
    const classes = this.#tail.ranges(this.#hash.of(type, key).short) ?? new Map()
    const cursors = [...classes].map(([size, list]) => {
      const start = { key: lo - reachOf(size), seq: -1 }
      return list.cursor('asc', after !== undefined && after.key > start.key ? after : start)
    })
    return new MergedCursor(cursors, compareNumbers, 'asc')
  }

  names({ type, key, after }: Walk<string>): Cursor<string> {
    const list = this.#tail.names(this.#hash.of(type, key).short)
    return new MergedCursor(list === undefined ? [] : [list.cursor('asc', after)], compareUtf8, 'asc')
  }
}
