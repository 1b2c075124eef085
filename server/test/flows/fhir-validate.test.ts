import { expect, it } from 'vitest'

import { startFhir } from './fhir-server.ts'
import type { Reply } from './fhir-server.ts'

const BP = 'http://hl7.org/fhir/StructureDefinition/bp'
const BROKEN = `{
  "resourceType": "Patient",
  "gender": "M",
  "birthDate": "2023-02-30",
  "contact": [ { "gender": "male" } ]
}`

interface Issue {
  readonly severity: string
  readonly code: string
  readonly expression?: readonly string[]
  readonly diagnostics?: string
  readonly details: { readonly text: string }
}

function issues({ json }: Reply): readonly Issue[] {
  return json['issue'] as readonly Issue[]
}

function errors(reply: Reply): readonly string[] {
  return issues(reply)
    .filter(({ severity }) => severity === 'error')
    .map(({ code, expression = [], diagnostics = '' }) =>
      `${code} ${expression.join()} ${diagnostics}`.trim(),
    )
}

it('lists all issues with their elements and lines, stores nothing and answers 200', async () => {
  const { ask } = await startFhir()
  const answer = await ask('POST', '/Patient/$validate', { text: BROKEN })
  expect(answer.status).toBe(200)
  expect(errors(answer)).toEqual([
    'code-invalid Patient.gender line 3, column 13',
    'value Patient.birthDate line 4, column 16',
    'invariant Patient.contact[0] line 5, column 16',
  ])
  expect(issues(answer)[0]?.details.text).toContain('http://hl7.org/fhir/ValueSet/administrative-gender')
  expect((await ask('GET', '/Patient?_summary=count')).json['total']).toBe(0)
})

it('counts lines in the whole text of a Parameters resource', async () => {
  const { ask } = await startFhir()
  const text = `{ "resourceType": "Parameters", "parameter": [
    { "name": "mode", "valueCode": "create" },
    { "name": "resource", "resource": ${BROKEN} }
  ] }`
  const answer = await ask('POST', '/Patient/$validate', { text })
  expect(errors(answer)[0]).toBe('code-invalid Patient.gender line 5, column 13')
  const system = await ask('POST', '/$validate', { text })
  expect(errors(system)).toEqual(errors(answer))
})

it('gives the same lines when it refuses a write', async () => {
  const { ask } = await startFhir()
  const refused = await ask('POST', '/Patient', { text: BROKEN })
  expect(refused.status).toBe(400)
  expect(errors(refused)[1]).toBe('value Patient.birthDate line 4, column 16')
})

it('checks against profiles on demand, and on every write that names one', async () => {
  const { ask } = await startFhir()
  const observation = { resourceType: 'Observation', status: 'final', code: { text: 'BP' } }
  const asked = await ask('POST', `/Observation/$validate?profile=${encodeURIComponent(BP)}`, {
    body: observation,
  })
  expect(asked.status).toBe(200)
  expect(errors(asked)).toContain('required Observation.component line 1, column 1')
  const unknown = await ask('POST', '/Observation/$validate?profile=http://example.org/p', {
    body: observation,
  })
  expect(unknown.status).toBe(200)
  expect(errors(unknown)).toEqual(['not-found Observation line 1, column 1'])
  const claimed = { ...observation, meta: { profile: [BP] } }
  expect((await ask('POST', '/Observation', { body: claimed })).status).toBe(422)
  const foreign = { ...observation, meta: { profile: ['http://example.org/p'] } }
  expect((await ask('POST', '/Observation', { body: foreign })).status).toBe(201)
  const warned = await ask('POST', '/Observation/$validate', { body: foreign })
  expect(issues(warned).map(({ severity, code }) => `${severity} ${code}`)).toContain('warning not-found')
})

it('knows what a create, an update and a deletion would meet', async () => {
  const { ask } = await startFhir()
  const created = await ask('POST', '/Patient', { body: { resourceType: 'Patient', active: true } })
  const id = String(created.json['id'])
  const body = { resourceType: 'Patient', active: true }
  expect(errors(await ask('POST', '/Patient/$validate?mode=update', { body }))[0]).toMatch(
    /^required Patient.id/,
  )
  expect(
    errors(await ask('POST', `/Patient/${id}/$validate?mode=update`, { body: { ...body, id } })),
  ).toEqual([])
  const other = await ask('POST', `/Patient/${id}/$validate`, { body: { ...body, id: 'other' } })
  expect(errors(other)[0]).toMatch(/^invalid Patient.id/)
  expect(errors(await ask('POST', `/Patient/${id}/$validate?mode=delete`))).toEqual([])
  expect((await ask('POST', '/Patient/none/$validate?mode=delete')).status).toBe(404)
  expect(errors(await ask('POST', '/Patient/$validate?mode=delete'))).toEqual(['required'])
})

it('answers to GET at an instance only', async () => {
  const { ask } = await startFhir()
  const created = await ask('POST', '/Patient', { body: { resourceType: 'Patient', active: true } })
  expect((await ask('GET', `/Patient/${String(created.json['id'])}/$validate`)).status).toBe(200)
  expect((await ask('GET', '/Patient/$validate')).status).toBe(400)
})

it('refuses what cannot be checked', async () => {
  const { ask } = await startFhir()
  expect((await ask('POST', '/Patient/$validate', { text: '{"resourceType":' })).status).toBe(400)
  expect((await ask('POST', '/Patient/$validate')).status).toBe(400)
  expect((await ask('POST', '/Patient/$validate?mode=try', { text: BROKEN })).status).toBe(400)
  expect((await ask('POST', '/Patient/$validate?mode=profile', { text: BROKEN })).status).toBe(400)
  expect(errors(await ask('POST', '/$validate', { body: { resourceType: 'Nothing' } }))[0]).toMatch(
    /^structure/,
  )
})

it('refuses references to what is not here when that is the policy', async () => {
  const { ask } = await startFhir({ references: 'enforce' })
  const observation = { resourceType: 'Observation', status: 'final', code: { text: 'x' } }
  const refused = await ask('POST', '/Observation', {
    body: { ...observation, subject: { reference: 'Patient/none' } },
  })
  expect([refused.status, ...errors(refused)]).toEqual([422, 'not-found Observation.subject.reference'])
  const elsewhere = { ...observation, subject: { reference: 'https://other.example.org/fhir/Patient/1' } }
  expect((await ask('POST', '/Observation', { body: elsewhere })).status).toBe(201)
  const patient = { resourceType: 'Patient', active: true }
  const entry = [
    {
      fullUrl: 'urn:uuid:0b7f6b5c-91b5-4f5e-8f6a-4a4f2c6f2f10',
      resource: patient,
      request: { method: 'POST', url: 'Patient' },
    },
    {
      resource: { ...observation, subject: { reference: 'urn:uuid:0b7f6b5c-91b5-4f5e-8f6a-4a4f2c6f2f10' } },
      request: { method: 'POST', url: 'Observation' },
    },
  ]
  expect(
    (await ask('POST', '/', { body: { resourceType: 'Bundle', type: 'transaction', entry } })).status,
  ).toBe(200)
  const dangling = await ask('POST', '/', {
    body: { resourceType: 'Bundle', type: 'transaction', entry: entry.slice(1) },
  })
  expect([dangling.status, ...errors(dangling)]).toEqual([
    422,
    'not-found Bundle.entry[0].resource.subject.reference',
  ])
  const { ask: lenient } = await startFhir()
  const pending = { ...observation, subject: { reference: 'Patient/none' } }
  expect((await lenient('POST', '/Observation', { body: pending })).status).toBe(201)
})
