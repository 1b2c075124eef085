import type { KeyChange } from '../port.ts'
import { currentOf } from './appender.ts'
import { lastNumber, numberKey, peek, scopedKey, type DataFile } from './databases.ts'
import type { KeyHash } from './key-hash.ts'
import { copyOf, encodeRow, rowLatest, rowPrevious, stampRow, versionOf } from './row.ts'

export interface RekeyedRow {
  readonly number: number
  readonly seq: number
  readonly row: Buffer
}

/** How many entries that the index has filed one write transaction removes at most. */
const SWEEP_MOST = 256

/**
 * Gives rows other keys inside the running transaction, in their place, and remembers what they were: until the index has taken the old
 * postings out and the new ones in, the new ones are held in memory.
 */
export class Rekeyer {
  readonly #data: DataFile
  readonly #hash: KeyHash
  #durable: number
  #reached: number
  #rekeyed: RekeyedRow[] = []
  #filed = 0

  constructor(data: DataFile, hash: KeyHash) {
    this.#data = data
    this.#hash = hash
    this.#durable = lastNumber(data.rekeyed)
    this.#reached = this.#durable
  }

  begin(): void {
    this.#reached = this.#durable
    this.#rekeyed = []
    this.#sweep()
  }

  finish(): readonly RekeyedRow[] {
    const rekeyed = this.#rekeyed
    this.#durable = this.#reached
    this.#rekeyed = []
    return rekeyed
  }

  /** The index holds everything up to this number. */
  filed(upTo: number): void {
    this.#filed = upTo
  }

  rekey(changes: readonly KeyChange[]): number {
    return changes.filter((change) => this.#isRekeyed(change)).length
  }

  #isRekeyed({ type, id, version, keys }: KeyChange): boolean {
    const { rows, rekeyed } = this.#data
    const current = currentOf(this.#data, scopedKey(type, id))
    if (current === undefined || current.deleted || current.version !== version) return false
    const { seq } = current
    const shared = peek(rows, numberKey(seq))
    if (shared === undefined) return false
    const before = copyOf(shared)
    const { method, lastUpdated, commit, bytes } = versionOf(before)
    const row = encodeRow({ type, id, expected: version - 1, method, lastUpdated, bytes, keys }, this.#hash)
    stampRow(row, { previous: rowPrevious(before), commit, latest: rowLatest(before) })
    const number = ++this.#reached
    rekeyed.putSync(numberKey(number), Buffer.concat([numberKey(seq), before]), { append: true })
    rows.putSync(numberKey(seq), row)
    this.#rekeyed.push({ number, seq, row })
    return true
  }

  #sweep(): void {
    if (this.#filed === 0) return
    const { rekeyed } = this.#data
    const due = [...rekeyed.getKeys({ end: numberKey(this.#filed + 1), limit: SWEEP_MOST })]
    for (const key of due) rekeyed.removeSync(key)
  }
}
