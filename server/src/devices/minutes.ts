import { isDeepStrictEqual } from 'node:util'

import type { Caller } from '../auth/caller.ts'
import type { Draft, Resources } from '../fhir/resources.ts'
import type { Clock } from '../kernel/clock.ts'
import { uuid7 } from '../kernel/ids.ts'
import type { JsonObject } from '../kernel/json.ts'
import { limits } from '../kernel/limits.ts'
import type { RecordChange, Store, StoredRecord } from '../store/port.ts'
import type { Association, Associations } from './association.ts'
import { chartMinute, nameOf } from './charting.ts'
import type { Point } from './minute-records.ts'
import { changeOf, digits, packed, packedReadings } from './minute-records.ts'
import type { Profile } from './profile.ts'
import type { Reading } from './reading.ts'

/**
 * Readings become minutes, and minutes become charted Observations. A reading that comes late changes the minute and the Observation that are
 * there: one minute never has two. An Observation that a person changed since stays as it is; the reading is kept in the minute's record.
 */

/** Readings wait here, one record each, until their minute is charted. */
const READINGS = 'device-readings'
/** One record a device and minute: ids of the Observations that chart it, by patient and code. */
const CHARTED = 'device-charted'
const MINUTE_MS = 60_000
/** How long after its end a minute is left open for readings that come late. */
const GRACE_MS = 5000

export interface MinutesOptions {
  readonly store: Pick<Store, 'records'>
  readonly resources: Resources
  readonly associations: Associations
  readonly profile: Profile
  readonly caller: Caller
  readonly clock: Clock
  readonly report: (error: unknown, device: string) => void
}

export interface Minutes {
  /** Durable when it resolves; the same reading again changes nothing. */
  keep(reading: Reading): Promise<void>
  /** Charts every minute that ended before `now`, those that a crash left behind included. Never runs twice at once. */
  chart(now: number): Promise<void>
}

export function createMinutes(options: MinutesOptions): Minutes {
  const { store, resources, profile, caller, clock, report } = options
  let running = false

  async function chartOne(device: string, minute: number, records: readonly StoredRecord[]): Promise<void> {
    const before = await packedReadings(options, { device, minute })
    const known = new Set(before.readings.map(({ time }) => time))
    // A device that missed our acknowledgement sends again what is charted already.
    const fresh = records
      .map((record) => record.value as unknown as Reading)
      .filter((reading) => !known.has(reading.time))
    const done = records.map((record) => drop(record.id))
    if (fresh.length === 0) return void (await store.records.apply(done))
    const point = { device, minute }
    const chart = await charted(options, point, { before: before.readings, fresh })
    if (chart.drafts.length > 0 && !(await resources.peek('Device', device)))
      chart.drafts.unshift(deviceDraft(profile, device))
    const changes = [...packed(point, before, fresh), ...chart.records, ...done]
    // `stale`: another process charted the minute, or the Device was made meanwhile; what is still there is found again by the next tick.
    await resources.transact(caller, {
      drafts: chart.drafts,
      records: changes,
      facilities: [...chart.facilities],
    })
  }

  async function chartAll(now: number): Promise<void> {
    const records = await store.records.range({
      collection: READINGS,
      limit: limits.devices.bufferedReadings,
    })
    const groups = Map.groupBy(records, ({ id }) => id.slice(0, id.lastIndexOf('|')))
    for (const [group, own] of groups) {
      const [device = '', start = '0'] = group.split('|')
      const minute = Number(start)
      // A minute that is still being sent, after an outage say, is charted when it is complete, not in pieces.
      if (Math.max(minute + MINUTE_MS, lastArrival(own)) + GRACE_MS > now) continue
      await chartOne(device, minute, own).catch((error: unknown) => report(error, device))
    }
  }

  return {
    keep: async (one) => {
      const minute = Math.floor(one.time / MINUTE_MS) * MINUTE_MS
      const id = `${one.device}|${digits(minute)}|${digits(one.time)}`
      const value = { ...one, received: clock() }
      await store.records.apply([{ op: 'insert', collection: READINGS, id, value }])
    },
    chart: async (now) => {
      if (running) return
      running = true
      try {
        await chartAll(now)
      } finally {
        running = false
      }
    },
  }
}

