import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import { limits } from '../../kernel/limits.ts'
import type { MergeAnswer, MergeWorkerData } from './merge-worker.ts'
import type { MergeStep } from './merge.ts'

/** Orders merges, one at a time. */
export interface Merger {
  /** Resolves when the postings of the rows `from..upTo` are in the index and durable. */
  merge(step: MergeStep): Promise<void>
  close(): Promise<void>
}

/** @param closing aborted: a merge that is running ends behind its slice. */
export function createMerger(files: MergeWorkerData, closing: AbortSignal): Merger {
  let running: Promise<unknown> = Promise.resolve()
  let started: Worker | undefined

  /** The thread starts with the first merge: most short runs never need it. */
  function worker(): Worker {
    started ??= new Worker(new URL('./merge-worker.ts', import.meta.url), { workerData: files })
    return started
  }

  async function order(step: MergeStep): Promise<void> {
    // In slices: a large transaction leaves a long list of free pages, which small ones then drag along.
    for (let { from } = step; ; from += limits.store.mergeRows) {
      const upTo = Math.min(step.upTo, from + limits.store.mergeRows - 1)
      const slice = { ...step, from, upTo, rekeyed: upTo === step.upTo ? step.rekeyed : 0 }
      const answer = once(worker(), 'message')
      worker().postMessage(slice, [])
      const [result] = (await answer) as [MergeAnswer]
      if ('failed' in result) throw new Error(`the index could not be written: ${result.failed}`)
      if (slice.upTo === step.upTo) return
      // The index knows how far it is; the rest is merged after the next start.
      if (closing.aborted) throw new Error('the store is closing')
    }
  }

  return {
    async merge(step) {
      const merging = order(step)
      running = merging
      await merging
    },
    async close() {
      if (started === undefined) return
      // Closing the files under a running merge would abort the process.
      await running.catch(() => undefined)
      const exit = once(started, 'exit')
      started.postMessage('close', [])
      await exit
    },
  }
}
