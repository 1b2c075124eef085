import { numberKey, peek, type DataFile } from './databases.ts'
import { INDEX_FORMAT, putWatermark, readWatermark, type IndexFile } from './index-file.ts'
import type { KeyHash } from './key-hash.ts'
import { changeList } from './late-changes.ts'
import { MergeLists, type ChangedList } from './merge-lists.ts'
import { applyChanges } from './packed-lists.ts'
import { rowPrevious } from './row.ts'
import { addRun, removeOthers } from './run-levels.ts'
import { spread } from './spread.ts'

export interface MergeStep {
  readonly from: number
  readonly upTo: number
  /** Entries of `rekeyed` up to this number are filed, too. */
  readonly rekeyed: number
  readonly seed: string
  /** Numbers of the runs that readers know. */
  readonly kept: readonly number[]
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
  const { changed, isRekeyed } = changesOf(files, step)
  // What is written from here on takes long, and while an old state is read no page of the rows' file is used again.
  files.data.env.resetReadTxn()
  const { seed, kept, upTo: reached } = step
  const runs = readWatermark(index)?.runs ?? []
  removeOthers(index, [...kept, ...runs.map(({ number }) => number)])
  const told = { format: INDEX_FORMAT, reached, seed }
  const lists = changed.lists(index)
  for (let slice = sliceOf(lists); slice.length > 0; slice = sliceOf(lists)) {
    if (isToEnd()) return false
    index.env.transactionSync(() => {
      for (const { place, changes } of spread(slice)) {
        if (place.database === index.names) applyChanges(place, changes)
        else changeList(place, changes, !isRekeyed)
      }
      putWatermark(index, { ...told, row: step.from - 1, runs })
    })
  }
  const added = addRun(index, { runs, kept, added: changed.run(), isToEnd })
  if (added === undefined) return false
  index.env.transactionSync(() => putWatermark(index, { ...told, row: reached, runs: added }))
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

/** What is added counts more than what is dropped. */
function changesOf({ data, hash }: Files, step: MergeStep): { changed: MergeLists; isRekeyed: boolean } {
  const changed = new MergeLists(hash)
  const change = (seq: number, isDropped: boolean): void => {
    const row = peek(data.rows, numberKey(seq))
    if (row !== undefined) changed.changeKeys(seq, row, isDropped)
  }
  const replaced = new Set<number>()
  // From the last one on: what a row replaces comes behind it. They are read one by one: a range copies each.
  for (let seq = step.upTo; seq >= step.from; seq--) {
    const row = peek(data.rows, numberKey(seq))
    if (row === undefined) continue
    changed.addVersion(seq, row)
    if (!replaced.has(seq)) changed.changeKeys(seq, row, false)
    replaced.add(rowPrevious(row))
  }
  for (const seq of replaced) if (seq > 0 && seq < step.from) change(seq, true)
  let isRekeyed = false
  for (const { value } of data.rekeyed.getRange({ end: numberKey(step.rekeyed + 1) })) {
    const seq = value.readUIntBE(0, 6)
    changed.changeKeys(seq, value.subarray(6), true)
    isRekeyed = true
    if (data.superseded.getBinary(numberKey(seq)) === undefined) change(seq, false)
  }
  return { changed, isRekeyed }
}