interface Chart {
  readonly drafts: Draft[]
  readonly records: readonly RecordChange[]
  readonly facilities: ReadonlySet<string>
}

/** What the chart must become: only Observations that the fresh readings change, and none that a person changed since. */
async function charted(
  options: MinutesOptions,
  { device, minute }: Point,
  { before, fresh }: { readonly before: readonly Reading[]; readonly fresh: readonly Reading[] },
): Promise<Chart> {
  const { store, resources, profile, associations } = options
  const record = await store.records.get(CHARTED, chartedId(device, minute))
  const ids: Record<string, string> = { ...(record?.value as Readonly<Record<string, string>> | undefined) }
  const drafts: Draft[] = []
  const facilities = new Set<string>()
  for (const [association, readings] of await byPatient(associations, [...before, ...fresh])) {
    const { patient } = association
    const chart = (own: readonly Reading[]) =>
      chartMinute({ profile, device, patient, minute, readings: own })
    const old = new Map(
      chart(readings.filter((one) => before.includes(one))).map((one) => [nameOf(one), one]),
    )
    for (const resource of chart(readings)) {
      const name = `${patient}|${nameOf(resource)}`
      const id = ids[name]
      const last = old.get(nameOf(resource))
      if (JSON.stringify(last) === JSON.stringify(resource)) continue
      if (id !== undefined && !(await isAsCharted(resources, id, last))) continue
      ids[name] ??= uuid7(minute)
      const draft = { type: 'Observation', id: ids[name], method: 'PUT', resource } as const
      drafts.push(id === undefined ? { ...draft, expected: 0 } : draft)
      for (const facility of association.facilities) facilities.add(facility)
    }
  }
  const place = { collection: CHARTED, id: chartedId(device, minute) }
  const records = drafts.length > 0 ? [changeOf(place, ids, record?.revision)] : []
  return { drafts, facilities, records }
}

/** Whether the Observation is still what the hub charted. */
async function isAsCharted(resources: Resources, id: string, last: JsonObject | undefined): Promise<boolean> {
  const current = await resources.peek('Observation', id)
  if (!current) return false
  const { id: _id, meta: _meta, ...content } = JSON.parse(Buffer.from(current.bytes).toString()) as JsonObject
  return isDeepStrictEqual(content, last)
}

function lastArrival(records: readonly StoredRecord[]): number {
  return records.reduce(
    (last, { value }) => Math.max(last, Number('received' in value ? value['received'] : 0)),
    0,
  )
}

/** Readings of a patient; those of nobody are kept in their minute record and never charted. */
async function byPatient(
  associations: Associations,
  readings: readonly Reading[],
): Promise<ReadonlyMap<Association, readonly Reading[]>> {
  const found = new Map<string, { association: Association; own: Reading[] }>()
  for (const one of readings) {
    const association = await associations.at(one.device, one.time)
    if (!association) continue
    const group = found.get(association.patient) ?? { association, own: [] }
    group.own.push(one)
    found.set(association.patient, group)
  }
  return new Map([...found.values()].map(({ association, own }) => [association, own]))
}

function chartedId(device: string, minute: number): string {
  return `${device}|${digits(minute)}`
}

function drop(id: string): RecordChange {
  return { op: 'delete', collection: READINGS, id, revision: 1 }
}

function deviceDraft({ vendor, model, type }: Profile, device: string): Draft {
  const resource = {
    resourceType: 'Device',
    id: device,
    identifier: [{ system: 'urn:mogran:device', value: device }],
    status: 'active',
    manufacturer: vendor,
    deviceName: [{ name: model, type: 'model-name' }],
    type: { coding: [{ ...type }] },
  }
  return { type: 'Device', id: device, method: 'PUT', resource }
}
