import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { Changes } from './changes.ts'
import { mergedCursor } from './cursors.ts'
import { postingCursors } from './index-cursors.ts'
import { hashKey, openIndexFile, type IndexFile, type RunInfo } from './index-file.ts'
import { changeList } from './late-changes.ts'
import { buildRun, isDropped, rowOf, type BuiltRun, type RunPosting } from './posting-runs.ts'
import { POSTINGS, writePosting } from './postings.hot.ts'
import { addRun, removeOthers } from './run-levels.ts'
import { RunReader } from './run-reader.ts'
import { compareNumbers, type Cursor, type Direction, type Place } from './sorted-blocks.ts'

const HASHES = 400

it('finds what a plain list finds, however postings come, go, and come again', async () => {
  const { index, add, find } = await openRuns()
  const random = randomFrom(11)
  const model = new Map<string, RunPosting>()
  let row = 0
  let runsMost = 0
  for (let round = 0; round < 80; round++) {
    const changed = new Map<string, RunPosting>()
    const put = (posting: RunPosting) => {
      changed.set(nameOf(posting), posting)
      if (posting.state % 2 === 1) model.delete(nameOf(posting))
      else model.set(nameOf(posting), posting)
    }
    // Some hashes have many postings, most few.
    for (let i = 0; i < 100; i++)
      put({ hash: random(random(HASHES) + 1), sort: random(50), state: ++row * 2 })
    const gone = [...model.values()].filter(({ state }) => state < row * 2 - 200 && random(30) === 0)
    if (round % 3 === 0) for (const { hash, sort, state } of gone) put({ hash, sort, state: state + 1 })
    if (round % 6 === 0) for (const posting of gone.slice(0, 5)) put(posting)
    const runs = add([...changed.values()])
    runsMost = Math.max(runsMost, runs.length)
  }
  for (let hash = 0; hash < HASHES; hash++) {
    const wanted = [...model.values()].filter((posting) => posting.hash === hash)
    for (const direction of ['asc', 'desc'] as const) {
      const ordered = wanted.map(({ sort, state }) => ({ key: sort, seq: state / 2 })).toSorted(by(direction))
      expect(find(hash, direction)).toEqual(ordered)
      const at = random(ordered.length)
      expect(find(hash, direction, ordered[at])).toEqual(ordered.slice(ordered.length > 0 ? at + 1 : 0))
    }
  }
  // Long lists are in the B-tree, and no runs pile up.
  expect(index.chunks.getKeysCount({})).toBeGreaterThan(0)
  expect(runsMost).toBeLessThan(8)
})

const some = (from: number, length = 5000): RunPosting[] =>
  Array.from({ length }, (_, i) => ({ hash: from + i * 7, sort: 1, state: (from + i) * 2 }))

it('keeps the runs that readers know until they know others, and nothing of a merge that broke off', async () => {
  const { index, add, runs } = await openRuns()
  add(some(1))
  const known = new RunReader(index, runs())
  add(some(2), known.numbers)
  add(some(3), known.numbers)
  expect(rowsOf(known, 1)).toEqual([1])
  expect(rowsOf(known, 2)).toEqual([])
  const now = new RunReader(index, runs())
  expect([1, 2, 3].map((hash) => rowsOf(now, hash))).toEqual([[1], [2], [3]])

  const keys = (): number => index.runs.getKeysCount({})
  removeOthers(index, now.numbers)
  const whole = keys()
  // More than one transaction takes.
  const added = runOf(some(4, 50_000))
  let steps = 0
  const isToEnd = () => steps++ > 0
  expect(addRun(index, { runs: runs(), kept: now.numbers, added, isToEnd })).toBeUndefined()
  expect(keys()).toBeGreaterThan(whole)
  removeOthers(index, now.numbers)
  expect(keys()).toBe(whole)
  expect(rowsOf(now, 3)).toEqual([3])
})

const rowsOf = (runs: RunReader, hash: number): number[] =>
  walked(mergedCursor(runs.cursors(hash, { direction: 'asc' }), compareNumbers, 'asc')).map(({ seq }) => seq)

async function openRuns(): Promise<{
  index: IndexFile
  runs: () => readonly RunInfo[]
  add: (postings: readonly RunPosting[], kept?: readonly number[]) => readonly RunInfo[]
  find: (hash: number, direction: Direction, after?: Place<number>) => readonly Place<number>[]
}> {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-runs-'))
  const index = openIndexFile(join(folder, 'index.mdb'))
  onTestFinished(async () => {
    await index.env.close()
    await rm(folder, { recursive: true })
  })
  let runs: readonly RunInfo[] = []
  return {
    index,
    runs: () => runs,
    add(postings, kept = []) {
      removeOthers(index, [...kept, ...runs.map(({ number }) => number)])
      for (const posting of postings) if (isDropped(posting)) takeOut(index, posting)
      runs = addRun(index, { runs, kept, added: runOf(postings), isToEnd: () => false }) ?? []
      return runs
    },
    find(hash, direction, after) {
      const place = after && { after }
      const cursors = postingCursors(index, { hash, upTo: Infinity, direction, ...place })
      cursors.push(...new RunReader(index, runs).cursors(hash, { direction, ...place }))
      return walked(mergedCursor(cursors, compareNumbers, direction))
    },
  }
}

/** Out of the B-tree: what a merge does with what is dropped. */
function takeOut({ env, chunks }: IndexFile, posting: RunPosting): void {
  const changes = new Changes(POSTINGS)
  writePosting(changes.bytes, changes.place(true), { sort: posting.sort, seq: rowOf(posting) })
  const list = { database: chunks, layout: POSTINGS, prefix: hashKey(posting.hash, 0) }
  env.transactionSync(() => changeList(list, changes, false))
}

function runOf(postings: readonly RunPosting[]): BuiltRun {
  const ordered = postings.toSorted((a, b) => a.hash - b.hash || a.sort - b.sort || a.state - b.state)
  return buildRun((writer) => {
    for (const posting of ordered) writer.add(posting)
  })
}

function walked(cursor: Cursor<number>): Place<number>[] {
  const found: Place<number>[] = []
  while (cursor.next()) found.push({ key: cursor.key, seq: cursor.seq })
  return found
}

const nameOf = ({ hash, sort, state }: RunPosting): string => `${hash}/${sort}/${Math.floor(state / 2)}`

function by(direction: Direction): (a: Place<number>, b: Place<number>) => number {
  const sign = direction === 'asc' ? 1 : -1
  return (a, b) => (a.key - b.key || a.seq - b.seq) * sign
}

function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
