import { expect, it } from 'vitest'

import { admit, result, Sender, settled, startEngine } from './interface-engine.ts'

function segment(ack: string, name: string): string {
  return ack.split('\n').find((line) => line.startsWith(name)) ?? ''
}

it.each([
  ['an unknown message type', admit().replace('ADT^A01', 'XYZ^A01'), 'MSH^1^9^1^1|200'],
  ['an unknown trigger event', admit().replace('ADT^A01', 'ADT^Z99'), 'MSH^1^9^1^2|201'],
  ['an unknown version', admit().replace('|2.5.1\r', '|2.5.9\r'), 'MSH^1^12^1|203'],
  ['no control id', admit().replace('|A1|P|', '||P|'), 'MSH^1^10^1|101'],
  [
    'a character set that nobody knows',
    admit().replace('|2.5.1\r', '|2.5.1||||||KLINGON\r'),
    'MSH^1^18^1|103',
  ],
])('rejects %s with its position, and writes nothing', async (_what, message, error) => {
  const engine = await startEngine()
  const ack = await new Sender(engine.port).send(message)
  expect(segment(ack, 'MSA')).toMatch(/^MSA\|AR\|(A1)?\|/)
  expect(segment(ack, 'ERR')).toContain(`ERR||${error}^`)
  expect(await engine.commits()).toEqual([])
  const [line] = await engine.store.records.range({ collection: 'hl7-journal', limit: 2 })
  expect(line?.value).toMatchObject({ state: 'rejected' })
  expect(await engine.flow.journal.raw(line?.id ?? '')).toEqual(Buffer.from(message))
})

it('answers bytes that are not in the declared character set with an error at MSH-18, and keeps them', async () => {
  const engine = await startEngine()
  const sender = new Sender(engine.port)
  const bytes = Buffer.from(
    admit().replace('|2.5.1\r', '|2.5.1||||||UNICODE UTF-8\r').replace('Salih', 'M\xfcller'),
    'latin1',
  )
  const ack = await sender.send(bytes)
  expect(segment(ack, 'MSA')).toMatch(/^MSA\|AE\|A1\|/)
  expect(segment(ack, 'ERR')).toContain('ERR||MSH^1^18^1|102^')
  expect(await engine.commits()).toEqual([])

  const sent = Buffer.from(
    admit({ id: 'A2', name: 'M\xfcller^Jos\xe9' }).replace('|2.5.1\r', '|2.5.1||||||8859/1\r'),
    'latin1',
  )
  expect(await sender.send(sent)).toContain('MSA|AA|A2')
  await settled(engine, 'A2', 'committed')
  expect((await engine.all('Patient'))[0]).toMatchObject({ name: [{ family: 'Müller', given: ['José'] }] })
})

it('rejects binary noise, names the control id where it can be found, and goes on', async () => {
  const engine = await startEngine()
  const sender = new Sender(engine.port)
  const noise = Buffer.from(Array.from({ length: 5000 }, (_, at) => ((at * 7919) % 225) + 29))
  expect(segment(await sender.send(noise), 'MSA')).toMatch(/^MSA\|AR\|\|/)
  expect(segment(await sender.send(`\0\0${'x'.repeat(10)}${admit({ id: 'LOST' })}`), 'MSA')).toMatch(
    /^MSA\|AR\|LOST\|/,
  )
  sender.socket.write('no frame at all\r\n')
  expect(await sender.send(admit())).toContain('MSA|AA|A1')
})

it('refuses a message over the bound of its feed, closes, and serves the others', async () => {
  const engine = await startEngine({ frameBytes: 64 * 1024 })
  const [large, other] = [new Sender(engine.port), new Sender(engine.port)]
  const ack = await large.send(admit({ id: 'BIG', address: 'x'.repeat(100_000) }))
  expect(segment(ack, 'MSA')).toMatch(/^MSA\|AR\|BIG\|/)
  await large.closed()
  expect(await other.send(admit())).toContain('MSA|AA|A1')
  await settled(engine, 'A1', 'committed')
  expect(await engine.all('Patient')).toHaveLength(1)
})

it('speaks enhanced mode: the transport answers at once, the application when the message is in the record', async () => {
  const engine = await startEngine()
  const sender = new Sender(engine.port)
  const accepted = await sender.send(admit().replace('|2.5.1\r', '|2.5.1|||AL|AL\r'))
  expect(accepted).toContain('MSA|CA|A1')
  const applied = await sender.next()
  expect(applied).toContain('MSA|AA|A1')
  expect(segment(applied, 'MSH').split('|')[9]).not.toBe(segment(accepted, 'MSH').split('|')[9])
  expect(await engine.all('Patient')).toHaveLength(1)
})

it('answers in enhanced mode only what the sender asked for', async () => {
  const engine = await startEngine()
  const sender = new Sender(engine.port)
  sender.write(admit({ id: 'Q1' }).replace('|2.5.1\r', '|2.5.1|||NE|NE\r'))
  sender.write(admit({ id: 'Q2' }).replace('|2.5.1\r', '|2.5.1|||ER|NE\r'))
  expect(
    await sender.send(
      admit({ id: 'Q3' }).replace('ADT^A01', 'ADT^Z99').replace('|2.5.1\r', '|2.5.1|||ER|NE\r'),
    ),
  ).toContain('MSA|CR|Q3')
})

