import { expect, it } from 'vitest'

import type { JsonObject } from '../../../kernel/json.ts'
import { createMapper } from '../mapper.ts'
import { builtOf } from '../outbound-cases.ts'

const MAPPINGS = new URL('../../../../../mappings', import.meta.url).pathname
const { outbound } = await createMapper(MAPPINGS)

const typed = (code: string, value: string) => ({
  type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code }] },
  system: 'urn:oid:1.2.3',
  value,
})
const patient = {
  resourceType: 'Patient',
  id: 'p1',
  identifier: [{ value: '1' }],
  name: [{ family: 'Okoye' }],
}
const subject = { reference: 'Patient/p1' }
const service = {
  resourceType: 'ServiceRequest',
  id: 's2',
  status: 'active',
  intent: 'reflex-order',
  subject,
}
const drug = {
  resourceType: 'MedicationRequest',
  id: 'm2',
  status: 'active',
  intent: 'order',
  medicationCodeableConcept: { text: 'Paracetamol' },
  subject,
}
const report = {
  resourceType: 'DiagnosticReport',
  id: 'r2',
  status: 'final',
  code: { text: 'Susc' },
  subject,
}
const others = {
  'Patient/p1': patient,
  'ServiceRequest/s1': { ...service, id: 's1', identifier: [typed('PLAC', 'P1'), typed('FILL', 'F1')] },
  'ServiceRequest/bare': { ...service, id: 'bare' },
  'MedicationRequest/m1': { ...drug, id: 'm1', identifier: [typed('PLAC', 'P1')] },
  'DiagnosticReport/r1': {
    ...report,
    id: 'r1',
    identifier: [typed('FILL', 'F1')],
    basedOn: [{ reference: 'ServiceRequest/s1' }],
  },
  'Observation/o1': {
    resourceType: 'Observation',
    id: 'o1',
    status: 'final',
    code: { text: 'Ampicillin' },
    derivedFrom: [{ type: 'Observation', identifier: { value: '1' }, display: 'E. coli' }],
    valueString: 'R',
  },
}

const sent = async (
  definition: string,
  resource: JsonObject,
  { version = '2.5.1', more = {} }: { version?: string; more?: Readonly<Record<string, JsonObject>> } = {},
) => builtOf({ definition, resource, others: { ...others, ...more } }, outbound, { controlId: 'C1', version })
const field = (message: string | undefined, at: string) => {
  const [name = '', number = ''] = at.split('-')
  const lines = (message ?? '').split('\r').filter((line) => line.startsWith(`${name}|`))
  return lines.map((line) => line.split('|')[Number(number)] ?? '')
}

const ORDERS = ['ServiceRequest.OML_O21', 'ServiceRequest.ORM_O01']

it.each(ORDERS)('names in %s the order that another one comes of, by both of its numbers', async (name) => {
  const message = await sent(name, { ...service, basedOn: [{ reference: 'ServiceRequest/s1' }] })
  const both = 'P1&&1.2.3&ISO^F1&&1.2.3&ISO'
  expect([field(message, 'ORC-8'), field(message, 'OBR-29')]).toEqual([[both], [both]])
})

it.each(ORDERS)('names in %s a parent that has no number by what it was sent as', async (name) => {
  const message = await sent(name, { ...service, basedOn: [{ reference: 'ServiceRequest/bare' }] })
  expect(field(message, 'OBR-29')).toEqual(['bare'])
})

it.each([
  ['placer', 'PLAC', 'P9&&1.2.3&ISO'],
  ['filler', 'FILL', '^P9&&1.2.3&ISO'],
])('names a parent that is known by the number of its %s alone', async (_, code, is) => {
  const basedOn = [{ identifier: typed(code, 'P9') }]
  expect(field(await sent('ServiceRequest.OML_O21', { ...service, basedOn }), 'OBR-29')).toEqual([is])
})

it.each(['MedicationRequest.RDE_O11', 'MedicationRequest.ORM_O01'])(
  'names in %s the order that a drug comes of',
  async (name) => {
    const message = await sent(name, { ...drug, basedOn: [{ reference: 'MedicationRequest/m1' }] })
    expect(field(message, 'ORC-8')).toEqual(['P1&&1.2.3&ISO'])
  },
)

it.each([
  ['known', { reference: 'DiagnosticReport/r1' }, 'P1&&1.2.3&ISO^F1&&1.2.3&ISO'],
  ['known by its number', { identifier: typed('FILL', 'F1') }, '^F1&&1.2.3&ISO'],
])(
  'names the report that another one belongs to, and the result in it: %s',
  async (_, valueReference, is) => {
    const url = 'http://hl7.org/fhir/StructureDefinition/event-partOf'
    const result = [{ reference: 'Observation/o1' }]
    const message = await sent('DiagnosticReport.ORU_R01', {
      ...report,
      result,
      extension: [{ url, valueReference }],
    })
    expect([field(message, 'OBR-26'), field(message, 'OBR-29')]).toEqual([['^1^E. coli'], [is]])
  },
)

it('says nothing of a parent result in a report that belongs to none', async () => {
  const message = await sent('DiagnosticReport.ORU_R01', {
    ...report,
    result: [{ reference: 'Observation/o1' }],
  })
  expect([field(message, 'OBR-26'), field(message, 'OBR-29')]).toEqual([[''], ['']])
})

it('names who holds the policy', async () => {
  const more = {
    'Coverage/c1': {
      resourceType: 'Coverage',
      id: 'c1',
      status: 'active',
      beneficiary: subject,
      payor: [{ display: 'Nile Mutual' }],
      relationship: { coding: [{ code: 'child' }] },
      subscriber: { reference: 'RelatedPerson/h' },
    },
    'RelatedPerson/h': {
      resourceType: 'RelatedPerson',
      id: 'h',
      patient: subject,
      name: [{ family: 'Okoye', given: ['Ben'] }],
      birthDate: '1950-02-01',
      address: [{ line: ['1 Hill'], city: 'Omdurman' }],
    },
  }
  const message = await sent(
    'ServiceRequest.OML_O21',
    { ...service, insurance: [{ reference: 'Coverage/c1' }] },
    { more },
  )
  const told = [16, 17, 18, 19].flatMap((at) => field(message, `IN1-${at}`))
  expect(told).toEqual(['Okoye^Ben', 'PAR', '19500201', '1 Hill^^Omdurman'])
})

const allergy = (id: string, text: string, status = 'confirmed') => ({
  resourceType: 'AllergyIntolerance',
  id,
  patient: subject,
  verificationStatus: { coding: [{ code: status }] },
  code: { text },
})

it.each(['MedicationRequest.RDE_O11', 'MedicationRequest.ORM_O01'])(
  'says in %s what the patient cannot stand',
  async (name) => {
    const more = {
      'AllergyIntolerance/a1': allergy('a1', 'Penicillin'),
      'AllergyIntolerance/a2': allergy('a2', 'Nuts', 'refuted'),
    }
    const message = await sent(name, drug, { more })
    expect(field(message, 'AL1-3')).toEqual(['^Penicillin'])
    expect(
      (message ?? '')
        .split('\r')
        .map((line) => line.slice(0, 3))
        .join(' '),
    ).toMatch(/PID AL1 ORC/)
    expect(field(await sent(name, drug, { more, version: '2.2' }), 'AL1-3')).toEqual([])
  },
)
