import { expect, it } from 'vitest'

import { FhirObservation } from '../../api/fhir.ts'
import { keepDigits } from '../../api/transport.ts'
import { resultGrids } from './results.ts'

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
