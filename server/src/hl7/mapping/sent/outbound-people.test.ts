import { expect, it } from 'vitest'

import { createMapper } from '../mapper.ts'
import { builtOf } from '../outbound-cases.ts'

const MAPPINGS = new URL('../../../../../mappings', import.meta.url).pathname
const { outbound } = await createMapper(MAPPINGS)

const code = (value: string) => ({
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: value }],
})
const others = {
  'Patient/p': { resourceType: 'Patient', id: 'p', contact: [{ name: { family: 'Kin' } }] },
  'Practitioner/d': {
    resourceType: 'Practitioner',
    id: 'd',
    identifier: [{ value: '77' }],
    name: [{ text: 'Dr. J. Smith' }],
  },
  'PractitionerRole/r': {
    resourceType: 'PractitionerRole',
    id: 'r',
    identifier: [{ value: 'role' }],
    practitioner: { reference: 'Practitioner/d' },
  },
  'RelatedPerson/k': {
    resourceType: 'RelatedPerson',
    id: 'k',
    patient: { reference: 'Patient/p' },
    name: [{ family: 'Aunt' }],
  },
  'Organization/o': { resourceType: 'Organization', id: 'o', identifier: [{ value: 'RA9' }], name: 'Torbay' },
  'Location/a': { resourceType: 'Location', id: 'a', name: 'A', physicalType: { coding: [{ code: 'bd' }] } },
  'Location/b': { resourceType: 'Location', id: 'b', name: 'B', physicalType: { coding: [{ code: 'bd' }] } },
}
const visit = {
  resourceType: 'Encounter',
  id: 'e',
  status: 'in-progress',
  class: { code: 'IMP' },
  subject: { reference: 'Patient/p' },
  participant: [{ type: [code('ADM')], individual: { reference: 'PractitionerRole/r' } }],
  location: [{ status: 'active', location: { reference: 'Location/a' } }],
}
const order = {
  resourceType: 'ServiceRequest',
  id: 's',
  status: 'active',
  intent: 'order',
  subject: { reference: 'Patient/p' },
}

async function fieldsOf(
  definition: string,
  resource: object,
  more: { version?: string; previous?: object } = {},
) {
  const { version = '2.5.1', previous } = more
  const request = {
    definition,
    resource: resource as typeof visit,
    others,
    ...(previous && { previous: previous as typeof visit }),
  }
  const segments = ((await builtOf(request, outbound, { controlId: 'C1', version })) ?? '').split('\r')
  return {
    names: segments
      .map((segment) => segment.slice(0, 3))
      .join(' ')
      .trim(),
    field: (name: string, number: number) =>
      segments.find((segment) => segment.startsWith(name))?.split('|')[
        name === 'MSH' ? number - 1 : number
      ] ?? '',
  }
}

it('names the person of a role, and one who has a text for a name', async () => {
  const { field } = await fieldsOf('Encounter.ADT', visit)
  expect(field('PV1', 17)).toBe('77^Dr. J. Smith')
})

it.each([
  { who: 'an organization with a number', payor: { reference: 'Organization/o' }, told: ['RA9', 'Torbay'] },
  { who: 'one without, by its id', payor: { reference: 'Organization/bare' }, told: ['bare^^^^XX', 'Bare'] },
  { who: 'a company of which the name is known', payor: { display: 'Fund' }, told: ['', 'Fund'] },
  { who: 'who pays himself', payor: { reference: 'Patient/p' }, told: ['', ''] },
])('names the payer without a null: $who', async ({ payor, told }) => {
  const request = {
    definition: 'Patient.ADT',
    resource: { resourceType: 'Patient', id: 'p' },
    others: {
      ...others,
      'Organization/bare': { resourceType: 'Organization', id: 'bare', name: 'Bare' },
      'Coverage/c': {
        resourceType: 'Coverage',
        id: 'c',
        status: 'active',
        beneficiary: { reference: 'Patient/p' },
        payor: [payor],
        subscriberId: 'S1',
      },
    },
  }
  const message = (await builtOf(request, outbound, { controlId: 'C1', version: '2.5.1' })) ?? ''
  const fields =
    message
      .split('\r')
      .find((segment) => segment.startsWith('IN1'))
      ?.split('|') ?? []
  expect(fields.slice(1, 5).concat(fields[36] ?? '')).toEqual(['1', '', ...told, 'S1'])
})

