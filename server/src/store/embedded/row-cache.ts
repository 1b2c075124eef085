import { limits } from '../../kernel/limits.ts'
import type { OwnRow } from './row.ts'

/** How many rows are remembered that were asked for once. A power of two. */
const SEEN = 2 ** 15

/**
 * Rows that were read lately, with what was decoded of them. Two generations: when the young one is full the old one goes, so that what is
 * read again and again stays, without a list to keep in order. A row comes in when it is asked for a second time: a walk over many rows
 * neither empties the cache nor makes all of them live long.
 */
export class RowCache {
  readonly #seen = new Float64Array(SEEN)
  #young = new Map<number, OwnRow>()
  #old = new Map<number, OwnRow>()
  #bytes = 0

  get(seq: number): OwnRow | undefined {
    const row = this.#young.get(seq)
    if (row !== undefined) return row
    const older = this.#old.get(seq)
    if (older !== undefined) this.#keep(seq, older)
    return older
  }

  /** To be called with each row that `get` did not know. */
  offer(seq: number, row: OwnRow): void {
    const slot = seq & (SEEN - 1)
    if (this.#seen[slot] === seq) this.#keep(seq, row)
    else this.#seen[slot] = seq
  }

  delete(seq: number): void {
    this.#young.delete(seq)
    this.#old.delete(seq)
  }

  #keep(seq: number, row: OwnRow): void {
    this.#young.set(seq, row)
    this.#bytes += row.size
    if (this.#bytes <= limits.store.cachedRowBytes / 2) return
    this.#old = this.#young
    this.#young = new Map()
    this.#bytes = 0
  }
}
