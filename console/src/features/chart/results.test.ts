import { expect, it } from 'vitest'

import { FhirObservation } from '../../api/fhir.ts'
import { keepDigits } from '../../api/transport.ts'
import { resultGrids, worthDrawing } from './results.ts'

const CATEGORY = 'http://terminology.hl7.org/CodeSystem/observation-category'

function observation(id: string, more: object): FhirObservation {
  return FhirObservation.parse({
    resourceType: 'Observation',
    id,
    status: 'final',
    category: [{ coding: [{ system: CATEGORY, code: 'laboratory' }] }],
    code: { coding: [{ system: 'http://loinc.org', code: '2823-3', display: 'Potassium' }] },
    effectiveDateTime: '2026-11-23T08:00:00Z',
    valueQuantity: { value: 4.1, unit: 'mmol/L' },
    ...more,
  })
}

function at(hour: number) {
  return { effectiveDateTime: `2026-11-23T0${hour}:00:00Z` }
}

function of(code: string, id: string, more: object): FhirObservation {
  return observation(id, { code: { coding: [{ system: 'http://loinc.org', code, display: code }] }, ...more })
}

it('puts the values of a test into one row, newest first, with its range', () => {
  const older = observation('old', { referenceRange: [{ low: { value: 3.5 }, high: { value: 5.1 } }] })
  const newer = observation('new', {
    effectiveDateTime: '2026-11-23T09:00:00Z',
    interpretation: [{ coding: [{ code: 'HH' }] }],
  })
  const [grid] = resultGrids([older, newer])
  expect(grid?.times).toEqual([Date.UTC(2026, 10, 23, 9), Date.UTC(2026, 10, 23, 8)])
  expect(grid?.tests).toMatchObject([{ label: 'Potassium', unit: 'mmol/L', range: '3.5–5.1' }])
  expect(grid?.tests[0]?.values.map(({ resource, flag }) => [resource, flag])).toEqual([
    ['Observation/new', 'critical-high'],
    ['Observation/old', undefined],
  ])
})

it('keeps vital signs and laboratory apart and leaves out what was entered in error', () => {
  const vital = observation('v', { category: [{ coding: [{ code: 'vital-signs' }] }] })
  const wrong = observation('w', { status: 'entered-in-error' })
  expect(
    resultGrids([observation('l', {}), vital, wrong]).map(({ kind, tests }) => [
      kind,
      tests[0]?.values.length,
    ]),
  ).toEqual([
    ['vital-signs', 1],
    ['laboratory', 1],
  ])
})

it('shows every digit that the hub sent', () => {
  const sent: unknown = JSON.parse('{"value":5.60,"unit":"mmol/L"}', keepDigits)
  const [grid] = resultGrids([observation('g', { valueQuantity: sent })])
  expect(grid?.tests[0]?.values[0]?.parts).toEqual([
    { text: '5.60', element: 'Observation.valueQuantity.value' },
  ])
})

it('keeps values of different units in rows of their own, and words with the unit that is newest', () => {
  const [grid] = resultGrids([
    observation('a', at(1)),
    observation('b', { ...at(2), valueQuantity: { value: 16, unit: 'mg/dL' } }),
    observation('c', { ...at(3), valueQuantity: undefined, valueString: 'haemolysed' }),
    observation('d', { ...at(4), valueQuantity: { value: 5 } }),
  ])
  expect(grid?.tests.map(({ unit, values }) => [unit, values.map(({ parts }) => parts[0]?.text)])).toEqual([
    [undefined, ['5', 'haemolysed']],
    ['mg/dL', ['16']],
    ['mmol/L', ['4.1']],
  ])
  expect(new Set(grid?.tests.map(({ code }) => code)).size).toBe(3)
})

it('keeps the unit of a row whose newest value is a word', () => {
  const word = { valueQuantity: undefined, valueString: 'haemolysed', effectiveDateTime: '2026-11-24' }
  const [grid] = resultGrids([observation('a', {}), observation('b', word)])
  expect(grid?.tests.map(({ unit, values }) => [unit, values.length])).toEqual([['mmol/L', 2]])
})

it('draws the test that is worst, of those that have numbers', () => {
  const later = { effectiveDateTime: '2026-11-24T08:00:00Z' }
  const high = { interpretation: [{ coding: [{ code: 'HH' }] }] }
  const word = { valueQuantity: undefined, valueString: 'A' }
  const grids = resultGrids([
    of('1', 'a', word),
    of('1', 'b', { ...word, ...later }),
    of('2', 'c', {}),
    of('2', 'd', later),
    of('3', 'e', {}),
    of('3', 'f', { ...later, ...high }),
    of('4', 'g', high),
  ])
  expect(worthDrawing(grids)?.label).toBe('3')
  expect(worthDrawing(resultGrids([of('1', 'a', word), of('1', 'b', { ...word, ...later })]))).toBeUndefined()
})
