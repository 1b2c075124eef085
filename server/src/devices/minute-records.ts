import type { JsonObject } from '../kernel/json.ts'
import type { RecordChange, Store } from '../store/port.ts'
import type { Profile } from './profile.ts'
import type { Reading } from './reading.ts'

/** One record a device, metric and minute with all its values; its presence says that these are charted. */
const MINUTES = 'device-minutes'
/** Sorts times as text. */
const DIGITS = 16

export interface Point {
  readonly device: string
  /** Start of the minute, milliseconds UTC. */
  readonly minute: number
}

/** What is packed of one minute of one device already. */
export interface Packed {
  readonly revisions: ReadonlyMap<string, number>
  readonly readings: readonly Reading[]
}

interface MinuteRecord {
  readonly minute: number
  /** Milliseconds since the start of the minute, one for each value. */
  readonly offsets: readonly number[]
  readonly values: readonly number[]
}

/** The readings that the records of a minute hold. */
export async function packedReadings(
  { store, profile }: { readonly store: Pick<Store, 'records'>; readonly profile: Profile },
  { device, minute }: Point,
): Promise<Packed> {
  const revisions = new Map<string, number>()
  const values = new Map<number, Record<string, number>>()
  for (const { key } of profile.metrics) {
    const record = await store.records.get(MINUTES, minuteId(device, key, minute))
    if (!record) continue
    revisions.set(key, record.revision)
    const pack = record.value as unknown as MinuteRecord
    for (const [place, offset] of pack.offsets.entries()) {
      const value = pack.values[place]
      if (value !== undefined) values.set(offset, { ...values.get(offset), [key]: value })
    }
  }
  const readings = [...values].map(([offset, own]) => readingOf(device, minute + offset, own))
  return { revisions, readings: readings.toSorted((a, b) => a.time - b.time) }
}

function readingOf(device: string, time: number, values: Readonly<Record<string, number>>): Reading {
  return { device, time, values, off: [], questionable: [] }
}

/** The minute's records with the fresh readings in them, each only if nobody else changed it meanwhile. */
export function packed({ device, minute }: Point, before: Packed, fresh: readonly Reading[]): RecordChange[] {
  const all = [...before.readings, ...fresh].toSorted((a, b) => a.time - b.time)
  const keys = new Set(fresh.flatMap((one) => Object.keys(one.values)))
  return [...keys].map((metric) => {
    const own = all.filter((one) => one.values[metric] !== undefined)
    const offsets = own.map(({ time }) => time - minute)
    const value = { minute, offsets, values: own.flatMap((one) => one.values[metric] ?? []) }
    const place = { collection: MINUTES, id: minuteId(device, metric, minute) }
    return changeOf(place, value, before.revisions.get(metric))
  })
}

/** Inserts, or replaces the revision that was read. */
export function changeOf(
  place: { readonly collection: string; readonly id: string },
  value: JsonObject,
  revision: number | undefined,
): RecordChange {
  return revision === undefined
    ? { op: 'insert', ...place, value }
    : { op: 'replace', revision, ...place, value }
}

function minuteId(device: string, metric: string, minute: number): string {
  return `${device}|${metric}|${digits(minute)}`
}

export function digits(time: number): string {
  return String(time).padStart(DIGITS, '0')
}
