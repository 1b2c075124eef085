import { Hl7Message } from '@medplum/core'
import { Hl7Client, Hl7Server, type Hl7MessageEvent } from '@medplum/hl7'
import { Client, Message } from 'node-hl7-client'
import { expect, it, onTestFinished } from 'vitest'

import { systemCaller } from '../../src/auth/caller.ts'
import { MessageBuilder } from '../../src/hl7/message/message-builder.ts'
import { readDestination } from '../../src/hl7/outbound/destination.ts'
import type { OutboundRules } from '../../src/hl7/rules/outbound-rules.ts'
import { freshStore } from '../fresh-store.ts'
import { admit, engineOn, result, startEngine } from './interface-engine.ts'

/** The client brings its own copy of the parser's package: the classes are the same, their types are not. */
function message(text: string): Parameters<Hl7Client['sendAndWait']>[0] {
  return Hl7Message.parse(text) as unknown as Parameters<Hl7Client['sendAndWait']>[0]
}

it('is understood by an independent client, whose parser reads every acknowledgement', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  const client = new Hl7Client({ host: '127.0.0.1', port: engine.port })
  onTestFinished(async () => client.close())
  const accepted = await client.sendAndWait(message(admit()))
  expect(accepted.getSegment('MSA')?.getField(1).toString()).toBe('AA')
  expect(accepted.getSegment('MSA')?.getField(2).toString()).toBe('A1')
  expect(accepted.getSegment('MSH')?.getField(9).toString()).toBe('ACK^A01^ACK')

  const second = await client.sendAndWait(message(result()))
  expect(second.getSegment('MSA')?.getField(2).toString()).toBe('R1')

  const refused = await client.sendAndWait(message(admit({ id: 'A9' }).replace('ADT^A01', 'ADT^Z99')))
  expect(refused.getSegment('MSA')?.getField(1).toString()).toBe('AR')
  expect(refused.getSegment('ERR')?.getComponent(3, 1)).toBe('201')
  expect(await engine.all('Observation')).toHaveLength(1)
})

it('is understood by a second independent client, which waits for each answer', async () => {
  const engine = await startEngine({ ackAt: 'committed' })
  const client = new Client({ host: '127.0.0.1' })
  const answers: string[] = []
  const connection = client.createConnection({ port: engine.port }, (response) => {
    const answer = response.getMessage()
    answers.push(`${answer.get('MSA.1').toString()} ${answer.get('MSA.2').toString()}`)
  })
  onTestFinished(async () => connection.close())
  for (const [at, id] of ['A1', 'A2', 'A3'].entries()) {
    await connection.sendMessage(new Message({ text: admit({ id, mrn: `60${at}` }) }))
    await expect.poll(() => answers).toHaveLength(at + 1)
  }
  expect(answers).toEqual(['AA A1', 'AA A2', 'AA A3'])
  expect(await engine.all('Patient')).toHaveLength(3)
})

it('sends to an independent server, and understands its acknowledgements', async () => {
  const got: string[] = []
  const server = new Hl7Server((connection) => {
    connection.addEventListener('message', (event: Hl7MessageEvent) => {
      got.push(event.message.getSegment('PID')?.getField(3).toString() ?? '')
      connection.send(event.message.buildAck())
    })
  })
  await server.start(0)
  onTestFinished(async () => server.stop())
  const address = server.server?.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const rules: OutboundRules = {
    definitions: new Map([['Person', { type: 'Patient' }]]),
    laidOver: () => rules,
    build,
  }
  const destinations = [readDestination('peer', { host: '127.0.0.1', port, messages: ['Person'] })]
  const engine = await engineOn(await freshStore(), {}, { out: { rules, destinations } })
  for (const id of ['one', 'two']) {
    const resource = { resourceType: 'Patient', id, name: [{ family: 'Own' }] }
    await engine.resources.transact(systemCaller('tests', 'system'), {
      drafts: [{ type: 'Patient', id, method: 'PUT', resource }],
    })
  }
  const states = async () =>
    (await engine.outbound.outbox.list('peer', { limit: 10 })).map((one) => one.message.state)
  await expect.poll(states).toEqual(['answered', 'answered'])
  expect(got).toEqual(['one', 'two'])
})

const build: OutboundRules['build'] = ({ resource, controlId }) => {
  const builder = new MessageBuilder()
  builder.add('MSH')
  builder.set('MSH-9.1', 'ADT').set('MSH-9.2', 'A08').set('MSH-10', controlId).set('MSH-12', '2.5.1')
  builder.add('PID')
  builder.set('PID-3', resource['id'] as string)
  return Promise.resolve(builder.toString())
}
