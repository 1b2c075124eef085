import type { Occupant, Vital } from '@hub/care/facility/wards.contract.ts'

import type { AlarmSignal } from '../../api/alarms.ts'
import type { LiveReadings } from '../../api/vitals.ts'

/** An alarm that goes on. `breach` is known when this browser heard it being raised. */
export interface Alarm {
  /** Milliseconds UTC. */
  readonly since: number
  readonly breach?: Breach
}

interface Breach {
  readonly metric: Vital
  readonly value: number
  readonly limits: { readonly low: number; readonly high: number }
}

/** What the record says after this time includes what the signal said. */
const RECORDED_MS = 5000

/**
 * The alarm of a patient: a signal comes before the record, and the record stays right when the link missed a signal.
 *
 * @param readAt when the board with the occupant was read, milliseconds UTC of this browser
 */
export function alarmOf(
  { alarm }: Pick<Occupant, 'alarm'>,
  signal: AlarmSignal | undefined,
  readAt: number,
): Alarm | undefined {
  if (signal === undefined) return alarm
  if (readAt > signal.heardAt + RECORDED_MS) {
    return alarm?.since === signal.at ? raised(signal) : alarm
  }
  return signal.phase === 'raised' ? raised(signal) : undefined
}

function raised({ at, metric, value, limits }: AlarmSignal): Alarm {
  return { since: at, breach: { metric, value, limits } }
}

/** `143 > 120`: the present value while it is beyond the limit, else the one that raised the alarm. */
export function comparison({ metric, value, limits }: Breach, readings: LiveReadings = {}): string {
  const present = readings[metric]?.value
  const shown = present !== undefined && isBeyond(present, limits) ? present : value
  return shown > limits.high ? `${shown} > ${limits.high}` : `${shown} < ${limits.low}`
}

function isBeyond(value: number, { low, high }: Breach['limits']): boolean {
  return value > high || value < low
}
