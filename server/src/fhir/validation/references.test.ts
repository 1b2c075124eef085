import { describe, expect, it } from 'vitest'

import type { JsonObject } from '../../kernel/json.ts'
import { loadDefinitions } from '../load-definitions.ts'

const definitions = loadDefinitions()

/** Issues of a Patient. */
async function found(more: JsonObject): Promise<readonly string[]> {
  const module = await definitions.load('Patient')
  if (!module) throw new Error('no such type')
  return module.validate({ resourceType: 'Patient', ...more }, 20).map(({ code, at }) => `${code} ${at}`)
}

const managed = (managingOrganization: JsonObject, ...contained: JsonObject[]) =>
  found(contained.length > 0 ? { contained, managingOrganization } : { managingOrganization })

const coverage = (type: JsonObject) => ({
  resourceType: 'Coverage',
  id: 'c',
  status: 'active',
  payor: [{ display: 'P' }],
  ...type,
})

describe('the type that a reference states', () => {
  it.each([
    { reference: 'Organization/1', type: 'Organization' },
    { reference: 'urn:uuid:0b7f6b5c-91b5-4f5e-8f6a-4a4f2c6f2f10', type: 'Organization' },
    { type: 'http://hl7.org/fhir/StructureDefinition/Organization', display: 'A' },
    { type: 'http://example.org/StructureDefinition/Ward', identifier: { value: '1' } },
    { reference: 'http://example.org/api/Clinic/1', type: 'Organization' },
  ])('is taken: %j', async (reference) => {
    expect(await managed(reference)).toEqual([])
  })

  it.each([
    { type: 'Patient', identifier: { value: '1' } },
    { type: 'http://hl7.org/fhir/StructureDefinition/Patient', display: 'A' },
    { type: 'Hospital', display: 'A' },
    { reference: 'Organization/1', type: 'Patient' },
    { reference: 'http://example.org/fhir/Organization/1', type: 'Practitioner' },
  ])('is refused where it may not stand, or says otherwise than the reference: %j', async (reference) => {
    expect(await managed(reference)).toEqual(['value Patient.managingOrganization.type'])
  })
})

describe('references to contained resources', () => {
  const organization = { resourceType: 'Organization', id: 'o', name: 'O' }

  it('lead to a type that may stand there', async () => {
    expect(await managed({ reference: '#o' }, organization)).toEqual([])
    expect(await managed({ reference: '#o' }, { resourceType: 'Patient', id: 'o' })).toEqual([
      'value Patient.managingOrganization.reference',
    ])
    expect(await found({ contained: [coverage({ beneficiary: { reference: '#' } })] })).toEqual([])
    const policy = coverage({ beneficiary: { display: 'P' }, contract: [{ reference: '#' }] })
    expect(await found({ contained: [policy] })).toEqual(['value Patient.contained[0].contract[0].reference'])
  })

  it('lead to one: their ids differ', async () => {
    expect(await managed({ reference: '#o' }, organization, { ...organization, name: 'P' })).toEqual([
      'value Patient.contained[1].id',
    ])
  })
})

const patient = (reference: string) => ({ resourceType: 'Patient', managingOrganization: { reference } })

async function told(
  resource: JsonObject & { readonly resourceType: string },
  options: object,
): Promise<readonly string[]> {
  const module = await definitions.load(resource.resourceType)
  const text = JSON.stringify(resource)
  const issues = module?.validate(JSON.parse(text) as JsonObject, 20, { text, ...options }) ?? []
  return issues.flatMap(({ severity, code, at }) => (code === 'not-found' ? `${severity} ${String(at)}` : []))
}

describe('references to entries of a Bundle', () => {
  const A = 'urn:uuid:0b7f6b5c-91b5-4f5e-8f6a-4a4f2c6f2f10'
  const B = 'urn:oid:1.2.3'
  it.each([A, A.toUpperCase().replace('URN:UUID', 'urn:uuid'), B])(
    'warn where there is no Bundle: %s',
    async (urn) => {
      const expected = ['warning Patient.managingOrganization.reference']
      expect(await told(patient(urn), { stored: true })).toEqual(expected)
      expect(await told(patient(urn), { warnings: true })).toEqual(expected)
      expect(
        await told({ ...patient('Organization/1'), identifier: [{ value: urn }] }, { stored: true }),
      ).toEqual([])
    },
  )

  it('warn where no entry has the name', async () => {
    const bundle = (fullUrl: string) => ({
      resourceType: 'Bundle',
      type: 'collection',
      entry: [
        { fullUrl, resource: { resourceType: 'Organization', name: 'A' } },
        { fullUrl: 'urn:uuid:0b7f6b5c-91b5-4f5e-8f6a-4a4f2c6f2f11', resource: patient(A) },
      ],
    })
    expect(await told(bundle(A.toUpperCase().replace('URN:UUID', 'urn:uuid')), { warnings: true })).toEqual(
      [],
    )
    expect(await told(bundle('urn:uuid:0b7f6b5c-91b5-4f5e-8f6a-4a4f2c6f2f12'), { stored: true })).toEqual([
      'warning Bundle.entry[1].resource.managingOrganization.reference',
    ])
  })
})
