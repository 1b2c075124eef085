import { rmSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

import { limits } from '../../kernel/limits.ts'
import type { Crash } from '../crash.ts'
import type { AppendedRow } from './appender.ts'
import type { BulkTail } from './bulk-tail.ts'
import { mergedCursor } from './cursors.ts'
import { lastNumber, numberKey, type DataFile } from './databases.ts'
import { NameCursor, postingCursors, rangeCursors } from './index-cursors.ts'
import {
  INDEX_FORMAT,
  INDEX_FORMAT_READ,
  openIndexFile,
  readWatermark,
  type IndexFile,
} from './index-file.ts'
import type { KeyHash } from './key-hash.ts'
import { createMerger, type Merger } from './merger.ts'
import type { RekeyedRow } from './rekeyer.ts'
import type { RowSet } from './row-set.ts'
import { RunReader } from './run-reader.ts'
import { compareNumbers, compareUtf8, type Cursor, type Direction, type Place } from './sorted-blocks.ts'
import { reachOf, Tail } from './tail.ts'

export interface Walk<K> {
  readonly type: string
  /** A key, or the parameter of ranges and names. */
  readonly key: string
  readonly direction: Direction
  readonly after?: Place<K>
}

export interface IndexOptions {
  readonly data: DataFile
  readonly dataPath: string
  readonly indexPath: string
  readonly hash: KeyHash
  readonly hashSeed: { readonly hi: number; readonly lo: number }
  readonly lastRow: number
  readonly crash: Crash
  /** How many rows wait in memory before they are merged. */
  readonly mergeRows: number
  /** Rows that are no current resource. */
  readonly stale: RowSet
  /** Told when the entries of `rekeyed` up to this number are in the index. */
  readonly onFiled: (rekeyed: number) => void
}

/**
 * All postings: merged ones in the index file, the rest in memory. They may be stale: the set of superseded rows and the rows themselves decide.
 */
export class SearchIndex {
  readonly #options: IndexOptions
  readonly #file: IndexFile
  readonly #merger: Merger
  readonly #seed: string
  #mergedTo: number
  /** Those of the state that is merged up to there. */
  #runs: RunReader
  /** While a merge runs: the postings that it files. */
  #frozen: Waiting | undefined
  #waiting: Waiting
  #lastRow: number
  #lastRekeyed = 0
  #filedRekeyed = 0
  #room: { promise: Promise<void>; resolve: () => void } | undefined
  readonly #closing = new AbortController()
  /** Merges that failed and were, or are to be, tried again. */
  failures = 0
  #merging: Promise<void> = Promise.resolve()

  private constructor(options: IndexOptions, file: IndexFile) {
    this.#options = options
    this.#file = file
    const { dataPath, indexPath, hashSeed } = options
    this.#seed = JSON.stringify(hashSeed)
    const watermark = readWatermark(file)
    this.#mergedTo = watermark?.row ?? 0
    this.#runs = new RunReader(file, watermark?.runs ?? [])
    this.#merger = createMerger({ dataPath, indexPath, hashSeed }, this.#closing.signal)
    this.#waiting = noneWaiting(options.hash)
    this.#lastRow = options.lastRow
  }

  /** Opens the index, makes it anew when it is lost or of another store, and indexes in memory what is not merged yet. */
  static async open(options: IndexOptions): Promise<SearchIndex> {
    const index = new SearchIndex(options, await openOwnFile(options))
    await index.#catchUp()
    return index
  }

  get tailRows(): number {
    return this.#waiting.tail.rows + (this.#frozen?.tail.rows ?? 0)
  }

  /** Whether each posting of a current row is one of its keys. */
  get isExact(): boolean {
    return this.#lastRekeyed === this.#filedRekeyed
  }

  add({ type, seq, row, bulk }: AppendedRow): void {
    const { tail, bulks } = this.#waiting
    if (bulk === undefined) tail.addLater(type, seq, row)
    else {
      tail.addVersion(seq, row)
      bulks.add(bulk)
    }
    this.#lastRow = seq
    this.#mergeIfMany()
  }

  /** A row, merged or not, has other keys now. */
  rekey({ number, seq, row }: RekeyedRow): void {
    this.#waiting.tail.addKeys(seq, row)
    this.#waiting.tail.rows++
    this.#lastRekeyed = number
    this.#mergeIfMany()
  }

  /** Resolves once less than the bound waits in memory; `undefined` when that is so already. */
  room(): Promise<void> | undefined {
    if (this.tailRows < limits.store.tailRows) return undefined
    this.#room ??= Promise.withResolvers<void>()
    return this.#room.promise
  }

  postings({ type, key, direction, after }: Walk<number>): Cursor<number> {
    const hash = this.#options.hash.of(type, key).short
    const walk = { hash, upTo: this.#mergedTo, direction, ...(after !== undefined && { after }) }
    const cursors = postingCursors(this.#file, walk, this.#runs.cursors(hash, walk))
    for (const tail of this.#tails()) {
      const list = tail.postings(type, hash)
      if (list !== undefined) cursors.push(list.cursor(direction, after))
    }
    return mergedCursor(cursors, compareNumbers, direction)
  }

  /** By lower bound, from the first interval that could reach `lo`. */
  ranges({ type, key, after }: Walk<number>, lo: number): Cursor<number> {
    const hash = this.#options.hash.of(type, key).short
    const walk = { hash, upTo: this.#mergedTo, lo, ...(after !== undefined && { after }) }
    const cursors = rangeCursors(this.#file, walk)
    for (const tail of this.#tails()) {
      for (const [size, list] of tail.ranges(type, hash) ?? []) {
        const start = { key: lo - reachOf(size), seq: -1 }
        cursors.push(list.cursor('asc', after !== undefined && after.key > start.key ? after : start))
      }
    }
    return mergedCursor(cursors, compareNumbers, 'asc')
  }

  /** May go on behind the texts that begin with the prefix. */
  names({ type, key }: Walk<string>, prefix: string, after: Place<string>): Cursor<string> {
    const hash = this.#options.hash.of(type, key).short
    const merged = new NameCursor(this.#file, { hash, upTo: this.#mergedTo, prefix, after })
    const cursors: Cursor<string>[] = [merged]
    for (const tail of this.#tails()) {
      const list = tail.names(type, hash)
      if (list !== undefined) cursors.push(list.cursor('asc', after))
    }
    return mergedCursor(cursors, compareUtf8, 'asc')
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#merging
    await this.#merger.close()
    await this.#file.env.close()
  }

  #mergeIfMany(): void {
    if (this.#frozen === undefined && this.#waiting.tail.rows >= this.#options.mergeRows)
      this.#merging = this.#merge()
  }

  #tails(): readonly (Tail | BulkTail)[] {
    const { tail, bulks } = this.#waiting
    const frozen = this.#frozen === undefined ? [] : [this.#frozen.tail, ...this.#frozen.bulks]
    return [...frozen, tail, ...bulks]
  }

  async #catchUp(): Promise<void> {
    const { data, lastRow } = this.#options
    const behind = lastRow - this.#mergedTo
    this.#lastRekeyed = lastNumber(data.rekeyed)
    if (behind > this.#options.mergeRows * 2) await this.#fileUpTo(lastRow, this.#lastRekeyed)
    const rows = { start: numberKey(this.#mergedTo + 1) }
    for (const { key, value } of data.rows.getRange(rows)) this.#waiting.tail.add(key.readUIntBE(0, 6), value)
    for (const { value } of data.rekeyed.getRange({})) this.#addRekeyed(value.readUIntBE(0, 6))
  }

  #addRekeyed(seq: number): void {
    const row = this.#options.data.rows.getBinary(numberKey(seq))
    if (row !== undefined && !this.#options.stale.has(seq)) this.#waiting.tail.addKeys(seq, row)
  }

  async #merge(): Promise<void> {
    this.#frozen = this.#waiting
    this.#waiting = noneWaiting(this.#options.hash)
    const upTo = this.#lastRow
    const rekeyed = this.#lastRekeyed
    this.#options.crash('before-merge')
    while (!(await this.#isFiled(upTo, rekeyed))) {
      if (this.#closing.signal.aborted) return
      await setTimeout(limits.store.mergeRetryMs, undefined, this.#closing).catch(() => undefined)
    }
    this.#options.crash('after-merge')
    this.#frozen = undefined
    this.#room?.resolve()
    this.#room = undefined
    if (this.#waiting.tail.rows >= this.#options.mergeRows && !this.#closing.signal.aborted)
      await this.#merge()
  }

  /** A full disk stops the merge, not the hub: the postings stay in memory, and writers wait once too many do. */
  async #isFiled(upTo: number, rekeyed: number): Promise<boolean> {
    try {
      await this.#fileUpTo(upTo, rekeyed)
      return true
    } catch {
      this.failures++
      return false
    }
  }

  async #fileUpTo(upTo: number, rekeyed: number): Promise<void> {
    const kept = this.#runs.numbers
    await this.#merger.merge({ from: this.#mergedTo + 1, upTo, rekeyed, seed: this.#seed, kept })
    this.#file.env.resetReadTxn()
    this.#mergedTo = upTo
    this.#runs = new RunReader(this.#file, readWatermark(this.#file)?.runs ?? [], this.#runs)
    this.#filedRekeyed = rekeyed
    this.#options.onFiled(rekeyed)
  }
}

/** Postings that are not merged yet. */
interface Waiting {
  readonly tail: Tail
  readonly bulks: Set<BulkTail>
}

function noneWaiting(hash: KeyHash): Waiting {
  return { tail: new Tail(hash), bulks: new Set() }
}

async function openOwnFile(options: IndexOptions): Promise<IndexFile> {
  const file = openIndexFile(options.indexPath)
  const watermark = readWatermark(file)
  const isOwn =
    watermark?.seed === JSON.stringify(options.hashSeed) &&
    (watermark.format === INDEX_FORMAT || watermark.format === INDEX_FORMAT_READ) &&
    watermark.reached <= options.lastRow
  if (watermark === undefined || isOwn) return file
  await file.env.close()
  rmSync(options.indexPath)
  return openIndexFile(options.indexPath)
}
