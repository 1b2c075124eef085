import { expect, it } from 'vitest'

import { buildBatchAck, splitBatch, splitFile } from './batch.ts'

const MESSAGE = (id: string) => `MSH|^~\\&|A|B|C|D|||ADT^A01|${id}|P|2.5\rPID|||${id}\r`
const BATCH = [
  'FHS|^~\\&|LAB|NORTH|HUB|MAIN|20260101||f.hl7||FILE1\r',
  'BHS|^~\\&|LAB|NORTH|HUB|MAIN|20260101||||BATCH1\r',
  MESSAGE('1'),
  MESSAGE('2'),
  'BTS|2\r',
  'FTS|1\r',
].join('')

it('takes the messages out of a batch and leaves them as they are', () => {
  const batch = splitBatch(Buffer.from(`\ufeff \r\n${BATCH}`))
  expect(batch?.messages.map(String)).toEqual([MESSAGE('1'), MESSAGE('2')])
  expect(batch?.declared).toBe(2)
})

it('takes a message for what it is', () => {
  expect(splitBatch(Buffer.from(MESSAGE('1')))).toBeUndefined()
})

it('adds several batches of a file up, and takes a file without any', () => {
  const two = splitFile(
    Buffer.from(`FHS|^~\\&\rBHS|^~\\&\r${MESSAGE('1')}BTS|1\rBHS|^~\\&\r${MESSAGE('2')}BTS|1\r`),
  )
  expect([two.messages.length, two.declared]).toEqual([2, 2])
  const none = splitFile(Buffer.from(`${MESSAGE('1').replaceAll('\r', '\r\n')}\n${MESSAGE('2')}`))
  expect(none.messages).toHaveLength(2)
})

it('answers in a batch that names the one which came, and says when the count is wrong', () => {
  const batch = splitBatch(Buffer.from(BATCH.replace('BTS|2', 'BTS|3')))
  if (!batch) throw new Error('it is a batch')
  const ack = Buffer.from('MSH|^~\\&|C\rMSA|AA|1\r')
  const answer = buildBatchAck(batch, [ack, ack], { controlId: 'OWN', nowMs: 0 }).toString().split('\r')
  expect(answer[0]).toBe('FHS|^~\\&|HUB|MAIN|LAB|NORTH|19700101000000.000+0000||||OWN|FILE1')
  expect(answer[1]).toBe('BHS|^~\\&|HUB|MAIN|LAB|NORTH|19700101000000.000+0000||||OWN|BATCH1')
  expect(answer.slice(-3)).toEqual(['BTS|2|2 messages came, BTS-1 says 3', 'FTS|1', ''])
})
