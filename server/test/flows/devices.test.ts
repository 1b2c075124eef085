import { join } from 'node:path'

import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'

import { openEmbeddedStore } from '../../src/store/embedded/store.ts'
import {
  associate,
  associated,
  charted,
  codes,
  connected,
  flags,
  HEART_RATE,
  heartRates,
  listen,
  MINUTE_MS,
  PAST_MINUTE,
  send,
  state,
} from './device-peer.ts'
import { freshFolder, removeFolder, startHub, type Hub } from './hub.ts'

const PRESSURE = '85354-9'

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

it('shows the values of a device to the screens at once, with the patient at the time of the measurement', async () => {
  const patient = await associated(hub, 'bed-live')
  const screen = await listen(hub, ['vitals.update'])
  const monitor = await connected(hub)
  await send(monitor, 'bed-live', { ts: PAST_MINUTE + 1000, hr: 72, spo2: null, temp: 99 })
  await expect(screen.next('bed-live')).resolves.toMatchObject({
    topic: 'vitals.update',
    time: PAST_MINUTE + 1000,
    patient,
    data: { device: 'bed-live', values: { hr: 72 }, off: ['spo2'], questionable: ['temp'] },
  })
})

it('raises a critical heart rate at the third reading with a Flag, and ends both when it is over', async () => {
  const patient = await associated(hub, 'bed-critical')
  const screen = await listen(hub, ['vitals.critical'])
  const monitor = await connected(hub)
  const start = PAST_MINUTE
  // A monitor that catches up sends everything in one go.
  await Promise.all(
    [0, 1000, 2000].map((later) => send(monitor, 'bed-critical', { ts: start + later, hr: 130 })),
  )
  const raised = await screen.next('bed-critical')
  expect(raised).toMatchObject({ time: start + 2000, patient, data: { phase: 'raised', value: 130 } })
  expect(await flags(hub, patient)).toEqual(['active'])
  await send(monitor, 'bed-critical', { ts: start + 3000, hr: 118 })
  await send(monitor, 'bed-critical', { ts: start + 4000, hr: 100 })
  await expect(screen.next('bed-critical')).resolves.toMatchObject({
    time: start + 4000,
    patient,
    data: { phase: 'cleared', value: 100 },
  })
  expect(await flags(hub, patient)).toEqual(['inactive'])
})

it('ends a Flag whose alarm was raised and over within one burst', async () => {
  const patient = await associated(hub, 'bed-burst')
  const monitor = await connected(hub)
  const rates = [130, 131, 132, 100]
  await Promise.all(
    rates.map((hr, second) => send(monitor, 'bed-burst', { ts: PAST_MINUTE + second * 1000, hr })),
  )
  expect(await flags(hub, patient)).toEqual(['inactive'])
})

it('charts a minute once: medians, pressures as a panel, and nothing again for readings sent twice', async () => {
  const patient = await associated(hub, 'bed-chart')
  const monitor = await connected(hub)
  const minute = PAST_MINUTE
  const panels = [80, 90, 70, 84, 82].map((hr, second) => ({
    ts: minute + second * 1000,
    hr,
    nibp: { sys: 120 + second, dia: 80, map: 93 },
  }))
  const publish = async () => Promise.all(panels.map((panel) => send(monitor, 'bed-chart', panel)))
  await publish()
  await expect.poll(() => charted(hub, patient), { timeout: 10_000 }).toHaveLength(2)
  await publish()
  // Charted behind the repeated ones, in the same pass or a later one.
  await send(monitor, 'bed-chart', { ts: minute + MINUTE_MS, spo2: 97 })
  await expect.poll(async () => codes(await charted(hub, patient)), { timeout: 10_000 }).toContain('2708-6')

  const found = await charted(hub, patient)
  expect(codes(found).toSorted()).toEqual(['2708-6', PRESSURE, HEART_RATE])
  expect(found.find((one) => codes([one])[0] === HEART_RATE)).toMatchObject({
    subject: { reference: patient },
    device: { reference: 'Device/bed-chart' },
    effectivePeriod: { start: new Date(minute).toISOString() },
    valueQuantity: { value: 82, code: '/min' },
    component: [{ valueQuantity: { value: 70 } }, { valueQuantity: { value: 90 } }, { valueInteger: 5 }],
  })
  const pressures = found.find((one) => codes([one])[0] === PRESSURE)
  expect(pressures?.component.map((part) => part.valueQuantity?.value)).toEqual([122, 80, 93])
})

