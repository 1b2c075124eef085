/**
 * The one fixed rule until the alarm machine comes: heart rate above 120 or below 40 in at least 3 of the readings of the last 5 s raises
 * `vitals.critical`; it ends with hysteresis, when a reading is at or below 115 and at or above 45.
 */
export interface HeartRateState {
  /** Readings of the last 5 s, oldest first. */
  readonly recent: readonly { readonly time: number; readonly breach: boolean }[]
  /** When the alarm that goes on was raised (time of the reading that completed it). */
  readonly since?: number
}

export interface HeartRateStep {
  readonly state: HeartRateState
  readonly change?: 'raised' | 'cleared'
}

export const CRITICAL_HIGH = 120
export const CRITICAL_LOW = 40
const CLEAR_HIGH = 115
const CLEAR_LOW = 45
const WINDOW_MS = 5000
const NEEDED = 3

export const QUIET: HeartRateState = { recent: [] }

/** The next state after one reading; readings older than the newest one are passed over. `time` in milliseconds, `rate` in beats a minute. */
export function heartRateStep(state: HeartRateState, time: number, rate: number): HeartRateStep {
  if (time <= (state.recent.at(-1)?.time ?? -Infinity)) return { state }
  const breach = rate > CRITICAL_HIGH || rate < CRITICAL_LOW
  const recent = [...state.recent.filter((reading) => reading.time > time - WINDOW_MS), { time, breach }]
  if (state.since === undefined) {
    const raised = breach && recent.filter((reading) => reading.breach).length >= NEEDED
    return raised ? { state: { recent, since: time }, change: 'raised' } : { state: { recent } }
  }
  const ended = rate <= CLEAR_HIGH && rate >= CLEAR_LOW
  return ended ? { state: { recent }, change: 'cleared' } : { state: { recent, since: state.since } }
}
