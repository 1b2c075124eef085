import { expect, it } from 'vitest'

import { parseForText, plainDecimal } from './written-numbers.ts'

it('keeps the digits of a decimal as they were written', () => {
  const text = '{"a":7.10,"b":1.50,"c":140,"d":1E-7,"e":[0.100]}'
  expect(parseForText(Buffer.from(text))).toEqual({
    a: '7.10',
    b: '1.50',
    c: 140,
    d: '0.0000001',
    e: ['0.100'],
  })
})

it.each([
  ['1e-7', '0.0000001'],
  ['-1.5E3', '-1500'],
  ['12.345e1', '123.45'],
  ['1e21', '1000000000000000000000'],
  ['4.0', '4.0'],
])('writes %s without an exponent', (text, plain) => {
  expect(plainDecimal(text)).toBe(plain)
})