it('says in words what the code of a relative says, not what the role of the contact is', async () => {
  const contact = [
    {
      relationship: [
        {
          coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0131', code: 'N' }],
          text: 'Next of kin',
        },
        {
          coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-RoleCode', code: 'WIFE' }],
          text: 'wife',
        },
      ],
      name: { family: 'Kin' },
    },
  ]
  const { field } = await fieldsOf('Patient.ADT', { resourceType: 'Patient', id: 'x', contact })
  expect([field('NK1', 3), field('NK1', 7)]).toEqual(['SPO^wife^HL70063', 'N^^HL70131'])
})

it('tells the number of an appointment whose kind is not known, and the order that it is for', async () => {
  const appointment = {
    resourceType: 'Appointment',
    id: 'a',
    status: 'booked',
    identifier: [{ system: 'urn:mogran:assigner:CLINIC', value: 'A9' }],
    basedOn: [{ reference: 'ServiceRequest/s' }],
    participant: [{ actor: { reference: 'Patient/p' } }],
  }
  const numbers = ['PLAC', 'FILL'].map((kind) => ({ type: { coding: [{ code: kind }] }, value: `${kind}1` }))
  const request = {
    definition: 'Appointment.SIU',
    resource: appointment,
    others: { ...others, 'ServiceRequest/s': { ...order, identifier: numbers } },
  }
  const said = async (version: string) => {
    const message = (await builtOf(request, outbound, { controlId: 'C1', version })) ?? ''
    const fields =
      message
        .split('\r')
        .find((segment) => segment.startsWith('SCH'))
        ?.split('|') ?? []
    return [1, 2, 26, 27].map((field) => fields[field] ?? '')
  }
  expect(await said('2.5.1')).toEqual(['a', 'A9^CLINIC', 'PLAC1', 'FILL1'])
  expect(await said('2.4')).toEqual(['a', 'A9^CLINIC', '', ''])
})

it('deletes nothing of an appointment that it does not know, and the reason that is gone', async () => {
  const of = ['Patient/p', 'Location/x', 'Practitioner/x'].map((reference) => ({ actor: { reference } }))
  const base = { resourceType: 'Appointment', id: 'a', participant: of }
  const told = async (version: string, change: object, previous?: object) => {
    const resource = { ...base, status: 'booked', ...change }
    const before = previous && { previous: { ...base, ...previous } }
    const request = { definition: 'Appointment.SIU', resource, ...before, others }
    return (await builtOf(request, outbound, { controlId: 'C1', version })) ?? ''
  }
  for (const version of ['2.3.1', '2.4', '2.5.1']) {
    expect(await told(version, {})).not.toContain('""')
    const fewer = await told(version, { participant: of.slice(0, 1) }, { status: 'booked' })
    expect(fewer).toMatch(/^AIP\|1\|D/m)
    expect(fewer).not.toMatch(/^AI.*""/m)
    const again = await told(version, {}, { status: 'cancelled', cancelationReason: { text: 'ill' } })
    expect(again).toMatch(/^SCH(\|[^|]*){5}\|""\|/m)
  }
})

it('tells what an appointment is about, before what is said of it', async () => {
  const appointment = {
    resourceType: 'Appointment',
    id: 'a',
    status: 'booked',
    description: 'Check of the knee',
    comment: 'bring pictures',
    participant: [{ actor: { reference: 'Patient/p' } }],
  }
  const request = { definition: 'Appointment.SIU', resource: appointment, others }
  const message = (await builtOf(request, outbound, { controlId: 'C1', version: '2.5.1' })) ?? ''
  const notes = message.split('\r').filter((segment) => segment.startsWith('NTE'))
  expect(notes).toEqual(['NTE|1||Check of the knee', 'NTE|2||bring pictures'])
})

