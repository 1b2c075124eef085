import { once } from 'node:events'

import { expect, it, onTestFinished } from 'vitest'

import { listenMllp } from '../../src/hl7/mllp/listener.ts'
import { KILL_POINTS } from '../../src/store/crash.ts'
import { openEmbeddedStore } from '../../src/store/embedded/store.ts'
import { freshFolder } from '../fresh-store.ts'
import { startEngineProcess } from './engine-process.ts'
import { admit, engineOn, Sender, type Engine } from './interface-engine.ts'

/** The merges are behind the answers: their points are far apart. */
const COUNTS: Readonly<Record<(typeof KILL_POINTS)[number], readonly number[]>> = {
  'before-append': [3, 17],
  'after-append': [3, 17],
  'after-sync': [3, 17],
  'before-merge': [1],
  'after-merge': [1],
}

it.each(KILL_POINTS)(
  'has every acknowledged message in the record exactly once when it is killed %s',
  async (point) => {
    const folder = await freshFolder()
    const acknowledged: string[] = []
    for (const [round, count] of COUNTS[point].entries()) {
      const engine = await startEngineProcess({ folder, store: folder, killAt: point, count })
      const senders = Array.from({ length: 3 }, async (_, lane) =>
        sendUntilEnd(engine.port, `${round}${lane}`),
      )
      const sent = await Promise.all(senders)
      acknowledged.push(...sent.flat())
      await engine.ended
    }
    expect(acknowledged.length).toBeGreaterThan(0)
    await expectOnce(folder, acknowledged)
  },
  60_000,
)

it('sends every change to another system at least once, in order, when it is killed at random', async () => {
  const folder = await freshFolder()
  const got: string[] = []
  const peer = await listenMllp({
    host: '127.0.0.1',
    port: 0,
    frameBytes: 100_000,
    receive: async (frame) => {
      const [msh = '', pid = ''] = frame.toString().split('\r')
      const id = msh.split('|')[9] ?? ''
      got.push(`${pid.split('|')[3]} ${id}`)
      return Promise.resolve(Buffer.from(`MSH|^~\\&|P||||2026||ACK|X|P|2.5.1\rMSA|AA|${id}\r`))
    },
    refuse: async () => Promise.resolve(undefined),
  })
  onTestFinished(async () => peer.close())
  const acknowledged: string[] = []
  for (let round = 0; round < 2; round++) {
    const engine = await startEngineProcess({ folder, store: folder, peer: peer.port })
    const sending = sendUntilEnd(engine.port, `9${round}`)
    const wanted = got.length + 3 + 5 * round
    await expect.poll(() => got.length, { timeout: 20_000, interval: 5 }).toBeGreaterThan(wanted)
    await engine.kill()
    acknowledged.push(...(await sending))
  }
  const last = await startEngineProcess({ folder, store: folder, peer: peer.port })
  const known = () => new Set(got.map((line) => line.split(' ')[0]))
  await expect.poll(() => acknowledged.filter((mrn) => !known().has(mrn)), { timeout: 20_000 }).toEqual([])
  await last.kill('SIGTERM')
  // What came twice is the same message: its receiver knows it by the control id.
  expect(new Set(got).size).toBe(known().size)
}, 90_000)

/** Sends one message after the other. @returns, when the process is gone, the record numbers whose messages were acknowledged */
async function sendUntilEnd(port: number, lane: string): Promise<readonly string[]> {
  const acknowledged: string[] = []
  const sender = new Sender(port)
  try {
    for (let at = 0; at < MOST; at++) {
      const mrn = `${lane}${String(at).padStart(4, '0')}`
      const ack = await sender.send(admit({ id: `K${mrn}`, mrn }))
      if (ack.includes(`MSA|AA|K${mrn}`)) acknowledged.push(mrn)
    }
    await once(sender.socket, 'close')
  } catch {
    // The process was killed while an answer was awaited.
  }
  return acknowledged
}

/** Enough to be under way when the kill comes, and few enough to reach the other system within the test. */
const MOST = 300

async function expectOnce(folder: string, acknowledged: readonly string[]): Promise<void> {
  const store = await openEmbeddedStore({ folder })
  onTestFinished(async () => store.close())
  const engine = await engineOn(store, {}, { folder })
  await expect.poll(async () => pending(engine), { timeout: 20_000 }).toEqual([])
  // The last group is synced, and its commits may not be answered yet: searches know its rows from then on.
  await store.records.apply([{ op: 'put', collection: 'test', id: 'behind', value: {} }])
  const patients = await engine.all('Patient')
  const counts = new Map<string, number>()
  for (const patient of patients) {
    for (const { value } of patient['identifier'] as readonly { readonly value: string }[])
      counts.set(value, (counts.get(value) ?? 0) + 1)
    expect(patient['meta']).toMatchObject({ versionId: '1' })
  }
  expect(acknowledged.filter((mrn) => counts.get(mrn) !== 1)).toEqual([])
  expect([...counts.values()].filter((count) => count !== 1)).toEqual([])
}

async function pending({ store }: Engine): Promise<readonly string[]> {
  return (await store.records.range({ collection: 'hl7-pending', limit: 100 })).map(({ id }) => id)
}
