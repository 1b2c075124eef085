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
