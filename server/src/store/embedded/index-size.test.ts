import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it, onTestFinished, vi } from 'vitest'

import { commitOf, keysOf, writeOf } from '../contract-bench.ts'
import { Changes } from './changes.ts'
import type { Bytes } from './databases.ts'
import {
  hashKey,
  openIndexFile,
  putWatermark,
  readWatermark,
  type IndexFile,
  type RunInfo,
} from './index-file.ts'
import { INTERVALS } from './intervals.hot.ts'
import { changeList } from './late-changes.ts'
import type { Layout } from './list-layout.ts'
import { HashWalk } from './merge-runs.ts'
import { rowOf, storedRun } from './posting-runs.ts'
import { POSTINGS, writePosting } from './postings.hot.ts'
import { openEmbeddedStore } from './store.ts'

const RESOURCES = 20
const ROUNDS = 30
const MERGE_ROWS = 10

it('keeps the postings of current versions only, however often they are updated, rekeyed and deleted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-index-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const store = await openEmbeddedStore({ folder, mergeRows: MERGE_ROWS })
  for (let round = 0; round < ROUNDS; round++) {
    const ids = Array.from({ length: RESOURCES }, (_, i) => `p${i}`)
    const writes = ids.map((id) => writeOf({ id, expected: round, keys: keys(round) }))
    await store.commit(commitOf({ writes }))
    const some = ids.slice(0, RESOURCES / 2)
    await store.rekey(some.map((id) => ({ type: 'Patient', id, version: round + 1, keys: keys(-1) })))
  }
  await vi.waitFor(() => expect(store.health()['unmerged_rows']).toBeLessThan(RESOURCES), 20_000)
  await store.close()

  const index = openIndexFile(join(folder, 'index.mdb'))
  onTestFinished(() => index.env.close())
  // What waits in memory is not filed, and what it replaces is not taken out.
  const waiting = 4 * RESOURCES
  const versions = RESOURCES * ROUNDS
  expect(entriesIn(index.chunks, POSTINGS)).toBeLessThanOrEqual(versions + 3 * (RESOURCES + waiting))
  expect(entriesIn(index.chunks, POSTINGS)).toBeGreaterThanOrEqual(versions - waiting)
  expect(entriesIn(index.ranges, INTERVALS)).toBeLessThanOrEqual(RESOURCES + waiting)
  expect(entriesIn(index.names, POSTINGS)).toBeLessThanOrEqual(RESOURCES + waiting)
})

it('takes a few bytes a key, free pages of the file included', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-index-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const store = await openEmbeddedStore({ folder, mergeRows: 500 })
  const count = 4000
  for (let from = 0; from < count; from += 500) {
    const writes = Array.from({ length: 500 }, (_, i) =>
      writeOf({ id: `o${from + i}`, keys: observed(from + i) }),
    )
    await store.commit(commitOf({ writes }))
  }
  await vi.waitFor(() => expect(store.health()['unmerged_rows']).toBeLessThan(500), 20_000)
  await store.close()
  // 15 common keys, 5 of its own, 3 intervals and 4 texts; one entry of the file for each of the latter took 1,390 bytes.
  expect((await stat(join(folder, 'index.mdb'))).size / count).toBeLessThan(550)
}, 60_000)

it('is made anew when another version has written it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-index-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const store = await openEmbeddedStore({ folder, mergeRows: 2 })
  await store.commit(commitOf({ writes: ['a', 'b', 'c', 'd'].map((id) => writeOf({ id, keys: keys(1) })) }))
  await vi.waitFor(() => expect(store.health()['unmerged_rows']).toBe(0), 20_000)
  await store.close()
  const path = join(folder, 'index.mdb')
  const index = openIndexFile(path)
  const watermark = readWatermark(index)
  expect(watermark?.row).toBe(4)
  if (watermark !== undefined)
    index.env.transactionSync(() => putWatermark(index, { ...watermark, format: 2 }))
  for (const { database, layout } of [
    { database: index.chunks, layout: POSTINGS },
    { database: index.names, layout: POSTINGS },
  ])
    for (const key of database.getKeys({})) database.putSync(Buffer.from(key), layout.pack(NOTHING))
  await index.env.close()
  const again = await openEmbeddedStore({ folder, mergeRows: 2 })
  onTestFinished(() => again.close())
  expect(await again.resources.count('Patient', 'round=1', 10)).toBe(4)
  const named = await again.resources.names({
    type: 'Patient',
    param: 'family',
    prefix: 'name',
    limit: 9,
  })
  expect(named).toHaveLength(4)
})

