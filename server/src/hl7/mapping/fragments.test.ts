import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { parseMessage } from '../message/parse-message.ts'
import { createMapper } from './mapper.ts'

const mapper = await createMapper(fileURLToPath(new URL('../../../../mappings/', import.meta.url)))
const PID = 'PID|1||4711^^^HOSP^MR||Okoye^Ada'
const OBR = 'OBR|1|P1|F1|X^Panel|||20260301||||||||||||||||||F'
const OBX = 'OBX|1|TX|A^Text||Growth of st'

function map({ pointer = '' }, ...lines: readonly string[]) {
  const header = `MSH|^~\\&|LAB|NORTH|||20260301101500||ORU^R01|M1|P|2.5.1||${pointer}`
  return mapper.map(parseMessage([header, ...lines, ''].join('\r')), 'default')
}

it('maps a text that was cut into segments as one', () => {
  const { images, warnings } = map({}, PID, OBR, OBX, 'ADD|aphylococci||||||F')
  const observation = images.find(({ key }) => key === 'observation')?.resource
  expect(observation).toMatchObject({ valueString: 'Growth of staphylococci', status: 'final' })
  expect(warnings).toEqual([])
})

it.each([
  ['whose last segment goes on in another', 'DSC-1', {}, [PID, OBR, OBX, 'ADD|', 'DSC|7|F']],
  ['that goes on in another', 'DSC-1', {}, [PID, OBR, OBX, 'DSC|7']],
  ['that is the rest of another', 'MSH-14', { pointer: '7' }, ['ADD|aphylococci||||||F', OBX]],
])('maps nothing of a message %s', (...[, at, header, lines]) => {
  expect(() => map(header, ...lines)).toThrow(
    expect.objectContaining({ kind: 'unprocessable', issues: [expect.objectContaining({ at })] }),
  )
})

it('takes a pointer in the header of a whole message, and an interactive one', () => {
  const { images } = map({ pointer: '7' }, PID, OBR, OBX, 'DSC|7|I')
  expect(images.map(({ key }) => key)).toContain('observation')
})

it('reports a line of a text that could be a segment', () => {
  const { images, warnings } = map({}, PID, OBR, 'OBX|1|TX|A^Text||Culture:\nNEG||||||F')
  expect(images.find(({ key }) => key === 'observation')?.resource).toMatchObject({
    valueString: 'Culture:\nNEG',
    status: 'final',
  })
  expect(warnings).toMatchObject([{ kind: 'bad-value', at: 'OBX' }])
})
