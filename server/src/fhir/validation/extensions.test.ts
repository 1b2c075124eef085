import { describe, expect, it } from 'vitest'

import type { JsonObject } from '../../kernel/json.ts'
import { loadDefinitions } from '../load-definitions.ts'

const definitions = loadDefinitions()
const R4 = 'http://hl7.org/fhir/StructureDefinition/'

/** Issues by severity, code and element. */
async function found(resource: JsonObject & { readonly resourceType: string }): Promise<readonly string[]> {
  const module = await definitions.load(resource.resourceType)
  if (!module) throw new Error('no such type')
  return module.validate(resource, 20).map(({ severity, code, at }) => `${severity} ${code} ${at}`)
}

const birthPlace = { url: `${R4}patient-birthPlace`, valueAddress: { city: 'Juba' } }
const birthTime = { url: `${R4}patient-birthTime`, valueDateTime: '1980-05-17T10:00:00Z' }
const patient = (more: JsonObject) => ({ resourceType: 'Patient', ...more })

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
    const entry = [{ resource: resource }]
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

  it('are the only ones that are judged', async () => {
    const own = { url: 'http://example.org/own', valueString: 'x' }
    const unknown = { url: `${R4}not-of-r4`, valueString: 'x' }
    expect(await found(patient({ extension: [own, unknown] }))).toEqual([])
  })
})
