import { limits } from '../../kernel/limits.ts'
import type { OwnRow } from './row.ts'

/**
 * Rows that were read lately, with what was decoded of them. Two generations: when the young one is full the old one goes, so that what is
 * read again and again stays, without a list to keep in order.
 */
export class RowCache {
  #young = new Map<number, OwnRow>()
  #old = new Map<number, OwnRow>()
  #bytes = 0

  get(seq: number): OwnRow | undefined {
    const row = this.#young.get(seq)
    if (row !== undefined) return row
    const older = this.#old.get(seq)
    if (older !== undefined) this.set(seq, older)
    return older
  }

  set(seq: number, row: OwnRow): void {
    this.#young.set(seq, row)
    this.#bytes += row.size
    if (this.#bytes <= limits.store.cachedRowBytes / 2) return
    this.#old = this.#young
    this.#young = new Map()
    this.#bytes = 0
  }

  delete(seq: number): void {
    this.#young.delete(seq)
    this.#old.delete(seq)
  }
}
