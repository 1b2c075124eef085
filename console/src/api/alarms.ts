import { VITALS } from '@hub/care/facility/wards.contract.ts'
import { useCallback } from 'react'
import { z } from 'zod'
import { create } from 'zustand'

import type { Signal } from './socket.ts'

const Data = z.object({
  phase: z.enum(['raised', 'cleared']),
  metric: z.enum(VITALS),
  value: z.number(),
  limits: z.object({ low: z.number(), high: z.number() }),
})

/** The last word of the live link about a patient's alarm. */
export interface AlarmSignal extends z.infer<typeof Data> {
  /** Time of the reading that raised or cleared it, milliseconds UTC. */
  readonly at: number
  /** When this browser heard of it. */
  readonly heardAt: number
}

/** The last signal of each patient (`Patient/<id>`) since the console was opened. */
export const useSignals = create<Readonly<Record<string, AlarmSignal>>>(() => ({}))

/** Takes a `vitals.critical` signal; the tile of the patient shows it at once. */
export function takeAlarm({ topic, patient, time, data }: Signal): void {
  const parsed = Data.safeParse(data)
  if (topic !== 'vitals.critical' || patient === undefined || !parsed.success) return
  useSignals.setState({ [patient]: { ...parsed.data, at: time, heardAt: Date.now() } })
}

export function forgetAlarms(): void {
  useSignals.setState({}, true)
}

/** The last signal about a patient (`Patient/<id>`), if there was one since the console was opened. */
export function useAlarmSignal(patient: string | undefined): AlarmSignal | undefined {
  return useSignals(
    useCallback((signals) => (patient === undefined ? undefined : signals[patient]), [patient]),
  )
}
