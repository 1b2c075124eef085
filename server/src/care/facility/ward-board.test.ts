import { expect, it } from 'vitest'

import type { Encounter, Location, Observation, Patient } from './record.contract.ts'
import { parseStored } from './record.contract.ts'
import { wardBoard } from './ward-board.ts'
import type { WardRecord } from './ward-board.ts'

const physicalType = (code: string) => ({
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/location-physical-type', code }],
})
const ward: Location = { id: 'w', name: 'Ward 4', physicalType: physicalType('wa') }
const room: Location = {
  id: 'r',
  name: '401',
  physicalType: physicalType('ro'),
  partOf: { reference: 'Location/w' },
}
const bed = (id: string, name: string): Location => ({
  id,
  name,
  physicalType: physicalType('bd'),
  partOf: { reference: 'Location/r' },
})
const patient: Patient = {
  id: 'p',
  name: [
    { use: 'nickname', given: ['Mona'] },
    { use: 'official', family: 'Eltayeb', given: ['Amna', 'Hassan'] },
  ],
  birthDate: '1981-07',
  gender: 'female',
}
const stay: Encounter = {
  id: 'e',
  subject: { reference: 'Patient/p' },
  period: { start: '2026-11-21T14:02:00Z' },
  location: [
    { location: { reference: 'Location/b2' }, status: 'completed' },
    { location: { reference: 'Location/b10' } },
  ],
}

const empty: WardRecord = {
  ward,
  places: [room, bed('b10', 'A-10'), bed('b2', 'A-2')],
  encounters: [],
  patients: new Map(),
  values: new Map(),
  alarms: [],
}
const taken: WardRecord = { ...empty, encounters: [stay], patients: new Map([['Patient/p', patient]]) }

function withObservations(results: readonly Observation[], hr?: Observation): WardRecord {
  return { ...taken, values: new Map([['Patient/p', { results, vitals: hr ? { hr } : {} }]]) }
}

function result(id: string, code: string, more: Partial<Observation>): Observation {
  return {
    id,
    code: { coding: [{ system: 'http://loinc.org', code, display: code }] },
    effectiveDateTime: '2026-11-22T08:00:00+02:00',
    ...more,
  }
}

const component = (code: string, value: number) => ({
  code: { coding: [{ code }] },
  valueQuantity: { value, unit: 'mm[Hg]' },
})

it('lists every bed in the order of its label, taken or free', () => {
  expect(wardBoard(empty).beds).toEqual([
    { id: 'Location/b2', label: 'A-2', kind: 'bed', occupants: [] },
    { id: 'Location/b10', label: 'A-10', kind: 'bed', occupants: [] },
  ])
})

it('puts a patient into the bed of the stay, not into one that was left', () => {
  const [left, now] = wardBoard(taken).beds
  expect(left?.occupants).toEqual([])
  expect(now?.occupants).toMatchObject([
    {
      patient: 'Patient/p',
      name: 'ELTAYEB, Amna Hassan',
      birthDate: '1981-07',
      gender: 'female',
      encounter: 'Encounter/e',
    },
  ])
})

it('shows a patient who is on the ward without a bed behind the beds', () => {
  const corridor = { ...stay, location: [{ location: { reference: 'Location/w' } }] }
  const { beds } = wardBoard({ ...taken, encounters: [corridor] })
  expect(beds.map(({ kind, label }) => [kind, label])).toEqual([
    ['bed', 'A-2'],
    ['bed', 'A-10'],
    ['no-bed', 'Ward 4'],
  ])
})

it('keeps the digits that the record holds and names the element that they stand in', () => {
  const stored =
    '{"id":"g","code":{"text":"Glucose"},"effectiveDateTime":"2026-11-22","valueQuantity":{"value":5.60,"unit":"mmol/L"}}'
  const glucose = parseStored(new TextEncoder().encode(stored)) as Observation
  const view = wardBoard(withObservations([glucose])).beds[1]?.occupants[0]?.results[0]
  expect(view).toEqual({
    resource: 'Observation/g',
    label: 'Glucose',
    parts: [{ text: '5.60', element: 'Observation.valueQuantity.value' }],
    unit: 'mmol/L',
    at: Date.UTC(2026, 10, 22),
  })
})

it('shows the newest of each test, critical ones first', () => {
  const critical = { interpretation: [{ coding: [{ code: 'HH' }] }] }
  const results = [
    result('na', 'sodium', { valueQuantity: { value: 138 } }),
    result('k2', 'potassium', { valueQuantity: { value: 6.8 }, ...critical }),
    result('k1', 'potassium', { valueQuantity: { value: 4.1 } }),
  ]
  const shown = wardBoard(withObservations(results)).beds[1]?.occupants[0]?.results
  expect(shown?.map(({ resource, flag }) => [resource, flag])).toEqual([
    ['Observation/k2', 'critical-high'],
    ['Observation/na', undefined],
  ])
})

it('reads a blood pressure as two parts from its components', () => {
  const pressure = result('bp', '85354-9', { component: [component('8462-4', 79), component('8480-6', 128)] })
  const { vitals } = wardBoard(withObservations([], pressure)).beds[1]?.occupants[0] ?? {}
  expect(vitals?.hr).toMatchObject({
    unit: 'mmHg',
    parts: [
      { text: '128', element: 'Observation.component[1].valueQuantity.value' },
      { text: '79', element: 'Observation.component[0].valueQuantity.value' },
    ],
  })
})

function alarmShown(alarms: WardRecord['alarms']) {
  return wardBoard({ ...taken, alarms }).beds[1]?.occupants[0]?.alarm
}

it('shows the most urgent alarm of a patient, and none of another patient', () => {
  const urgent = { id: 'f', since: 1000, patient: 'Patient/p' }
  expect(alarmShown([urgent, { ...urgent, id: 'later', since: 2000 }])).toEqual({ id: 'f', since: 1000 })
  expect(alarmShown([{ ...urgent, patient: 'Patient/other' }])).toBeUndefined()
})
