import { afterAll, beforeAll, expect, it } from 'vitest'

import {
  associated,
  charted,
  codes,
  connected,
  HEART_RATE,
  heartRates,
  listen,
  MINUTE_MS,
  PAST_MINUTE,
  send,
  state,
} from './device-peer.ts'
import type { Observation } from './device-peer.ts'
import { freshFolder, removeFolder, startHub, type Hub } from './hub.ts'

let data: string
let hub: Hub
beforeAll(async () => {
  data = await freshFolder()
  hub = await startHub({ data })
})
afterAll(async () => {
  await hub.stop()
  await removeFolder(data)
})

const second = (place: number) => PAST_MINUTE + place * 1000

async function heartRate(patient: string): Promise<Observation | undefined> {
  return (await charted(hub, patient)).find((one) => codes([one])[0] === HEART_RATE)
}

it('charts a reading that comes late into the Observation that is there', async () => {
  const patient = await associated(hub, 'bed-late')
  const monitor = await connected(hub)
  await send(monitor, 'bed-late', { ts: second(0), hr: 70, spo2: 97 })
  await send(monitor, 'bed-late', { ts: second(2), hr: 74 })
  await expect.poll(() => charted(hub, patient), { timeout: 10_000 }).toHaveLength(2)
  const before = await heartRate(patient)
  await send(monitor, 'bed-late', { ts: second(1), hr: 90 })
  await expect.poll(async () => heartRates(await charted(hub, patient)), { timeout: 10_000 }).toBe(3)

  expect(await charted(hub, patient)).toHaveLength(2)
  expect(await heartRate(patient)).toMatchObject({
    id: before?.id,
    meta: { versionId: '2' },
    valueQuantity: { value: 74 },
    component: [{ valueQuantity: { value: 70 } }, { valueQuantity: { value: 90 } }, { valueInteger: 3 }],
  })
  const saturation = (await charted(hub, patient)).find((one) => codes([one])[0] === '2708-6')
  expect(saturation?.meta.versionId).toBe('1')
})

it('leaves what a person changed as it is, and keeps the late reading in the record of the minute', async () => {
  const patient = await associated(hub, 'bed-amended')
  const monitor = await connected(hub)
  await send(monitor, 'bed-amended', { ts: second(0), hr: 170 })
  await expect.poll(() => charted(hub, patient), { timeout: 10_000 }).toHaveLength(1)
  const first = await heartRate(patient)
  const amended = { ...first, status: 'entered-in-error' }
  const path = `/fhir/Observation/${String(first?.id)}`
  expect((await hub.ask(path, { method: 'PUT', body: JSON.stringify(amended) })).status).toBe(200)

  await send(monitor, 'bed-amended', { ts: second(1), hr: 171 })
  // Charted behind the late one.
  await send(monitor, 'bed-amended', { ts: PAST_MINUTE + MINUTE_MS, spo2: 97 })
  await expect.poll(async () => codes(await charted(hub, patient)), { timeout: 10_000 }).toContain('2708-6')
  expect(await heartRate(patient)).toMatchObject({ status: 'entered-in-error', meta: { versionId: '2' } })
})

it('keeps the reading and the limits of an alarm in its Flag', async () => {
  const patient = await associated(hub, 'bed-flag')
  const monitor = await connected(hub)
  for (const place of [0, 1, 2]) await send(monitor, 'bed-flag', { ts: second(place), hr: 131 + place })
  const { entry } = await hub.json<{ entry: { resource: unknown }[] }>(`/fhir/Flag?subject=${patient}`)
  expect(entry[0]?.resource).toMatchObject({
    status: 'active',
    extension: [{ valueReference: { reference: '#reading' } }],
    contained: [
      {
        id: 'reading',
        effectiveDateTime: new Date(second(2)).toISOString(),
        valueQuantity: { value: 133, code: '/min' },
        referenceRange: [{ low: { value: 40 }, high: { value: 120 } }],
      },
    ],
  })
})

it('takes the word of a device for its state, and notices one that falls silent', async () => {
  const screen = await listen(hub, ['device.offline', 'device.online'])
  const monitor = await connected(hub)
  const say = async (word: string) => {
    const payload = { device_id: 'bed-quiet', ts: new Date().toISOString(), state: word }
    await monitor.publishAsync('devices/bed-quiet/status', JSON.stringify(payload), { qos: 1 })
  }
  await say('online')
  await expect(screen.next('bed-quiet')).resolves.toMatchObject({ topic: 'device.online' })
  await say('offline')
  await expect(screen.next('bed-quiet')).resolves.toMatchObject({
    topic: 'device.offline',
    data: { state: 'offline' },
  })
  expect(await state(hub, 'bed-quiet')).toMatchObject({ state: 'offline' })
  await send(monitor, 'bed-quiet', { ts: Date.now(), hr: 80 })
  await expect(screen.next('bed-quiet')).resolves.toMatchObject({ topic: 'device.online' })
  // The profile allows ten seconds without a word.
  await expect(screen.next('bed-quiet')).resolves.toMatchObject({
    topic: 'device.offline',
    data: { state: 'silent' },
  })
  expect(await state(hub, 'bed-quiet')).toMatchObject({ state: 'silent', received: 3 })
})
