import { expect, it } from 'vitest'

import { STANDARD_DELIMITERS } from './delimiters.ts'
import { decodeEscapes, encodeEscapes } from './escapes.ts'
import { parseMessage } from './parse-message.ts'

const HEADER = 'MSH|^~\\&|LAB|NORTH|HUB|MAIN|20260301101500||ORU^R01^ORU_R01|M1|P|2.5.1'
const message = (...lines: readonly string[]) => [HEADER, ...lines].join('\r')

it('finds fields by the positions of the standard, the header counted from its separator', () => {
  const parsed = parseMessage(message('PID|1||4711^^^CLINIC&1.2.3&ISO^MR~99^^^STATE^SS||Okoye^Ada'))
  expect(parsed.get('MSH-1')).toBe('|')
  expect(parsed.get('MSH-2')).toBe('^~\\&')
  expect(parsed.get('MSH-9.3')).toBe('ORU_R01')
  expect(parsed.get('MSH-10')).toBe('M1')
  expect(parsed.get('PID-3.4.2')).toBe('1.2.3')
  expect(parsed.get('PID-3[2].5')).toBe('SS')
  expect(parsed.get('PID-5.2')).toBe('Ada')
  expect(parsed.get('PID-40')).toBe('')
  expect(parsed.get('ZZZ-1')).toBe('')
})

it('counts repeated segments from one', () => {
  const parsed = parseMessage(message('OBX|1|NM|A', 'OBX|2|NM|B', 'NTE|1', 'OBX|3|NM|C'))
  expect(parsed.get('OBX[3]-3')).toBe('C')
  expect(parsed.segments.map(({ name, index }) => `${name}${index}`)).toEqual([
    'MSH0',
    'OBX1',
    'OBX2',
    'NTE3',
    'OBX4',
  ])
})

it('tells a deleted value from one that was not sent', () => {
  const segment = parseMessage(message('PID|1||""||a^""^c|')).segment('PID')
  expect(segment?.field(3).map(({ isNull }) => isNull)).toEqual([true])
  expect(segment?.field(4)).toEqual([])
  expect(segment?.field(5)[0]?.rawComponent(2)).toBe('""')
  expect(segment?.field(5)[0]?.component(2)).toBe('')
})

it('keeps the places of empty repetitions', () => {
  const field = parseMessage(message('PID|1||~7')).segment('PID')?.field(3)
  expect(field?.map(({ raw }) => raw)).toEqual(['', '7'])
})

it.each([
  ['CR', 'MSH|^~\\&|A\rPID|1||7\rPV1|1\r'],
  ['LF', 'MSH|^~\\&|A\nPID|1||7\nPV1|1\n'],
  ['CRLF', 'MSH|^~\\&|A\r\nPID|1||7\r\nPV1|1\r\n'],
  ['a byte order mark and blanks', '\ufeff \r\nMSH|^~\\&|A\rPID|1||7\rPV1|1'],
  ['empty lines', 'MSH|^~\\&|A\r\r\n\rPID|1||7\n\nPV1|1\r'],
])('accepts %s and keeps the text as it came', (_, text) => {
  const parsed = parseMessage(text)
  expect(parsed.segments.map(({ name }) => name)).toEqual(['MSH', 'PID', 'PV1'])
  expect(parsed.get('PID-3')).toBe('7')
  expect(parsed.text).toBe(text)
})

it('does not take a line feed inside a text for the end of the segment', () => {
  const parsed = parseMessage(message('OBX|1|TX|A||first line\nsecond line|x'))
  expect(parsed.segments).toHaveLength(2)
  expect(parsed.get('OBX-5')).toBe('first line\nsecond line')
  expect(parsed.get('OBX-6')).toBe('x')
})

it('keeps a segment in small letters behind a line feed out of the field before it, and a word in it', () => {
  const parsed = parseMessage(message('OBX|1|TX|A||Growth?\nYes||||||F\nobx|2|NM|B||7'))
  expect(parsed.segments.map(({ name }) => name)).toEqual(['MSH', 'OBX', 'obx'])
  expect(parsed.get('OBX-5')).toBe('Growth?\nYes')
  expect(parsed.get('OBX-11')).toBe('F')
})

