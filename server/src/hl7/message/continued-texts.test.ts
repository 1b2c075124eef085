import { expect, it } from 'vitest'

import { hasDoubtfulLine, parseMessage } from './parse-message.ts'

const HEADER = 'MSH|^~\\&|LAB|NORTH|HUB|MAIN|20260301101500||ORU^R01^ORU_R01|M1|P|2.5.1'
const message = (...lines: readonly string[]) => [HEADER, ...lines, ''].join('\r')
const names = (text: string) => parseMessage(text).segments.map(({ name }) => name)

it('joins what an ADD segment says to the segment before it', () => {
  const text = message('OBX|1|TX|A||Growth of st', 'ADD|aphylo', 'ADD|cocci|||||F', 'NTE|1||Seen')
  const parsed = parseMessage(text)
  expect(names(text)).toEqual(['MSH', 'OBX', 'NTE'])
  expect(parsed.get('OBX-5')).toBe('Growth of staphylococci')
  expect(parsed.get('OBX-10')).toBe('F')
  expect(parsed.text).toBe(text)
  expect(parsed.segments.map(({ index }) => index)).toEqual([0, 1, 2])
})

it.each([
  ['in an escape', ['OBX|1|TX|A||a\\', 'ADD|F\\b'], 'OBX-5', 'a|b'],
  ['behind a separator', ['OBX|1|CE|A||', 'ADD|7^Seven'], 'OBX-5.2', 'Seven'],
  ['before one', ['OBR|1|P1', 'ADD||F1'], 'OBR-3', 'F1'],
])('joins a segment that was cut %s', (...[, lines, path, text]) => {
  expect(parseMessage(message(...lines)).get(path)).toBe(text)
})

it.each([
  ['that is empty: the segment goes on in another message', ['OBX|1|TX|A||Growth', 'ADD|', 'DSC|7|F']],
  ['that is empty and has no separator', ['OBX|1|TX|A||Growth', 'ADD', 'DSC|7|F']],
  ['behind the header: it belongs to a segment of another message', ['ADD|of text', 'NTE|1']],
])('keeps an ADD segment %s', (_, lines) => {
  expect(names(message(...lines))).toContain('ADD')
})

it.each([
  ['its last line', 'OBX|1|TX|A||Culture:\nNEG||||||F', 'Culture:\nNEG'],
  ['a line between', 'OBX|1|TX|A||Culture:\nNEG|\nnone||||||F', 'Culture:\nNEG'],
  ['a line without separator', 'OBX|1|TX|A||Culture:\nNEG\nnone', 'Culture:\nNEG\nnone'],
])('takes for text what begins like a segment that no version has: %s', (_, line, text) => {
  const parsed = parseMessage(message(line))
  expect(names(message(line))).toEqual(['MSH', 'OBX'])
  expect(parsed.get('OBX-5')).toBe(text)
  expect(parsed.segments.map(hasDoubtfulLine)).toEqual([false, true])
})

it.each([
  ['behind CR', 'OBX|1|TX|A||Culture:\rNEG|1', 'NEG'],
  ['behind CR and LF', 'OBX|1|TX|A||Culture:\r\nNEG|1', 'NEG'],
  ['behind a field that is no text', 'OBX|1|TX|A||7||||||F\nQQQ|1', 'QQQ'],
  ['that a site named', 'OBX|1|TX|A||Culture:\nZEG|1', 'ZEG'],
  ['that the standard has', 'OBX|1|TX|A||Culture:\nSPM|1', 'SPM'],
])('keeps a segment %s', (_, lines, name) => {
  expect(names(message(lines))).toEqual(['MSH', 'OBX', name])
  expect(parseMessage(message(lines)).segments.map(hasDoubtfulLine)).not.toContain(true)
})
