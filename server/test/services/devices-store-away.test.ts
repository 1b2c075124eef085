import { afterAll, beforeAll, expect, it } from 'vitest'

import { freshDatabase } from '../database.ts'
import {
  associated,
  charted,
  connected,
  flags,
  heartRates,
  listen,
  PAST_MINUTE,
  send,
} from '../flows/device-peer.ts'
import { freshFolder, removeFolder, startHub, type Hub } from '../flows/hub.ts'
import { lineTo, type Line } from './cut-line.ts'
import { mongoUrl } from './mongo-server.ts'

const WAIT = { timeout: 60_000, interval: 200 }
let data: string
let line: Line
let hub: Hub
beforeAll(async () => {
  const url = new URL(await mongoUrl())
  line = await lineTo(Number(url.port))
  url.port = String(line.port)
  url.pathname = freshDatabase()
  data = await freshFolder()
  hub = await startHub({ data, env: { MONGODB_URL: url.href } })
})
afterAll(async () => {
  await hub.stop()
  await line.close()
  await removeFolder(data)
})

it('shows the alarm while the store is away, acknowledges no reading that it could not store, and writes an alarm when the store is back', async () => {
  const patient = await associated(hub, 'bed-away')
  const monitor = await connected(hub)
  const readings = [130, 131, 132].map((hr, second) => ({ ts: PAST_MINUTE + second * 1000, hr }))
  await Promise.all(readings.slice(0, 2).map((reading) => send(monitor, 'bed-away', reading)))

  const screen = await listen(hub, ['vitals.critical'])

  line.cut()
  const third = Promise.race([
    ...readings.slice(2).map((reading) => send(monitor, 'bed-away', reading)),
    new Promise((_, reject) => monitor.once('close', () => reject(new Error('closed')))),
  ])
  await Promise.all([
    expect(third).rejects.toThrow('closed'),
    expect(screen.next('bed-away')).resolves.toMatchObject({
      patient,
      data: { phase: 'raised', value: 132 },
    }),
  ])

  line.mend()
  await expect.poll(() => flags(hub, patient), WAIT).toEqual(['active'])
  const again = await connected(hub)
  await Promise.all(readings.map((reading) => send(again, 'bed-away', reading)))
  await expect.poll(async () => heartRates(await charted(hub, patient)), WAIT).toBe(3)
  expect(await flags(hub, patient)).toEqual(['active'])
})