it('counts what it cannot read against its device and disturbs no other', async () => {
  const monitor = await connected(hub)
  const other = await connected(hub)
  const foreign = JSON.stringify({ device_id: 'bed-good', ts: new Date().toISOString(), hr: 80 })
  await monitor.publishAsync('devices/bed-bad/vitals', foreign, { qos: 1 })
  expect(await state(hub, 'bed-bad')).toMatchObject({ received: 0, refused: 1 })
  expect((await state(hub, 'bed-bad'))?.lastError).toContain('another device')
  await monitor.publishAsync('devices/bed-bad/vitals', '{"device_id":"bed-bad",', { qos: 1 })
  expect(await state(hub, 'bed-bad')).toMatchObject({ received: 0, refused: 2 })
  await send(other, 'bed-good', { ts: PAST_MINUTE, hr: 80 })
  expect(await state(hub, 'bed-good')).toMatchObject({ received: 1, refused: 0, state: 'online' })
  await send(monitor, 'bed-bad', { ts: PAST_MINUTE, hr: 80 })
  expect(await state(hub, 'bed-bad')).toMatchObject({ received: 1, refused: 2 })
})

it('lets nobody subscribe, and goes on with the device that tried', async () => {
  const monitor = await connected(hub)
  await expect(monitor.subscribeAsync('devices/#', { qos: 1 })).rejects.toThrow('Unspecified error')
  await send(monitor, 'bed-curious', { ts: PAST_MINUTE, hr: 80 })
  expect(await state(hub, 'bed-curious')).toMatchObject({ received: 1 })
})

it('refuses to hang a device on a patient that does not exist', async () => {
  const answer = await associate(hub, 'bed-nobody', 'Patient/nobody')
  expect(answer.status).toBe(404)
})

it('charts every acknowledged reading exactly once although it is killed', async () => {
  const folder = await freshFolder()
  onTestFinished(() => removeFolder(folder))
  const first = await startHub({ data: folder })
  const patient = await associated(first, 'bed-kill')
  const monitor = await connected(first)
  const minute = PAST_MINUTE
  const readings = Array.from({ length: 40 }, (_, i) => ({ ts: minute + i * 1000, hr: 60 + i }))
  await Promise.all(readings.slice(0, 30).map((reading) => send(monitor, 'bed-kill', reading)))
  // What is on its way when the hub dies may be stored or not: the device does not know, and sends it again.
  const doubtful = Promise.allSettled(readings.slice(30).map((one) => send(monitor, 'bed-kill', one)))
  await first.kill()
  await monitor.endAsync(true)
  await doubtful

  const second = await startHub({ data: folder })
  onTestFinished(() => second.kill())
  await expect.poll(async () => charted(second, patient), { timeout: 10_000 }).not.toHaveLength(0)
  expect(heartRates(await charted(second, patient))).toBeGreaterThanOrEqual(30)
  const again = await connected(second)
  await Promise.all(readings.slice(25).map((reading) => send(again, 'bed-kill', reading)))
  await send(again, 'bed-kill', { ts: minute + MINUTE_MS, spo2: 97 })
  await expect
    .poll(async () => codes(await charted(second, patient)), { timeout: 10_000 })
    .toContain('2708-6')
  expect(heartRates(await charted(second, patient))).toBe(40)
})

it('keeps the readings of a device that nobody is connected to, and never charts them', async () => {
  const folder = await freshFolder()
  onTestFinished(() => removeFolder(folder))
  const own = await startHub({ data: folder })
  onTestFinished(() => own.kill())
  const patient = await associated(own, 'bed-z')
  const monitor = await connected(own)
  const minute = PAST_MINUTE
  await send(monitor, 'bed-free', { ts: minute + 7000, hr: 80 })
  // Before the association began.
  await send(monitor, 'bed-z', { ts: minute - 3 * MINUTE_MS, hr: 81 })
  await send(monitor, 'bed-z', { ts: minute, spo2: 97 })
  await expect.poll(() => charted(own, patient), { timeout: 10_000 }).toHaveLength(1)
  const all = await own.json<{ total: number }>('/fhir/Observation?_total=accurate')
  expect(all.total).toBe(1)
  expect((await own.ask('/fhir/Device/bed-free')).status).toBe(404)
  await own.stop()
  const kept = await minuteRecords(folder)
  expect(kept).toContainEqual({ minute, offsets: [7000], values: [80] })
  expect(kept).toContainEqual({ minute: minute - 3 * MINUTE_MS, offsets: [0], values: [81] })
})

async function minuteRecords(folder: string) {
  const store = await openEmbeddedStore({ folder: join(folder, 'store') })
  try {
    const records = await store.records.range({ collection: 'device-minutes', limit: 100 })
    return records.map(({ value }) => value)
  } finally {
    await store.close()
  }
}
