import { expect, it } from 'vitest'

import names from './hl7-fields.json'
import { fieldHolding, fieldName, foundAt, partsOf } from './hl7-fields.ts'

const positions = new Set(['PID-5', 'OBX[1]-5', 'OBX[2]-5', 'PV1-3'])

it.each([
  ['PID-5[1].1', 'PID-5'],
  ['OBX[2]-5', 'OBX[2]-5'],
  ['OBX-5', 'OBX[1]-5'],
  ['PV1[1]-3.2', 'PV1-3'],
  ['ZZZ-1', undefined],
  ['PID', undefined],
])('finds the field that holds %s', (source, field) => {
  expect(fieldHolding(source, positions)).toBe(field)
})

// Numbers of fields in the segments of HL7 v2.5.1, chapters 3 to 10.
it.each(
  Object.entries({
    PID: 39,
    NK1: 39,
    PV1: 52,
    PV2: 49,
    ORC: 31,
    OBR: 50,
    OBX: 25,
    SPM: 29,
    SAC: 44,
    TQ1: 14,
    RXO: 28,
    RXE: 44,
    RXD: 32,
    RXG: 26,
    RXA: 26,
    SCH: 27,
    TXA: 23,
    FT1: 31,
    DG1: 21,
    PR1: 20,
    GT1: 57,
    IN1: 53,
    IN2: 72,
    EVN: 7,
    MRG: 7,
  }),
)('names the fields of %s, all %i', (segment, count) => {
  expect((names as Readonly<Record<string, string>>)[segment]?.split('|')).toHaveLength(count)
})

it.each([
  ['PID-5', 'Patient name'],
  ['PID-8', 'Sex'],
  ['PV1-19', 'Visit number'],
  ['PV1-44', 'Admitted at'],
  ['ORC-12', 'Ordering provider'],
  ['OBR-24', 'Diagnostic section'],
  ['OBX[3]-5', 'Value'],
  ['OBX-11', 'Result status'],
  ['SPM-17', 'Collected at'],
  ['SCH-25', 'Filler status'],
  ['TXA-12', 'Document number'],
  ['RXE-2', 'Drug'],
  ['ZAB-1', ''],
])('names %s', (position, name) => {
  expect(fieldName(names, position)).toBe(name)
})

it('takes a field apart into repetitions and components with text', () => {
  expect(
    partsOf('PID-3', '4711^^^HTEST^MR~88^^^NHS^NI').map(({ position, text }) => `${position} ${text}`),
  ).toEqual([
    'PID-3[1].1 4711',
    'PID-3[1].4 HTEST',
    'PID-3[1].5 MR',
    'PID-3[2].1 88',
    'PID-3[2].4 NHS',
    'PID-3[2].5 NI',
  ])
  expect(partsOf('PID-8', 'F')).toEqual([])
  expect(partsOf('MSH-2', '^~\\&')).toEqual([])
})

it('leads a finding about a whole segment to its first field', () => {
  const fields = new Set(['MSH-1', 'PID-1', 'PID-5'])
  expect(foundAt('PID', fields)).toBe('PID')
  expect(foundAt('PID-5.1', fields)).toBe('PID-5')
  expect(foundAt('TXA', fields)).toBeUndefined()
})
