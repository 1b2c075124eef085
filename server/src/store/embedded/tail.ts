import type { RangeKey } from '../keys.ts'
import { shortHash, type KeyHash } from './key-hash.ts'
import { LaterRows } from './later-rows.ts'
import { EARLIEST } from './postings.hot.ts'
import { rowDate, rowFiled, rowHashHi, rowHashLo, rowIsDeleted, rowKeyCount, rowType } from './row.ts'
import { compareNumbers, compareUtf8, SortedBlocks } from './sorted-blocks.ts'

/** Not a key that an extractor makes: every row of a type, current ones by clinical date. */
export const BY_DATE = '\0date'
/** Every version of a type in commit order. */
export const BY_COMMIT = '\0commit'

/**
 * The postings of rows that are not merged yet, in memory. Postings are never taken back: the set of superseded rows and the rows themselves decide.
 */
export class Tail {
  readonly #hash: KeyHash
  readonly #keys = new Map<number, SortedBlocks<number>>()
  readonly #ranges = new Map<number, Map<number, SortedBlocks<number>>>()
  readonly #names = new Map<number, SortedBlocks<string>>()
  /** Rows that are counted, but not indexed: nobody has asked for keys, or for ranges and names, of their type since they came. */
  readonly #laterKeys = new LaterRows()
  readonly #laterExtras = new LaterRows()
  rows = 0

  constructor(hash: KeyHash) {
    this.#hash = hash
  }

  add(seq: number, row: Buffer): void {
    this.addVersion(seq, row)
    this.addKeys(seq, row)
  }

  /**
   * The same at the next search of the type: where many write and few search, most rows are merged before anybody asks for them here.
   *
   * @param row stays as it is from now on.
   */
  addLater(type: string, seq: number, row: Buffer): void {
    this.rows++
    if (!this.#laterKeys.add(type, { seq, row })) this.#postRow(seq, row)
    if (!this.#laterExtras.add(type, { seq, row })) this.#addExtras(seq, row)
  }

  /** A version that is none of the current ones is found in the history only. */
  addVersion(seq: number, row: Buffer): void {
    this.rows++
    this.#postVersion(seq, row)
  }

  #postRow(seq: number, row: Buffer): void {
    this.#postVersion(seq, row)
    this.#postKeys(seq, row)
  }

  #postVersion(seq: number, row: Buffer): void {
    this.#post(this.#hash.of(rowType(row), BY_COMMIT).short, seq, seq)
  }

  addKeys(seq: number, row: Buffer): void {
    this.#postKeys(seq, row)
    this.#addExtras(seq, row)
  }

  #postKeys(seq: number, row: Buffer): void {
    if (rowIsDeleted(row)) return
    const sort = sortOf(rowDate(row))
    this.#post(this.#hash.of(rowType(row), BY_DATE).short, sort, seq)
    for (let i = 0; i < rowKeyCount(row); i++)
      this.#post(shortHash(rowHashHi(row, i), rowHashLo(row, i)), sort, seq)
  }

  #addExtras(seq: number, row: Buffer): void {
    if (rowIsDeleted(row)) return
    const type = rowType(row)
    const { ranges, names } = rowFiled(row)
    for (const range of ranges) this.#addRange(type, range, seq)
    for (const { p, text } of names) this.#addName(this.#hash.of(type, p).short, text, seq)
  }

  /** Ordered by clinical date (`BY_COMMIT`: by row). */
  postings(type: string, key: number): SortedBlocks<number> | undefined {
    for (const { seq, row } of this.#laterKeys.take(type)) this.#postRow(seq, row)
    return this.#keys.get(key)
  }

  /** By length class, see `lengthClass`; ordered by lower bound. */
  ranges(type: string, param: number): ReadonlyMap<number, SortedBlocks<number>> | undefined {
    this.#settleExtras(type)
    return this.#ranges.get(param)
  }

  /** Ordered by the UTF-8 bytes of the text. */
  names(type: string, param: number): SortedBlocks<string> | undefined {
    this.#settleExtras(type)
    return this.#names.get(param)
  }

  #settleExtras(type: string): void {
    for (const { seq, row } of this.#laterExtras.take(type)) this.#addExtras(seq, row)
  }

  #post(key: number, sort: number, seq: number): void {
    let list = this.#keys.get(key)
    if (list === undefined) this.#keys.set(key, (list = new SortedBlocks(compareNumbers)))
    list.insert(sort, seq)
  }

  #addRange(type: string, { p, lo, hi }: RangeKey, seq: number): void {
    const param = this.#hash.of(type, p).short
    let classes = this.#ranges.get(param)
    if (classes === undefined) this.#ranges.set(param, (classes = new Map()))
    const size = lengthClass(lo, hi)
    let list = classes.get(size)
    if (list === undefined) classes.set(size, (list = new SortedBlocks(compareNumbers)))
    list.insert(finite(lo), seq, hi)
  }

  #addName(param: number, text: string, seq: number): void {
    let list = this.#names.get(param)
    if (list === undefined) this.#names.set(param, (list = new SortedBlocks(compareUtf8)))
    list.insert(nameText(text), seq)
  }
}

/**
 * Intervals are filed by length, class c holding those shorter than 4^c, so that a few long ones do not force every search to start far below its
 * own lower bound. Open and empty intervals have classes of their own.
 */
export function lengthClass(lo: number, hi: number): number {
  const length = hi - lo
  if (length === Infinity) return OPEN_CLASS
  return length < 1 ? 0 : Math.min(OPEN_CLASS - 1, Math.floor(Math.log2(length) / 2) + 1)
}

export const OPEN_CLASS = 63

/** How far below a search's lower bound an interval of this class can start and still reach it. */
export function reachOf(size: number): number {
  return size >= OPEN_CLASS - 1 ? Infinity : 4 ** size
}

/** Places travel as JSON, which has no infinity. */
export function finite(bound: number): number {
  return Math.min(Math.max(bound, -Number.MAX_VALUE), Number.MAX_VALUE)
}

/** Clinical dates as merged postings hold them: whole milliseconds in 48 bits, the years 1 to 8650 (later ones sort together at the end). */
export function sortOf(date: number): number {
  return Math.min(Math.max(Math.trunc(date), EARLIEST), LATEST)
}

const LATEST = EARLIEST + 2 ** 48 - 1

/** Names as the index files them: the first 400 characters, so that they fit into a key, which a zero ends. */
export function nameText(text: string): string {
  const short = text.length <= 400 ? text : text.slice(0, 400)
  return short.includes('\0') ? short.replaceAll('\0', '\u0001') : short
}
