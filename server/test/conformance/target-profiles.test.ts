import { beforeAll, expect, it } from 'vitest'

import { fresh, hubForFile, profileOn } from './fhir-peer.ts'
import type { Json } from './fhir-peer.ts'

// What a profile says of the target of a Reference (`targetProfile`), wherever the target stands.
const { ask, make } = hubForFile()
const name = fresh()
const url = (what: string): string => `http://example.org/${name}/${what}`
const R4 = 'http://hl7.org/fhir/StructureDefinition/'
const seen: Json = { resourceType: 'Observation', status: 'final', code: { text: 'x' } }
const good: Json = { resourceType: 'Patient', birthDate: '1970-01-01' }
const bad: Json = { resourceType: 'Patient' }

async function profile(what: string, type: string, element: Json): Promise<void> {
  await make(profileOn(type, url(what), { differential: { element: [{ id: element['path'], ...element }] } }))
}

const subjectOf = (...targetProfile: readonly string[]): Json => ({
  path: 'Observation.subject',
  type: [{ code: 'Reference', targetProfile }],
})

beforeAll(async () => {
  await profile('Born', 'Patient', { path: 'Patient.birthDate', min: 1 })
  await profile('OfBorn', 'Observation', subjectOf(url('Born')))
  await profile('OfAny', 'Observation', subjectOf(url('Born'), `${R4}Patient`))
  await profile('OfUnknown', 'Observation', subjectOf(url('Nowhere')))
})

/** The texts of errors, or of warnings. */
async function found(resource: Json, what: string, severity = 'error'): Promise<readonly string[]> {
  const path = `/${String(resource['resourceType'])}/$validate${what === '' ? '' : `?profile=${url(what)}`}`
  const answer = await ask('POST', path, { body: resource })
  expect(answer.status, answer.text).toBe(200)
  const issues = answer.json['issue'] as readonly { severity: string; details: { text: string } }[]
  return issues.flatMap((issue) =>
    issue.severity === severity && !issue.details.text.startsWith('dom-6') ? issue.details.text : [],
  )
}

const UNMET = `What this refers to must meet the profile ${url('Born')}: birthDate: The profile requires this element: add it.`

it('checks contained targets', async () => {
  const of = (patient: Json): Json => ({
    ...seen,
    contained: [{ ...patient, id: 'p' }],
    subject: { reference: '#p' },
  })
  expect(await found(of(good), 'OfBorn')).toEqual([])
  expect(await found(of(bad), 'OfBorn')).toEqual([UNMET])
  expect(await found(of(bad), 'OfAny')).toEqual([])
})

it('checks stored targets, and says what it could not look at', async () => {
  const of = (reference: string): Json => ({ ...seen, subject: { reference } })
  const [born, other] = [await make(good), await make(bad)]
  expect(await found(of(`Patient/${born.id}`), 'OfBorn')).toEqual([])
  expect(await found(of(`Patient/${other.id}`), 'OfBorn')).toEqual([UNMET])
  expect(await found(of(`Patient/${other.id}`), 'OfAny')).toEqual([])
  expect(await found(of('Patient/none'), 'OfBorn')).toEqual([])
  const notes = await found(of('Patient/none'), 'OfBorn', 'warning')
  expect(notes.join()).toContain(`it was not checked against ${url('Born')}`)
  expect((await found(of('Group/none'), 'OfBorn')).join()).toContain('not to Group')
  const unknown = await found(of(`Patient/${other.id}`), 'OfUnknown', 'warning')
  expect(unknown.join()).toContain(`${url('Nowhere')} is not stored here`)
})

it('checks targets in the same Bundle against the profiles that its resources name', async () => {
  const [patient, observation] = [crypto.randomUUID(), crypto.randomUUID()].map((id) => `urn:uuid:${id}`)
  const of = (target: Json): Json => ({
    resourceType: 'Bundle',
    type: 'collection',
    entry: [
      { fullUrl: patient, resource: target },
      {
        fullUrl: observation,
        resource: {
          ...seen,
          meta: { profile: [url('OfBorn')] },
          subject: { reference: patient?.toUpperCase().replace('URN:UUID', 'urn:uuid') },
        },
      },
    ],
  })
  expect(await found(of(good), '')).toEqual([])
  expect(await found(of(bad), '')).toEqual([UNMET])
})

it('comes to an end where two refer to each other', async () => {
  await profile('Linked', 'Patient', {
    path: 'Patient.link.other',
    type: [{ code: 'Reference', targetProfile: [url('Linked')] }],
  })
  const [a, b] = [fresh(), fresh()]
  const link = (id: string): Json => ({ link: [{ other: { reference: `Patient/${id}` }, type: 'seealso' }] })
  for (const [id, other] of [
    [a, b],
    [b, a],
  ] as const)
    expect(
      (await ask('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id, ...link(other) } })).status,
    ).toBe(201)
  expect(await found({ resourceType: 'Patient', ...link(a) }, 'Linked')).toEqual([])
})
