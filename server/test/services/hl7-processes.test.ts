import { expect, it, onTestFinished } from 'vitest'

import { openMongoStore } from '../../src/store/mongo/store.ts'
import { freshDatabase } from '../database.ts'
import { startEngineProcess } from '../flows/engine-process.ts'
import { admit, engineOn, Sender } from '../flows/interface-engine.ts'
import { freshFolder } from '../fresh-store.ts'
import { dropDatabase, mongoUrl } from './mongo-server.ts'

const address = await mongoUrl()
const PATIENTS = 12

it('has every acknowledged message in the record once, in order, with two processes of which one is killed', async () => {
  const database = freshDatabase()
  const url = new URL(address)
  url.pathname = `/${database}`
  onTestFinished(async () => dropDatabase(address, database))
  const start = async () => startEngineProcess({ folder: await freshFolder(), store: url.href })
  const [first, second] = await Promise.all([start(), start()])
  const acknowledged = new Map<string, number>()
  const stop = new AbortController()
  const wards = Array.from({ length: PATIENTS }, async (_, at) =>
    // A sender that loses its connection goes to the other process, and sends again what was not acknowledged.
    sendAll({
      ports: [first.port, second.port],
      mrn: `5${String(at).padStart(3, '0')}`,
      acknowledged,
      stop: stop.signal,
    }),
  )
  await expect.poll(() => acknowledged.size, { timeout: 60_000 }).toBe(PATIENTS)
  await first.kill()
  await expect.poll(() => Math.min(...acknowledged.values()), { timeout: 120_000 }).toBeGreaterThan(4)
  stop.abort()
  await Promise.all(wards)
  await second.kill('SIGTERM')

  const store = await openMongoStore({ url: url.href })
  onTestFinished(async () => store.close())
  const engine = await engineOn(store)
  const pending = async () => store.records.range({ collection: 'hl7-pending', limit: 10 })
  await expect.poll(pending, { timeout: 60_000 }).toEqual([])
  const patients = await engine.all('Patient')
  expect(patients).toHaveLength(PATIENTS)
  for (const patient of patients) {
    const [{ value } = { value: '' }] = patient['identifier'] as readonly { readonly value: string }[]
    const [{ line } = { line: [''] }] = patient['address'] as readonly { readonly line: readonly string[] }[]
    // The last message that was acknowledged is the last one that was applied; one more may have arrived without its answer.
    expect(Number(line[0]?.split(' ')[0])).toBeGreaterThanOrEqual(acknowledged.get(value) ?? Infinity)
  }
}, 280_000)

interface Ward {
  readonly ports: readonly number[]
  readonly mrn: string
  readonly acknowledged: Map<string, number>
  readonly stop: AbortSignal
}

async function sendAll(ward: Ward): Promise<void> {
  const { ports, mrn, acknowledged, stop } = ward
  let turn = Number(mrn) % ports.length
  while (!stop.aborted) {
    const sender = new Sender(ports[turn] ?? 0)
    try {
      await sendOn(sender, ward, (acknowledged.get(mrn) ?? 0) + 1)
    } catch {
      turn = (turn + 1) % ports.length
    }
    sender.socket.destroy()
  }
}

/** Updates of one patient, a minute between their events, until the test or the connection ends. */
async function sendOn(sender: Sender, { mrn, acknowledged, stop }: Ward, from: number): Promise<void> {
  for (let number = from; !stop.aborted; number++) {
    const at = new Date(Date.UTC(2026, 0, 1) + number * 60_000)
    const time = `${at.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)}+0000`
    const parts = { id: `M${mrn}N${number}`, mrn, time, address: `${number} River Road^^Khartoum` }
    const ack = await sender.send(admit({ ...parts, event: 'A08' }))
    if (!ack.includes(`MSA|AA|${parts.id}`)) throw new Error(ack)
    acknowledged.set(mrn, number)
  }
}
