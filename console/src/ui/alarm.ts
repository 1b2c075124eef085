import type { OpenAlarm } from '@hub/care/facility/wards.contract.ts'

import type { AlarmSignal } from '../api/alarms.ts'
import type { LiveReadings } from '../api/vitals.ts'

/** An alarm that goes on; without `id` the record does not have it yet. */
export interface Alarm extends Omit<OpenAlarm, 'id'> {
  readonly id?: string
}
type Breach = NonNullable<OpenAlarm['breach']>

/** What the record says after this time includes what the signal said. */
const RECORDED_MS = 5000

/**
 * The alarm of a patient: a signal comes before the record, and the record stays right when the link missed a signal.
 *
 * @param readAt when the record was read, milliseconds UTC of this browser
 */
export function alarmOf(
  recorded: OpenAlarm | undefined,
  signal: AlarmSignal | undefined,
  readAt: number,
): Alarm | undefined {
  if (signal === undefined) return recorded
  const isSame = recorded?.since === signal.at
  if (readAt > signal.heardAt + RECORDED_MS) return isSame ? { ...raised(signal), ...recorded } : recorded
  if (signal.phase === 'cleared') return undefined
  return isSame ? { ...raised(signal), ...recorded } : raised(signal)
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
