import { describe, expect, it } from 'vitest'

import { Fault } from '../../kernel/fault.ts'
import { STANDARD_DELIMITERS } from '../message/delimiters.ts'
import { decodeEscapes } from '../message/escapes.ts'
import { decodeMessage, encodeText } from './charset.ts'
import { readHeader } from './header.ts'

const start = (charset: string) => `MSH|^~\\&|A|B|C|D|||ADT^A01|7|P|2.5||||||${charset}\rPID|||||`

function decode(charset: string, name: number[] | string, override?: string): string | undefined {
  const bytes = Buffer.concat([
    Buffer.from(start(charset)),
    typeof name === 'string' ? Buffer.from(name) : Buffer.from(name),
  ])
  const header = readHeader(bytes)
  return header && decodeMessage(bytes, header, override).split('|').at(-1)
}

/** Behind a byte order mark. */
const marked = (charset: string, name: number[], override?: string) => {
  const bytes = Buffer.from([0xef, 0xbb, 0xbf, ...Buffer.from(start(charset)), ...name])
  const header = readHeader(bytes)
  return header && decodeMessage(bytes, header, override).slice(0, 3)
}

/** Neither a surrogate nor one of the private ones that the platform decodes from two sequences. */
function isCharacter(code: number): boolean {
  return code < 0xd8_00 || code > 0xf8_ff
}

function refusal(run: () => unknown): Partial<Fault> {
  try {
    run()
  } catch (error) {
    if (error instanceof Fault) return error
  }
  throw new Error('it was not refused')
}

describe('decodeMessage', () => {
  it.each([
    ['8859/1', [0x4d, 0xfc, 0x6c], 'Mül'],
    ['8859/2', [0xa3, 0xf3, 0x64, 0xbc], 'Łódź'],
    ['8859/7', [0xc1], 'Α'],
    ['8859/15', [0xa4], '€'],
    ['8859-2', [0xa3], 'Ł'],
    ['ISO 8859/7', [0xc1], 'Α'],
    ['ISO IR101', [0xa3], 'Ł'],
    ['UNICODE UTF-8', 'أمينة', 'أمينة'],
    ['UNICODE', 'Ł', 'Ł'],
    ['', 'Ł', 'Ł'],
    ['windows-1256', [0xc3], 'أ'],
    ['GB 18030-2000', [0xd0, 0xa1], '小'],
    ['BIG-5', [0xa4, 0xa4], '中'],
    ['KS X 1001', [0xb0, 0xa1], '가'],
    ['ASCII~ISO IR87', [0x1b, 0x24, 0x42, 0x3b, 0x33, 0x1b, 0x28, 0x42], '山'],
    ['8859/1~ISO IR87', [0xfc, 0x1b, 0x24, 0x42, 0x3b, 0x33, 0x1b, 0x28, 0x42, 0xfc], 'ü山ü'],
    ['8859/1~8859/7', [0xe9, 0x1b, 0x2d, 0x46, 0xe1], 'éα'],
    ['ASCII~ISO IR149', [0x1b, 0x24, 0x28, 0x43, 0x30, 0x21, 0x1b, 0x28, 0x42], '가'],
    ['ASCII~ISO IR13', [0x1b, 0x28, 0x49, 0x31, 0x1b, 0x28, 0x42, 0x61], 'ｱa'],
    ['ASCII~ISO IR159', [0x1b, 0x24, 0x28, 0x44, 0x30, 0x21, 0x1b, 0x28, 0x42], '丂'],
  ])('reads %s', (charset, bytes, text) => {
    expect(decode(charset, bytes)).toBe(text)
  })

  it('passes over a byte order mark, and refuses one that contradicts MSH-18', () => {
    expect(marked('8859/1', [0x4d])).toBe('MSH')
    expect(marked('ASCII~ISO IR87', [0x1b, 0x24, 0x42, 0x3b, 0x33])).toBe('MSH')
    expect(marked('8859/1', [0xc3, 0xbc], '8859/1')).toBe('MSH')
    expect(refusal(() => marked('8859/1', [0xc3, 0xbc])).issues?.[0]?.at).toBe('MSH-18')
  })

  it('prefers the character set of the feed', () => {
    expect(decode('UNICODE UTF-8', [0xfc], '8859/1')).toBe('ü')
  })

  it('refuses bytes that are not text in the declared set, and sets that it does not know, at MSH-18', () => {
    for (const [charset, bytes] of [
      ['UNICODE UTF-8', [0xfc]],
      ['ASCII', [0xfc]],
      ['', [0xfc]],
      ['8859/7', [0xd2]],
    ] as const) {
      const { kind, issues } = refusal(() => decode(charset, [...bytes]))
      expect([kind, issues?.[0]?.at]).toEqual(['malformed', 'MSH-18'])
    }
    for (const charset of ['KLINGON', 'UNICODE UTF-16', '8859/99']) {
      expect(refusal(() => decode(charset, 'x')).kind).toBe('unsupported')
    }
  })
})

describe('hexadecimal escape sequences', () => {
  it.each([
    ['8859/2', '\\XA3\\od\\XBC\\', 'Łodź'],
    ['8859/15', '5 \\XA4\\', '5 €'],
    ['GB 18030-2000', '\\XCDF5\\\\X417C\\', '王A|'],
    ['ISO IR87', '\\X1B24423B3345441B2842\\', '山田'],
    ['8859/2', '\\F\\XA3\\F\\', '|XA3|'],
    ['8859/1', '\\XFC\\', 'ü'],
    ['UNICODE UTF-8', '\\XC3BC\\', 'ü'],
    ['8859/2', 'a\\XC\\b\\F\\', 'a\\XC\\b|'],
  ])('of %s are bytes of that set: %s', (charset, raw, text) => {
    expect(decodeEscapes(decode(charset, raw) ?? '', STANDARD_DELIMITERS)).toBe(text)
  })
})

