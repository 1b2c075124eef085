import { once } from 'node:events'

import { connectAsync, type MqttClient } from 'mqtt'
import { expect, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'

import { ServerMessage } from '../../src/events/events.contract.ts'
import type { Hub } from './hub.ts'

export const MINUTE_MS = 60_000
/** Start of a minute that is over, so that it is charted within seconds. */
export const PAST_MINUTE = (Math.floor(Date.now() / MINUTE_MS) - 3) * MINUTE_MS
export const HEART_RATE = '8867-4'

export interface Observation {
  readonly id: string
  readonly status: string
  readonly meta: { readonly versionId: string }
  readonly code: { readonly coding: readonly { readonly code: string }[] }
  readonly subject: { readonly reference: string }
  readonly device: { readonly reference: string }
  readonly effectivePeriod: { readonly start: string }
  readonly valueQuantity?: { readonly value: number }
  readonly component: readonly {
    readonly valueQuantity?: { readonly value: number }
    readonly valueInteger?: number
  }[]
}
interface Fleet {
  readonly devices: readonly {
    readonly device: string
    readonly received: number
    readonly refused: number
    readonly state: string
    readonly lastError?: string
  }[]
}
type Live = Extract<ServerMessage, { type: 'live' }>

/** @returns the new patient whom the device measures since the past minute */
export async function associated(to: Hub, device: string): Promise<string> {
  const body = JSON.stringify({ resourceType: 'Patient', name: [{ family: device }] })
  const { id } = await to.json<{ id: string }>('/fhir/Patient', { method: 'POST', body })
  const answer = await associate(to, device, `Patient/${id}`)
  expect(answer.status).toBe(200)
  return `Patient/${id}`
}

export async function associate(to: Hub, device: string, patient: string): Promise<Response> {
  return to.ask(`/api/v1/devices/${device}/association`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ patient, start: new Date(PAST_MINUTE).toISOString() }),
  })
}

export async function connected(to: Hub): Promise<MqttClient> {
  const client = await connectAsync({ host: '127.0.0.1', port: to.mqtt, reconnectPeriod: 0 })
  client.on('error', () => undefined)
  onTestFinished(() => client.endAsync(true))
  return client
}

/** Resolves with the PUBACK. */
export async function send(
  client: MqttClient,
  device: string,
  panel: { ts: number; [key: string]: unknown },
) {
  const payload = { device_id: device, ...panel, ts: new Date(panel.ts).toISOString() }
  await client.publishAsync(`devices/${device}/vitals`, JSON.stringify(payload), { qos: 1 })
}

export async function listen(to: Hub, topics: readonly string[]) {
  const socket = new WebSocket(`${to.http.replace('http', 'ws')}/ws`)
  onTestFinished(() => socket.terminate())
  const heard: Live[] = []
  await once(socket, 'open')
  const welcome = once(socket, 'message')
  socket.send(JSON.stringify({ type: 'hello', token: to.token, topics }))
  const [first] = (await welcome) as [Buffer]
  expect(ServerMessage.parse(JSON.parse(first.toString())).type).toBe('welcome')
  socket.on('message', (raw: Buffer) => {
    const message = ServerMessage.parse(JSON.parse(raw.toString()))
    if (message.type === 'live') heard.push(message)
  })
  const take = (device: string) => {
    const at = heard.findIndex((message) => message.data['device'] === device)
    return at < 0 ? undefined : heard.splice(at, 1)[0]
  }
  return {
    /** The next signal of the device that was not taken yet. */
    next: async (device: string): Promise<Live> => {
      for (;;) {
        const found = take(device)
        if (found) return found
        await once(socket, 'message')
      }
    },
  }
}

export async function charted(to: Hub, patient: string): Promise<readonly Observation[]> {
  const path = `/fhir/Observation?subject=${patient}&_count=100`
  const { entry = [] } = await to.json<{ entry?: { resource: Observation }[] }>(path)
  return entry.map(({ resource }) => resource)
}

export function codes(found: readonly Observation[]): string[] {
  return found.flatMap(({ code }) => code.coding[0]?.code ?? [])
}

/** How many readings stand behind the charted heart rates. */
export function heartRates(found: readonly Observation[]): number {
  const counts = found
    .filter((one) => codes([one])[0] === HEART_RATE)
    .flatMap(({ component }) => component.flatMap(({ valueInteger }) => valueInteger ?? []))
  return counts.reduce((sum, count) => sum + count, 0)
}

export async function flags(to: Hub, patient: string): Promise<readonly string[]> {
  const path = `/fhir/Flag?subject=${patient}`
  const { entry = [] } = await to.json<{ entry?: { resource: { status: string } }[] }>(path)
  return entry.map(({ resource }) => resource.status)
}

export async function state(to: Hub, device: string): Promise<Fleet['devices'][number] | undefined> {
  const { devices } = await to.json<Fleet>('/api/v1/devices')
  return devices.find((one) => one.device === device)
}
