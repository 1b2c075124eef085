import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { commitOf, writeOf } from '../contract-bench.ts'
import type { CommitResult, RecordChange, Store } from '../port.ts'
import { openDataFile } from './databases.ts'
import { openEmbeddedStore } from './store.ts'

it('takes what comes while its transaction is opened into the same group', async () => {
  const folder = await freshFolder()
  let late: Promise<CommitResult> | undefined
  const store: Store = await openEmbeddedStore({
    folder,
    async durably(transaction) {
      late ??= store.commit(commitOf({ writes: [writeOf({ id: 'late' })] }))
      // Its rows are encoded behind a turn of the microtasks.
      await new Promise((resolve) => setImmediate(resolve))
      await transaction()
    },
  })
  expect(await store.commit(commitOf({ writes: [writeOf({ id: 'first' })] }))).toMatchObject({ n: 1 })
  expect(await late).toMatchObject({ n: 2 })
  expect(store.health()).toMatchObject({ batches: 1, rows: 2 })
  await store.close()
})

it('keeps commits in the order of their calls, with a write or without one', async () => {
  const store: Store = await openEmbeddedStore({ folder: await freshFolder() })
  const writes = [[writeOf({ id: 'a' })], [], [writeOf({ id: 'b' })]]
  const commits = writes.map((each) => store.commit(commitOf({ writes: each, records: [put('x')] })))
  expect(await Promise.all(commits)).toMatchObject([{ n: 1 }, { n: 2 }, { n: 3 }])
  await store.close()
})

it('removes what has expired from the file, a part with each group until nothing is left', async () => {
  const folder = await freshFolder()
  let now = 1_790_000_000_000
  const store: Store = await openEmbeddedStore({ folder, clock: () => now })
  const soon = { expires: now + 1000 }
  await store.records.apply(Array.from({ length: 100 }, (_, at) => put(`short-${String(at)}`, soon)))
  now += 5000
  for (const id of ['first', 'second']) await store.records.apply([put(id)])
  await store.close()
  const data = openDataFile(join(folder, 'data.mdb'), true)
  expect([...data.expiries.getKeys()]).toHaveLength(0)
  expect([...data.records.getKeys()]).toHaveLength(2)
  await data.env.close()
})

function put(id: string, more = {}): RecordChange {
  return { op: 'put', collection: 'c', id, value: {}, ...more }
}

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-writer-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}
