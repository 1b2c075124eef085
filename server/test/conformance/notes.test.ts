import { expect, it } from 'vitest'

import { entriesOf, hubForFile } from './fhir-peer.ts'
import type { Answer, Json } from './fhir-peer.ts'

const { ask } = hubForFile()
const UNKNOWN = 'http://example.org/StructureDefinition/nobody-has-it'
const PATIENT = { resourceType: 'Patient', meta: { profile: [UNKNOWN] }, gender: 'female' }
const WARNING = {
  severity: 'warning',
  code: 'not-found',
  expression: ['Patient.meta.profile[0]'],
}
const OUTCOME = { prefer: 'return=OperationOutcome' }

function issuesOf(outcome: unknown): readonly Json[] {
  return (outcome as { issue?: readonly Json[] } | undefined)?.issue ?? []
}

async function send(type: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const entry = [{ resource: PATIENT, request: { method: 'POST', url: 'Patient' } }]
  return ask('POST', '/', { body: { resourceType: 'Bundle', type, entry }, headers })
}

it('tells the author of a profile that it does not hold', async () => {
  const created = await ask('POST', '/Patient', { body: PATIENT, headers: OUTCOME })
  expect(created.status).toBe(201)
  expect(issuesOf(created.json)).toMatchObject([{ severity: 'information' }, WARNING])
  const id = created.headers.get('location')?.split('/').at(-3) ?? ''
  const updated = await ask('PUT', `/Patient/${id}`, { body: { ...PATIENT, id }, headers: OUTCOME })
  expect(issuesOf(updated.json)).toMatchObject([{ severity: 'information' }, WARNING])
  const known = {
    resourceType: 'Patient',
    meta: { profile: ['http://hl7.org/fhir/StructureDefinition/Patient'] },
  }
  const silent = await ask('POST', '/Patient', { body: known, headers: OUTCOME })
  expect(issuesOf(silent.json)).toMatchObject([{ severity: 'information' }])
})

it.each(['batch', 'transaction'])('tells it in the entries of a %s as well', async (type) => {
  const [entry] = entriesOf(await send(type))
  expect([entry?.response?.status, entry?.resource?.resourceType]).toEqual(['201 Created', 'Patient'])
  expect(issuesOf(entry?.response?.outcome)).toMatchObject([
    { ...WARNING, expression: ['Bundle.entry[0].resource.meta.profile[0]'] },
  ])
  const [asked] = entriesOf(await send(type, OUTCOME))
  expect(asked).not.toHaveProperty('resource')
  expect(issuesOf(asked?.response?.outcome)).toMatchObject([
    { severity: 'information' },
    { severity: 'warning' },
  ])
  const [minimal] = entriesOf(await send(type, { prefer: 'return=minimal' }))
  expect(minimal).not.toHaveProperty('resource')
})

it('takes a profile that it does not hold for an error when it is asked to check against it', async () => {
  const { resourceType, gender } = PATIENT
  const answer = await ask('POST', `/Patient/$validate?profile=${UNKNOWN}`, {
    body: { resourceType, gender },
  })
  expect(answer.status).toBe(200)
  expect(issuesOf(answer.json)).toContainEqual(
    expect.objectContaining({ severity: 'error', code: 'not-found' }),
  )
  const claimed = await ask('POST', '/Patient/$validate', { body: PATIENT })
  expect(issuesOf(claimed.json)).toContainEqual(expect.objectContaining(WARNING))
})

it('tells what an entry of a transaction refers to in vain', async () => {
  const reference = 'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e7'
  const resource = { resourceType: 'Patient', managingOrganization: { reference } }
  const entry = [{ resource, request: { method: 'POST', url: 'Patient' } }]
  const answer = await ask('POST', '/', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
  expect(issuesOf(entriesOf(answer)[0]?.response?.outcome)).toMatchObject([
    {
      severity: 'warning',
      code: 'not-found',
      expression: ['Bundle.entry[0].resource.managingOrganization.reference'],
    },
  ])
  const created = await ask('POST', '/Patient', { body: resource, headers: OUTCOME })
  expect(issuesOf(created.json)).toMatchObject([
    { severity: 'information' },
    { severity: 'warning', code: 'not-found' },
  ])
})

it.each([
  ['http://hl7.org/fhir/StructureDefinition/Patient|4.0.1', []],
  ['http://hl7.org/fhir/StructureDefinition/Patient|5.0.0', ['error not-found']],
  ['http://example.org/StructureDefinition/kind-of-patient', ['error not-found', 'warning not-supported']],
])('says of %s whether it can check against it', async (profile, expected) => {
  const url = 'http://example.org/StructureDefinition/kind-of-patient'
  const about = { name: 'Kind', status: 'draft', kind: 'resource', abstract: false, type: 'Patient' }
  const base = 'http://hl7.org/fhir/StructureDefinition/DomainResource'
  const element = [{ id: 'Patient', path: 'Patient', min: 0, max: '*' }]
  const differential = { element }
  const body = { resourceType: 'StructureDefinition', url, ...about, baseDefinition: base, differential }
  expect(
    (await ask('POST', '/StructureDefinition', { body: { ...body, derivation: 'specialization' } })).status,
  ).toBe(201)
  const answer = await ask('POST', `/Patient/$validate?profile=${profile}`, {
    body: { resourceType: 'Patient' },
  })
  const issues = issuesOf(answer.json).filter(({ code }) => code !== 'invariant')
  expect(issues.map(({ severity, code }) => `${String(severity)} ${String(code)}`)).toEqual(expected)
})
