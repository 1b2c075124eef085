import { once } from 'node:events'
import { connect } from 'node:net'

import type { APIRequestContext } from '@playwright/test'
import { expect } from '@playwright/test'

import { bearer } from './hub.ts'

/** A bedside monitor of the browser tests, at the MQTT port of the hub that `playwright.config.ts` starts. */
const MQTT_PORT = Number(process.env['BROWSER_TEST_MQTT'])

export async function associate(request: APIRequestContext, device: string, patient: string): Promise<void> {
  const answer = await request.put(`/api/v1/devices/${device}/association`, {
    headers: await bearer(request),
    data: { patient: `Patient/${patient}`, start: new Date(Date.now() - 60_000).toISOString() },
  })
  expect(answer.status()).toBe(200)
}

/** Publishes one reading for each heart rate, a second apart, the last one now; resolves when the broker has them all. */
export async function measure(device: string, rates: readonly number[]): Promise<void> {
  const socket = connect(MQTT_PORT, '127.0.0.1')
  await once(socket, 'connect')
  // MQTT 3.1.1, sections 3.1 and 3.3: CONNECT with a clean session, PUBLISH at quality of service 1.
  socket.write(packet(0x10, Buffer.concat([text('MQTT'), Buffer.from([4, 2, 0, 60]), text(device)])))
  await once(socket, 'data')
  for (const [index, hr] of rates.entries()) {
    const ts = new Date(Date.now() - (rates.length - 1 - index) * 1000).toISOString()
    const payload = Buffer.from(JSON.stringify({ device_id: device, ts, hr }))
    const id = Buffer.from([0, index + 1])
    socket.write(packet(0x32, Buffer.concat([text(`devices/${device}/vitals`), id, payload])))
    await once(socket, 'data')
  }
  socket.end()
}

function packet(first: number, body: Buffer): Buffer {
  const long = body.length > 127 ? [(body.length % 128) | 128, Math.floor(body.length / 128)] : [body.length]
  return Buffer.concat([Buffer.from([first, ...long]), body])
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 255]), bytes])
}
