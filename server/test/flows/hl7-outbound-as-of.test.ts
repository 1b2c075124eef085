import { expect, it } from 'vitest'

import { systemCaller } from '../../src/auth/caller.ts'
import { createMapper } from '../../src/hl7/mapping/mapper.ts'
import { readDestination } from '../../src/hl7/outbound/destination.ts'
import { toldOf } from '../../src/hl7/outbound/told-of.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import type { Store } from '../../src/store/port.ts'
import { freshStore } from '../fresh-store.ts'
import { engineOn, MAPPINGS } from './interface-engine.ts'

const { outbound: rules } = await createMapper(MAPPINGS)
const CLASS = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' }
const subject = { reference: 'Patient/p' }
const person = (family: string) => ({ resourceType: 'Patient', id: 'p', name: [{ family }] })
const visit = (change: object = {}) => ({
  resourceType: 'Encounter',
  id: 'v',
  status: 'in-progress',
  class: CLASS,
  subject,
  ...change,
})
const place = (name: string) => ({ resourceType: 'Location', id: 'l', name })
const coverage = (id: string, name: string, of = subject) => ({
  resourceType: 'Coverage',
  id,
  status: 'active',
  beneficiary: of,
  payor: [{ display: name }],
})

/** Changes, each a commit of its own; `Patient/p` deletes. */
type Step = (JsonObject & { readonly resourceType: string; readonly id: string }) | string

const draftOf = (step: Step) => {
  if (typeof step !== 'string')
    return { type: step.resourceType, id: step.id, method: 'PUT' as const, resource: step }
  const [type = '', id = ''] = step.split('/')
  return { type, id, method: 'DELETE' as const }
}

async function write(store: Store, commits: readonly (readonly Step[])[]): Promise<void> {
  const engine = await engineOn(store)
  for (const steps of commits)
    await engine.resources.transact(systemCaller('tests', 'system'), {
      drafts: steps.map(draftOf),
    })
  await engine.stop()
}

/** The messages for changes that were all written before the first of them is built. */
async function sentFor(messages: readonly string[], ...changes: readonly (Step | readonly Step[])[]) {
  const store = await freshStore()
  // Nobody listens: what was built stays in the queue.
  const destinations = [readDestination('lab', { host: '127.0.0.1', port: 1, messages })]
  const out = { out: { rules, destinations } }
  await (await engineOn(store, {}, out)).stop()
  await write(
    store,
    changes.map((change) => [change].flat()),
  )
  const engine = await engineOn(store, {}, out)
  const head = await store.log.head()
  const done = async () => {
    const cursor = await store.records.get('cursors', 'hl7-outbound')
    return (cursor?.value as JsonObject | undefined)?.['n']
  }
  await expect.poll(done).toBe(head)
  const found = await engine.outbound.outbox.list('lab', { limit: 100 })
  return found.toReversed().map(({ message }) => message.text.split('\r'))
}

const named = (segments: readonly string[], name: string) =>
  segments.filter((segment) => segment.startsWith(name))
const nameIn = (segments: readonly string[]) => named(segments, 'PID')[0]?.split('|')[5]

it('tells an order of the patient as he was when it was written, also when he is deleted since', async () => {
  const order = { resourceType: 'ServiceRequest', id: 'o', status: 'active', intent: 'order', subject }
  const sent = await sentFor(
    ['ServiceRequest.OML_O21'],
    person('Before'),
    { ...order, code: { text: 'x' } },
    person('Between'),
    { ...order, code: { text: 'y' } },
    person('Behind'),
    'Patient/p',
  )
  expect(sent.map(nameIn)).toEqual(['Before', 'Between'])
})

it('tells each step of a visit with the places and payers of that step', async () => {
  const location = [{ location: { reference: 'Location/l' }, status: 'active' }]
  const sent = await sentFor(
    ['Encounter.ADT'],
    [person('One'), place('First'), coverage('c1', 'Gone later')],
    coverage('c3', 'Is moved later'),
    visit({ location }),
    [place('Second'), person('Two')],
    visit({ location, length: { value: 2, code: 'd', unit: 'd', system: 'http://unitsofmeasure.org' } }),
    'Coverage/c1',
    coverage('c2', 'Comes later'),
    coverage('c3', 'Is moved later', { reference: 'Patient/other' }),
    coverage('c4', 'Was of another', { reference: 'Patient/other' }),
    coverage('c4', 'Was of another'),
  )
  const [admitted = [], changed = []] = sent
  expect(nameIn(admitted)).toBe('One')
  expect(named(admitted, 'PV1')[0]).toContain('First')
  expect(named(admitted, 'IN1').map((segment) => segment.split('|')[4])).toEqual([
    'Gone later',
    'Is moved later',
  ])
  expect(nameIn(changed)).toBe('Two')
  expect(named(changed, 'PV1')[0]).toContain('Second')
})

