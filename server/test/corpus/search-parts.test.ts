import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { evalFhirPath, evalFhirPathTyped, toTypedValue } from '@medplum/core'
import { expect, it } from 'vitest'

import type { TypeModule } from '../../src/fhir/definitions.ts'
import { readCorrections } from '../../src/fhir/generate/corrections.ts'
import { definitionsFolder, readSpecification } from '../../src/fhir/generate/specification.ts'
import type { SearchParameter } from '../../src/fhir/generate/specification.ts'
import { loadDefinitions } from '../../src/fhir/load-definitions.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import type { SearchKeys } from '../../src/store/keys.ts'
import { expectedKeys, isPresent, outsideOf } from './expected-keys.ts'
import { CORPUS } from './folder.ts'

type Resource = JsonObject & { readonly resourceType: string }

const FOLDER = join(CORPUS, 'fhir/r4-spec-examples')
const definitions = loadDefinitions()
const corrections = readCorrections()
const { searchParameters } = readSpecification(definitionsFolder(), corrections)
const composites = searchParameters.filter(({ type }) => type === 'composite')

interface Part {
  readonly code: string
  readonly type: string
  readonly values: readonly unknown[]
}

/** What the interpreter finds for each part in one element. */
function partsIn(
  element: unknown,
  { id, component = [] }: SearchParameter,
  resource: Resource,
): readonly Part[] {
  const corrected = corrections.partExpressions[id]?.expressions
  return component.map(({ definition, expression }, index) => {
    const known = searchParameters.find(({ url }) => url === definition)
    if (!known) throw new Error(`${definition} is no parameter`)
    const found = evalFhirPathTyped(corrected?.[index] ?? expression, [toTypedValue(element)], {
      '%resource': toTypedValue(resource),
    })
    return { code: known.code, type: known.type, values: found.map(({ value }) => value as unknown) }
  })
}

/** The elements of a resource that have a value for every part of a composite. */
function elementsIn(
  resource: Resource,
): readonly { readonly code: string; readonly parts: readonly Part[] }[] {
  const own = composites.filter(({ base }) => base.includes(resource.resourceType))
  const all = own.flatMap((composite) =>
    evalFhirPath(composite.expression ?? '', resource).map((element) => ({
      code: composite.code,
      parts: partsIn(element, composite, resource),
    })),
  )
  return all.filter(({ parts }) => parts.every(({ values }) => values.length > 0))
}

function holds(keys: SearchKeys, { code, type, values }: Part): boolean {
  if (type === 'quantity' || type === 'number') return outsideOf(keys, code, values).length === 0
  return isPresent(keys, code) && expectedKeys(code, type, values).every((key) => keys.k.includes(key))
}

function keysOf(module: TypeModule, resource: Resource, code: string): readonly SearchKeys[] {
  const isRepeating = module.params.find((param) => param.code === code)?.perElement === true
  return isRepeating
    ? module.elements(resource, code, '')
    : [module.extract(resource, { lastUpdated: 1, facilities: [], base: '' })]
}

it.skipIf(!existsSync(FOLDER))(
  'the parts of composites are those that an interpreter of FHIRPath finds, element by element',
  { timeout: 300_000 },
  async () => {
    const differences: string[] = []
    let compared = 0
    for (const file of readdirSync(FOLDER)) {
      const resource = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Resource
      const module = await definitions.load(resource.resourceType)
      if (!module) continue
      for (const { code, parts } of elementsIn(resource)) {
        compared++
        const ours = keysOf(module, resource, code)
        if (!ours.some((keys) => parts.every((part) => holds(keys, part))))
          differences.push(`${file} ${code}: ${JSON.stringify(parts).slice(0, 300)}`)
      }
    }
    expect(differences).toEqual([])
    expect(compared).toBeGreaterThan(100)
  },
)
