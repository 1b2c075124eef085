import type { Occupant } from '@hub/care/facility/wards.contract.ts'
import { expect, it } from 'vitest'

import { cellOf, isStale } from './ward.data.ts'

const recordedAt = Date.parse('2026-11-23T10:00:00Z')
const occupant: Occupant = {
  encounter: 'Encounter/e',
  patient: 'Patient/p',
  name: 'ELTAYEB, Amna',
  results: [],
  vitals: {
    hr: {
      resource: 'Observation/h',
      label: 'Heart rate',
      parts: [{ text: '88', element: 'Observation.valueQuantity.value' }],
      at: recordedAt,
    },
  },
}

it('shows the live reading once it is newer than the recorded one', () => {
  expect(cellOf('hr', occupant, { hr: { value: 131, at: recordedAt + 1000 } })).toMatchObject({
    parts: [{ text: '131' }],
    live: true,
  })
  expect(cellOf('hr', occupant, { hr: { value: 131, at: recordedAt - 1000 } })).toMatchObject({
    resource: 'Observation/h',
    live: false,
  })
})

it('shows a live blood pressure only when both of its parts are there', () => {
  const sys = { value: 128, at: recordedAt }
  expect(cellOf('bp', occupant, { sys })).toBeUndefined()
  expect(cellOf('bp', occupant, { sys, dia: { value: 79, at: recordedAt } })?.parts).toEqual([
    { text: '128' },
    { text: '79' },
  ])
})

it('calls a live value old after ten seconds, a recorded one after four hours', () => {
  const live = { parts: [], at: recordedAt, live: true }
  expect([10_000, 10_001].map((age) => isStale(live, recordedAt + age))).toEqual([false, true])
  const recorded = { ...live, live: false }
  expect([10_001, 4 * 3_600_000 + 1].map((age) => isStale(recorded, recordedAt + age))).toEqual([false, true])
})
