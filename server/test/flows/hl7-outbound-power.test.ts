import { copyFileSync, constants } from 'node:fs'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { systemCaller } from '../../src/auth/caller.ts'
import { listenMllp } from '../../src/hl7/mllp/listener.ts'
import { readDestination } from '../../src/hl7/outbound/destination.ts'
import type { OutboundRules } from '../../src/hl7/rules/outbound-rules.ts'
import { openEmbeddedStore } from '../../src/store/embedded/store.ts'
import { freshFolder } from '../fresh-store.ts'
import { engineOn, type Engine } from './interface-engine.ts'

const rules: OutboundRules = {
  definitions: new Map([['Order', { type: 'ServiceRequest' }]]),
  laidOver: () => rules,
  build: ({ resource, controlId }) =>
    Promise.resolve(
      `MSH|^~\\&|HUB||LAB||2026||ORM^O01|${controlId}|P|2.5.1\rORC|NW|${resource['id'] as string}\r`,
    ),
}

/** @param disk where the file of the store goes with each sync: what a power cut leaves */
async function storeOn(folder: string, disk?: string): Promise<Engine['store']> {
  const store = await openEmbeddedStore({
    folder,
    async durably(transaction) {
      await transaction()
      if (disk !== undefined)
        copyFileSync(join(folder, 'data.mdb'), join(disk, 'data.mdb'), constants.COPYFILE_FICLONE)
    },
  })
  onTestFinished(async () => store.close())
  return store
}

interface Line {
  readonly order: string
  readonly id: string
}

async function startLaboratory(onMessage: (got: readonly Line[]) => void = () => undefined) {
  const got: Line[] = []
  const peer = await listenMllp({
    host: '127.0.0.1',
    port: 0,
    frameBytes: 1024 * 1024,
    receive: async (frame) => {
      const fields = frame.toString().split(/[|\r]/)
      const id = fields[9] ?? ''
      got.push({ order: fields.at(-2) ?? '', id })
      onMessage(got)
      return Promise.resolve(Buffer.from(`MSH|^~\\&|LAB||HUB||2026||ACK|1|P|2.5.1\rMSA|AA|${id}\r`))
    },
    refuse: () => Promise.resolve(undefined),
  })
  onTestFinished(async () => peer.close())
  return { port: peer.port, got }
}

async function engineTo(store: Engine['store'], port: number): Promise<Engine> {
  const destinations = [readDestination('lab', { host: '127.0.0.1', port, messages: ['Order'] })]
  return engineOn(store, {}, { out: { rules, destinations } })
}

async function order(engine: Engine, id: string): Promise<void> {
  const subject = { display: 'somebody' }
  const resource = { resourceType: 'ServiceRequest', id, status: 'active', intent: 'order', subject }
  await engine.resources.transact(systemCaller('tests', 'system'), {
    drafts: [{ type: 'ServiceRequest', id, method: 'PUT', resource }],
  })
}

it.each([1, 5])(
  'loses and reorders nothing when the power goes while message %i is on its way, and repeats no other',
  async (cutAt) => {
    const [disk, left] = [await freshFolder(), await freshFolder()]
    const committed: string[] = []
    const cut = { before: [] as readonly Line[], committed: [] as readonly string[] }
    const first = await startLaboratory((got) => {
      if (got.length !== cutAt) return
      Object.assign(cut, { before: [...got], committed: [...committed] })
      copyFileSync(join(disk, 'data.mdb'), join(left, 'data.mdb'))
    })
    const engine = await engineTo(await storeOn(await freshFolder(), disk), first.port)
    for (let at = 0; at < 10; at++) {
      await order(engine, `o${at}`)
      committed.push(`o${at}`)
    }
    await expect.poll(() => first.got.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(cutAt)
    await engine.stop()

    // The hub is started on what was synced when the cut came, and nothing else.
    const second = await startLaboratory()
    const again = await engineTo(await storeOn(left), second.port)
    const sent = () => [...new Set([...cut.before, ...second.got].map((line) => line.order))]
    await expect
      .poll(() => cut.committed.filter((id) => !sent().includes(id)), { timeout: 20_000 })
      .toEqual([])
    await again.stop()
    expect(sent()).toEqual(sent().toSorted())
    // The one without a durable answer comes once more, the same to the byte that tells it apart; none before it does.
    expect(second.got[0]).toEqual(cut.before.at(-1))
    const earlier = new Set(cut.before.slice(0, -1).map(({ id }) => id))
    expect(second.got.filter(({ id }) => earlier.has(id))).toEqual([])
  },
  60_000,
)
