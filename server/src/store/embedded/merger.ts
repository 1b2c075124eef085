import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

import { limits } from '../../kernel/limits.ts'
import type { MergeAnswer, MergeWorkerData } from './merge-worker.ts'
import type { MergeStep } from './merge.ts'

/** Space of young objects of the merging thread, three parts of 8 MB: little of a merge outlives a collection. */
const YOUNG_MB = 24

/** Orders merges, one at a time. */
export interface Merger {
  /** Resolves when the postings of the rows `from..upTo` are in the index and durable. */
  merge(step: MergeStep): Promise<void>
  close(): Promise<void>
}

/** @param closing aborted: a merge that is running ends behind its transaction, to be done again after the next start. */
export function createMerger(files: Omit<MergeWorkerData, 'isClosing'>, closing: AbortSignal): Merger {
  const isClosing = new Int32Array(new SharedArrayBuffer(4))
  closing.addEventListener('abort', () => Atomics.store(isClosing, 0, 1))
  let running: Promise<unknown> = Promise.resolve()
  let started: Worker | undefined

  /** The thread starts with the first merge: most short runs never need it. */
  function worker(): Worker {
    started ??= new Worker(new URL('./merge-worker.ts', import.meta.url), {
      workerData: { ...files, isClosing } satisfies MergeWorkerData,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    })
    return started
  }

  async function order(step: MergeStep): Promise<void> {
    // In slices: the changes of one are held in memory.
    for (let { from } = step; ; from += limits.store.mergeRowsMost) {
      const upTo = Math.min(step.upTo, from + limits.store.mergeRowsMost - 1)
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
