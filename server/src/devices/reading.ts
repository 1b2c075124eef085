import { z } from 'zod'

import { fault } from '../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../kernel/json.ts'
import type { Profile } from './profile.ts'

/** One panel of numerics, as the device sent it, at the time at which the device measured it. */
export interface Reading {
  readonly device: string
  /** Milliseconds UTC, by the device's clock. */
  readonly time: number
  readonly values: Readonly<Record<string, number>>
  /** Metrics whose sensor is off (`null` in the payload). */
  readonly off: readonly string[]
  /** Metrics whose value is outside of what is possible: shown as questionable, never charted. */
  readonly questionable: readonly string[]
}

export interface DeviceAlert {
  readonly device: string
  readonly time: number
  readonly code: string
  readonly priority: 'high' | 'medium' | 'low' | 'technical'
  readonly phase: 'start' | 'update' | 'end'
}

const Envelope = z.looseObject({ device_id: z.string(), ts: z.iso.datetime({ offset: true }) })
const Alert = Envelope.extend({
  code: z.string().min(1).max(64),
  priority: z.enum(['high', 'medium', 'low', 'technical']),
  phase: z.enum(['start', 'update', 'end']),
})
const Status = Envelope.extend({ state: z.enum(['online', 'offline']) })

/**
 * Reads a payload of `devices/{device}/vitals` by its profile.
 *
 * @throws Fault `malformed` when it is no JSON object, names another device, or its time has no zone.
 */
export function readVitals(profile: Profile, device: string, payload: Uint8Array): Reading {
  const body = envelope(Envelope, device, payload)
  const values: Record<string, number> = {}
  const off: string[] = []
  const questionable: string[] = []
  for (const metric of profile.metrics) {
    const value = at(body, metric.path)
    if (value === null) off.push(metric.key)
    else if (typeof value === 'number' && value >= metric.low && value <= metric.high)
      values[metric.key] = value
    else if (value !== undefined) questionable.push(metric.key)
  }
  return { device, time: Date.parse(body.ts), values, off, questionable }
}

/** Reads a payload of `devices/{device}/alerts`. @throws Fault `malformed` */
export function readAlert(device: string, payload: Uint8Array): DeviceAlert {
  const { ts, code, priority, phase } = envelope(Alert, device, payload)
  return { device, time: Date.parse(ts), code, priority, phase }
}

/** Reads a payload of `devices/{device}/status`. @throws Fault `malformed` */
export function readStatus(
  device: string,
  payload: Uint8Array,
): { readonly time: number; readonly state: 'online' | 'offline' } {
  const { ts, state } = envelope(Status, device, payload)
  return { time: Date.parse(ts), state }
}

function envelope<T extends z.ZodType<z.output<typeof Envelope>>>(
  schema: T,
  device: string,
  payload: Uint8Array,
): z.output<T> {
  const parsed = schema.safeParse(json(payload))
  if (!parsed.success) {
    const place = parsed.error.issues[0]?.path.join('.') ?? ''
    throw fault('malformed', {
      code: 'structure',
      at: place,
      text: `The payload of ${device} is wrong at ${place}: ${parsed.error.issues[0]?.message ?? ''}`,
    })
  }
  if (parsed.data.device_id === device) return parsed.data
  throw fault('malformed', {
    code: 'invalid',
    at: 'device_id',
    text: `The topic names ${device}, the payload another device`,
  })
}

function json(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch (error) {
    throw fault('malformed', {
      code: 'structure',
      text: `The payload is no JSON: ${error instanceof Error ? error.name : 'unreadable'}`,
    })
  }
}

function at(body: Readonly<Record<string, unknown>>, path: string): JsonValue | undefined {
  let here: unknown = body
  for (const name of path.split('.')) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined
    here = (here as JsonObject)[name]
  }
  return here as JsonValue
}
