import { Changes } from './changes.ts'
import { hashKey, type IndexFile, type RunInfo } from './index-file.ts'
import { changeList } from './late-changes.ts'
import type { ChangedList } from './merge-lists.ts'
import { HashWalk } from './merge-runs.ts'
import {
  FENCES,
  isDropped,
  rowOf,
  runKey,
  RunWriter,
  storedRun,
  type BuiltRun,
  type RunPosting,
} from './posting-runs.ts'
import { POSTINGS, writePosting } from './postings.hot.ts'
import { spread } from './spread.ts'

/** Lists that have more postings than that in the runs that are made one move to the B-tree. */
const LIST_MOST = 32
/** A run is made one with those behind it when it has less than so many times their postings: each then is much larger than all behind it. */
const RATIO = 2
/** Larger ones stay as they are: a merge should end before too much waits for the next. */
const COUNT_MOST = 4_000_000
/** Of one transaction: blocks, and lists that move. */
const BLOCKS = 128
const LISTS = 1000
/** Keys that one transaction takes out. */
const REMOVED = 1000

interface Addition {
  /** The oldest first. */
  readonly runs: readonly RunInfo[]
  /** Numbers that readers may know. */
  readonly kept: readonly number[]
  readonly added: BuiltRun
  readonly isToEnd: () => boolean
}

/**
 * Adds a run to those that there are, together with the last of them. What it writes nobody knows until the runs that it tells are put beside the
 * watermark; the runs that are no more are there until the next merge, as readers may still use them.
 *
 * @returns what the runs are now; `undefined` when it was to end
 */
export function addRun(
  index: IndexFile,
  { runs, kept, added, isToEnd }: Addition,
): readonly RunInfo[] | undefined {
  if (added.count === 0) return runs
  const first = firstOfOne(runs, added.count)
  const walk = new HashWalk([...runs.slice(first).map((run) => storedRun(index, run)), added], first > 0)
  const number = Math.max(0, ...kept, ...runs.map((run) => run.number)) + 1
  const writer = new RunWriter((at, bytes) => index.runs.putSync(runKey(number, at), bytes))
  let isMore = true
  while (isMore) {
    if (isToEnd()) return undefined
    isMore = index.env.transactionSync(() => writeSome(index, walk, writer))
  }
  index.env.transactionSync(() => index.runs.putSync(runKey(number, FENCES), writer.close()))
  const { blocks, count } = writer
  return [...runs.slice(0, first), ...(count > 0 ? [{ number, blocks, count }] : [])]
}

function firstOfOne(runs: readonly RunInfo[], added: number): number {
  let first = runs.length
  let count = added
  for (;;) {
    const before = runs[first - 1]
    if (before === undefined || before.count >= count * RATIO || before.count + count > COUNT_MOST)
      return first
    count += before.count
    first--
  }
}

function writeSome(index: IndexFile, walk: HashWalk, writer: RunWriter): boolean {
  const moved: ChangedList[] = []
  const end = writer.blocks + BLOCKS
  let isMore = true
  while (writer.blocks < end && moved.length < LISTS && (isMore = walk.next())) {
    const isMoved = walk.postings.length > LIST_MOST
    if (isMoved) moved.push(movedList(index, walk))
    for (const posting of walk.postings) if (!isMoved || isDropped(posting)) writer.add(posting)
  }
  for (const { place, changes } of spread(moved)) changeList(place, changes, true)
  return isMore
}

/** What is dropped is out of the B-tree already. */
function movedList({ chunks }: IndexFile, { hash, postings }: HashWalk): ChangedList {
  const changes = new Changes(POSTINGS, postings.length)
  for (const posting of postings)
    if (!isDropped(posting)) writePosting(changes.bytes, changes.place(false), entryOf(posting))
  return { place: { database: chunks, layout: POSTINGS, prefix: hashKey(hash, 0) }, changes }
}

const entryOf = (posting: RunPosting): { sort: number; seq: number } => ({
  sort: posting.sort,
  seq: rowOf(posting),
})

/** Takes out all other runs: those that are part of a larger one now, and what a merge that broke off has left. */
export function removeOthers(index: IndexFile, numbers: readonly number[]): void {
  const known = new Set(numbers)
  let start = runKey(0, 0)
  for (;;) {
    const [key] = index.runs.getKeys({ start, limit: 1 })
    if (key === undefined) return
    const number = key.readUInt32BE(0)
    if (!known.has(number)) removeRun(index, number)
    start = runKey(number + 1, 0)
  }
}

function removeRun({ env, runs }: IndexFile, number: number): void {
  for (;;) {
    const range = { start: runKey(number, 0), end: runKey(number + 1, 0), limit: REMOVED }
    const keys = Array.from(runs.getKeys(range), (key) => Buffer.from(key))
    if (keys.length === 0) return
    env.transactionSync(() => {
      for (const key of keys) runs.removeSync(key)
    })
  }
}
