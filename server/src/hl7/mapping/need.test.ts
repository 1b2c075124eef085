import { expect, it } from 'vitest'

import { compileCondition } from './expression.ts'
import { ALL_THERE, bitOf, passes, sieveOf } from './need.ts'
import { compilePath } from './path.ts'

const bits = (...numbers: readonly number[]) => numbers.reduce((all, number) => all | bitOf(number), 0)
const mayHold = (condition: string, fields: number, parts = ALL_THERE) =>
  passes(sieveOf(compileCondition(condition).needs, 'OBX'), fields, parts)

it.each([
  ["OBX-2 = 'NM'", [2], [3]],
  ["OBX-2 in ('NM', 'SN')", [2], [3]],
  ["OBX-2 = 'NM' and OBX-5.exists()", [2, 5], [2]],
  ["OBX-2 = 'NM' and OBX-5.exists()", [2, 5], [5]],
  ['OBX-5.1 > OBX-5.2', [5], [6]],
  ["OBX-3.1 = 'a' or OBX-4 = 'b'", [4], [5]],
  ['(OBX-6.2 | OBX-6.1).exists()', [6], [5]],
  ["OBX-5.startsWith('<')", [5], [1]],
])('asks %s only when its fields are there', (condition, there, other) => {
  expect(mayHold(condition, bits(...there))).toBe(true)
  expect(mayHold(condition, bits(...other))).toBe(false)
})

it.each([
  'OBX-11.empty()',
  "(OBX-2 = 'NM').not()",
  "OBX-5.count() = '0'",
  "OBX-2 = 'NM' or %status.exists()",
  "OBX-2 = 'NM' or OBR-4.exists()",
  'OBX[*]-5.exists()',
  "OBR-24 = 'LAB'",
  "'a' = 'a'",
])('always asks %s: it may hold without a field of the segment', (condition) => {
  expect(mayHold(condition, 0)).toBe(true)
})

it('knows the parts that a rule of a data type needs', () => {
  const sieve = sieveOf(compilePath('CWE.9 | CWE.2').needs, 'OBX')
  expect(passes(sieve, 0, bits(2))).toBe(true)
  expect(passes(sieve, 0, bits(1, 3))).toBe(false)
  expect(passes(sieveOf(compilePath('$this').needs, 'OBX'), 0, 0)).toBe(true)
})

it('takes a high number for there when its bit is shared, never for missing', () => {
  const sieve = sieveOf(compilePath('PV1-44').needs, 'PV1')
  expect(passes(sieve, bits(44), ALL_THERE)).toBe(true)
  expect(passes(sieve, bits(12), ALL_THERE)).toBe(true)
  expect(passes(sieve, bits(13), ALL_THERE)).toBe(false)
})
