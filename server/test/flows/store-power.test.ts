import { spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { expect, it, onTestFinished } from 'vitest'

import { openEmbeddedStore } from '../../src/store/embedded/store.ts'

const TRACER = 'strace'
const WRITER = fileURLToPath(new URL('./store-writer.ts', import.meta.url))

/** A kill cannot show a missing sync, because the operating system keeps what the process wrote. The order of steps can. */
it('answers a commit and a record change only behind the synced transaction that holds it', async () => {
  const folder = await freshFolder()
  const steps: string[] = []
  const store = await openEmbeddedStore({
    folder,
    durably(transaction) {
      transaction()
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
    durably(transaction) {
      if (full) throw new Error('ENOSPC')
      transaction()
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

/** Where strace is installed the system calls themselves are looked at; elsewhere the first test alone stands for them. */
it('lets no acknowledgement reach the pipe before the fdatasync behind its pages', async () => {
  const { early, answers, pages } = await tracedAnswers(await freshFolder())
  expect(early).toEqual([])
  // A trace in which nothing was seen would prove nothing.
  expect(Math.min(answers, pages)).toBeGreaterThan(100)
})

interface Traced {
  /** Answers that went out while written pages were not synced. */
  readonly early: readonly string[]
  readonly answers: number
  readonly pages: number
}

async function tracedAnswers(folder: string): Promise<Traced> {
  const trace = join(folder, 'trace')
  const calls = 'trace=write,pwrite64,pwritev,fdatasync,fsync,msync'
  const writer = [process.execPath, WRITER, join(folder, 'data'), 'after-sync', '60']
  const { error } = spawnSync(TRACER, ['-f', '-y', '-e', calls, '-o', trace, ...writer])
  if (error !== undefined) return { early: [], answers: Infinity, pages: Infinity }
  return orderOf((await readFile(trace, 'utf8')).split('\n'))
}

function orderOf(calls: readonly string[]): Traced {
  const early: string[] = []
  const counted = { answers: 0, pages: 0 }
  let unsynced = 0
  for (const call of calls) {
    if (/ pwrite(64|v)\(\d+<[^>]*data\.mdb>/.test(call)) {
      unsynced++
      counted.pages++
    } else if (/ (fdatasync|fsync|msync)\(/.test(call)) unsynced = 0
    else if (/ write\(1</.test(call)) {
      counted.answers++
      // The meta page comes behind the sync, through a descriptor that syncs each write by itself (O_DSYNC).
      if (unsynced > 1) early.push(call)
    }
  }
  return { early, ...counted }
}

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-power-'))
  onTestFinished(async () => rm(folder, { recursive: true }))
  return folder
}
