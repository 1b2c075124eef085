import { beforeAll, expect, it } from 'vitest'

import { fresh, hubForFile, profileOn } from './fhir-peer.ts'
import type { Json } from './fhir-peer.ts'

// Required bindings of posted profiles: checked against what is stored or R4's own, or said to be unchecked.
const { ask, make } = hubForFile()
const name = fresh()
const url = (what: string): string => `http://example.org/${name}/${what}`
const R4 = 'http://hl7.org/fhir/'
const MARITAL = 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus'

function definition(what: string, element: readonly Json[], more: Json = {}): Json {
  return profileOn('Patient', url(what), { differential: { element }, ...more })
}

const bound = (path: string, valueSet: string): Json => ({
  id: path,
  path,
  binding: { strength: 'required', valueSet },
})

const STATUS = 'Patient.maritalStatus'

beforeAll(async () => {
  const isA = [{ property: 'concept', op: 'is-a', value: 'M' }]
  const include = (what: string, compose: Json): Json => ({
    resourceType: 'ValueSet',
    url: url(what),
    status: 'active',
    compose: { include: [compose] },
  })
  await make(include('filters', { system: MARITAL, filter: isA }))
  await make(include('includes', { valueSet: [`${R4}ValueSet/marital-status`] }))
  await make(include('genders', { system: `${R4}administrative-gender` }))
  await make(definition('Filters', [bound(STATUS, url('filters'))]))
  await make(definition('Includes', [bound(STATUS, url('includes'))]))
  await make(definition('Genders', [bound('Patient.language', url('genders'))]))
  await make(definition('OfR4', [bound(STATUS, `${R4}ValueSet/marital-status|4.0.1`)]))
  await make(definition('OfNobody', [bound(STATUS, url('nowhere'))]))
  await make(definition('BySyntax', [bound('Patient.language', `${R4}ValueSet/languages`)]))
  const element = [
    {
      id: 'Patient',
      path: 'Patient',
      min: 0,
      max: '*',
      base: { path: 'Patient', min: 0, max: '*' },
      definition: 'x',
    },
    ...[STATUS, 'Patient.gender'].map((path) => ({
      min: 0,
      max: '1',
      base: { path, min: 0, max: '1' },
      definition: 'x',
      type: [{ code: path === STATUS ? 'CodeableConcept' : 'code' }],
      ...bound(path, `${R4}ValueSet/${path === STATUS ? 'marital-status' : 'administrative-gender'}`),
    })),
  ]
  const { differential: _, ...whole } = definition('Snapshot', [], { snapshot: { element } })
  await make(whole)
})

const married = (code: string, system = MARITAL): Json => ({ maritalStatus: { coding: [{ system, code }] } })

async function found(what: string, more: Json): Promise<string> {
  const body = { resourceType: 'Patient', ...more }
  const answer = await ask('POST', `/Patient/$validate?profile=${url(what)}`, { body })
  expect(answer.status, answer.text).toBe(200)
  const issues = answer.json['issue'] as readonly { severity: string; code: string; expression?: string[] }[]
  return issues
    .filter(({ code }) => code !== 'invariant' && code !== 'informational')
    .map(({ severity, code, expression = [] }) => [severity, code, ...expression].join(' '))
    .join(', ')
}

it.each([
  ['OfR4', married('M'), ''],
  ['OfR4', married('nothing'), `error code-invalid ${STATUS}, warning code-invalid ${STATUS}.coding[0].code`],
  ['OfR4', married('M', 'http://example.org/other'), `error code-invalid ${STATUS}`],
  ['OfNobody', married('M'), 'warning not-supported'],
  ['BySyntax', { language: 'en-GB' }, ''],
  ['Filters', married('M'), ''],
  ['Filters', married('D'), `error code-invalid ${STATUS}`],
  ['Includes', married('D'), ''],
  ['Includes', married('D', 'http://example.org/other'), `error code-invalid ${STATUS}`],
  ['Genders', { language: 'male' }, ''],
  ['Genders', { language: 'en' }, 'error code-invalid Patient.language'],
  ['Snapshot', married('M'), ''],
  ['Snapshot', married('x', 'http://example.org/other'), `error code-invalid ${STATUS}`],
  ['Snapshot', { gender: 'x' }, 'error code-invalid Patient.gender'],
])('%s: %j', async (what, patient, expected) => {
  expect(await found(what, patient)).toBe(expected)
})
