import { setTimeout } from 'node:timers/promises'

import type { Clock } from '../kernel/clock.ts'
import { fault, type Fault } from '../kernel/fault.ts'
import { limits } from '../kernel/limits.ts'
import type { Store } from './port.ts'

/** Each sink of the log keeps its place here, as the number `n` of the last commit that it has for sure. */
export const CURSORS = 'cursors'

export interface LogTrimmerOptions {
  readonly store: Store
  readonly clock: Clock
  /** `HUB_LOG_KEEP`: how long commits stay at least. */
  readonly keepMs: number
  /** Places of readers that keep theirs elsewhere. */
  readonly otherPlaces?: () => Promise<readonly number[]>
  readonly onError: (error: unknown) => void
  readonly everyMs?: number
}

export interface LogTrimmer {
  close(): Promise<void>
}

/** Takes out of the log what every sink has passed and what is older than it must be, a bounded step at a time. Any process may do it. */
export function startLogTrimmer(options: LogTrimmerOptions): LogTrimmer {
  const { onError, everyMs = limits.store.trimEveryMs } = options
  const stop = new AbortController()
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const trimmed = await trimStep(options).catch((error: unknown) => {
        onError(error)
        return 0
      })
      // A long rest behind the last step, a short one between two.
      const restMs = trimmed < limits.store.trimStep ? everyMs : everyMs / 100
      await setTimeout(restMs, undefined, { signal: stop.signal }).catch(() => undefined)
    }
  }
  const running = run()
  return {
    close: async () => {
      stop.abort()
      await running
    },
  }
}

async function trimStep({ store, clock, keepMs, otherPlaces }: LogTrimmerOptions): Promise<number> {
  const cursors = await store.records.range({ collection: CURSORS, limit: limits.store.cursors })
  const places = cursors.map(({ value }) => (value as { readonly n?: unknown }).n)
  // A cursor that says no number has passed nothing.
  const passed = places.map((n) => (typeof n === 'number' ? n : 0))
  const others = (await otherPlaces?.()) ?? []
  return store.log.trim({ upTo: Math.min(Infinity, ...passed, ...others), before: clock() - keepMs })
}

export function trimmedFault(): Fault {
  return fault('gone', {
    code: 'deleted',
    text: 'These commits are no longer in the log. Read the resources again and go on from its end.',
  })
}
