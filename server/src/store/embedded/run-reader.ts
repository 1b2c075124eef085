import { peek } from './databases.ts'
import type { IndexFile, RunInfo } from './index-file.ts'
import {
  FENCES,
  hashAt,
  RUN_WIDTH,
  runKey,
  runSortAt,
  stateAt,
  storedRun,
  viewOf,
  type RunBlocks,
} from './posting-runs.ts'
import type { Cursor, Direction, Place } from './sorted-blocks.ts'

interface FencedRun {
  readonly number: number
  readonly run: RunBlocks
  /** The first hash of each block. */
  readonly fences: Float64Array
}

interface Way {
  readonly direction: Direction
  readonly after?: Place<number>
}

/** Postings of one hash, in order. */
interface Postings {
  readonly sorts: number[]
  readonly states: number[]
}

/**
 * Hashes of which is remembered what the runs hold, until the next merge: a search asks for each of its keys several times, and many ask for the
 * same ones. Half a kilobyte each, two at most.
 */
const ASKED_MOST = 4096

/** The runs as searches read them. */
export class RunReader {
  /** The oldest first. */
  readonly #runs: readonly FencedRun[]
  readonly numbers: readonly number[]
  #asked = new Map<number, readonly Postings[]>()

  /** @param before what was read before: the largest runs stay as they are at most merges, and so do their fences */
  constructor(index: IndexFile, infos: readonly RunInfo[], before?: RunReader) {
    this.numbers = infos.map(({ number }) => number)
    const known = new Map(before === undefined ? [] : before.#runs.map((run) => [run.number, run]))
    this.#runs = infos.map(
      (info) =>
        known.get(info.number) ?? {
          number: info.number,
          run: storedRun(index, info),
          fences: fencesOf(index, info),
        },
    )
  }

  /** The postings of a hash, as far as they lie in runs. */
  cursors(hash: number, way: Way): Cursor<number>[] {
    let found = this.#asked.get(hash)
    if (found === undefined) {
      if (this.#asked.size >= ASKED_MOST) this.#asked = new Map()
      this.#asked.set(hash, (found = this.#find(hash)))
    }
    return found.map((postings) => new RunCursor(postings, way))
  }

  #find(hash: number): readonly Postings[] {
    const found: Postings[] = []
    let hasDropped = false
    for (const run of this.#runs) {
      const postings: Postings = { sorts: [], states: [] }
      if (copyPostings(postings, hash, run)) hasDropped = true
      if (postings.sorts.length > 0) found.push(postings)
    }
    return hasDropped ? [settled(found)] : found
  }
}

function fencesOf({ runs }: IndexFile, { number }: RunInfo): Float64Array {
  const view = viewOf(peek(runs, runKey(number, FENCES)))
  const fences = new Float64Array(view.byteLength / 8)
  for (let at = 0; at < fences.length; at++) fences[at] = view.getFloat64(at * 8, true)
  return fences
}

/** @returns whether some are dropped */
function copyPostings({ sorts, states }: Postings, hash: number, { run, fences }: FencedRun): boolean {
  // They may begin at the end of the block before the first that begins with the hash.
  let at = Math.max(firstFrom(fences, hash) - 1, 0)
  if ((fences[at] ?? Infinity) > hash) return false
  let hasDropped = false
  do {
    const block = run.block(at)
    for (let from = placeOf(block, hash); from < block.byteLength; from += RUN_WIDTH) {
      if (hashAt(block, from) !== hash) return hasDropped
      const state = stateAt(block, from)
      hasDropped ||= state % 2 === 1
      sorts.push(runSortAt(block, from))
      states.push(state)
    }
    at++
  } while (fences[at] === hash)
  return hasDropped
}

/** What holds of postings some of which are dropped: the word of the youngest run. */
function settled(found: readonly Postings[]): Postings {
  const told = found
    .toReversed()
    .flatMap(({ sorts, states }) =>
      sorts.map((sort, at) => ({ sort, row: Math.floor((states[at] ?? 0) / 2), state: states[at] ?? 0 })),
    )
  // Sorting keeps the order of what is alike.
  told.sort((a, b) => a.sort - b.sort || a.row - b.row)
  const held = told.filter(({ sort, row, state }, at) => {
    const before = told[at - 1]
    return state % 2 === 0 && !(before?.sort === sort && before.row === row)
  })
  return { sorts: held.map(({ sort }) => sort), states: held.map(({ state }) => state) }
}

class RunCursor implements Cursor<number> {
  readonly extra = 0
  readonly #postings: Postings
  readonly #step: 1 | -1
  #at: number

  constructor(postings: Postings, { direction, after }: Way) {
    this.#postings = postings
    const isUp = direction === 'asc'
    this.#step = isUp ? 1 : -1
    // Before the first that is to come.
    if (after === undefined) this.#at = isUp ? -1 : postings.sorts.length
    else if (isUp) this.#at = this.#firstFrom({ key: after.key, seq: after.seq + 1 }) - 1
    else this.#at = this.#firstFrom(after)
  }

  get key(): number {
    return this.#postings.sorts[this.#at] ?? 0
  }

  get seq(): number {
    return Math.floor((this.#postings.states[this.#at] ?? 0) / 2)
  }

  next(): boolean {
    this.#at += this.#step
    return this.#at >= 0 && this.#at < this.#postings.sorts.length
  }

  /** Index of the first posting that is not before the place. */
  #firstFrom({ key, seq }: Place<number>): number {
    const { sorts, states } = this.#postings
    let at = 0
    for (; at < sorts.length; at++) {
      const sort = sorts[at] ?? 0
      if (sort > key || (sort === key && (states[at] ?? 0) >= seq * 2)) break
    }
    return at
  }
}

/** Index of the first fence that is not below the hash. */
function firstFrom(fences: Float64Array, hash: number): number {
  let low = 0
  let high = fences.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((fences[middle] ?? 0) < hash) low = middle + 1
    else high = middle
  }
  return low
}

/** Of the first posting that is not below the hash. */
function placeOf(block: DataView, hash: number): number {
  let low = 0
  let high = block.byteLength / RUN_WIDTH
  while (low < high) {
    const middle = (low + high) >> 1
    if (hashAt(block, middle * RUN_WIDTH) < hash) low = middle + 1
    else high = middle
  }
  return low * RUN_WIDTH
}
