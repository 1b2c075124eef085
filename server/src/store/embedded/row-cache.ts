import { limits } from '../../kernel/limits.ts'
import type { OwnRow } from './own-row.ts'

/** How many pairs of rows are remembered that were asked for once. A power of two. */
const SEEN = 2 ** 15

/** Of so many rows that ask for a place when it is full one gets it. */
const TURNED_AWAY = 16

/**
 * Rows that were read lately, unpacked, with what was decoded of them. A row comes in when it is asked for a second time, so that a walk over
 * many rows does not empty the cache. When it is full a hand goes round and takes out what nobody has asked for since its last round (CLOCK), and
 * most rows are turned away: where more are asked for in turn than it holds, each would otherwise push out one that is asked for sooner.
 */
export class RowCache {
  readonly #most: number
  /** The lower 32 bits of row numbers: of those that end alike the last two, the last one first. */
  readonly #seen = new Uint32Array(2 * SEEN)
  readonly #rows = new Map<number, OwnRow>()
  #hand = this.#rows.entries()
  #bytes = 0
  #isFull = false
  /** How many rows have asked for a place since it is full. */
  #asked = 0

  /** @param most bytes */
  constructor(most: number = limits.store.cachedRowBytes) {
    this.#most = most
  }

  get bytes(): number {
    return this.#bytes
  }

  get(seq: number): OwnRow | undefined {
    const row = this.#rows.get(seq)
    if (row !== undefined) row.isWanted = true
    return row
  }

  /** To be called with each row that `get` did not know. */
  offer(seq: number, row: OwnRow): void {
    const low = seq % 2 ** 32
    const slot = 2 * (low % SEEN)
    const last = this.#seen[slot] ?? 0
    if (last === low || this.#seen[slot + 1] === low) this.#keep(seq, row)
    else {
      this.#seen[slot] = low
      this.#seen[slot + 1] = last
    }
  }

  delete(seq: number): void {
    const row = this.#rows.get(seq)
    if (row === undefined) return
    this.#rows.delete(seq)
    this.#bytes -= row.size
  }

  #keep(seq: number, row: OwnRow): void {
    if (this.#isFull && this.#asked++ % TURNED_AWAY !== 0) return
    row.settle()
    // One row must not empty the cache.
    if (row.size > this.#most / 16) return
    this.#rows.set(seq, row)
    this.#bytes += row.size
    while (this.#bytes > this.#most) {
      this.#isFull = true
      this.#turn()
    }
  }

  /** The hand moves over one row. */
  #turn(): void {
    const { value, done } = this.#hand.next()
    if (done === true) {
      this.#hand = this.#rows.entries()
      return
    }
    const [seq, row] = value
    if (row.isWanted) row.isWanted = false
    else this.delete(seq)
  }
}
