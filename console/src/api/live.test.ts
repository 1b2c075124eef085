import { expect, it } from 'vitest'

import { touches } from './live.ts'

const arrival = {
  type: 'event',
  topic: 'observation.create',
  sequence: '7.0',
  time: 0,
  resource: { type: 'Observation', id: 'o', version: 1 },
} as const

it('refreshes the queries that show the type, of the patient that it concerns', () => {
  const shows = { types: ['Observation'], patient: 'Patient/1' }
  expect(touches(shows, { ...arrival, patient: 'Patient/1' })).toBe(true)
  expect(touches(shows, { ...arrival, patient: 'Patient/2' })).toBe(false)
  expect(touches({ types: ['Observation'] }, { ...arrival, patient: 'Patient/2' })).toBe(true)
  expect(touches({ types: ['Encounter'] }, arrival)).toBe(false)
  expect(touches(undefined, arrival)).toBe(false)
})
