import { parentPort, workerData } from 'node:worker_threads'

import { openDataFile } from './databases.ts'
import { openIndexFile } from './index-file.ts'
import { KeyHash } from './key-hash.ts'
import { mergeRows, type MergeStep } from './merge.ts'

/** What the merger hands to its thread. */
export interface MergeWorkerData {
  readonly dataPath: string
  readonly indexPath: string
  readonly hashSeed: { readonly hi: number; readonly lo: number }
  /** Shared; its element is not 0 when the store is closing. */
  readonly isClosing: Int32Array
}

export type MergeAnswer = { readonly upTo: number } | { readonly failed: string }

/** Merges on a thread of its own: the loop that answers requests never waits for the index. */
const { dataPath, indexPath, hashSeed, isClosing } = workerData as MergeWorkerData
const data = openDataFile(dataPath)
const index = openIndexFile(indexPath)
const hash = new KeyHash(hashSeed)

parentPort?.on('message', (order: MergeStep | 'close') => {
  if (order === 'close') {
    void Promise.all([data.env.close(), index.env.close()]).then(() => parentPort?.close())
    return
  }
  parentPort?.postMessage(merge(order), [])
})

function merge(step: MergeStep): MergeAnswer {
  try {
    data.env.resetReadTxn()
    const isDone = mergeRows({ data, index, hash }, step, () => Atomics.load(isClosing, 0) !== 0)
    return isDone ? { upTo: step.upTo } : { failed: 'the store is closing' }
  } catch (error) {
    return { failed: String(error) }
  }
}
