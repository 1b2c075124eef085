import { beforeAll, expect, it } from 'vitest'

import { fresh, hubForFile, profileOn } from './fhir-peer.ts'
import type { Json } from './fhir-peer.ts'

const { ask, make } = hubForFile()
const name = fresh()
const url = (what: string): string => `http://example.org/${name}/${what}`
const R4 = 'http://hl7.org/fhir/StructureDefinition/'
const R4_GENDERS = 'http://hl7.org/fhir/ValueSet/administrative-gender'
const TYPES = 'http://example.org/types'
const PATIENT: Json = {
  resourceType: 'Patient',
  identifier: [{ type: { coding: [{ system: TYPES, code: 'MRN' }] }, value: '1' }],
  name: [{ family: 'A' }],
  birthDate: '1970-01-01',
  extension: [{ url: url('shade'), valueCode: 'red' }],
}

async function profile(what: string, type: string, more: Json): Promise<void> {
  const kind = type === 'Extension' ? 'complex-type' : 'resource'
  await make(profileOn(type, url(what), { kind, ...more }))
}

/** An element by its id. */
const at = (id: string, more: Json): Json => ({ id, path: id.replaceAll(/:\w+/g, ''), ...more })

const differential = (...element: readonly Json[]): Json => ({ differential: { element } })

const whole = (id: string, min: number, code: string): Json => {
  const base = { path: id, min: 0, max: '1' }
  return at(id, { min, max: '1', base, definition: 'x', ...(code === '' ? {} : { type: [{ code }] }) })
}

const SHADE = differential(
  at('Extension.url', { fixedUri: url('shade') }),
  at('Extension.value[x]', {
    min: 1,
    type: [{ code: 'code' }],
    binding: { strength: 'required', valueSet: url('shades') },
  }),
)

const NONE_YET = differential(at('Observation.note', { min: 1 }))

const OWN = differential(
  at('Patient', {
    constraint: [
      { key: 'own-1', severity: 'error', human: 'A name has a family', expression: 'name.family.exists()' },
      { key: 'own-2', severity: 'error', human: 'Too much', expression: 'name.family.matches("x").not()' },
    ],
  }),
  at('Patient.identifier', {
    slicing: { discriminator: [{ type: 'pattern', path: 'type' }], rules: 'open' },
    min: 1,
  }),
  at('Patient.identifier:mrn', { sliceName: 'mrn', min: 1, max: '1' }),
  at('Patient.identifier:mrn.type', {
    patternCodeableConcept: { coding: [{ system: TYPES, code: 'MRN' }] },
  }),
  at('Patient.identifier:mrn.value', { min: 1, maxLength: 5 }),
  at('Patient.photo', { max: '0' }),
  at('Patient.deceased[x]', { type: [{ code: 'boolean' }] }),
  at('Patient.extension:shade', {
    sliceName: 'shade',
    min: 1,
    max: '1',
    type: [{ code: 'Extension', profile: [url('shade')] }],
  }),
)

beforeAll(async () => {
  const concept = [{ code: 'red' }, { code: 'blue' }]
  const compose = { include: [{ system: url('colours'), concept }] }
  await make({ resourceType: 'ValueSet', status: 'active', url: url('shades'), compose })
  const context = [{ type: 'element', expression: 'Patient' }]
  await profile('shade', 'Extension', { context, ...SHADE })
  await profile('patient', 'Patient', OWN)
  await profile('born', 'Patient', {
    baseDefinition: url('patient'),
    ...differential(at('Patient.birthDate', { min: 1 })),
  })
  await profile('pulse', 'Observation', {
    baseDefinition: `${R4}heartrate`,
    ...differential(at('Observation.method', { min: 1 })),
  })
  const element = [
    at('Patient', { min: 0, max: '*', base: { path: 'Patient', min: 0, max: '*' }, definition: 'x' }),
    whole('Patient.link', 0, 'BackboneElement'),
    whole('Patient.link.other', 1, 'Reference'),
    { ...whole('Patient.gender', 1, 'code'), binding: { strength: 'required', valueSet: R4_GENDERS } },
  ]
  await profile('whole', 'Patient', { baseDefinition: url('not-here'), snapshot: { element } })
  const named = differential(at('Patient.name', { min: 1 }))
  await profile('circle', 'Patient', { baseDefinition: url('circle'), ...named })
  await profile('broken', 'Patient', differential(at('Patient.nothing', { min: 1 })))
})

interface Found {
  readonly severity: string
  readonly code: string
  readonly expression?: readonly string[]
  readonly details: { readonly text: string }
}

async function issues(what: string, resource: Json): Promise<readonly Found[]> {
  const answer = await ask(
    'POST',
    `/${String(resource['resourceType'])}/$validate?profile=${encodeURIComponent(url(what))}`,
    { body: resource },
  )
  expect(answer.status, answer.text.slice(0, 800)).toBe(200)
  return answer.json['issue'] as readonly Found[]
}

async function errors(what: string, resource: Json): Promise<readonly string[]> {
  return (await issues(what, resource))
    .filter(({ severity }) => severity === 'error')
    .map(({ code, expression }) => `${code} ${String(expression?.[0])}`)
}

