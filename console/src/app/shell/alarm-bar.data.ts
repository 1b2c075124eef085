import { Acknowledged, Alarms } from '@hub/care/facility/alarms.contract.ts'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useMemo } from 'react'

import { useSignals } from '../../api/alarms.ts'
import type { AlarmSignal } from '../../api/alarms.ts'
import { getJson, postJson } from '../../api/http.ts'
import { alarmOf } from '../../ui/alarm.ts'
import type { Alarm } from '../../ui/alarm.ts'

export interface AlarmRow extends Alarm {
  /** `Patient/<id>`. */
  readonly patient: string
  /** Empty while the record does not have the alarm yet. */
  readonly name: string
  readonly place?: string | undefined
}

export interface OpenAlarms {
  /** The most urgent first. */
  readonly rows: readonly AlarmRow[]
  /** The record has said which alarms are open. */
  readonly isRead: boolean
  /** The hub could not say which alarms are open: none on the screen does not mean none. */
  readonly isUnknown: boolean
}

/** The open alarms of the hub, corrected by what the live link said since they were read. */
export function useOpenAlarms(enabled: boolean): OpenAlarms {
  const signals = useSignals()
  const { data, dataUpdatedAt, isError } = useQuery({
    queryKey: ['alarms'],
    queryFn: ({ signal }) => getJson(Alarms, '/api/v1/alarms', signal),
    enabled,
    meta: { types: ['Flag', 'Communication', 'Encounter', 'Patient'] },
  })
  const rows = useMemo(
    () => (enabled ? currentAlarms(data?.alarms ?? [], signals, dataUpdatedAt) : []),
    [enabled, data, signals, dataUpdatedAt],
  )
  return { rows, isRead: data !== undefined, isUnknown: enabled && isError }
}

/** @param readAt when the alarms were read, milliseconds UTC of this browser */
export function currentAlarms(
  recorded: Alarms['alarms'],
  signals: Readonly<Record<string, AlarmSignal>>,
  readAt: number,
): readonly AlarmRow[] {
  const known = recorded.flatMap((alarm): AlarmRow[] => {
    const current = alarmOf(alarm, signals[alarm.patient], readAt)
    return current?.since === alarm.since ? [{ ...alarm, ...current }] : []
  })
  const fresh = Object.entries(signals).flatMap(([patient, signal]): AlarmRow[] => {
    if (recorded.some((alarm) => alarm.patient === patient && alarm.since === signal.at)) return []
    const current = alarmOf(undefined, signal, readAt)
    return current ? [{ ...current, patient, name: '' }] : []
  })
  return [...fresh, ...known]
}

export function useAcknowledge() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) =>
      postJson(Acknowledged, `/api/v1/alarms/${encodeURIComponent(id)}/acknowledge`, {}),
    networkMode: 'always',
    onSettled: () =>
      queries.invalidateQueries({
        predicate: ({ queryKey: [name] }) => name === 'alarms' || name === 'ward-board',
      }),
  })
}
