import type { Cursor, Direction } from './sorted-blocks.ts'

/** Walks several ordered lists as one. A posting that several of them hold comes once. */
export function mergedCursor<K>(
  cursors: readonly Cursor<K>[],
  compare: (a: K, b: K) => number,
  direction: Direction,
): Cursor<K> {
  const [only] = cursors
  return only !== undefined && cursors.length === 1 ? only : new MergedCursor(cursors, compare, direction)
}

class MergedCursor<K> implements Cursor<K> {
  readonly #compare: (a: K, b: K) => number
  readonly #sign: 1 | -1
  readonly #live: Cursor<K>[]
  #current: Cursor<K> | undefined

  constructor(cursors: readonly Cursor<K>[], compare: (a: K, b: K) => number, direction: Direction) {
    this.#compare = compare
    this.#sign = direction === 'asc' ? 1 : -1
    this.#live = cursors.filter((cursor) => cursor.next())
  }

  get key(): K {
    return this.#reached().key
  }

  get seq(): number {
    return this.#reached().seq
  }

  get extra(): number {
    return this.#reached().extra
  }

  next(): boolean {
    if (this.#current === undefined) return this.#step()
    const { key, seq } = this.#current
    do if (!this.#step()) return false
    while (this.seq === seq && this.#compare(this.key, key) === 0)
    return true
  }

  #step(): boolean {
    const passed = this.#current
    if (passed !== undefined && !passed.next()) this.#live.splice(this.#live.indexOf(passed), 1)
    this.#current = this.#first()
    return this.#current !== undefined
  }

  #first(): Cursor<K> | undefined {
    let first = this.#live[0]
    for (let i = 1; i < this.#live.length; i++) {
      const other = this.#live[i]
      if (first === undefined || other === undefined) continue
      const order = this.#compare(other.key, first.key) || other.seq - first.seq
      if (order * this.#sign < 0) first = other
    }
    return first
  }

  #reached(): Cursor<K> {
    if (this.#current === undefined) throw new Error('a cursor was read before next() or behind its end')
    return this.#current
  }
}
