import type { LiveBus } from '../events/live.ts'
import type { Clock } from '../kernel/clock.ts'
import { Fault, fault } from '../kernel/fault.ts'
import { limits } from '../kernel/limits.ts'

export interface DeviceState {
  readonly device: string
  readonly profile: string
  readonly state: 'online' | 'silent' | 'offline'
  /** Milliseconds UTC of the last message. */
  readonly lastSeen: number
  readonly received: number
  readonly refused: number
  readonly lastError?: string
}

type Seen = { -readonly [Name in keyof DeviceState]: DeviceState[Name] }

/** Every device that this process has heard of, and how it does. */
export interface Fleet {
  /** @throws Fault `busy` when there are more devices than the hub takes */
  seen(device: string): void
  received(device: string): void
  refused(device: string, error: unknown): void
  announce(device: string, state: DeviceState['state']): void
  /** Devices that say nothing for longer than their profile allows become `silent`. */
  watch(silentMs: number): void
  list(): readonly DeviceState[]
}

export function createFleet(options: { live: LiveBus; clock: Clock; profile: string }): Fleet {
  const { live, clock, profile } = options
  const devices = new Map<string, Seen>()

  function of(device: string): Seen {
    const known = devices.get(device)
    if (known) return known
    if (devices.size >= limits.devices.fleetMost) throw tooMany()
    const fresh: Seen = { device, profile, state: 'offline', lastSeen: clock(), received: 0, refused: 0 }
    devices.set(device, fresh)
    return fresh
  }

  function announce(device: string, state: DeviceState['state']): void {
    const known = of(device)
    if (known.state === state) return
    known.state = state
    const topic = state === 'online' ? 'device.online' : 'device.offline'
    live.publish({ topic, time: clock(), facilities: [], data: { device, state } })
  }

  return {
    announce,
    seen: (device) => {
      of(device).lastSeen = clock()
    },
    received: (device) => {
      of(device).received += 1
    },
    refused: (device, error) => {
      const known = of(device)
      known.refused += 1
      known.lastError = error instanceof Fault ? error.message : 'the hub could not store it'
    },
    watch: (silentMs) => {
      const now = clock()
      for (const { device, state, lastSeen } of devices.values()) {
        if (state === 'online' && now - lastSeen > silentMs) announce(device, 'silent')
      }
    },
    list: () => [...devices.values()],
  }
}

function tooMany(): Fault {
  const text = `More than ${limits.devices.fleetMost} devices; raise limits.devices.fleetMost`
  return fault('busy', { code: 'throttled', text })
}