it('checks against a profile that was posted with its differential alone', async () => {
  expect(await errors('patient', PATIENT)).toEqual([])
})

const { identifier: _identifier, name: _name, birthDate: _birthDate, ...bare } = PATIENT
const { extension: _extension, ...shadeless } = PATIENT

it.each<[string, Json, string]>([
  ['a slice that must be there', { ...PATIENT, identifier: [{ value: '1' }] }, 'required Patient.identifier'],
  [
    'two of a slice that is there once',
    { ...PATIENT, identifier: [PATIENT['identifier'], PATIENT['identifier']].flat() },
    'structure Patient.identifier',
  ],
  [
    'a value of a slice that is too long',
    { ...PATIENT, identifier: [{ ...(PATIENT['identifier'] as Json[])[0], value: '123456' }] },
    'too-long Patient.identifier[0].value',
  ],
  ['an element that is not allowed', { ...PATIENT, photo: [{ title: 'x' }] }, 'structure Patient.photo'],
  ['another type of a choice', { ...PATIENT, deceasedDateTime: '2020' }, 'structure Patient.deceased'],
  ['a rule', { ...PATIENT, name: [{ text: 'A' }] }, 'invariant Patient'],
  ['an extension that must be there', shadeless, 'required Patient.extension'],
  [
    'a code of an extension that is in no set',
    { ...PATIENT, extension: [{ url: url('shade'), valueCode: 'green' }] },
    'code-invalid Patient.extension[0].value',
  ],
  [
    'a type of an extension',
    { ...PATIENT, extension: [{ url: url('shade'), valueString: 'red' }] },
    'structure Patient.extension[0].value',
  ],
])('finds %s', async (_what, resource, issue) => {
  expect(await errors('patient', resource)).toEqual([issue])
})

it('says which rules are beyond it', async () => {
  const texts = (await issues('patient', PATIENT)).map(({ details }) => details.text)
  expect(texts).toContain('These rules of the profile are not checked: own-2')
})

it('checks the profiles below a profile, posted or its own', async () => {
  expect(await errors('born', PATIENT)).toEqual([])
  expect(await errors('born', bare)).toEqual(
    expect.arrayContaining([
      'required Patient.birthDate',
      'required Patient.identifier',
      'invariant Patient',
    ]),
  )
  const pulse = { resourceType: 'Observation', status: 'final', code: { text: 'x' } }
  const found = await errors('pulse', pulse)
  expect(found).toContain('required Observation.method')
  expect(found).toContain('required Observation.subject')
})

it('takes the snapshot where the base is not here, and says once what is missing', async () => {
  const female = { ...PATIENT, gender: 'female' }
  expect(await errors('whole', female)).toEqual([])
  const texts = (await issues('whole', female)).map(({ details }) => details.text)
  expect(texts.join()).not.toContain('not checked')
  const linked = { ...PATIENT, link: [{ type: 'seealso' }] }
  expect(await errors('whole', linked)).toEqual(['required Patient.link[0].other', 'required Patient.gender'])
})

it('checks what a resource claims, and knows a version from another', async () => {
  const claim = (canonical: string): Json => ({ ...bare, meta: { profile: [canonical] } })
  const body = claim(url('patient'))
  const claimed = await ask('POST', '/Patient/$validate', { body })
  expect(claimed.text).toContain('required')
  const other = await ask('POST', '/Patient/$validate', { body: claim(`${url('patient')}|9`) })
  expect(other.text).toContain('does not hold the profile')
})

it('checks against the version that is asked for, or says that it is not here', async () => {
  await profile('edition', 'Patient', { version: '1', ...differential(at('Patient.gender', { min: 1 })) })
  await profile('edition', 'Patient', { version: '2', ...differential(at('Patient.photo', { min: 1 })) })
  // A version of R4's own profile that the hub did not bring along.
  await make({ ...profileOn('Observation', `${R4}vitalsigns`, NONE_YET), version: '9' })
  expect(await errors('edition|1', PATIENT)).toEqual(['required Patient.gender'])
  expect(await errors('edition|2', PATIENT)).toEqual(['required Patient.photo'])
  expect(await errors('edition|3', PATIENT)).toEqual(['not-found Patient'])
  const pulse = { resourceType: 'Observation', status: 'final', code: { text: 'x' } }
  const asked = async (version: string): Promise<string> => {
    const profiles = encodeURIComponent(`${R4}vitalsigns|${version}`)
    return (await ask('POST', `/Observation/$validate?profile=${profiles}`, { body: pulse })).text
  }
  expect(await asked('9')).toContain('Observation.note')
  expect(await asked('4.0.1')).toContain('Observation.category')
  expect(await asked('8')).toContain('does not hold the profile')
})

it('says of a profile that cannot be used why', async () => {
  for (const what of ['circle', 'broken']) {
    const found = await issues(what, PATIENT)
    expect(found[0]).toMatchObject({ severity: 'error', code: 'not-found' })
    expect(found.at(-1)?.details.text).toContain(`${url(what)} cannot be used`)
  }
})
