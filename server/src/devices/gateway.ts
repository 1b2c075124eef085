import type { Caller } from '../auth/caller.ts'
import type { LiveBus } from '../events/live.ts'
import type { Resources } from '../fhir/resources.ts'
import type { Clock } from '../kernel/clock.ts'
import { Fault, fault } from '../kernel/fault.ts'
import { limits } from '../kernel/limits.ts'
import type { Store } from '../store/port.ts'
import { createAlarms, type Who } from './alarms.ts'
import type { Association, Associations } from './association.ts'
import { remembering } from './association.ts'
import type { DeviceState } from './fleet.ts'
import { createFleet } from './fleet.ts'
import { createMinutes } from './minutes.ts'
import type { Profile } from './profile.ts'
import type { Reading } from './reading.ts'
import { readAlert, readStatus, readVitals } from './reading.ts'
import { createTurns } from './turns.ts'

export interface GatewayOptions {
  readonly store: Pick<Store, 'records'>
  readonly resources: Resources
  readonly live: LiveBus
  readonly associations: Associations
  readonly profile: Profile
  readonly clock: Clock
  /** Told once for each thing that went wrong behind the back of a device; ids only, no clinical content. */
  readonly report: (error: unknown, device: string) => void
}

export interface Gateway {
  /**
   * Takes one MQTT publication. Resolves when what must not be lost is durable: only then the broker may acknowledge it.
   * A payload that cannot be read is counted against its device and dropped; it never stops the others.
   */
  accept(topic: string, payload: Uint8Array): Promise<void>
  /** Charts the minutes that are over and finds silent devices; the hub calls it once a second. */
  tick(): Promise<void>
  fleet(): readonly DeviceState[]
}

const TOPIC = /^devices\/([A-Za-z0-9.-]{1,64})\/(vitals|alerts|status)$/
const CALLER: Caller = {
  subject: 'device-gateway',
  kind: 'device',
  roles: ['administrator'],
  facilities: 'all',
}

export function createGateway(options: GatewayOptions): Gateway {
  const { live, clock, profile, report } = options
  const fleet = createFleet({ live, clock, profile: profile.id })
  const minutes = createMinutes({ ...options, caller: CALLER })
  const alarms = createAlarms({ ...options, caller: CALLER })
  const associations = remembering(options.associations)
  const inTurn = createTurns()

  /** Screens and alarms see the readings of a device in the order in which they came. */
  async function show(reading: Reading): Promise<void> {
    const { device, time, values, off, questionable } = reading
    const { written } = await inTurn(device, async () => {
      const who = whoOf(await associations.at(device, time))
      live.publish({ topic: 'vitals.update', time, ...who, data: { device, values, off, questionable } })
      return alarms.step(reading, who)
    })
    await written
  }

  async function take(device: string, kind: string, payload: Uint8Array): Promise<void> {
    if (payload.length > limits.devices.payloadBytes) throw tooLarge(device)
    if (kind === 'status') {
      fleet.announce(device, readStatus(device, payload).state)
      return
    }
    fleet.announce(device, 'online')
    if (kind === 'alerts') return alarms.record(readAlert(device, payload))
    const reading = readVitals(profile, device, payload)
    await Promise.all([minutes.keep(reading), show(reading)])
  }

  return {
    accept: async (topic, payload) => {
      const [, device = '', kind = ''] = TOPIC.exec(topic) ?? []
      if (device === '') return
      fleet.seen(device)
      try {
        await take(device, kind, payload)
        fleet.received(device)
      } catch (error) {
        fleet.refused(device, error)
        report(error, device)
        // Bad content stays bad: the device may forget it. Anything else (the store is away) must not be acknowledged.
        if (!isBadContent(error)) throw error
      }
    },
    tick: async () => {
      fleet.watch(profile.silenceSeconds * 1000)
      await alarms.catchUp()
      await minutes.chart(clock())
    },
    fleet: () => fleet.list(),
  }
}

function whoOf(association: Association | undefined): Who {
  if (!association) return { facilities: [] }
  return { facilities: association.facilities, patient: association.patient }
}

function isBadContent(error: unknown): boolean {
  return error instanceof Fault && (error.kind === 'malformed' || error.kind === 'too-large')
}

function tooLarge(device: string): Fault {
  const text = `A payload of ${device} is larger than ${limits.devices.payloadBytes} bytes`
  return fault('too-large', { code: 'too-long', text })
}
