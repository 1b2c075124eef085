import { setTimeout } from 'node:timers/promises'

import type { Clock } from '../kernel/clock.ts'
import { fault, type Fault } from '../kernel/fault.ts'
import { limits } from '../kernel/limits.ts'
import type { Store, StoredRecord } from './port.ts'

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
  /** The store belongs to this process: a place that nobody has held for `keepMs`, and a day, has no reader any more and is forgotten. */
  readonly isAlone?: boolean
}

export interface LogTrimmer {
  close(): Promise<void>
}

/** Takes out of the log what every sink has passed and what is older than it must be, a bounded step at a time. Any process may do it. */
export function startLogTrimmer(options: LogTrimmerOptions): LogTrimmer {
  const { onError, clock, everyMs = limits.store.trimEveryMs } = options
  const stop = new AbortController()
  const startedMs = clock()
  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const trimmed = await trimStep(options, startedMs).catch((error: unknown) => {
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

async function trimStep(options: LogTrimmerOptions, startedMs: number): Promise<number> {
  const { store, clock, keepMs, otherPlaces } = options
  const cursors = await store.records.range({ collection: CURSORS, limit: limits.store.cursors })
  const forgotten = new Set(cursors.filter((one) => isForgotten(one, options, startedMs)))
  await store.records.apply(
    [...forgotten].map(({ id, revision }) => ({ op: 'delete', collection: CURSORS, id, revision })),
  )
  const places = cursors.filter((one) => !forgotten.has(one)).map(({ value }) => (value as Place).n)
  // A cursor that says no number has passed nothing.
  const passed = places.map((n) => (typeof n === 'number' ? n : 0))
  const others = (await otherPlaces?.()) ?? []
  return store.log.trim({ upTo: Math.min(Infinity, ...passed, ...others), before: clock() - keepMs })
}

interface Place {
  readonly n?: unknown
  /** When whoever held it last held it no more. */
  readonly until?: unknown
}

/** A sink that runs holds its place all the time; one that a start has not brought back by then does not come back. */
function isForgotten(
  { value }: StoredRecord,
  { clock, keepMs, isAlone = false }: LogTrimmerOptions,
  startedMs: number,
): boolean {
  const { until } = value as Place
  const isOld = typeof until === 'number' && until < clock() - Math.max(keepMs, limits.store.unheldMs)
  return isAlone && isOld && clock() - startedMs >= limits.store.sinksStartMs
}

export function trimmedFault(): Fault {
  return fault('gone', {
    code: 'deleted',
    text: 'These commits are no longer in the log. Read the resources again and go on from its end.',
  })
}
