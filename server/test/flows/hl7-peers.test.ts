import { Hl7Message } from '@medplum/core'
import { Hl7Client } from '@medplum/hl7'
import { expect, it, onTestFinished } from 'vitest'

import { admit, result, startEngine } from './interface-engine.ts'

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
