import type { DataFile } from './databases.ts'

/** Rows are put one behind the other into memory of this size; larger ones have their own. */
const ROOM = 64 * 1024
const KEY = 6

/**
 * Reads rows into memory that stays theirs, with one look-up and one copy each: searches read a hundred at a time, and a small buffer for each of
 * them would cost more than what it holds.
 */
export class RowReader {
  readonly #rows: DataFile['rows']
  readonly #key = Buffer.alloc(KEY)
  #room = Buffer.alloc(0)
  #used = 0

  constructor({ rows }: DataFile) {
    this.#rows = rows
  }

  read(seq: number): Buffer | undefined {
    this.#key.writeUIntBE(seq, 0, KEY)
    const shared = this.#rows.getBinaryFast(this.#key)
    if (shared === undefined) return undefined
    const { length } = shared
    const row = length > ROOM / 4 ? Buffer.allocUnsafeSlow(length) : this.#roomFor(length)
    // The buffer that lmdb hands out is longer than the value in it.
    shared.copy(row, 0, 0, length)
    return row
  }

  #roomFor(length: number): Buffer {
    if (this.#used + length > this.#room.length) {
      this.#room = Buffer.allocUnsafeSlow(ROOM)
      this.#used = 0
    }
    const from = this.#used
    this.#used += length
    return this.#room.subarray(from, this.#used)
  }
}
