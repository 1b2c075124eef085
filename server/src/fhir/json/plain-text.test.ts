import { expect, it } from 'vitest'

import { placeOfMember, plainText } from './plain-text.hot.ts'

const NAME = Buffer.from('"resource"')
const bytesOf = (text: string) => ({ bytes: Buffer.from(text), from: 0, to: Buffer.byteLength(text) })
const found = (text: string): string | undefined => {
  const place = placeOfMember(Buffer.from(text), NAME)
  return place && plainText(place)
}

it('gives a member without its layout, every digit and character as it stands', () => {
  const plain = {
    '{"resource":{"a":1.00,"b":[1E2, {} ,[ ]]}}': '{"a":1.00,"b":[1E2,{},[]]}',
    '{\r\n\t"x" : "resource",\n "resource" :  { "resource" : { "x" : "a : b, \\" } \\\\" } , "é" : "\u{1f600} " } , "z":1 }':
      '{"resource":{"x":"a : b, \\" } \\\\"},"é":"\u{1f600} "}',
    '{"request":{"resource":{"no":1}},"resource":{"x":[ true , null , "" ] }}': '{"x":[true,null,""]}',
    '{"x":"\\"resource\\":{","resource":{"y":" "}}': '{"y":" "}',
  }
  for (const [text, expected] of Object.entries(plain)) {
    expect(found(text)).toBe(expected)
    expect(JSON.parse(expected)).toEqual((JSON.parse(text) as { resource: unknown }).resource)
  }
})

it('leaves to others what is not there, is no object, or has escapes in its name', () => {
  for (const text of [
    '{}',
    '{"a":{"resource":{}}}',
    '{"resource":"x"}',
    '{"resource": 1 }',
    '{"resource":[]}',
  ])
    expect(found(text)).toBeUndefined()
  expect(found('{"\\u0072esource":{}}')).toBeUndefined()
})

it('makes no JSON of what is none', () => {
  for (const broken of [
    '{"a":1 2}',
    '{"a":tr ue}',
    '{"a":- 1}',
    '{"a":1\n.5}',
    '{"a":\u00a01}',
    '{"a":\u00011}',
    '{"a":"\\x"}',
    '{"a" 1}',
  ])
    expect(() => JSON.parse(plainText(bytesOf(broken))) as unknown, broken).toThrow(SyntaxError)
  for (const open of ['{"a":"x', '{"a":"x\\', '{"a', '{', '"'])
    expect(() => JSON.parse(plainText(bytesOf(open))) as unknown, open).toThrow(SyntaxError)
})

const urn = (value: string) => (value.startsWith('urn:') ? `Patient/${value.slice(4)}` : undefined)
const replace = (name: string, value: string) => (name === 'reference' ? urn(value) : undefined)

it.each([
  ['{"reference":"urn:1"}', '{"reference":"Patient/1"}'],
  [
    '{"subject":{"reference" : "urn:1"},"value":1.50,"other":"urn:1","no":null,"is":true}',
    '{"subject":{"reference":"Patient/1"},"value":1.50,"other":"urn:1","no":null,"is":true}',
  ],
  [
    '{"reference":["urn:1", "urn:2","x"],"list":[{"reference":"urn:3"},[{"reference":"urn:4"}],{}],"a\\"b":"urn:5"}',
    '{"reference":["Patient/1","Patient/2","x"],"list":[{"reference":"Patient/3"},[{"reference":"Patient/4"}],{}],"a\\"b":"urn:5"}',
  ],
  [
    '{"contained":[{"a":{"reference":"Patient/9"}},{"a":{"\\u0072eference":"urn:\\u0031"}}]}',
    '{"contained":[{"a":{"reference":"Patient/9"}},{"a":{"\\u0072eference":"Patient/1"}}]}',
  ],
])('changes in %s only what it is to change', (text, changed) => {
  const names = [Buffer.from('"reference"')]
  expect(plainText(bytesOf(text), { names, first: new Uint8Array(256), replace })).toBe(changed)
})

it('asks about what begins with one of some letters, whatever its name, and makes room for what is longer', () => {
  const asked: string[] = []
  const long = 'x"é'.repeat(40_000)
  const first = new Uint8Array(256)
  first['u'.charCodeAt(0)] = 1
  const text = plainText(bytesOf('{"a":"urn:1","urn":["urn:2",{"b":"no"}],"c":"é"}'), {
    names: [],
    first,
    replace: (name, value) => {
      asked.push(`${name} ${value}`)
      return value === 'urn:2' ? long : undefined
    },
  })
  expect(asked).toEqual(['a urn:1', 'urn urn:2'])
  expect(JSON.parse(text)).toEqual({ a: 'urn:1', urn: [long, { b: 'no' }], c: 'é' })
})
