import { expect, it } from 'vitest'

import { EntryScanner } from './entry-scanner.hot.ts'

const LIMITS = { items: 100, itemBytes: 1000, headBytes: 1000 }

function scan(text: string, chunkBytes: number, limits = LIMITS) {
  const scanner = new EntryScanner('entry', limits)
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += chunkBytes) scanner.push(bytes.subarray(at, at + chunkBytes))
  return { head: scanner.end(), items: scanner.items.map((item) => Buffer.from(item).toString('utf8')) }
}

it.each([
  [
    '{"a":1,"entry":[{"b":"x"}, {"c":[1,{"d":2}]}],"e":{"entry":[1]}}',
    '{"a":1,"entry":[0, 0],"e":{"entry":[1]}}',
    ['{"b":"x"}', '{"c":[1,{"d":2}]}'],
  ],
  ['{"entry":[]}', '{"entry":[]}', []],
  ['{ "entry" : [ {} ] }', '{ "entry" : [ 0 ] }', ['{}']],
  [
    String.raw`{"t":"en\"try","entry":[{"s":"\\"},{"s":"]}\",[é"}]}`,
    String.raw`{"t":"en\"try","entry":[0,0]}`,
    [String.raw`{"s":"\\"}`, String.raw`{"s":"]}\",[é"}`],
  ],
  ['{"entry":[1,"a",null,[2]]}', '{"entry":[0,0,0,0]}', ['1', '"a"', 'null', '[2]']],
  ['{"type":"entry","x":[1]}', '{"type":"entry","x":[1]}', []],
  // What is no JSON stays none.
  ['{"entry":[{} {}]}', '{"entry":[0 0]}', ['{}', '{}']],
  ['{"entry":[{},,{}]}', '{"entry":[0,,0]}', ['{}', '{}']],
])('cuts %s', (text, head, items) => {
  for (const chunkBytes of [1, 2, 7, 1000]) expect(scan(text, chunkBytes)).toEqual({ head, items })
})

it('finds the end of long texts, whatever they escape and wherever they are cut', () => {
  const texts = [
    'x'.repeat(200),
    `${'x'.repeat(60)}"}]`,
    `${'y'.repeat(47)}\\`,
    `${'z'.repeat(100)}\\"\\\\"`,
    '\\'.repeat(99),
  ]
  const items = texts
    .flatMap((text) => [{ a: { b: [text, { c: text }] } }, [[text], text]])
    .map((item) => JSON.stringify(item))
  const whole = `{"entry":[${items.join(' , ')}],"type":"x"}`
  const limits = { ...LIMITS, itemBytes: 10_000 }
  for (let chunkBytes = 1; chunkBytes < 140; chunkBytes += 1) {
    const { head, items: cut } = scan(whole, chunkBytes, limits)
    expect(JSON.parse(head)).toEqual({ entry: items.map(() => 0), type: 'x' })
    expect(cut).toEqual(items)
  }
})

it('stops at its bounds while the text still arrives', () => {
  const open = '{"entry":['
  expect(() => scan(`${open}{"a":"${'x'.repeat(2000)}`, 64)).toThrow('One item of entry')
  expect(() => scan(`{"a":"${'x'.repeat(2000)}`, 64)).toThrow('beside entry')
  expect(() => scan(open + '{},'.repeat(101), 64)).toThrow('100 items')
})

it('looks at 10 MB in a moment', () => {
  const item = `{"resource":{"resourceType":"Patient","name":[{"family":"${'x'.repeat(900)}"}]}}`
  const text = `{"entry":[${Array.from({ length: 10_000 }, () => item).join(',')}]}`
  const started = performance.now()
  const { items } = scan(text, 64 * 1024, { items: 10_000, itemBytes: 10_000, headBytes: 100_000 })
  expect(items.length).toBe(10_000)
  expect(performance.now() - started).toBeLessThan(2000)
})