it('goes on at once behind an acknowledgement of what nobody can have sent', async () => {
  const engine = await startEngine()
  const sender = new Sender(engine.port)
  const long = 'x'.repeat(5000)
  sender.write(`MSH|^~\\&|WARD|NORTH|HUB|MOGRAN|20261128||ACK|C1|P|2.5.1\rMSA|AA|${long}\r`)
  expect(await sender.send(admit({ id: 'A1' }))).toContain('MSA|AA|A1')
  expect(engine.reported).toEqual([])
})

it('never acknowledges an acknowledgement', async () => {
  const engine = await startEngine()
  const sender = new Sender(engine.port)
  sender.write('MSH|^~\\&|A|B|C|D|20260101||ACK^A01^ACK|X1|P|2.5.1\rMSA|AA|1\r')
  expect(await sender.send(admit())).toContain('MSA|AA|A1')
})

it('tells the sender at once when the feed acknowledges at the commit and the message cannot be mapped', async () => {
  const engine = await startEngine({ ackAt: 'committed', onFailure: 'skip' })
  const sender = new Sender(engine.port)
  const ack = await sender.send(admit().replace('4711^^^NORTH^MR', ''))
  expect(segment(ack, 'MSA')).toMatch(/^MSA\|AE\|A1/)
  expect(segment(ack, 'ERR')).toContain('ERR||PID^1^3^1|101')
  // The same message again gets the same answer, from the journal.
  expect(segment(await sender.send(admit().replace('4711^^^NORTH^MR', '')), 'MSA')).toMatch(/^MSA\|AE\|A1/)
  expect(engine.flow.tally.of('default')).toMatchObject({ dead: 1, duplicate: 1 })
})

const PID = 'PID|1||1^^^NORTH^MR||Osman^Amna'

it.each([
  ['a patient', 'ADT^A01', 'PID^1^3^1', ['PID|1||^^^NORTH^MR||Osman^Amna', 'PV1|1|I']],
  ['who was known before', 'ADT^A40', 'MRG^1^1^1', [PID, 'MRG|^^^NORTH^MR']],
  ['a document', 'MDM^T02', 'TXA^1^12^1', [PID, 'PV1|1|I', 'TXA|1|CN|TX']],
])('names the field of the number where a message does not say %s', async (...[, event, place, lines]) => {
  const engine = await startEngine({ ackAt: 'committed' })
  const text = [`MSH|^~\\&|WARD|NORTH|HUB|MOGRAN|2026||${event}|M1|P|2.5.1`, ...lines, ''].join('\r')
  const ack = await new Sender(engine.port).send(text)
  expect(segment(ack, 'MSA')).toMatch(/^MSA\|AE\|M1/)
  expect(segment(ack, 'ERR')).toContain(`ERR||${place}|101`)
})

const early = (text: string, type: string, version = '2.1') =>
  text.replace(/\|\|(ADT|ORU)[^|]*\|/, `||${type}|`).replace('|2.5.1', `|${version}`)

it('takes messages of 2.1, whose header names no event', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  const sender = new Sender(engine.port)
  const admitted = early(admit(), 'ADT').replace('EVN||', 'EVN|A01|')
  expect(segment(await sender.send(admitted), 'MSA')).toBe('MSA|AA|A1')
  expect(segment(await sender.send(early(result(), 'ORU')), 'MSA')).toBe('MSA|AA|R1')
  expect(await engine.all('Encounter')).toHaveLength(1)
  expect(await engine.all('Observation')).toHaveLength(1)
  const later = await sender.send(early(result({ id: 'R2' }), 'ORU', '2.5'))
  expect(segment(later, 'MSA')).toMatch(/^MSA\|AR\|R2/)
  expect(segment(later, 'ERR')).toContain('ERR||MSH^1^9^1^2|201')
  const lines = await engine.store.records.range({ collection: 'hl7-journal', limit: 10 })
  expect(lines.map(({ value }) => (value as { event?: string }).event)).toEqual(['A01', '', ''])
})

it('takes many messages of many senders at once and answers each on its own connection', async () => {
  const engine = await startEngine()
  const senders = Array.from({ length: 8 }, () => new Sender(engine.port))
  const acks = await Promise.all(
    senders.flatMap((sender, who) =>
      Array.from({ length: 10 }, async (_, at) => {
        const id = `S${String(who)}-${String(at)}`
        return { id, ack: await sender.send(result({ id, mrn: `${String(who)}0${String(at)}` })) }
      }),
    ),
  )
  expect(acks.every(({ id, ack }) => ack.includes(`MSA|AA|${id}\n`))).toBe(true)
  for (const { id } of acks) await settled(engine, id, 'committed')
  expect(await engine.all('Patient')).toHaveLength(80)
})

it('takes a version with blanks around it, and one of a country', async () => {
  const engine = await startEngine()
  const sender = new Sender(engine.port)
  expect(await sender.send(admit({ id: 'B1' }).replace('|2.5.1\r', '| 2.5.1 \r'))).toContain('MSA|AA|B1')
  expect(await sender.send(admit({ id: 'B2' }).replace('|2.5.1\r', '|2.5.1^GBR\r'))).toContain('MSA|AA|B2')
})
