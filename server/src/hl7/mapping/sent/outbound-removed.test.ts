import { expect, it } from 'vitest'

import type { JsonObject } from '../../../kernel/json.ts'
import { createMapper } from '../mapper.ts'
import { builtOf } from '../outbound-cases.ts'

const MAPPINGS = new URL('../../../../../mappings', import.meta.url).pathname
const { outbound } = await createMapper(MAPPINGS)

const patient = { resourceType: 'Patient', id: 'p', identifier: [{ value: '1' }] }
const contact = [
  { name: { family: 'Kin' }, period: { start: '2026-01-02T03:04:05Z' } },
  { name: { family: 'Son' }, telecom: [{ system: 'phone', value: '0912' }] },
]
const relative = {
  resourceType: 'RelatedPerson',
  id: 'k',
  patient: { reference: 'Patient/p' },
  name: [{ family: 'Aunt' }],
}

async function told(
  definition: string,
  {
    resource,
    previous,
    others = {},
  }: { resource: JsonObject; previous?: JsonObject; others?: Record<string, JsonObject> },
  version = '2.5.1',
): Promise<readonly string[]> {
  const request = { definition, resource, ...(previous && { previous }), others }
  return ((await builtOf(request, outbound, { controlId: 'C1', version })) ?? '').split('\r')
}
const named = (segments: readonly string[], name: string) => segments.filter((text) => text.startsWith(name))

it('deletes the people of a patient when the last one is gone', async () => {
  const change = { resource: patient, previous: { ...patient, contact } }
  expect(named(await told('Patient.ADT', change), 'NK1')).toEqual(['NK1|1|""|||""|||""'])
  const others = { 'RelatedPerson/k': relative }
  expect(named(await told('Patient.ADT', { ...change, others }), 'NK1')).toEqual(['NK1|1|Aunt'])
  const gone = { resource: { ...patient, active: false }, previous: { ...patient, contact } }
  expect(named(await told('Patient.ADT', gone), 'NK1')).toEqual([])
  expect(named(await told('Patient.ADT', { resource: patient }), 'NK1')).toEqual([])
})

it('deletes notes, diagnoses, times and insurance of an order that are gone', async () => {
  const order = {
    resourceType: 'ServiceRequest',
    id: 's',
    status: 'active',
    intent: 'order',
    code: { text: 'x' },
    subject: { reference: 'Patient/p' },
  }
  const previous = {
    ...order,
    note: [{ text: 'fasting' }],
    priority: 'stat',
    reasonReference: [{ reference: 'Condition/c' }],
    insurance: [{ reference: 'Coverage/i' }],
  }
  const others = {
    'Patient/p': patient,
    'Condition/c': { resourceType: 'Condition', id: 'c', code: { coding: [{ code: 'J06.9' }] } },
    'Coverage/i': { resourceType: 'Coverage', id: 'i', status: 'active', payor: [{ display: 'Fund' }] },
  }
  const now = await told('ServiceRequest.OML_O21', { resource: order, previous, others })
  const at = now.findIndex((text) => text.startsWith('OBR'))
  expect(now.slice(at + 1, at + 3)).toEqual(['NTE|1||""', 'DG1|1||""|||""'])
  expect(named(now, 'TQ1')).toEqual(['TQ1|1||||||||""'])
  expect(named(now, 'IN1')).toEqual(['IN1|1|||""'])
})

const allergy = {
  resourceType: 'AllergyIntolerance',
  id: 'a',
  category: ['medication'],
  criticality: 'high',
  type: 'allergy',
  code: { coding: [{ code: 'PEN', display: 'Penicillin' }] },
  clinicalStatus: { coding: [{ code: 'active' }] },
  verificationStatus: { coding: [{ code: 'confirmed' }] },
  patient: { reference: 'Patient/p' },
  onsetDateTime: '2020-05-01T10:00:00Z',
  reaction: [{ manifestation: [{ text: 'Rash' }] }],
}
const others = { 'Patient/p': patient }
const wrong = {
  ...allergy,
  clinicalStatus: {},
  verificationStatus: { coding: [{ code: 'entered-in-error' }] },
}

it('tells an allergy with what becomes of it', async () => {
  const iam = async (resource: JsonObject, previous?: JsonObject) =>
    named(
      await told('AllergyIntolerance.ADT_A60', { resource, others, ...(previous && { previous }) }),
      'IAM',
    )
  expect(await iam(allergy)).toEqual(['IAM|1|DA|PEN^Penicillin|SV|Rash|A|a||AL||20200501||||||C'])
  const over = { ...allergy, clinicalStatus: { coding: [{ code: 'resolved' }] } }
  expect((await iam(over, allergy))[0]).toMatch(/\|SV\|Rash\|U\|a\|.*\|I$/)
  expect((await iam(wrong, allergy))[0]).toMatch(/\|SV\|Rash\|D\|a\|.*\|E$/)
  expect((await iam(allergy, wrong))[0]).toContain('|A|a|')
  expect(await iam(wrong)).toEqual([])
  expect(await told('AllergyIntolerance.ADT_A60', { resource: allergy, others }, '2.3.1')).toEqual([''])
})
