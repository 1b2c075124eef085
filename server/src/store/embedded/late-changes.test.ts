import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it, onTestFinished, vi } from 'vitest'

import { Changes } from './changes.ts'
import { mergedCursor } from './cursors.ts'
import { postingCursors } from './index-cursors.ts'
import { hashKey, openIndexFile, type IndexFile } from './index-file.ts'
import { changeList } from './late-changes.ts'
import type { ListPlace } from './packed-lists.ts'
import { POSTINGS, writePosting } from './postings.hot.ts'
import { compareNumbers, type Direction } from './sorted-blocks.ts'

const HASH = 4711
const BATCH = 300

it('walks a long list that changes everywhere as if each change were filed at once', async () => {
  const { list, walk, change } = await openList()
  const model = new Map<number, number>()
  const gone = new Set<string>()
  const random = randomFrom(3)
  let asideMost = 0
  for (let round = 0, seq = 0; round < 60; round++) {
    const added = Array.from({ length: BATCH }, () => ({ sort: random(1_000_000), seq: ++seq }))
    const dropped = [...model].filter(() => random(40) === 0).map(([of, sort]) => ({ sort, seq: of }))
    const mayWait = round % 20 !== 19
    for (const posting of dropped) {
      model.delete(posting.seq)
      gone.add(nameOf(posting))
    }
    for (const posting of added) model.set(posting.seq, posting.sort)
    change({ added, dropped }, mayWait)
    // Doing it again changes nothing.
    if (round % 7 === 0) change({ added, dropped }, mayWait)
    asideMost = Math.max(asideMost, walk('asc').length - chunkEntries(list))

    if (round % 3 === 0) continue
    const direction = round % 2 === 0 ? 'asc' : 'desc'
    const expected = [...model].map(([of, sort]) => ({ sort, seq: of })).toSorted(byPlace(direction))
    // What was dropped may still be there: its rows were replaced. Not so when a list may not wait.
    const found = walk(direction)
    expect(textOf(mayWait ? found.filter((posting) => !gone.has(nameOf(posting))) : found)).toBe(
      textOf(expected),
    )
    const after = expected[random(expected.length)]
    const behind = walk(direction, after).filter((posting) => !gone.has(nameOf(posting)))
    expect(textOf(behind)).toBe(textOf(expected.slice(expected.findIndex((one) => one === after) + 1)))
  }
  expect(asideMost).toBeGreaterThan(BATCH)
})

it('writes few chunks for a posting, also of a long list', async () => {
  const { index, change } = await openList()
  const random = randomFrom(5)
  const put = vi.spyOn(index.chunks, 'putSync')
  const count = 60_000
  for (let seq = 0; seq < count; seq += BATCH) {
    const added = Array.from({ length: BATCH }, (_, i) => ({ sort: random(1_000_000), seq: seq + i }))
    change({ added, dropped: [] }, true)
  }
  // Filed at once it was one chunk for each two postings of the second half, and more the longer the list.
  expect(put.mock.calls.length / count).toBeLessThan(0.3)
})

interface Posting {
  readonly sort: number
  readonly seq: number
}

async function openList(): Promise<{
  index: IndexFile
  list: ListPlace
  walk: (direction: Direction, after?: Posting) => Posting[]
  change: (postings: { added: Posting[]; dropped: Posting[] }, mayWait: boolean) => void
}> {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-late-'))
  const index = openIndexFile(join(folder, 'index.mdb'))
  onTestFinished(async () => {
    await index.env.close()
    await rm(folder, { recursive: true })
  })
  const list = { database: index.chunks, layout: POSTINGS, prefix: hashKey(HASH, 0) }
  return {
    index,
    list,
    walk(direction, after) {
      const place = after && { key: after.sort, seq: after.seq }
      const walk = { hash: HASH, upTo: Infinity, direction, ...(place && { after: place }) }
      const cursor = mergedCursor(postingCursors(index, walk), compareNumbers, direction)
      const found: Posting[] = []
      while (cursor.next()) found.push({ sort: cursor.key, seq: cursor.seq })
      return found
    },
    change({ added, dropped }, mayWait) {
      const changes = new Changes(POSTINGS)
      const all = [
        ...dropped.map((posting) => ({ posting, isDropped: true })),
        ...added.map((posting) => ({ posting, isDropped: false })),
      ]
      for (const { posting, isDropped } of all.toSorted((a, b) => byPlace('asc')(a.posting, b.posting))) {
        const at = changes.place(isDropped)
        writePosting(changes.bytes, at, posting)
      }
      index.env.transactionSync(() => changeList(list, changes, mayWait))
    },
  }
}

/** Of the list alone. */
function chunkEntries({ database, prefix }: ListPlace): number {
  let count = 0
  for (const { key, value } of database.getRange({ start: prefix }))
    if (key.compare(prefix, 0, prefix.length, 0, prefix.length) === 0)
      count += POSTINGS.unpack(value).entries.length / POSTINGS.width
  return count
}

function byPlace(direction: Direction): (a: Posting, b: Posting) => number {
  const sign = direction === 'asc' ? 1 : -1
  return (a, b) => (a.sort - b.sort || a.seq - b.seq) * sign
}

const nameOf = ({ sort, seq }: Posting): string => `${sort}/${seq}`

const textOf = (postings: readonly Posting[]): string => postings.map(nameOf).join(' ')

function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}
