import { spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { expect, it, onTestFinished } from 'vitest'

import { freshFolder, removeFolder } from '../flows/hub.ts'

const TRACER = 'strace'
const WRITER = fileURLToPath(new URL('../flows/store-writer.ts', import.meta.url))

/** The system calls of the store alone, in a process that does nothing else. */
it('lets no acknowledgement reach the pipe before the fdatasync behind its pages', async () => {
  const folder = await freshFolder()
  onTestFinished(() => removeFolder(folder))
  const { early, answers, pages } = await tracedAnswers(folder)
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
  // The writer ends itself at its kill point; only a missing command is an error.
  const { error } = spawnSync(TRACER, ['-f', '-y', '-e', calls, '-o', trace, ...writer])
  expect(error).toBeUndefined()
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
