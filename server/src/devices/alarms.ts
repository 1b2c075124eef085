import type { Caller } from '../auth/caller.ts'
import type { LiveBus } from '../events/live.ts'
import type { Resources } from '../fhir/resources.ts'
import { fault } from '../kernel/fault.ts'
import { uuid7 } from '../kernel/ids.ts'
import type { JsonObject } from '../kernel/json.ts'
import { limits } from '../kernel/limits.ts'
import type { Store } from '../store/port.ts'
import type { OpenAlarm } from './alarm-flag.ts'
import { flagOf } from './alarm-flag.ts'
import type { HeartRateState } from './heart-rate-rule.ts'
import { CRITICAL_HIGH, CRITICAL_LOW, heartRateStep, QUIET } from './heart-rate-rule.ts'
import type { DeviceAlert, Reading } from './reading.ts'
import { createTurns } from './turns.ts'

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
  /** Told of each write that failed; the write is tried again. */
  readonly report: (error: unknown, device: string) => void
}

export interface Alarms {
  /**
   * One reading through the rule; the readings of a device come one after the other. A change goes to the screens at once.
   *
   * @returns `written`: resolves when the change is also in the record (a Flag)
   */
  step(reading: Reading, who: Who): Promise<{ readonly written: Promise<void> }>
  /** An alert that the device raised itself: durable when it resolves. */
  record(alert: DeviceAlert): Promise<void>
  /** Writes the changes that could not be written when they happened. */
  catchUp(): Promise<void>
}

/** A change of an alarm that is not in the record yet. */
type Change =
  | { readonly phase: 'raised'; readonly alarm: OpenAlarm; readonly facilities: readonly string[] }
  | { readonly phase: 'cleared'; readonly end: number }

const NOTHING = { written: Promise.resolve() }

export function createAlarms(options: AlarmsOptions): Alarms {
  const { store, live, report } = options
  const states = new Map<string, HeartRateState>()
  const unwritten = new Map<string, Change[]>()
  const inTurn = createTurns()

  /** After a restart the open alarm is known from its record. */
  async function restore(device: string): Promise<void> {
    if (states.has(device)) return
    const open = await store.records.get(OPEN, device)
    states.set(device, open ? { recent: [], since: (open.value as unknown as OpenAlarm).since } : QUIET)
  }

  /** The changes of a device in their order: the end of an alarm is written after its beginning, also when the store was away between. */
  async function write(device: string): Promise<void> {
    const changes = unwritten.get(device) ?? []
    for (let change = changes[0]; change; change = changes[0]) {
      await (change.phase === 'raised' ? raise(options, change) : clear(options, device, change.end))
      changes.shift()
    }
    unwritten.delete(device)
  }

  return {
    step: async (reading, who) => {
      const { device, time } = reading
      const rate = reading.values['hr']
      if (rate === undefined) return NOTHING
      await restore(device)
      const waiting = unwritten.get(device) ?? []
      if (waiting.length >= limits.devices.unwrittenAlarms) throw storeAway(device)
      const { state, change } = heartRateStep(states.get(device) ?? QUIET, time, rate)
      states.set(device, state)
      if (!change) return NOTHING
      const flag = uuid7(time)
      live.publish({ topic: 'vitals.critical', time, ...who, data: signalOf(reading, flag, change) })
      const { patient, facilities } = who
      if (change === 'cleared') waiting.push({ phase: 'cleared', end: time })
      else if (patient === undefined) return NOTHING
      else {
        const alarm = { flag, device, since: time, value: rate, patient }
        waiting.push({ phase: 'raised', alarm, facilities })
      }
      unwritten.set(device, waiting)
      return { written: inTurn(device, () => write(device)) }
    },
    record: async (alert) => {
      const id = `${alert.device}|${String(alert.time).padStart(16, '0')}|${alert.code}|${alert.phase}`
      await store.records.apply([{ op: 'insert', collection: ALERTS, id, value: { ...alert } }])
    },
    catchUp: async () => {
      for (const device of unwritten.keys())
        await inTurn(device, () => write(device)).catch((error: unknown) => report(error, device))
    },
  }
}

type Writing = Pick<AlarmsOptions, 'store' | 'resources' | 'caller'>

async function raise(
  { resources, caller }: Writing,
  { alarm, facilities }: Extract<Change, { phase: 'raised' }>,
): Promise<void> {
  await resources.transact(caller, {
    drafts: [{ type: 'Flag', id: alarm.flag, method: 'PUT', expected: 0, resource: flagOf(alarm) }],
    records: [{ op: 'put', collection: OPEN, id: alarm.device, value: { ...alarm } }],
    facilities,
  })
}

async function clear({ store, resources, caller }: Writing, device: string, end: number): Promise<void> {
  const open = await store.records.get(OPEN, device)
  if (!open) return
  const alarm = { ...(open.value as unknown as OpenAlarm), device }
  await resources.transact(caller, {
    drafts: [{ type: 'Flag', id: alarm.flag, method: 'PUT', resource: flagOf(alarm, end) }],
    records: [{ op: 'delete', collection: OPEN, id: device, revision: open.revision }],
  })
}

function signalOf({ device, values }: Reading, alarm: string, phase: 'raised' | 'cleared'): JsonObject {
  const limitsOfRule = { low: CRITICAL_LOW, high: CRITICAL_HIGH }
  return { device, metric: 'hr', limits: limitsOfRule, alarm, phase, value: values['hr'] ?? 0 }
}

function storeAway(device: string): Error {
  const text = `Alarms of ${device} cannot be written: the record is away, or refuses them`
  return fault('unavailable', { code: 'transient', text })
}
