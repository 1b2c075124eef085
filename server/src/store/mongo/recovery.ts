import { limits } from '../../kernel/limits.ts'
import type { Database } from './database.ts'
import { appliedUpTo } from './log.ts'
import { applyFrom } from './writer.ts'

/** Applies what a process that died has appended but not applied: whatever stands unapplied for `limits.store.unappliedMs`. */
export function recoverer(
  database: Database,
  now: () => number,
  notify: () => void,
): { recovered: () => number; stop: () => Promise<void> } {
  let recovered = 0
  let seen = -1
  const look = async (): Promise<void> => {
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
    // While the database is away there is nothing to recover; the next look tries again.
    running = running.then(look).catch(() => undefined)
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