it('never tells a part of the people: who gets the segments takes them for all', async () => {
  const changed = await fieldsOf('Encounter.ADT', { ...visit, priority: { text: 'x' } }, { previous: visit })
  expect(changed.field('MSH', 9)).toBe('ADT^A08^ADT_A01')
  expect(changed.names).toMatch(/PID NK1 NK1 PV1/)
})

it('names an organization that orders as the facility, not as a person', async () => {
  const byHospital = { ...order, requester: { reference: 'Organization/o' } }
  const { field } = await fieldsOf('ServiceRequest.OML_O21', byHospital)
  expect([field('ORC', 12), field('ORC', 21)]).toEqual(['', 'Torbay^^^^^^^^^RA9'])
  const before = await fieldsOf('ServiceRequest.ORM_O01', byHospital, { version: '2.3.1' })
  expect(before.field('ORC', 21)).toBe('Torbay')
})

it('tells the current name first, in codes that the version has', async () => {
  const name = [{ use: 'old', family: 'Shaw' }, { text: 'Amy Baxter' }]
  const patient = { resourceType: 'Patient', id: 'p', name }
  expect((await fieldsOf('Patient.ADT', patient)).field('PID', 5)).toBe('Amy Baxter~Shaw^^^^^^A')
  expect((await fieldsOf('Patient.ADT', patient, { version: '2.7' })).field('PID', 5)).toBe(
    'Amy Baxter~Shaw^^^^^^NOUSE',
  )
})

it('keeps lines of an address that the version has no component for', async () => {
  const patient = {
    resourceType: 'Patient',
    id: 'p',
    address: [{ line: ['1', '2', '3'], city: 'X' }, { text: 'PO Box 9' }],
  }
  expect((await fieldsOf('Patient.ADT', patient)).field('PID', 11)).toBe('1^2, 3^X~PO Box 9')
})

it('tells every reaction of an allergy', async () => {
  const allergy = {
    resourceType: 'AllergyIntolerance',
    patient: { reference: 'Patient/p' },
    reaction: [{ manifestation: [{ coding: [{ display: 'Hives' }] }, { text: 'Rash' }] }],
  }
  const request = {
    definition: 'Patient.ADT',
    resource: { ...others['Patient/p'] },
    others: { ...others, 'AllergyIntolerance/x': allergy },
  }
  expect(await builtOf(request, outbound, { controlId: 'C1', version: '2.5.1' })).toContain('|Hives~Rash\r')
})

it('says a transfer when another place becomes the current one, wherever it stands in the list', async () => {
  const [first] = visit.location
  const appended = {
    ...visit,
    location: [
      { ...first, status: 'completed' },
      { status: 'active', location: { reference: 'Location/b' } },
    ],
  }
  const { field, names } = await fieldsOf('Encounter.ADT', appended, { previous: visit })
  expect([field('MSH', 9), field('PV1', 3), field('PV1', 6)]).toEqual(['ADT^A02^ADT_A02', '^^B', '^^A'])
  expect(names).toBe('MSH EVN PID PV1')
})

it('says the null where a value of before is gone', async () => {
  const over = { ...visit, status: 'finished', period: { end: '2026-03-02' }, location: [] }
  const again = { ...visit, location: [] }
  const { field } = await fieldsOf('Encounter.ADT', again, { previous: over })
  expect([field('MSH', 9), field('PV1', 45)]).toEqual(['ADT^A13^ADT_A01', '""'])
})

