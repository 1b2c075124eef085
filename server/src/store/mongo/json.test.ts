import { BSON, Decimal128, Int32, Long } from 'mongodb'
import { expect, it } from 'vitest'

import { jsonToBson } from './json-to-bson.hot.ts'
import { RawDocument } from './raw-document.ts'

function there(json: string): { back: string; literals: readonly { path: string; text: string }[] } {
  const { value, literals } = jsonToBson(Buffer.from(json))
  const raw = Buffer.from(BSON.serialize({ before: 'x', resource: value, behind: 1 }))
  const bytes = new RawDocument(raw).json(
    'resource',
    literals.map(({ text }) => text),
  )
  return { back: Buffer.from(bytes).toString('utf8'), literals }
}

it.each([
  '{}',
  '[]',
  '""',
  'null',
  '{"a":"","b":[null,"",{"c":[]},[[]]],"d":true,"e":false}',
  '{"2":1,"1":2,"__proto__":{"x":1},"b":0,"a":0}',
  String.raw`{"text":"line\nquote\"back\\slash\ttab\u0001\u001f"}`,
  '{"text":"é😀ماء\u2028","é":"key"}',
  '{"nul":"a\\u0000b"}',
])('gives %s back', (json) => {
  expect(there(json).back).toBe(json)
})

const NUMBERS = `0 -0 -0.0 1 -1 2147483647 -2147483648 2147483648 9007199254740991 9007199254740993
  9223372036854775807 9223372036854775808 123456789012345678901234567890 1.00 0.010 -0.10 0.000001 0.0000001 0.1 100.0 37.5 120.50 0.00
  0.0000000 1E2 1e2 1E+2 1.5e-7 -1.5E-7 1E400 1E-400 1e6144 10E-1 1234567890123456789.123456789012345
  3.14159265358979323846264338327950 9007199254740992.5 18014398509481984.01`.split(/\s+/)

it.each([...NUMBERS, '9'.repeat(40), `0.${'1'.repeat(40)}`, '1.'.padEnd(33, '0'), '1.'.padEnd(36, '0')])(
  'keeps the text of the number %s',
  (text) => {
    const json = `{"a":${text},"b":[{"c":${text}}],"d":1.00}`
    expect(there(json).back).toBe(json)
  },
)

it('stores numbers as such where their text allows it, and names the place of the others', () => {
  const { value, literals } = jsonToBson(
    Buffer.from('{"a":1,"b":5000000000,"c":1.50,"d":[{"e":1E2},0.0000001]}'),
  )
  const map = value as ReadonlyMap<string, unknown>
  expect(map.get('a')).toBeInstanceOf(Int32)
  expect(map.get('b')).toBeInstanceOf(Long)
  expect(map.get('c')).toBeInstanceOf(Decimal128)
  expect(literals).toEqual([
    { path: 'd.0.e', text: '1E2' },
    { path: 'd.1', text: '0.0000001' },
  ])
})

it('prints blanks between tokens away, and nothing else', () => {
  expect(there(' { "a" : [ 1 , 2 ] ,\n"b" : "x y" } ').back).toBe('{"a":[1,2],"b":"x y"}')
})

it.each(['', '{', '{"a":}', '{"a" 1}', '[1,]', '"open', 'tru', '1 2', '{"a":1}x', '{a:1}'])(
  'takes %j for no JSON',
  (json) => {
    expect(() => jsonToBson(Buffer.from(json))).toThrow(SyntaxError)
  },
)

it('survives random documents in both directions', () => {
  let seed = 42
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((seed / 2_147_483_648) * below)
  }
  const text = (): string =>
    JSON.stringify(String.fromCharCode(...Array.from({ length: random(9) }, () => random(0x2fff))))
  const digits = (most: number): string =>
    String(1 + random(9)) + '0123456789'.repeat(5).slice(0, random(most))
  const number = (): string =>
    (random(2) === 0 ? '-' : '') +
    digits(38) +
    (random(2) === 0 ? `.${digits(20)}` : '') +
    (random(4) === 0 ? `e-${random(30)}` : '')
  const make = (depth: number): string => {
    const kind = random(depth > 6 ? 3 : 5)
    if (kind === 0) return text()
    if (kind === 1) return number()
    if (kind === 2) return ['true', 'false', 'null'][random(3)] ?? ''
    if (kind === 3) return `[${Array.from({ length: random(5) }, () => make(depth + 1)).join(',')}]`
    return `{${Array.from({ length: random(6) }, (_, i) => `"k${i}":${make(depth + 1)}`).join(',')}}`
  }
  for (let i = 0; i < 2000; i++) {
    const json = make(0)
    expect(there(json).back).toBe(json)
  }
})
