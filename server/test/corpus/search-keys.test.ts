import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { evalFhirPath } from '@medplum/core'
import { expect, it } from 'vitest'

import { readCorrections } from '../../src/fhir/generate/corrections.ts'
import { definitionsFolder, readSpecification } from '../../src/fhir/generate/specification.ts'
import { loadDefinitions } from '../../src/fhir/load-definitions.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import { expectedKeys, isPresent, outsideOf } from './expected-keys.ts'
import { CORPUS } from './folder.ts'

type Resource = JsonObject & { readonly resourceType: string }

const FOLDER = join(CORPUS, 'fhir/r4-spec-examples')
const definitions = loadDefinitions()
const parameters = readSpecification(definitionsFolder(), readCorrections()).searchParameters.filter(
  // The store finds a resource by its own id and its last change without keys.
  ({ type, code }) => type !== 'composite' && type !== 'special' && code !== '_id' && code !== '_lastUpdated',
)

// A second opinion: @medplum/core interprets the same expressions on the same resources.
it.skipIf(!existsSync(FOLDER))(
  'finds what an interpreter of FHIRPath finds',
  { timeout: 300_000 },
  async () => {
    const differences: string[] = []
    let compared = 0
    let amounts = 0
    for (const file of readdirSync(FOLDER)) {
      const resource = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Resource
      const type = resource.resourceType
      const module = await definitions.load(type)
      if (!module) continue
      const keys = module.extract(resource, { lastUpdated: 1, facilities: [], base: '' })
      for (const param of parametersOf(type)) {
        compared++
        // The interpreter does not take Resource for the name of a resource's own type.
        const expression = (param.expression ?? '').replace(/^Resource\./, '')
        const values = evalFhirPath(expression, resource)
        const missing = expectedKeys(param.code, param.type, values).filter((key) => !keys.k.includes(key))
        differences.push(...missing.map((key) => `${file} lacks ${key}`))
        if (param.type === 'quantity' || param.type === 'number') {
          const outside = outsideOf(keys, param.code, values)
          amounts += values.length
          differences.push(...outside.map((value) => `${file} ${param.code} lacks ${JSON.stringify(value)}`))
        }
        // The interpreter resolves neither references to contained resources nor absolute ones.
        const blind = expression.includes('resolve()') && values.length === 0
        if (!blind && isPresent(keys, param.code) !== values.length > 0)
          differences.push(`${file} ${param.code}: the interpreter finds ${values.length}`)
      }
    }
    expect(compared).toBeGreaterThan(5000)
    expect(amounts).toBeGreaterThan(50)
    expect(differences).toEqual([])
  },
)

function parametersOf(type: string) {
  return parameters.filter(({ base }) =>
    base.some((each) => each === type || each === 'Resource' || each === 'DomainResource'),
  )
}
