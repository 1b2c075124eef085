import { describe, expect, it } from 'vitest'

import { PRIMITIVES } from './primitives.ts'
import { isBase64, isCode, isDate, isDateTime, isId, isPlainText, isTarget, isText } from './syntax.hot.ts'

const CHARS = Array.from({ length: 0x180 }, (_, code) => String.fromCharCode(code))
const UUID = 'urn:uuid:00112233-4455-6677-8899-aAbBcCdDeEfF'
const TYPES = new Set(['Patient'])

describe('the quick checks of dates', () => {
  it('know every day of the calendar', () => {
    for (const year of ['1900', '2000', '2023', '2024'])
      for (let month = 0; month <= 13; month++)
        for (let day = 0; day <= 32; day++) {
          const text = `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
          const time = new Date(`${text}T00:00:00Z`)
          const isThere = !Number.isNaN(time.getTime()) && time.toISOString().startsWith(text)
          expect([text, isDate(text), isDateTime(`${text}T10:00:00Z`)]).toEqual([text, isThere, isThere])
        }
  })

  it.each([
    '0000-01-01',
    '2024-02-29T24:00:00Z',
    '2024-02-29T10:60:00Z',
    '2024-02-29T10:00:00',
    '2024-02-29T10:00:00+14:30',
  ])('do not take %s for a time', (text) => {
    expect(isDateTime(text)).toBe(false)
  })
})

describe('the quick checks of texts and ids', () => {
  it.each(['short', 'a text that is longer than twenty characters'])(
    'find each odd character in "%s"',
    (text) => {
      for (const char of CHARS) {
        expect([char, isText(text + char)]).toEqual([char, PRIMITIVES.string(text + char) === undefined])
        const code = `${text.replaceAll(' ', '-')}${char}`
        expect([char, isCode(code)]).toEqual([char, char > ' ' && char <= '~'])
      }
      expect(isPlainText(text)).toBe(true)
    },
  )

  it('know the characters of ids, base64 and UUIDs, and no others', () => {
    for (const char of CHARS) {
      const isInId = /[A-Za-z0-9.-]/.test(char)
      expect([char, isId(`a${char}b`), isTarget(`Patient/a${char}b`, TYPES)]).toEqual([char, isInId, isInId])
      expect([char, isBase64(`ab${char}d`)]).toEqual([char, /[A-Za-z0-9+/]/.test(char)])
      expect([char, isTarget(`${UUID.slice(0, -1)}${char}`, TYPES)]).toEqual([char, /[0-9a-f]/i.test(char)])
    }
  })

  it.each([
    ['YQ==', true],
    ['YWI=', true],
    ['YWJj\r\nZGVm', true],
    ['YQ=', false],
    ['Y===', false],
    ['YQ==YQ==', false],
    ['====', false],
    ['', false],
  ])('judge the base64 "%s"', (text, isRight) => {
    expect(isBase64(text)).toBe(isRight)
  })

  it.each([UUID.replace('-', '0'), `${UUID}0`, UUID.replace('0011', '00-1')])(
    'do not take %s for a UUID',
    (text) => {
      expect(isTarget(text, TYPES)).toBe(false)
    },
  )
})
