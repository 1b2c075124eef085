import { describe, expect, it } from 'vitest'

import type { JsonObject } from '../../kernel/json.ts'
import { loadDefinitions } from '../load-definitions.ts'

const definitions = loadDefinitions()
const R4 = 'http://hl7.org/fhir/StructureDefinition/'

/** Issues by severity, code and element. */
async function found(
  resource: JsonObject & { readonly resourceType: string },
  warnings = false,
): Promise<readonly string[]> {
  const module = await definitions.load(resource.resourceType)
  if (!module) throw new Error('no such type')
  return module
    .validate(resource, 20, { warnings })
    .map(({ severity, code, at }) => `${severity} ${code} ${at}`)
}

const birthPlace = { url: `${R4}patient-birthPlace`, valueAddress: { city: 'Juba' } }
const birthTime = { url: `${R4}patient-birthTime`, valueDateTime: '1980-05-17T10:00:00Z' }
const patient = (more: JsonObject) => ({ resourceType: 'Patient', ...more })

const part = (url: string, value: JsonObject) => ({ url, ...value })
const nationality = (...extension: JsonObject[]) =>
  patient({ extension: [{ url: `${R4}patient-nationality`, extension }] })
const geolocation = (...extension: JsonObject[]) =>
  patient({ address: [{ city: 'Wau', extension: [{ url: `${R4}geolocation`, extension }] }] })

describe("R4's own extensions", () => {
  it('are taken where their definitions put them: types, paths, data types, every element', async () => {
    const resource = patient({
      extension: [birthPlace],
      birthDate: '1980-05-17',
      _birthDate: { extension: [birthTime] },
      name: [
        {
          family: 'Ng',
          _family: { extension: [{ url: `${R4}humanname-own-name`, valueString: 'Ng' }] },
          extension: [{ url: `${R4}data-absent-reason`, valueCode: 'masked' }],
        },
      ],
      contained: [patient({ id: 'p', extension: [birthPlace] })],
      link: [{ other: { reference: '#p' }, type: 'seealso' }],
    })
    expect(await found(resource)).toEqual([])
    const entry = [{ fullUrl: 'http://a/Patient/a', resource }]
    expect(await found({ resourceType: 'Bundle', type: 'collection', entry })).toEqual([])
  })

  it('are refused where they mean nothing', async () => {
    expect(await found(patient({ extension: [birthTime] }))).toEqual(['error extension Patient.extension[0]'])
    const organization = { resourceType: 'Organization', name: 'X', extension: [birthPlace] }
    expect(await found(organization)).toEqual(['error extension Organization.extension[0]'])
    const contained = [{ resourceType: 'Practitioner', id: 'p', extension: [birthPlace] }]
    expect(await found(patient({ contained, generalPractitioner: [{ reference: '#p' }] }))).toEqual([
      'error extension Patient.contained[0].extension[0]',
    ])
  })

  it('have a value of their types, or none', async () => {
    const text = { url: birthPlace.url, valueString: 'Juba' }
    expect(await found(patient({ extension: [text] }))).toEqual([
      'error extension Patient.extension[0].value',
    ])
    const parts = { url: `${R4}patient-nationality`, valueString: 'South Sudan' }
    expect(await found(patient({ extension: [parts] }))).toEqual([
      'error extension Patient.extension[0].value',
    ])
  })

  it('are modifiers where they are defined so', async () => {
    expect(await found(patient({ modifierExtension: [birthPlace] }))).toEqual([
      'error extension Patient.modifierExtension[0].url',
    ])
  })
})

describe("the places of R4's own extensions", () => {
  it("are also those of R4's own resources and of their later definitions", async () => {
    const normative = [{ url: `${R4}structuredefinition-normative-version`, valueCode: '4.0.0' }]
    const comment = [{ url: `${R4}valueset-concept-comments`, valueString: 'x' }]
    const concept = [{ code: 'a', extension: comment }]
    const codes = { resourceType: 'CodeSystem', status: 'draft', content: 'complete', concept }
    expect(await found({ ...codes, extension: normative })).toEqual([])
    const expectation = [{ url: `${R4}capabilitystatement-expectation`, valueCode: 'SHOULD' }]
    const resource = [{ type: 'Patient', extension: expectation }]
    const statement = {
      resourceType: 'CapabilityStatement',
      status: 'draft',
      date: '2026-11-30',
      kind: 'requirements',
      description: 'x',
      fhirVersion: '4.0.1',
      format: ['json'],
      _format: [{ extension: expectation }],
      rest: [{ mode: 'server', resource }],
    }
    expect(await found(statement)).toEqual([])
  })
})

