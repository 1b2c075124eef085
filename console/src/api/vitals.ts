import { useCallback, useSyncExternalStore } from 'react'
import { z } from 'zod'

import type { Signal } from './socket.ts'

/** One live reading of a bedside device; not yet, or never, a resource of the record. */
export interface LiveReading {
  readonly value: number
  /** Milliseconds UTC of the measurement. */
  readonly at: number
}

/** Readings by the metric key of the device profile (`heartRate`). */
export type LiveReadings = Readonly<Record<string, LiveReading>>

const Data = z.object({ values: z.record(z.string(), z.number()) })

const NONE: LiveReadings = {}
const TELL_MS = 1000
const readings = new Map<string, LiveReadings>()
const watchers = new Map<string, Set<() => void>>()
const due = new Set<string>()

/** Takes a `vitals.update` signal; tiles hear of it at most once a second. */
export function takeVitals({ topic, patient, time, data }: Signal): void {
  const parsed = Data.safeParse(data)
  if (topic !== 'vitals.update' || patient === undefined || !parsed.success) return
  const fresh = Object.entries(parsed.data.values).map(([key, value]) => [key, { value, at: time }] as const)
  readings.set(patient, { ...readings.get(patient), ...Object.fromEntries(fresh) })
  if (due.has(patient)) return
  due.add(patient)
  setTimeout(() => tell(patient), TELL_MS)
}

/** The latest live readings of a patient (`Patient/<id>`), re-rendering only the tile that shows them. */
export function useLiveReadings(patient: string | undefined): LiveReadings {
  const watch = useCallback(
    (changed: () => void) => (patient === undefined ? noWatch : watchPatient(patient, changed)),
    [patient],
  )
  return useSyncExternalStore(watch, () => (patient === undefined ? NONE : (shown.get(patient) ?? NONE)))
}

/** What tiles show: a copy that changes once a second, whatever the rate of the device. */
const shown = new Map<string, LiveReadings>()

function tell(patient: string): void {
  due.delete(patient)
  shown.set(patient, readings.get(patient) ?? NONE)
  for (const changed of watchers.get(patient) ?? []) changed()
}

function watchPatient(patient: string, changed: () => void): () => void {
  const set = watchers.get(patient) ?? new Set()
  watchers.set(patient, set.add(changed))
  return () => {
    set.delete(changed)
    if (set.size > 0) return
    watchers.delete(patient)
    readings.delete(patient)
    shown.delete(patient)
  }
}

function noWatch(): void {
  // Nobody lies in the bed: nothing to stop watching.
}
