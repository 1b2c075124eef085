import { numberKey, type DataFile } from './databases.ts'
import { INDEX_FORMAT, putWatermark, type IndexFile } from './index-file.ts'
import type { KeyHash } from './key-hash.ts'
import { changeList } from './late-changes.ts'
import { MergeLists, type ChangedList } from './merge-lists.ts'
import { applyChanges } from './packed-lists.ts'
import { rowPrevious } from './row.ts'

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
  const { lists, isRekeyed } = listsOf(files, step)
  // What is written from here on takes long, and while an old state is read no page of the rows' file is used again.
  files.data.env.resetReadTxn()
  const { seed, upTo: reached } = step
  let slice = sliceOf(lists)
  do {
    if (isToEnd()) return false
    const next = sliceOf(lists)
    const row = next.length > 0 ? step.from - 1 : reached
    const changed = spread(slice)
    index.env.transactionSync(() => {
      for (const { place, changes } of changed) {
        if (place.database === index.names) applyChanges(place, changes)
        else changeList(place, changes, !isRekeyed)
      }
      putWatermark(index, { format: INDEX_FORMAT, row, reached, seed })
    })
    slice = next
  } while (slice.length > 0)
  return true
}

/**
 * Lists of one transaction, next to each other in the file. The pages that one transaction copied are free for the one after the next: one for
 * all would copy the whole file.
 */
const SLICE = 1000

/** What comes next; `take` would end them. */
function sliceOf(lists: Generator<ChangedList, void>): readonly ChangedList[] {
  const slice: ChangedList[] = []
  while (slice.length < SLICE) {
    const { done, value } = lists.next()
    if (done === true) break
    slice.push(value)
  }
  return slice
}

/** In an order that is none: inserting in key order leaves pages half empty, as each split gives what comes next to the new one. */
function spread<T>(sorted: readonly T[]): readonly T[] {
  const result: T[] = []
  for (let start = 0; start < STRIDE; start++)
    for (let at = start; at < sorted.length; at += STRIDE) result.push(sorted[at] as T)
  return result
}

const STRIDE = 31

/** What is added counts more than what is dropped. */
function listsOf(
  { data, index, hash }: Files,
  step: MergeStep,
): { lists: Generator<ChangedList, void>; isRekeyed: boolean } {
  const changed = new MergeLists(hash)
  const change = (seq: number, isDropped: boolean): void => {
    const row = data.rows.getBinary(numberKey(seq))
    if (row !== undefined) changed.changeKeys(seq, row, isDropped)
  }
  const replaced = new Set<number>()
  // From the last one on: what a row replaces comes behind it.
  const rows = { start: numberKey(step.upTo), end: numberKey(step.from - 1), reverse: true }
  for (const { key, value } of data.rows.getRange(rows)) {
    const seq = key.readUIntBE(0, 6)
    changed.addVersion(seq, value)
    if (!replaced.has(seq)) changed.changeKeys(seq, value, false)
    replaced.add(rowPrevious(value))
  }
  for (const seq of replaced) if (seq > 0 && seq < step.from) change(seq, true)
  let isRekeyed = false
  for (const { value } of data.rekeyed.getRange({ end: numberKey(step.rekeyed + 1) })) {
    const seq = value.readUIntBE(0, 6)
    changed.changeKeys(seq, value.subarray(6), true)
    isRekeyed = true
    if (data.superseded.getBinary(numberKey(seq)) === undefined) change(seq, false)
  }
  return { lists: changed.lists(index), isRekeyed }
}
