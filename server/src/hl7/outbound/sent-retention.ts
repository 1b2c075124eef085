import type { Clock } from '../../kernel/clock.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordChange, RecordStore } from '../../store/port.ts'
import { keepMs } from '../journal/retention.ts'
import type { Destination } from './destination.ts'
import { MESSAGES, storedOf, textRemoval, type OutState } from './outbox.ts'

/** Removes messages whose destination does not keep them any longer. What still waits, or waits for a person, stays. */
export interface SentRetention {
  start(): void
  /** One bounded step for each destination. */
  step(): Promise<void>
  stop(): Promise<void>
}

interface SentRetentionDeps {
  readonly records: RecordStore
  readonly clock: Clock
  readonly destinations: ReadonlyMap<string, Destination>
  readonly report: (error: unknown, message: string) => void
}

const FINAL: ReadonlySet<OutState> = new Set(['sent', 'answered', 'cancelled'])

export function createSentRetention(deps: SentRetentionDeps): SentRetention {
  const { records, clock, destinations, report } = deps
  /** Where the next step goes on, by destination. */
  const after = new Map<string, string>()
  let timer: NodeJS.Timeout | undefined
  let working: Promise<unknown> = Promise.resolve()

  const stepOf = async (name: string, keep: string): Promise<void> => {
    const page = await records.range({
      collection: MESSAGES,
      from: after.get(name) ?? `${name}|`,
      to: `${name}}`,
      limit: limits.hl7.retentionStep,
    })
    const before = clock() - keepMs(keep)
    const old = page.flatMap((record) => {
      const stored = storedOf(record)
      return stored && FINAL.has(stored.message.state) && stored.message.changed < before ? [stored] : []
    })
    // One that was put back into the queue meanwhile has another revision, and stays.
    for (const stored of old) {
      const { id, revision } = stored
      const removal: RecordChange = { op: 'delete', collection: MESSAGES, id, revision }
      await records.apply([removal, ...textRemoval(stored)])
    }
    const last = page.at(-1)
    if (page.length === limits.hl7.retentionStep && last !== undefined) after.set(name, `${last.id}\u0000`)
    else after.delete(name)
  }
  const step = async (): Promise<void> => {
    for (const { name, keep } of destinations.values()) if (keep !== undefined) await stepOf(name, keep)
  }
  return {
    step,
    start() {
      timer = setInterval(() => {
        working = working.then(step).catch((error: unknown) => report(error, 'retention'))
      }, limits.hl7.retentionMs).unref()
    },
    async stop() {
      clearInterval(timer)
      await working
    },
  }
}