describe('escape sequences of HL7 that switch the character set', () => {
  it.each([
    ['ASCII~ISO IR87', '\\M2442\\;3ED\\C2842\\^\\M2442\\B@O:\\C2842\\', '山田^太郎'],
    ['', '\\M2442\\;3ED\\C2842\\ x', '山田 x'],
    ['ASCII~ISO IR159', '\\M242844\\0!\\C284A\\', '丂'],
    ['8859/1', [0xe9, ...Buffer.from('\\C2D46\\'), 0xe1, ...Buffer.from('\\C2842\\'), 0xe9], 'éαé'],
    ['ASCII~8859/6', [...Buffer.from('\\C2D47\\'), 0xc3, ...Buffer.from('\\C2842\\')], 'أ'],
    ['8859/1', [...Buffer.from('\\C2949\\'), 0xb1], 'ｱ'],
    ['', '\\M2442\\!|\\C2842\\', '●'],
    ['', '\\M2442\\!\\\\C2842\\', '＋'],
  ])('switch a message in %s', (charset, bytes, text) => {
    expect(decode(charset, bytes)).toBe(text)
  })

  it.each([
    ['a set that it does not know', '\\C2D7A\\x\\C2842\\y'],
    ['a text that is none in its set', '\\M2442\\;3E\\C2842\\'],
    ['nothing but a blank', 'a\\M2442\\ \\C2842\\b'],
    ['no way back in the field', '\\M2442\\;3ED^\\M2442\\B@O:\\C2842\\'],
    ['an escape character of its own in front', '\\E\\C2842\\E\\'],
  ])('stay as they were sent with %s', (_, text) => {
    expect(decode('', text)).toBe(text)
  })

  it('end with their field', () => {
    const bytes = Buffer.concat([
      Buffer.from('MSH|^~\\&|A|B|C|D|||ADT^A01|7|P|2.5||||||8859/1\rPID|||\\C2D46\\'),
      Buffer.from([0xe1, 0x7c, 0xe9]),
    ])
    const header = readHeader(bytes)
    expect(header && decodeMessage(bytes, header).split('|').slice(-2)).toEqual(['α', 'é'])
  })
})

describe('encodeText', () => {
  it.each([
    ['8859/1', 'Müller'],
    ['8859/5', 'Жук'],
    ['8859/15', '5 €'],
    ['windows-1256', 'أمينة'],
    ['UNICODE UTF-8', 'Łódź 山'],
    ['GB 18030-2000', '小明'],
    ['BIG-5', '中文'],
    ['KS X 1001', '가나'],
    ['ISO IR87', '山田^a'],
    ['ASCII~ISO IR87', '山田^a'],
  ])('writes %s so that it reads the same', (charset, text) => {
    const message = `MSH|^~\\&|A|B|C|D|||ADT^A01|7|P|2.5||||||${charset}\rPID|||||${text}`
    const header = readHeader(Buffer.from(message))
    const bytes = encodeText(message, header)
    expect(header && decodeMessage(bytes, header)).toBe(message)
  })

  it('writes characters of all of Unicode in GB 18030, with four bytes where it has no two', () => {
    expect([...encodeText('é€㐀𠀀', undefined, 'GB 18030-2000')]).toEqual([
      0xa8, 0xa6, 0xa2, 0xe3, 0x81, 0x39, 0xee, 0x39, 0x95, 0x32, 0x82, 0x36,
    ])
    const all = Array.from({ length: 0x11_00_00 }, (_, code) => code).filter((code) => code % 37 === 0)
    const text = all
      .filter(isCharacter)
      .map((code) => String.fromCodePoint(code))
      .join('')
    const bytes = encodeText(text, undefined, 'GB 18030-2000')
    expect(new TextDecoder('gb18030', { fatal: true }).decode(bytes) === text).toBe(true)
  })

  it.each(['8859/1', '8859/9'])('takes %s for what it is, not for a set of Windows', (charset) => {
    expect(refusal(() => encodeText('5 €', undefined, charset))).toMatchObject({ kind: 'unprocessable' })
    expect([...encodeText('é', undefined, charset)]).toEqual([0xe9])
  })

  it('refuses a character that the set does not have', () => {
    const header = readHeader(Buffer.from('MSH|^~\\&|A|B|C|D|||ADT^A01|7|P|2.5||||||8859/1\r'))
    const { kind, issues } = refusal(() => encodeText('山', header))
    expect([kind, issues?.[0]?.at]).toEqual(['unprocessable', 'MSH-18'])
    expect(() => encodeText('ü', header, 'ASCII')).toThrow('us-ascii')
  })

  it('are bounded: a message that does nothing else is refused at once', () => {
    const many = '\\C2D46\\'.repeat(2_000_000)
    const from = performance.now()
    const { kind, issues } = refusal(() => decode('', many))
    expect([kind, issues?.[0]?.at]).toEqual(['too-large', 'MSH-18'])
    expect(performance.now() - from).toBeLessThan(2000)
    expect(decode('', '\\M2442\\;3ED\\C2842\\'.repeat(12_000))).toBe('山田'.repeat(12_000))
  })
})
