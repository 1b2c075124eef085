import { expect, it } from 'vitest'

import { readDestination } from '../../src/hl7/outbound/destination.ts'
import { createOutbox, type OutMessage, type Outbox } from '../../src/hl7/outbound/outbox.ts'
import { createSentRetention } from '../../src/hl7/outbound/sent-retention.ts'
import type { RecordStore } from '../../src/store/port.ts'
import { freshStore } from '../fresh-store.ts'

const HOUR = 3_600_000

function message(destination: string, number: number): OutMessage {
  const controlId = `${destination}-${number}`
  const about = { definition: 'Order', reference: `ServiceRequest/${number}`, version: 1, controlId }
  return {
    ...about,
    destination,
    lane: 0,
    text: 'MSH|',
    state: 'queued',
    created: 0,
    changed: 0,
    attempts: 0,
  }
}

async function put(outbox: Outbox, sent: OutMessage, state: OutMessage['state']) {
  await outbox.put(sent, sent.controlId)
  const stored = await outbox.byControlId(sent.controlId)
  if (stored && state !== 'queued') await outbox.move(stored, { state })
}

function retentionOf(records: RecordStore, now: () => number) {
  const file = { host: '127.0.0.1', port: 1, messages: ['Order'] }
  const destinations = new Map([
    ['lab', readDestination('lab', { ...file, keep: '2h' })],
    ['ever', readDestination('ever', file)],
  ])
  return createSentRetention({
    records,
    clock: now,
    destinations,
    report: (error) => expect(error).toBe('none'),
  })
}

it('removes what was sent or cancelled after the time that its destination keeps it, and nothing else', async () => {
  const { records } = await freshStore()
  let now = 0
  const outbox = createOutbox(records, () => now)
  const states = ['sent', 'queued', 'answered', 'dead', 'cancelled'] as const
  for (const [at, state] of states.entries()) {
    await put(outbox, message('lab', at), state)
    await put(outbox, message('ever', at), state)
  }
  now = HOUR
  await put(outbox, message('lab', 5), 'sent')
  const retention = retentionOf(records, () => now)
  const left = async (destination: string) =>
    (await outbox.list(destination, { limit: 100 })).map(({ message: { state } }) => state).toReversed()

  await retention.step()
  expect(await left('lab'), 'all are young').toHaveLength(6)
  now = 2.5 * HOUR
  await retention.step()
  expect(await left('lab')).toEqual(['queued', 'dead', 'sent'])
  expect(await left('ever')).toHaveLength(5)
  expect(await outbox.first('lab', 0), 'what waits still leaves').toMatchObject({
    message: { state: 'queued' },
  })
  expect(await outbox.byControlId('lab-0')).toBeUndefined()
})

it('refuses a time to keep that is none', () => {
  const file = { host: '127.0.0.1', port: 1, messages: ['Order'], keep: 'long' }
  expect(() => readDestination('lab', file)).toThrow('mappings/destinations/lab.yaml, keep')
})