it('lets the message declare its delimiters', () => {
  const parsed = parseMessage('MSH#*@!%#LAB\rPID#1##1*!F!*!T!%b@2*x')
  expect(parsed.get('PID-3.2')).toBe('#')
  expect(parsed.get('PID-3.3')).toBe('%')
  expect(parsed.get('PID-3.3.2')).toBe('b')
  expect(parsed.get('PID-3[2].2')).toBe('x')
  expect(parseMessage('MSH|^~|LAB\rPID|1||a&b\\F\\').get('PID-3')).toBe('a&b\\F\\')
  expect(parseMessage('MSH|^~\\&#|LAB\rPID|1||a\\P\\').get('PID-3')).toBe('a#')
})

it('keeps segments that no standard names', () => {
  expect(parseMessage(message('ZBE|A|B^C')).get('ZBE-2.2')).toBe('C')
})

it('rebuilds every segment from its raw fields', () => {
  const line = 'PID|1||a^^&x^~~""|\\F\\||'
  const segment = parseMessage(message(line)).segment('PID')
  const fields = Array.from({ length: segment?.fieldCount ?? 0 }, (_, at) => segment?.rawField(at + 1) ?? '?')
  expect(['PID', ...fields].join('|')).toBe(line)
  expect(segment?.raw).toBe(line)
})

it.each([
  ['nothing', '', 'MSH'],
  ['another segment first', 'PID|1', 'MSH'],
  ['no separator', 'MSH', 'MSH-1'],
  ['a letter as separator', 'MSHA^~\\&A', 'MSH-1'],
  ['one encoding character', 'MSH|^|LAB', 'MSH-2'],
  ['the same character twice', 'MSH|^^\\&|LAB', 'MSH-2'],
  ['six encoding characters', 'MSH|^~\\&#!|LAB', 'MSH-2'],
])('refuses %s and says where', (_, text, at) => {
  expect(() => parseMessage(text)).toThrow(
    expect.objectContaining({ kind: 'malformed', issues: [expect.objectContaining({ at })] }),
  )
})

const decode = (raw: string) => decodeEscapes(raw, STANDARD_DELIMITERS)

it.each([
  ['\\F\\\\S\\\\T\\\\R\\\\E\\', '|^&~\\'],
  ['a\\.br\\b', 'a\nb'],
  ['a\\.sp2\\b\\.sp\\c', 'a\n\nb\nc'],
  ['\\H\\high\\N\\', 'high'],
  ['\\.in+2\\text', 'text'],
  ['\\X4D6F\\', 'Mo'],
  ['\\XC3A9\\', 'é'],
  ['\\XE9\\', 'é'],
])('decodes %s', (raw, text) => {
  expect(decode(raw)).toBe(text)
})

it.each(['C:\\dir', '\\Zlocal\\', '\\Q\\', '\\X4\\', '\\C2842\\', 'end\\', '\\unknown\\.br'])(
  'keeps %s as it was sent',
  (raw) => {
    expect(decode(raw)).toBe(raw)
  },
)

it('finds the sequence behind a stray escape character', () => {
  expect(decode('a\\b \\F\\c')).toBe('a\\b |c')
})

it('encodes any text so that it decodes to itself', () => {
  const text = 'a|b^c&d~e\\f\ng\th \\F\\ é 漢'
  const raw = encodeEscapes(text, STANDARD_DELIMITERS)
  expect(raw).not.toMatch(/[|^&~\n\t]/)
  expect(decode(raw)).toBe(text)
})

it('gives by a path what the fields give step by step', () => {
  const odd = 'PID|1|a^b&c~""^d~&\\T\\&x|""|^^&|~|x\\F\\y^""|last'
  const parsed = parseMessage(`MSH|^~\\&|LAB^1~2|\r${odd}\rZZZ`)
  const numbers = [0, 1, 2, 3, 4]
  const places = numbers.flatMap((repetition) =>
    numbers.flatMap((component) => numbers.map((subcomponent) => ({ repetition, component, subcomponent }))),
  )
  const differences = parsed.segments.flatMap((segment) =>
    [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((field) =>
      places.flatMap(({ repetition, component, subcomponent }) => {
        const path = `${segment.name}-${field}[${repetition}].${component}.${subcomponent}`
        const text = segment.field(field)[repetition - 1]?.component(component, subcomponent) ?? ''
        return parsed.get(path) === text ? [] : [path]
      }),
    ),
  )
  expect(differences).toEqual([])
  expect(parsed.get('PID-2[3].1.2')).toBe('&')
})
