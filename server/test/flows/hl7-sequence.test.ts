import { expect, it } from 'vitest'

import { freshStore } from '../fresh-store.ts'
import { admit, engineOn, Sender, settled, startEngine } from './interface-engine.ts'

/** @see HL7 v2.5.1, 2.10.1 */
const NUMBERED = { sequence: true }

function numbered(number: string, id: string): string {
  return admit({ id }).replace('|2.5.1\r', `|2.5.1|${number}\r`)
}

function enhanced(number: string, id: string): string {
  return numbered(number, id).replace(`|2.5.1|${number}\r`, `|2.5.1|${number}||AL|AL\r`)
}

/** MSA-1, MSA-2, MSA-4. */
function answered(ack: string): string {
  const [, code, id, , number = ''] = /^MSA\|.*$/m.exec(ack)?.[0].split('|') ?? []
  return `${code ?? ''} ${id ?? ''} ${number}`
}

it('takes messages by their numbers, and says which one it waits for', async () => {
  const engine = await startEngine(NUMBERED)
  const sender = new Sender(engine.port)
  const send = async (number: string, id: string) => answered(await sender.send(numbered(number, id)))
  // Nothing is known: the sender begins where it likes.
  expect(await send('0', 'S0')).toBe('AA S0 -1')
  expect(await send('7', 'S7')).toBe('AA S7 7')
  expect(await send('8', 'S8')).toBe('AA S8 8')
  // The answer to it was lost.
  expect(await send('8', 'S8')).toBe('AA S8 9')
  expect(await send('11', 'S11')).toBe('AE S11 9')
  expect(await send('3', 'S3')).toBe('AE S3 9')
  expect(await send('0', 'S0')).toBe('AA S0 9')
  expect(await send('9', 'S9')).toBe('AA S9 9')
  for (const id of ['S7', 'S8', 'S9']) await settled(engine, id, 'committed')
  const lines = await engine.store.records.range({ collection: 'hl7-journal', limit: 10 })
  expect(lines.map(({ value }) => value)).toMatchObject([
    { controlId: 'S7' },
    { controlId: 'S8' },
    { controlId: 'S11', state: 'rejected' },
    { controlId: 'S3', state: 'rejected' },
    { controlId: 'S9' },
  ])
})

it('begins anew when the sender says so', async () => {
  const engine = await startEngine(NUMBERED)
  const sender = new Sender(engine.port)
  const send = async (number: string, id: string) => answered(await sender.send(numbered(number, id)))
  expect(await send('41', 'S41')).toBe('AA S41 41')
  expect(await send('-1', 'R')).toBe('AA R -1')
  expect(await send('1', 'S1')).toBe('AA S1 1')
  expect(await send('42', 'S42')).toBe('AE S42 2')
})

it.each([
  ['', 'ERR||MSH^1^13^1|101^'],
  ['seven', 'ERR||MSH^1^13^1|102^'],
  ['-7', 'ERR||MSH^1^13^1|102^'],
])('refuses a message numbered "%s" at MSH-13', async (number, error) => {
  const engine = await startEngine(NUMBERED)
  const ack = await new Sender(engine.port).send(numbered(number, 'S1'))
  expect(answered(ack)).toBe('AE S1 -1')
  expect(ack).toContain(error)
})

it('waits for the number of a message that it refused', async () => {
  const engine = await startEngine(NUMBERED)
  const sender = new Sender(engine.port)
  expect(answered(await sender.send(numbered('1', 'S1')))).toBe('AA S1 1')
  const wrong = numbered('2', 'S2').replace('ADT^A01', 'ADT^Z99')
  expect(answered(await sender.send(wrong))).toBe('AR S2 2')
  expect(answered(await sender.send(numbered('2', 'S2')))).toBe('AA S2 2')
})

it('keeps the number over a restart, and takes one message of several connections for it', async () => {
  const store = await freshStore()
  const first = await engineOn(store, NUMBERED)
  expect(answered(await new Sender(first.port).send(numbered('5', 'S5')))).toBe('AA S5 5')
  await first.stop()
  const next = await engineOn(store, NUMBERED)
  const senders = Array.from({ length: 8 }, () => new Sender(next.port))
  const acks = await Promise.all(
    senders.map(async (sender, at) => answered(await sender.send(numbered('6', `S6-${String(at)}`)))),
  )
  // The others are other messages: to say that theirs was taken would lose them.
  expect(acks.map((ack) => ack.replace(/S6-\d/, 'S6')).toSorted()).toEqual([
    'AA S6 6',
    ...Array.from({ length: 7 }, () => 'AE S6 7'),
  ])
})

it('answers by the transport in enhanced mode, with the number', async () => {
  const engine = await startEngine(NUMBERED)
  const sender = new Sender(engine.port)
  expect(answered(await sender.send(enhanced('0', 'S0')))).toBe('CA S0 -1')
  expect(answered(await sender.send(enhanced('1', 'S1')))).toBe('CA S1 1')
  expect(answered(await sender.next())).toBe('AA S1 1')
})

it('says nothing of numbers to feeds that do not ask for it', async () => {
  const engine = await startEngine()
  const sender = new Sender(engine.port)
  expect(answered(await sender.send(numbered('7', 'S7')))).toBe('AA S7 ')
  expect(answered(await sender.send(numbered('3', 'S3')))).toBe('AA S3 ')
})
