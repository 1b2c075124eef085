import { expect, it } from 'vitest'

import { parseMessage } from '../message/parse-message.ts'
import { createDraft } from './draft.ts'
import { compileCondition } from './expression.ts'
import { ALL_THERE, bitOf, passes, sieveOf } from './need.ts'
import { Fields } from './node.ts'
import { compilePath } from './path.ts'
import { compileRows } from './row.ts'
import type { RowKit, Work } from './step.ts'

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

const valuesOf = (condition: string) =>
  compileCondition(condition).needs.map(({ values }) => values && Array.from(values))

it.each([
  ["OBX-2 = 'NM'", [['NM']]],
  ["OBX-2 in ('NM', 'SN') and OBX-5.exists()", [['NM', 'SN'], undefined]],
  ["OBX-2 = 'NM' or OBX-2 in ('SN', 'NM')", [['NM', 'SN']]],
  ["OBX-2 = 'NM' or OBX-2.exists()", [undefined]],
  ["OBX-2.length() in ('2')", [undefined]],
  ["OBX-3.1 = 'a'", [undefined]],
  ["OBX-2 != 'NM'", [undefined]],
])('knows what text %s asks for', (condition, values) => {
  expect(valuesOf(condition)).toEqual(values)
})

const KIT: RowKit = {
  reads: [],
  coded: { concept: '', coding: '', others: '' },
  datatype: () => () => 0,
  hasImage: () => false,
  table: () => new Map(),
}

it.each([
  ['NM', ['number', 'either', 'any']],
  ['TX', ['text', 'any']],
  ['ST', ['either', 'any']],
  ['XX', ['any']],
  ['', []],
  ['""', []],
  ['NM~TX', ['either', 'any']],
  ['NM~""', ['number', 'either', 'any']],
])('writes by the rows that ask for the type %s, and by no others', (type, written) => {
  const rows = [
    ['number', "OBX-2 = 'NM'"],
    ['text', "OBX-2 = 'TX'"],
    ['either', "OBX-2 in ('NM', 'ST')"],
    ['any', 'OBX-2.exists()'],
  ].map(([name = '', when = '']) => ({ id: name, to: name, from: 'OBX-5', when }))
  const { segments } = parseMessage(`MSH|^~\\&|A\rOBX|1|${type}|||value`)
  const [, segment] = segments
  const draft = createDraft('Observation', 'update')
  const here = { name: 'message', segments: [...segments], inner: [] }
  if (segment === undefined) throw new Error('there is no segment')
  const scope = { fields: new Fields(segments), variables: {}, here, segment, node: undefined }
  const target = { holder: draft.resource, path: '', draft, by: undefined }
  compileRows(rows, 'OBX', KIT)(scope, target, {} as Work)
  expect(Object.keys(draft.resource)).toEqual(['resourceType', ...written])
})
