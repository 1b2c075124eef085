import type { Caller } from '../auth/caller.ts'
import type { LiveBus } from '../events/live.ts'
import type { Resources } from '../fhir/resources.ts'
import { uuid7 } from '../kernel/ids.ts'
import type { JsonObject } from '../kernel/json.ts'
import type { Store } from '../store/port.ts'
import type { HeartRateState } from './heart-rate-rule.ts'
import { heartRateStep, QUIET } from './heart-rate-rule.ts'
import type { DeviceAlert, Reading } from './reading.ts'

/** What devices said about their own alarms, and the open alarms of the hub's rule, by device. */
const ALERTS = 'device-alerts'
const OPEN = 'device-alarms-open'

export interface Who {
  readonly patient?: string
  readonly facilities: readonly string[]
}

export interface AlarmsOptions {
  readonly store: Pick<Store, 'records'>
  readonly resources: Resources
  readonly live: LiveBus
  readonly caller: Caller
}

export interface Alarms {
  /** One reading through the rule. A change goes to the screens at once, and resolves when it is also in the record (a Flag). */
  step(reading: Reading, who: Who): Promise<void>
  /** An alert that the device raised itself: durable when it resolves. */
  record(alert: DeviceAlert): Promise<void>
}

interface OpenAlarm {
  readonly flag: string
  readonly since: number
  readonly patient: string
}

export function createAlarms({ store, resources, live, caller }: AlarmsOptions): Alarms {
  const states = new Map<string, HeartRateState>()
  const inTurn = createTurns()

  /** After a restart the open alarm is known from its record. Readings of a burst may look it up together: the first one counts. */
  async function restore(device: string): Promise<void> {
    if (states.has(device)) return
    const open = await store.records.get(OPEN, device)
    if (states.has(device)) return
    states.set(device, open ? { recent: [], since: (open.value as unknown as OpenAlarm).since } : QUIET)
  }

  async function raise(reading: Reading, who: Who, flag: string): Promise<void> {
    if (who.patient === undefined) return
    const value = { flag, since: reading.time, patient: who.patient }
    await resources.transact(caller, {
      drafts: [{ type: 'Flag', id: flag, method: 'PUT', expected: 0, resource: flagOf(value, undefined) }],
      records: [{ op: 'put', collection: OPEN, id: reading.device, value }],
      facilities: who.facilities,
    })
  }

  async function clear(reading: Reading): Promise<void> {
    const open = await store.records.get(OPEN, reading.device)
    if (!open) return
    const alarm = open.value as unknown as OpenAlarm
    await resources.transact(caller, {
      drafts: [{ type: 'Flag', id: alarm.flag, method: 'PUT', resource: flagOf(alarm, reading.time) }],
      records: [{ op: 'delete', collection: OPEN, id: reading.device, revision: open.revision }],
    })
  }

  return {
    step: async (reading, who) => {
      const rate = reading.values['hr']
      if (rate === undefined) return
      await restore(reading.device)
      // No reading comes in between: nothing is awaited from taking the state to setting it.
      const step = heartRateStep(states.get(reading.device) ?? QUIET, reading.time, rate)
      states.set(reading.device, step.state)
      if (!step.change) return
      const alarm = uuid7(reading.time)
      const data = signalOf(reading.device, { alarm, phase: step.change, value: rate })
      live.publish({ topic: 'vitals.critical', time: reading.time, ...who, data })
      await inTurn(reading.device, () =>
        step.change === 'raised' ? raise(reading, who, alarm) : clear(reading),
      )
    },
    record: async (alert) => {
      const id = `${alert.device}|${String(alert.time).padStart(16, '0')}|${alert.code}|${alert.phase}`
      await store.records.apply([{ op: 'insert', collection: ALERTS, id, value: { ...alert } }])
    },
  }
}

function signalOf(
  device: string,
  change: { readonly alarm: string; readonly phase: 'raised' | 'cleared'; readonly value: number },
): JsonObject {
  return { device, metric: 'hr', limits: { low: 40, high: 120 }, ...change }
}

/** One write of a device after the other: the end of an alarm is written after its beginning, however close they follow. */
function createTurns() {
  const latest = new Map<string, Promise<void>>()
  return async (device: string, write: () => Promise<void>): Promise<void> => {
    const turn = (latest.get(device) ?? Promise.resolve()).then(write, write)
    latest.set(device, turn)
    await turn
  }
}

function flagOf({ flag, since, patient }: OpenAlarm, end: number | undefined): JsonObject {
  const period = {
    start: new Date(since).toISOString(),
    ...(end === undefined ? {} : { end: new Date(end).toISOString() }),
  }
  return {
    resourceType: 'Flag',
    id: flag,
    status: end === undefined ? 'active' : 'inactive',
    category: [
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/flag-category', code: 'clinical' }] },
    ],
    code: { coding: [{ system: 'urn:mogran:alarm', code: 'vitals.critical' }], text: 'Heart rate critical' },
    subject: { reference: patient },
    period,
  }
}
