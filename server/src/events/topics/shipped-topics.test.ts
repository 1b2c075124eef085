import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { freshStore } from '../../../test/fresh-store.ts'
import { commitOf, writeOf } from '../../store/contract-bench.ts'
import { loadTopics } from './topics.ts'

const FOLDER = fileURLToPath(new URL('../../../../fhir-profiles/topics', import.meta.url))
const ALARM = { coding: [{ system: 'urn:mogran:alarm', code: 'vitals.critical' }] }
const CRITICAL = [{ coding: [{ code: 'LL' }] }]
const REPLACED = [{ other: { reference: 'Patient/b' }, type: 'replaced-by' }]
const ORDER = { status: 'active', intent: 'order' }

interface Told {
  readonly type: string
  /** Versions in their order. */
  readonly versions: readonly object[]
  /** Numbers of the versions that are told. */
  readonly told: readonly number[]
}

const EXAMPLES: Readonly<Record<string, Told>> = {
  'patient.created': { type: 'Patient', versions: [{}, { active: true }], told: [1] },
  'patient.merged': {
    type: 'Patient',
    versions: [{}, { link: REPLACED }, { link: REPLACED, active: false }],
    told: [2],
  },
  'lab.result.critical': {
    type: 'Observation',
    versions: [
      { status: 'preliminary', interpretation: CRITICAL },
      { status: 'final', interpretation: CRITICAL },
      { status: 'corrected', interpretation: CRITICAL, valueInteger: 2 },
    ],
    told: [2, 3],
  },
  'vitals.critical': {
    type: 'Flag',
    versions: [
      { status: 'active', code: ALARM },
      { status: 'inactive', code: ALARM },
    ],
    told: [1],
  },
  'appointment.scheduled': {
    type: 'Appointment',
    versions: [
      { status: 'proposed' },
      { status: 'booked', start: '1' },
      { status: 'booked', start: '1', priority: 1 },
      { status: 'booked', start: '2' },
    ],
    told: [2, 4],
  },
  'appointment.cancelled': {
    type: 'Appointment',
    versions: [
      { status: 'booked', start: '1' },
      { status: 'cancelled', start: '1' },
    ],
    told: [2],
  },
  'prescription.created': {
    type: 'MedicationRequest',
    versions: [{ status: 'draft', intent: 'order' }, ORDER, { ...ORDER, priority: 'urgent' }],
    told: [2],
  },
}

it('has an example for each topic that the hub ships', () => {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.json'))
  expect(Object.keys(EXAMPLES).toSorted()).toEqual(names.map((name) => name.slice(0, -5)).toSorted())
})

it.each(Object.entries(EXAMPLES))('tells %s when it happens, and only then', async (name, example) => {
  const { type, versions, told } = example
  const store = await freshStore()
  const topics = loadTopics(FOLDER, store.resources)
  for (const [expected, content] of versions.entries()) {
    const body = JSON.stringify({ resourceType: type, id: 'x', ...content })
    await store.commit(commitOf({ writes: [writeOf({ id: 'x', type, expected, body })] }))
  }
  const events = await Promise.all((await store.log.read(0, 100)).map((commit) => topics.eventsOf(commit)))
  expect(events.flat().flatMap(({ topic, n }) => (topic === name ? [n] : []))).toEqual(told)
})
