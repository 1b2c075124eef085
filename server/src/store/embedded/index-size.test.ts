import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it, onTestFinished, vi } from 'vitest'

import { commitOf, keysOf, writeOf } from '../contract-bench.ts'
import { openIndexFile, type IndexFile } from './index-file.ts'
import { POSTING, unpackChunk } from './postings.hot.ts'
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
  await vi.waitFor(() => expect(store.health()['unmerged_rows']).toBeLessThan(RESOURCES))
  await store.close()

  const index = openIndexFile(join(folder, 'index.mdb'))
  onTestFinished(() => index.env.close())
  // What waits in memory is not filed, and what it replaces is not taken out.
  const waiting = 4 * RESOURCES
  const versions = RESOURCES * ROUNDS
  expect(postings(index)).toBeLessThanOrEqual(versions + 3 * (RESOURCES + waiting))
  expect(postings(index)).toBeGreaterThanOrEqual(versions - waiting)
  expect(index.ranges.getKeysCount()).toBeLessThanOrEqual(RESOURCES + waiting)
  expect(index.names.getKeysCount()).toBeLessThanOrEqual(RESOURCES + waiting)
})

function postings({ chunks }: IndexFile): number {
  let count = 0
  for (const { value } of chunks.getRange({})) count += unpackChunk(value).postings.length / POSTING
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