it.each([
  [{ ...visit, status: 'cancelled' }, undefined, ''],
  [{ ...visit, status: 'cancelled' }, visit, 'ADT^A11^ADT_A09'],
])('cancels what was told only', async (resource, previous, type) => {
  const { field } = await fieldsOf('Encounter.ADT', resource, previous === undefined ? {} : { previous })
  expect(field('MSH', 9)).toBe(type)
})

it('does not tell of an order without its patient', async () => {
  const request = { ...order, subject: { reference: 'Group/g' } }
  await expect(fieldsOf('ServiceRequest.OML_O21', request)).rejects.toThrow('does not refer')
})

it('merges a person into the one who stays, instead of deleting him, and says nothing of him from then on', async () => {
  const before = {
    resourceType: 'Patient',
    id: 'm',
    identifier: [{ value: '9' }],
    name: [{ family: 'Dup' }],
    gender: 'male',
  }
  const merged = {
    ...before,
    active: false,
    link: [{ type: 'replaced-by', other: { reference: 'Patient/p' } }],
  }
  const { field, names } = await fieldsOf('Patient.ADT', merged, { previous: before })
  expect(names).toBe('MSH EVN PID MRG')
  expect([field('MSH', 9), field('PID', 3), field('PID', 8), field('MRG', 1), field('MRG', 7)]).toEqual([
    'ADT^A40^ADT_A39',
    'p^^^^PI',
    '',
    '9',
    'Dup',
  ])
  expect((await fieldsOf('Patient.ADT', { ...merged, gender: 'female' }, { previous: merged })).names).toBe(
    '',
  )
})

it('says all given names, who cares for a person, and how long a number holds', async () => {
  const patient = {
    resourceType: 'Patient',
    identifier: [{ value: 'X9', period: { start: '2020-01-01', end: '2030-01-01' } }],
    name: [{ family: 'Doe', given: ['A', 'B', 'C'], prefix: ['Prof', 'Dr'] }],
    generalPractitioner: [{ reference: 'PractitionerRole/r' }, { reference: 'Organization/o' }],
    maritalStatus: { coding: [{ code: 'M', display: 'Married' }] },
  }
  const { field } = await fieldsOf('Patient.ADT', patient)
  expect(field('PID', 5)).toBe('Doe^A^B C^^Prof Dr')
  expect(field('PID', 3)).toBe('X9^^^^^^20200101^20300101')
  expect(field('PD1', 3)).toBe('Torbay^^^^^^^^^RA9')
  expect(field('PD1', 4)).toBe('77^Dr. J. Smith')
  const old = await fieldsOf('Patient.ADT', patient, { version: '2.3' })
  expect([old.field('PID', 3), old.field('PID', 16)]).toEqual(['X9', 'M'])
})

it('names people and places without a name, and deletes no code that it does not know', async () => {
  const more = {
    'AllergyIntolerance/x': {
      resourceType: 'AllergyIntolerance',
      id: 'x',
      patient: { reference: 'Patient/p' },
    },
    'Condition/x': { resourceType: 'Condition', id: 'x' },
    'Practitioner/x': { resourceType: 'Practitioner', id: 'x' },
    'Location/x': { resourceType: 'Location', id: 'x' },
  }
  const resource = {
    ...visit,
    participant: [{ type: [code('ADM')], individual: { reference: 'Practitioner/x' } }],
    location: [{ status: 'active', location: { reference: 'Location/x' } }],
    diagnosis: [{ condition: { reference: 'Condition/x' } }],
  }
  const request = { definition: 'Encounter.ADT', resource, others: { ...others, ...more } }
  const text = (await builtOf(request, outbound, { controlId: 'C1', version: '2.5.1' })) ?? ''
  const fields = Object.fromEntries(text.split('\r').map((one) => [one.slice(0, 3), one.split('|')]))
  expect([fields['AL1']?.[3], fields['DG1']?.[3], fields['PV1']?.[3], fields['PV1']?.[17]]).toEqual([
    undefined,
    '',
    'x',
    'x',
  ])
})
