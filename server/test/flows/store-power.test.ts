import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { openEmbeddedStore } from '../../src/store/embedded/store.ts'

/** A kill cannot show a missing sync, because the operating system keeps what the process wrote. The order of steps can. */
it('answers a commit and a record change only behind the synced transaction that holds it', async () => {
  const folder = await freshFolder()
  const steps: string[] = []
  const store = await openEmbeddedStore({
    folder,
    async durably(transaction) {
      await transaction()
      steps.push('synced')
    },
  })
  onTestFinished(async () => store.close())
  const commit = async (i: number): Promise<void> => {
    await store.commit({ uuid: `${i}`, time: 1, writes: [], records: [], guards: [] })
    steps.push('answered')
  }
  for (let i = 0; i < 20; i++) await commit(i)
  await store.records.apply([{ op: 'put', collection: 'c', id: 'r', value: {} }])
  steps.push('answered')
  expect(steps).toEqual(Array.from({ length: 21 }, () => ['synced', 'answered']).flat())
})

it('does not answer what a failing disk did not take, and goes on when it is back', async () => {
  const folder = await freshFolder()
  let full = false
  const store = await openEmbeddedStore({
    folder,
    async durably(transaction) {
      if (full) throw new Error('ENOSPC')
      await transaction()
    },
  })
  onTestFinished(async () => store.close())
  const commit = async (uuid: string): Promise<unknown> =>
    store.commit({ uuid, time: 1, writes: [], records: [], guards: [] })
  await commit('first')
  full = true
  await expect(commit('lost')).rejects.toThrow('ENOSPC')
  full = false
  expect(await commit('second')).toEqual({ outcome: 'committed', n: 2 })
  expect((await store.log.read(0, 10)).map(({ uuid }) => uuid)).toEqual(['first', 'second'])
})

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-power-'))
  onTestFinished(async () => rm(folder, { recursive: true }))
  return folder
}
