import { numberKey, type Bytes, type DataFile } from './databases.ts'
import { classKey, hashKey, INDEX_FORMAT, nameKey, putWatermark, type IndexFile } from './index-file.ts'
import { INTERVALS, writeInterval } from './intervals.hot.ts'
import type { KeyHash } from './key-hash.ts'
import { changeList } from './late-changes.ts'
import { applyChanges, Changes, type Layout, type ListPlace } from './packed-lists.ts'
import { EARLIEST, POSTINGS, writePosting } from './postings.hot.ts'
import { rowPrevious } from './row.ts'
import type { SortedBlocks } from './sorted-blocks.ts'
import { Tail } from './tail.ts'

export interface MergeStep {
  readonly from: number
  readonly upTo: number
  /** Entries of `rekeyed` up to this number are filed, too. */
  readonly rekeyed: number
  readonly seed: string
}

interface Files {
  readonly data: DataFile
  readonly index: IndexFile
  readonly hash: KeyHash
}

/**
 * Files the postings of the rows `from..upTo` into the index and takes out those of the rows that they replaced, in several transactions, the
 * last one with the watermark. Doing it again changes nothing; until it is done readers pass over the postings above the watermark.
 *
 * @param isToEnd asked between transactions
 * @returns whether it is done
 */
export function mergeRows(files: Files, step: MergeStep, isToEnd: () => boolean): boolean {
  const { index } = files
  const { added, dropped, isRekeyed } = changesOf(files, step)
  // What is written from here on takes long, and while an old state is read no page of the rows' file is used again.
  files.data.env.resetReadTxn()
  const lists = [
    ...postingLists(index, added, dropped),
    ...rangeLists(index, added, dropped),
    ...nameLists(index, added, dropped),
  ]
  const { seed, upTo: reached } = step
  let from = 0
  do {
    if (isToEnd()) return false
    const slice = spread(lists.slice(from, from + SLICE))
    from += SLICE
    const row = from < lists.length ? step.from - 1 : reached
    index.env.transactionSync(() => {
      for (const { place, changes } of slice) {
        if (place.database === index.names) applyChanges(place, changes)
        else changeList(place, changes, !isRekeyed)
      }
      putWatermark(index, { format: INDEX_FORMAT, row, reached, seed })
    })
  } while (from < lists.length)
  return true
}

/**
 * Lists of one transaction, next to each other in the file. The pages that one transaction copied are free for the one after the next: one for
 * all would copy the whole file.
 */
const SLICE = 1000

/** In an order that is none: inserting in key order leaves pages half empty, as each split gives what comes next to the new one. */
function spread<T>(sorted: readonly T[]): readonly T[] {
  const result: T[] = []
  for (let start = 0; start < STRIDE; start++)
    for (let at = start; at < sorted.length; at += STRIDE) result.push(sorted[at] as T)
  return result
}

const STRIDE = 31

/** What is added counts more than what is dropped. */
function changesOf(
  { data, hash }: Files,
  step: MergeStep,
): { added: Tail; dropped: Tail; isRekeyed: boolean } {
  const added = new Tail(hash)
  const dropped = new Tail(hash)
  const replaced = new Set<number>()
  const rows = { start: numberKey(step.from), end: numberKey(step.upTo + 1) }
  for (const { key, value } of data.rows.getRange(rows)) {
    added.addVersion(key.readUIntBE(0, 6), value)
    replaced.add(rowPrevious(value))
  }
  for (const { key, value } of data.rows.getRange(rows)) {
    const seq = key.readUIntBE(0, 6)
    if (!replaced.has(seq)) added.addKeys(seq, value)
  }
  for (const seq of replaced) if (seq > 0 && seq < step.from) addRow(data, dropped, seq)
  let isRekeyed = false
  for (const { value } of data.rekeyed.getRange({ end: numberKey(step.rekeyed + 1) })) {
    const seq = value.readUIntBE(0, 6)
    dropped.addKeys(seq, value.subarray(6))
    isRekeyed = true
    if (data.superseded.getBinary(numberKey(seq)) === undefined) addRow(data, added, seq)
  }
  return { added, dropped, isRekeyed }
}

function addRow(data: DataFile, tail: Tail, seq: number): void {
  const row = data.rows.getBinary(numberKey(seq))
  if (row !== undefined) tail.addKeys(seq, row)
}

interface ChangedList {
  readonly place: ListPlace
  readonly changes: Changes
}

/** By hash. */
function postingLists({ chunks: database }: IndexFile, added: Tail, dropped: Tail): ChangedList[] {
  const lists = new Map<number, Changes>()
  for (const { tail, isDropped } of sourcesOf(added, dropped)) {
    for (const [hash, list] of tail.allPostings()) {
      const changes = lists.get(hash) ?? new Changes(POSTINGS)
      lists.set(hash, changes)
      const cursor = list.cursor('asc')
      while (cursor.next()) {
        const at = changes.place(isDropped)
        writePosting(changes.bytes, at, { sort: cursor.key, seq: cursor.seq })
      }
    }
  }
  return [...lists]
    .toSorted(([a], [b]) => a - b)
    .map(([hash, changes]) => ({
      place: { database, layout: POSTINGS, prefix: hashKey(hash, 0) },
      changes,
    }))
}

function sourcesOf(added: Tail, dropped: Tail): { tail: Tail; isDropped: boolean }[] {
  return [
    { tail: dropped, isDropped: true },
    { tail: added, isDropped: false },
  ]
}

/** By hash and length class. */
function rangeLists({ ranges: database }: IndexFile, added: Tail, dropped: Tail): ChangedList[] {
  const lists = new PrefixedLists(database, INTERVALS)
  for (const { tail, isDropped } of sourcesOf(added, dropped))
    for (const [param, classes] of tail.allRanges())
      for (const [size, list] of classes) addIntervals(lists.of(classKey(param, size)), list, isDropped)
  return lists.inOrder()
}

function addIntervals(changes: Changes, list: SortedBlocks<number>, isDropped: boolean): void {
  const cursor = list.cursor('asc')
  while (cursor.next()) {
    const at = changes.place(isDropped)
    writeInterval(changes.bytes, at, { lo: cursor.key, hi: cursor.extra, seq: cursor.seq })
  }
}

/** By hash and text. */
function nameLists({ names: database }: IndexFile, added: Tail, dropped: Tail): ChangedList[] {
  const lists = new PrefixedLists(database, POSTINGS)
  for (const { tail, isDropped } of sourcesOf(added, dropped)) {
    for (const [param, list] of tail.allNames()) {
      const cursor = list.cursor('asc')
      while (cursor.next()) {
        const changes = lists.of(nameKey(param, cursor.key))
        const at = changes.place(isDropped)
        writePosting(changes.bytes, at, { sort: EARLIEST, seq: cursor.seq })
      }
    }
  }
  return lists.inOrder()
}

class PrefixedLists {
  readonly #database: Bytes
  readonly #layout: Layout
  readonly #lists = new Map<string, ChangedList>()

  constructor(database: Bytes, layout: Layout) {
    this.#database = database
    this.#layout = layout
  }

  of(prefix: Buffer): Changes {
    const name = prefix.toString('latin1')
    const known = this.#lists.get(name)
    if (known !== undefined) return known.changes
    const changes = new Changes(this.#layout)
    this.#lists.set(name, { place: { database: this.#database, layout: this.#layout, prefix }, changes })
    return changes
  }

  inOrder(): ChangedList[] {
    return [...this.#lists.values()].toSorted((a, b) => a.place.prefix.compare(b.place.prefix))
  }
}
