import { expect, it } from 'vitest'

import { buildBatchAck } from './batch-ack.ts'
import { isBatch, problemsOfBatch, problemsOfFile, splitBatches } from './batch.ts'

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
  const bytes = Buffer.from(`\ufeff \r\n${BATCH}`)
  expect(isBatch(bytes)).toBe(true)
  const batch = splitBatches(bytes)
  expect(batch.messages.map(String)).toEqual([MESSAGE('1'), MESSAGE('2')])
  expect(batch.files).toMatchObject([{ declared: 1, batches: [{ declared: 2 }] }])
})

it('takes a message for what it is', () => {
  expect(isBatch(Buffer.from(MESSAGE('1')))).toBe(false)
})

it('takes a file without any batch, and one of frames', () => {
  const none = splitBatches(Buffer.from(`${MESSAGE('1').replaceAll('\r', '\r\n')}\n${MESSAGE('2')}`))
  expect(none.messages).toHaveLength(2)
  const frames = splitBatches(Buffer.from(`\v${MESSAGE('1')}\x1c\r\v${MESSAGE('2')}\x1c\r`))
  expect(frames.messages.map(String)).toEqual([MESSAGE('1'), MESSAGE('2')])
  expect(frames.files.flatMap(problemsOfFile)).toEqual([])
})

it('takes a word at the beginning of a line of text for text', () => {
  const text = MESSAGE('1').replace(/\r$/, '\nMSH is a segment\nFTS ends a file\r')
  expect(splitBatches(Buffer.from(text)).messages.map(String)).toEqual([text])
})

const problems = (...lines: readonly string[]) =>
  splitBatches(Buffer.from(lines.join(''))).files.flatMap((file) =>
    problemsOfFile(file).concat(file.batches.flatMap(problemsOfBatch)),
  )

it('compares each count with what it counts', () => {
  const one = ['BHS|^~\\&\r', MESSAGE('1'), 'BTS|2\r']
  const two = ['BHS|^~\\&\r', MESSAGE('2'), MESSAGE('3'), 'BTS|1\r']
  expect(problems('FHS|^~\\&\r', ...one, ...two, 'FTS|1\r')).toEqual([
    '2 batches came, FTS-1 says 1',
    '1 messages came, BTS-1 says 2',
    '2 messages came, BTS-1 says 1',
  ])
  const file = ['FHS|^~\\&\r', 'BHS|^~\\&\r', MESSAGE('1'), 'BTS|1\r', 'FTS|1\r']
  expect(problems(...file, ...file)).toEqual([])
  expect(problems('FHS|^~\\&\r', MESSAGE('1'), MESSAGE('2'), 'FTS|2\r')).toEqual([])
  expect(problems('BHS|^~\\&\r', 'BTS|0\r')).toEqual([])
})

it('says where lines belong to nothing', () => {
  expect(
    problems('hello\r', 'BHS|^~\\&\r', 'PID|1||2\r', MESSAGE('1'), 'BTS|1\r', '\r\n', 'NTE|1\r'),
  ).toEqual(['2 lines belong to no batch', '1 lines belong to no message'])
})

const ack = (id: string) => Buffer.from(`MSH|^~\\&|C\rMSA|AA|${id}\r`)

it('answers each batch in one that names it, and says when a count is wrong', () => {
  const second = `BHS|^~\\&|LAB|NORTH|HUB|MAIN|20260101||||BATCH2\r${MESSAGE('3')}BTS|1\r`
  const batches = splitBatches(
    Buffer.from(BATCH.replace('BTS|2', 'BTS|3').replace('FTS|1', `${second}FTS|2`)),
  )
  const ids = ['OWN0', 'OWN1', 'OWN2']
  const options = { controlIds: () => ids.shift() ?? '', nowMs: 0 }
  const answer = buildBatchAck(batches, [ack('1'), undefined, ack('3')], options)
    .toString()
    .split('\r')
  expect(answer).toEqual([
    'FHS|^~\\&|HUB|MAIN|LAB|NORTH|19700101000000.000+0000||||OWN0|FILE1',
    'BHS|^~\\&|HUB|MAIN|LAB|NORTH|19700101000000.000+0000||||OWN1|BATCH1',
    'MSH|^~\\&|C',
    'MSA|AA|1',
    'BTS|1|2 messages came, BTS-1 says 3',
    'BHS|^~\\&|HUB|MAIN|LAB|NORTH|19700101000000.000+0000||||OWN2|BATCH2',
    'MSH|^~\\&|C',
    'MSA|AA|3',
    'BTS|1',
    'FTS|2',
    '',
  ])
})