const NOTHING = () => Promise.resolve([])

it('tells of one commit in the order of its changes, whatever the order of the destination', async () => {
  const store = await freshStore()
  await write(store, [[person('One'), visit()]])
  const commits = await store.log.read(0, 10)
  const commit = commits.find(({ changes }) => changes.length === 2)
  const definitions = ['Encounter.ADT', 'Patient.ADT'].map(
    (name) => [name, rules.definitions.get(name)] as const,
  )
  if (commit === undefined) throw new Error('nothing was written')
  const told = await Array.fromAsync(
    toldOf({ commit, resources: store.resources, lookup: NOTHING }, definitions),
  )
  expect(told.map(({ by, reference }) => `${by} ${reference}`)).toEqual([
    'Patient.ADT Patient/p',
    'Encounter.ADT Encounter/v',
  ])
  const places = told.map(({ place: at }) => at)
  expect(places).toEqual(places.toSorted())
})

const relative = (name: string, change: object = {}) => ({
  resourceType: 'RelatedPerson',
  id: 'r',
  patient: subject,
  name: [{ family: name }],
  ...change,
})
const eventOf = ([header = '']: readonly string[]) => header.split('|')[8]?.split('^')[1]

/** What is said of the person, and of the visit. */
const both = (...values: string[]) => [
  ['A31', ...values],
  ['A08', ...values],
]

it('tells a person and the visits that run again when relatives, payers or allergies alone change', async () => {
  const penicillin = {
    resourceType: 'AllergyIntolerance',
    id: 'a',
    patient: subject,
    code: { text: 'Penicillin' },
    clinicalStatus: {
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' },
      ],
    },
  }
  const sent = await sentFor(
    ['Patient.ADT', 'Encounter.ADT'],
    [person('One'), visit(), { ...visit({ status: 'finished' }), id: 'over' }, coverage('c', 'Fund')],
    relative('Omar'),
    // Says nothing new in a message.
    relative('Omar', { birthDate: '1950-01-01' }),
    [relative('Osman'), coverage('c', 'Other fund')],
    penicillin,
    'RelatedPerson/r',
    { ...coverage('c', 'Other fund'), status: 'cancelled' },
    'AllergyIntolerance/a',
  )
  const said = (name: string, field: number) =>
    sent
      .slice(3)
      .map((segments) =>
        [eventOf(segments)].concat(named(segments, name).map((one) => one.split('|')[field])),
      )
  expect(sent.slice(0, 3).map(eventOf)).toEqual(['A28', 'A01', 'A03'])
  const once = (value: string) => both(value)
  expect(said('NK1', 2)).toEqual([...['Omar', 'Osman', 'Osman', '""'].flatMap(once), ...both(), ...both()])
  expect(said('IN1', 4)).toEqual([
    ...['Fund', 'Other fund', 'Other fund', 'Other fund', '""'].flatMap(once),
    ...both(),
  ])
  expect(said('AL1', 3)).toEqual([
    ...both(),
    ...both(),
    ...['^Penicillin', '^Penicillin', '^Penicillin', '""'].flatMap(once),
  ])
})

it('tells of both when a coverage is another one from now on, and nothing of who is out of use', async () => {
  const others = [
    { ...person('Two'), id: 'q' },
    { ...person('Old'), id: 'x', active: false },
  ]
  const sent = await sentFor(
    ['Patient.ADT'],
    [person('One'), ...others],
    coverage('c', 'Fund'),
    coverage('c', 'Fund', { reference: 'Patient/q' }),
    coverage('c', 'Fund', { reference: 'Patient/x' }),
  )
  const said = sent.map((segments) =>
    [eventOf(segments), nameIn(segments), ...named(segments, 'IN1').map((one) => one.split('|')[4])].join(
      ' ',
    ),
  )
  expect(said).toEqual(['A28 One', 'A28 Two', 'A31 One Fund', 'A31 Two Fund', 'A31 One ""', 'A31 Two ""'])
})
