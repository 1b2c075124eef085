import type { Caller } from '../auth/caller.ts'
import type { Draft, Resources } from '../fhir/resources.ts'
import type { Clock } from '../kernel/clock.ts'
import { limits } from '../kernel/limits.ts'
import type { RecordChange, Store, StoredRecord } from '../store/port.ts'
import type { Association, Associations } from './association.ts'
import { chartMinute } from './charting.ts'
import type { Profile } from './profile.ts'
import type { Reading } from './reading.ts'

/** Readings wait here, one record each, until their minute is charted. */
const READINGS = 'device-readings'
/** One record a device, metric and minute with all its values; its presence says that the minute is charted. */
const MINUTES = 'device-minutes'
const MINUTE_MS = 60_000
/** How long after its end a minute is left open for readings that come late. */
const GRACE_MS = 5000
const DIGITS = 16

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

interface MinuteRecord {
  readonly minute: number
  /** Milliseconds since the start of the minute, one for each value. */
  readonly offsets: readonly number[]
  readonly values: readonly number[]
}

export function createMinutes(options: MinutesOptions): Minutes {
  const { store, resources, associations, profile, caller, clock, report } = options
  let running = false

  async function chartOne(device: string, minute: number, records: readonly StoredRecord[]): Promise<void> {
    const charted = await chartedTimes(options, device, minute)
    // A device that missed our acknowledgement sends again what is charted already.
    const readings = records
      .map((record) => record.value as unknown as Reading)
      .filter((reading) => !charted.has(reading.time))
    const drafts: Draft[] = []
    const facilities = new Set<string>()
    for (const [association, own] of await byPatient(associations, readings)) {
      const point = { profile, device, patient: association.patient, minute, readings: own }
      drafts.push(
        ...chartMinute(point).map((resource) => ({ type: 'Observation', method: 'POST', resource }) as const),
      )
      for (const facility of association.facilities) facilities.add(facility)
    }
    if (drafts.length > 0 && !(await resources.peek('Device', device)))
      drafts.unshift(deviceDraft(profile, device))
    const changes = [...packed(device, minute, readings), ...records.map((record) => drop(record.id))]
    // `stale`: another process charted the minute, or the Device was made meanwhile; what is still there is found again by the next tick.
    await resources.transact(caller, { drafts, records: changes, facilities: [...facilities] })
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
    keep: async (reading) => {
      const minute = Math.floor(reading.time / MINUTE_MS) * MINUTE_MS
      const id = `${reading.device}|${digits(minute)}|${digits(reading.time)}`
      const value = { ...reading, received: clock() }
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

function lastArrival(records: readonly StoredRecord[]): number {
  return records.reduce(
    (last, { value }) => Math.max(last, Number('received' in value ? value['received'] : 0)),
    0,
  )
}

/** Times of the readings that the records of a minute hold. */
async function chartedTimes(
  { store, profile }: Pick<MinutesOptions, 'store' | 'profile'>,
  device: string,
  minute: number,
): Promise<ReadonlySet<number>> {
  const found = await Promise.all(
    profile.metrics.map(({ key }) => {
      const from = `${device}|${key}|${digits(minute)}|`
      return store.records.range({ collection: MINUTES, from, to: `${from}~`, limit: MINUTE_MS })
    }),
  )
  const packs = found.flat().map(({ value }) => value as unknown as MinuteRecord)
  return new Set(packs.flatMap(({ offsets }) => offsets.map((offset) => minute + offset)))
}

/** Readings of a patient; those of nobody are kept in their minute record and never charted. */
async function byPatient(
  associations: Associations,
  readings: readonly Reading[],
): Promise<ReadonlyMap<Association, readonly Reading[]>> {
  const found = new Map<string, { association: Association; own: Reading[] }>()
  for (const reading of readings) {
    const association = await associations.at(reading.device, reading.time)
    if (!association) continue
    const group = found.get(association.patient) ?? { association, own: [] }
    group.own.push(reading)
    found.set(association.patient, group)
  }
  return new Map([...found.values()].map(({ association, own }) => [association, own]))
}

function packed(device: string, minute: number, readings: readonly Reading[]): RecordChange[] {
  const keys = new Set(readings.flatMap((reading) => Object.keys(reading.values)))
  return [...keys].map((metric) => {
    const own = readings.filter((reading) => reading.values[metric] !== undefined)
    const offsets = own.map((reading) => reading.time - minute)
    const values = own.flatMap((reading) => reading.values[metric] ?? [])
    const id = `${device}|${metric}|${digits(minute)}`
    // A late reading comes to a minute that is charted: it gets a record of its own beside it.
    return {
      op: 'put',
      collection: MINUTES,
      id: `${id}|${offsets[0] ?? 0}`,
      value: { minute, offsets, values },
    }
  })
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

function digits(time: number): string {
  return String(time).padStart(DIGITS, '0')
}