it('is read as it is when the version before has written it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-index-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const store = await openEmbeddedStore({ folder, mergeRows: 2 })
  await store.commit(commitOf({ writes: ['a', 'b'].map((id) => writeOf({ id, keys: keys(1) })) }))
  await vi.waitFor(() => expect(store.health()['unmerged_rows']).toBe(0), 20_000)
  await store.close()
  const path = join(folder, 'index.mdb')
  const index = openIndexFile(path)
  const { runs = [], ...watermark } = readWatermark(index) ?? { format: 0, row: 0, reached: 0, seed: '' }
  index.env.transactionSync(() => {
    moveToLists(index, runs)
    putWatermark(index, { ...watermark, format: 5 })
  })
  await index.env.close()
  const { ino } = await stat(path)
  const again = await openEmbeddedStore({ folder, mergeRows: 2 })
  expect(await again.resources.count('Patient', 'round=1', 10)).toBe(2)
  await again.close()
  // One that is made anew is another file, or has no watermark yet.
  expect((await stat(path)).ino).toBe(ino)
  const kept = openIndexFile(path)
  expect(readWatermark(kept)).toEqual({ ...watermark, format: 5 })
  await kept.env.close()
})

/** What the version before knows: no runs. */
function moveToLists(index: IndexFile, runs: readonly RunInfo[]): void {
  const walk = new HashWalk(
    runs.map((run) => storedRun(index, run)),
    false,
  )
  while (walk.next()) {
    const changes = new Changes(POSTINGS, walk.postings.length)
    for (const posting of walk.postings)
      writePosting(changes.bytes, changes.place(false), { sort: posting.sort, seq: rowOf(posting) })
    changeList({ database: index.chunks, layout: POSTINGS, prefix: hashKey(walk.hash, 0) }, changes, false)
  }
  for (const key of index.runs.getKeys({})) index.runs.removeSync(Buffer.from(key))
}

const NOTHING = { entries: Buffer.alloc(0), isFollowed: false }

function observed(i: number): ReturnType<typeof keysOf> {
  const date = Date.UTC(2020, 0, 1) + ((i * 7919) % 1000) * 86_400_000
  return keysOf({
    k: [
      ...Array.from({ length: 15 }, (_, n) => `common${n}=${i % (n + 1)}`),
      ...Array.from({ length: 5 }, (_, n) => `own${n}=${i}`),
    ],
    r: [
      { p: 'date', lo: date, hi: date + 1000 },
      { p: 'value-quantity', lo: i / 7, hi: i / 7 },
      { p: '_lastUpdated', lo: date + i, hi: date + i + 1 },
    ],
    n: ['code:text', 'combo-code:text', 'category:text', 'method:text'].map((p) => ({
      p,
      text: `hemoglobin a1c or something of that kind, ${i % 40}`,
    })),
    date,
  })
}

function entriesIn(database: Bytes, { width, unpack }: Layout): number {
  let count = 0
  for (const { value } of database.getRange({})) count += unpack(value).entries.length / width
  return count
}

function keys(round: number): ReturnType<typeof keysOf> {
  return keysOf({
    k: ['active=true', `round=${round}`],
    r: [{ p: 'date', lo: round, hi: round + 1 }],
    n: [{ p: 'family', text: `name ${round}` }],
    date: round * 1000,
  })
}
