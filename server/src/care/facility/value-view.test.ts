import { expect, it } from 'vitest'

import { printedUnit, valueView } from './value-view.contract.ts'

it.each([
  ['mm[Hg]', 'mmHg'],
  ['Cel', '°C'],
  ['10*3/uL', '×10³/µL'],
  ['10*9/L', '×10⁹/L'],
  ['10*12/L', '×10¹²/L'],
  ['umol/L', 'µmol/L'],
  ['m[iU]/L', 'mIU/L'],
  ['mg/dL', 'mg/dL'],
  ['mmol/L', 'mmol/L'],
  ['U/L', 'U/L'],
])('prints %s as %s', (unit, printed) => {
  expect(printedUnit(unit)).toBe(printed)
})

const OF = { id: '1', code: { text: 'Test' }, effectiveDateTime: '2026-11-23T08:00:00Z' }

it.each<[string, object, readonly (string | undefined)[][]]>([
  [
    'a ratio',
    { valueRatio: { numerator: { value: 1 }, denominator: { value: 128 } } },
    [['1:128', 'Observation.valueRatio.numerator.value', undefined]],
  ],
  [
    'a range',
    { valueRange: { low: { value: 2, unit: '/HPF' }, high: { value: 5, unit: '/HPF' } } },
    [['2–5', 'Observation.valueRange.low.value', '/HPF']],
  ],
  [
    'a range that is open above',
    { valueRange: { low: { value: 2 } } },
    [['≥ 2', 'Observation.valueRange.low.value', undefined]],
  ],
  ['no', { valueBoolean: false }, [['false', 'Observation.valueBoolean', undefined]]],
  ['a day', { valueDateTime: '2026-11-23' }, [['2026-11-23', 'Observation.valueDateTime', undefined]]],
  ['a time', { valueTime: '08:05:00' }, [['08:05:00', 'Observation.valueTime', undefined]]],
  [
    'a span',
    { valuePeriod: { start: '2026-11-23', end: '2026-11-24' } },
    [['2026-11-23 – 2026-11-24', 'Observation.valuePeriod.start', undefined]],
  ],
  [
    'why there is no value',
    { dataAbsentReason: { coding: [{ code: 'not-performed', display: 'Not Performed' }] } },
    [['Not Performed', 'Observation.dataAbsentReason', undefined]],
  ],
  [
    'components, each by its name',
    {
      component: [
        { code: { text: 'Colour' }, valueCodeableConcept: { text: 'pink' } },
        { code: { text: 'Pulse' }, valueQuantity: { value: 2, unit: '{score}' } },
      ],
    },
    [
      ['Colour pink', 'Observation.component[0].valueCodeableConcept', undefined],
      ['Pulse 2 {score}', 'Observation.component[1].valueQuantity.value', undefined],
    ],
  ],
])('shows %s', (_kind, value, expected) => {
  const view = valueView({ ...OF, ...value })
  expect(view?.parts.map(({ text, element }) => [text, element, view.unit])).toEqual(expected)
})

it.each([
  ['preliminary', 'preliminary'],
  ['registered', 'preliminary'],
  ['amended', 'corrected'],
  ['corrected', 'corrected'],
  ['final', undefined],
])('says of a result that is %s how it stands: %s', (status, standing) => {
  expect(valueView({ ...OF, status, valueInteger: 1 })?.standing).toBe(standing)
})