it('stand in the examples of profiles as they stand in what these describe', async () => {
  const street = { url: `${R4}iso21090-ADXP-streetName`, valueString: 'x' }
  const element = (more: JsonObject) => ({
    resourceType: 'StructureDefinition',
    url: 'http://example.org/a',
    name: 'A',
    status: 'draft',
    kind: 'complex-type',
    abstract: false,
    type: 'Address',
    derivation: 'constraint',
    baseDefinition: `${R4}Address`,
    differential: { element: [{ id: 'Address.line', path: 'Address.line', ...more }] },
  })
  const example = [{ label: 'x', valueString: 'x 1', _valueString: { extension: [street] } }]
  expect(await found(element({ example }))).toEqual([])
  expect(await found(element({ patternAddress: { extension: [street], city: 'x' } }))).toEqual([])
  expect(await found(element({ extension: [street] }))).toHaveLength(1)
})

describe('extensions that nobody has defined', () => {
  it('are not judged', async () => {
    const own = { url: 'http://example.org/own', valueString: 'x' }
    const unknown = { url: `${R4}not-of-r4`, valueString: 'x' }
    expect(await found(patient({ extension: [own, unknown] }))).toEqual([])
  })

  it('are told of in a validation when R4 does not know them, as unknown modifiers are', async () => {
    const own = { url: 'http://example.org/own', valueString: 'x' }
    const unknown = { url: `${R4}not-of-r4`, valueString: 'x' }
    const resource = patient({ extension: [own, unknown], modifierExtension: [own] })
    expect((await found(resource, true)).filter((issue) => issue.includes('extension'))).toEqual([
      'warning extension Patient.extension[1]',
      'warning extension Patient.modifierExtension[0]',
    ])
  })
})

describe('the parts of an extension', () => {
  const code = part('code', { valueCodeableConcept: { text: 'South Sudanese' } })
  const latitude = part('latitude', { valueDecimal: 7.7 })

  it('are taken as they are defined', async () => {
    const period = part('period', { valuePeriod: { start: '2011-07-09' } })
    const foreign = part('http://example.org/part', { valueString: 'x' })
    expect(await found(nationality(code, period, foreign))).toEqual([])
    expect(await found(geolocation(latitude, part('longitude', { valueDecimal: 28 })))).toEqual([])
  })

  it.each([
    [
      'with an unknown name',
      nationality(part('since', { valueDate: '2011' })),
      'error extension Patient.extension[0].extension[0].url',
    ],
    [
      'of another type',
      nationality(part('code', { valueString: 'x' })),
      'error structure Patient.extension[0].extension[0].value',
    ],
    ['twice', nationality(code, code), 'error structure Patient.extension[0].extension'],
    ['that are missing', geolocation(latitude), 'error required Patient.address[0].extension[0].extension'],
  ])('are refused %s', async (_, resource, issue) => {
    expect(await found(resource)).toEqual([issue])
  })

  it('and values have a code of the required value set', async () => {
    const reason = { url: `${R4}data-absent-reason`, valueCode: 'lost' }
    expect(await found(patient({ _birthDate: { extension: [reason] } }))).toEqual([
      'error code-invalid Patient.birthDate.extension[0].value',
    ])
  })
})

describe('an extension of fhir-profiles', () => {
  const url = 'https://mogran.org/fhir/StructureDefinition/contact-channel'

  it('is checked wherever it stands', async () => {
    const reached = (channel: JsonObject) => patient({ extension: [{ url, ...channel }] })
    expect(await found(reached({ valueCode: 'sms' }))).toEqual([])
    expect(await found(reached({ valueCode: 'pigeon' }))).toEqual([
      'error code-invalid Patient.extension[0].value',
    ])
    expect(await found(reached({ valueString: 'sms' }))).toEqual([
      'error extension Patient.extension[0].value',
    ])
    expect(
      await found(patient({ name: [{ family: 'Ng', extension: [{ url, valueCode: 'sms' }] }] })),
    ).toEqual(['error extension Patient.name[0].extension[0]'])
  })
})
