import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { commitOf, writeOf } from '../contract-bench.ts'
import type { CommitResult, Store } from '../port.ts'
import { openEmbeddedStore } from './store.ts'

it('takes what comes while its transaction is opened into the same group', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-writer-'))
  onTestFinished(() => rm(folder, { recursive: true }))
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
