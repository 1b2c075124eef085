import { limits } from '../../kernel/limits.ts'
import type { Database } from './database.ts'
import { appliedUpTo } from './log.ts'
import { applyFrom } from './writer.ts'

export interface RecoveryOptions {
  readonly now: () => number
  readonly notify: () => void
  /** Whether the writer of this process applies something just now: a large commit takes its time. */
  readonly isBusy: () => boolean
}

/** Applies what a process that died has appended but not applied: whatever stands unapplied for `limits.store.unappliedMs`. */
export function recoverer(
  database: Database,
  { now, notify, isBusy }: RecoveryOptions,
): { recovered: () => number; stop: () => Promise<void> } {
  let recovered = 0
  let seen = -1
  let isLooking = false
  const look = async (): Promise<void> => {
    if (isBusy()) {
      seen = -1
      return
    }
    const applied = await appliedUpTo(database)
    const [unapplied] = await database.commits
      .find({ _id: { $gt: applied } }, { projection: { _id: 1 } })
      .limit(1)
      .toArray()
    // The same place twice, one interval apart: nobody is at it.
    if (unapplied !== undefined && applied === seen) {
      recovered += (await applyFrom(database, applied, now)) - applied
      notify()
    }
    seen = unapplied === undefined ? -1 : applied
  }
  let running: Promise<void> = Promise.resolve()
  const timer = setInterval(() => {
    if (isLooking) return
    isLooking = true
    // While the database is away there is nothing to recover; the next look tries again.
    running = look()
      .catch(() => undefined)
      .finally(() => (isLooking = false))
  }, limits.store.unappliedMs)
  timer.unref()
  return {
    recovered: () => recovered,
    stop: async () => {
      clearInterval(timer)
      await running
    },
  }
}
