import { expect, it, onTestFinished } from 'vitest'

import { systemCaller } from '../../src/auth/caller.ts'
import { createMapper } from '../../src/hl7/mapping/mapper.ts'
import { listenMllp } from '../../src/hl7/mllp/listener.ts'
import { readDestination } from '../../src/hl7/outbound/destination.ts'
import { freshFolder, freshStore } from '../fresh-store.ts'
import { assembleEngine, MAPPINGS, type Engine } from './assemble-engine.ts'

const { outbound: rules } = await createMapper(MAPPINGS)

/** A pharmacy that keeps how often each name came to it, in their order. */
async function startPeer() {
  const got: string[] = []
  const peer = await listenMllp({
    host: '127.0.0.1',
    port: 0,
    frameBytes: 1024 * 1024,
    receive: (frame) => {
      const [header = '', , person = ''] = frame.toString().split('\r')
      got.push(person.split('|')[5] ?? '')
      const ack = `MSH|^~\\&|PEER||HUB||2026||ACK|X|P|2.5.1\rMSA|AA|${header.split('|')[9] ?? ''}\r`
      return Promise.resolve(Buffer.from(ack))
    },
    refuse: () => Promise.resolve(undefined),
  })
  onTestFinished(async () => peer.close())
  return { port: peer.port, got }
}

async function changed(engine: Engine, family: string): Promise<void> {
  const resource = { resourceType: 'Patient', id: 'p', name: [{ family }] }
  await engine.resources.transact(systemCaller('tests', 'system'), {
    drafts: [{ type: 'Patient', id: 'p', method: 'PUT', resource }],
  })
}

it('sends by one of two processes on a store, each message once and in order, and by the other one when that stops', async () => {
  const store = await freshStore()
  const { port, got } = await startPeer()
  const file = { host: '127.0.0.1', port, messages: ['Patient.ADT'] }
  const start = async () => {
    const out = { rules, destinations: [readDestination('lab', file)] }
    const engine = await assembleEngine(store, { folder: await freshFolder(), isShared: true, out })
    onTestFinished(async () => engine.stop())
    return engine
  }
  const engines = [await start(), await start()] as const
  const names = Array.from({ length: 20 }, (_, at) => `N${String(at).padStart(2, '0')}`)
  for (const [at, name] of names.entries()) {
    const [first, second] = engines
    await changed(at % 2 === 0 ? first : second, name)
  }
  await expect.poll(() => got.length, { timeout: 30_000 }).toBe(names.length)
  const sending = engines.filter(({ outbound }) => outbound.sentBy('lab') !== undefined)
  expect(sending).toHaveLength(1)
  const [holder] = sending
  const other = engines.find((engine) => engine !== holder)
  await holder?.stop()
  if (other !== undefined) await changed(other, 'N20')
  await expect.poll(() => got.length, { timeout: 30_000 }).toBe(names.length + 1)
  expect(got).toEqual([...names, 'N20'])
}, 90_000)
