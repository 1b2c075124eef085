import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { loadDefinitions } from '../../src/fhir/load-definitions.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import { CORPUS } from './folder.ts'

type Resource = JsonObject & { readonly resourceType: string }

const FHIR = join(CORPUS, 'fhir')
const definitions = loadDefinitions()

/** Published examples that break R4 themselves, with the issue that they must be answered with. */
const WRONG: Readonly<Record<string, string>> = {
  'activitydefinition-example.json': 'structure ActivityDefinition.timing.event[0]',
  'activitydefinition-servicerequest-example.json': 'value ActivityDefinition.text.div',
  'activitydefinition-supplyrequest-example.json': 'value ActivityDefinition.text.div',
  'eventdefinition-example.json': 'value EventDefinition.text.div',
  'devicemetric-example.json': 'value DeviceMetric.parent.reference',
  'deviceusestatement-example.json': 'value DeviceUseStatement.reasonReference[0].reference',
  'observation-example-clinical-gender.json': 'value Observation.performer[0].reference',
  'diagnosticreport-hla-genetics-results-example.json':
    'extension Bundle.entry[0].resource.extension[1].extension[1].url',
  'diagnosticreport-example-lri.json': 'value Bundle.entry[1].fullUrl',
  'list-example-double-cousin-relationship-pedigree.json': 'code-invalid List.contained[5].age.code',
  'valueset-example-hierarchical.json': 'value ValueSet.compose.include[0].system',
  'diagnosticreport-cbc.json': 'required DiagnosticReport.text.div',
}

describe.each(['r4-spec-examples', 'us-core-examples', 'synthea-2019-smart', 'synthea-2021-blaze'])(
  'the examples of %s',
  (name) => {
    const folder = join(FHIR, name)

    it.skipIf(!existsSync(folder))(
      'are valid, and their keys can be extracted',
      { timeout: 120_000 },
      async () => {
        const wrong: string[] = []
        let checked = 0
        for (const { path, file, resource } of examples(folder)) {
          const module = await definitions.load(resource.resourceType)
          if (!module) continue
          checked++
          const issues = module
            .validate(resource, 10)
            .filter(({ severity }) => severity === 'error')
            .map(({ code, at }) => `${code} ${at}`)
          const expected = WRONG[file]
          if (expected === undefined) wrong.push(...issues.map((issue) => `${path}: ${issue}`))
          else if (!issues.includes(expected)) wrong.push(`${path}: without ${expected}`)
          const keys = module.extract(resource, { lastUpdated: 1, facilities: [], base: '' })
          const { id } = resource
          if (typeof id === 'string' && !keys.k.includes('_id:missing=false'))
            wrong.push(`${path}: without key for _id`)
        }
        expect(checked).toBeGreaterThan(20)
        expect(wrong).toEqual([])
      },
    )
  },
)

function* examples(folder: string): Generator<{ path: string; file: string; resource: Resource }> {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith('.json')) continue
    const path = join(entry.parentPath, entry.name)
    const resource = JSON.parse(readFileSync(path, 'utf8')) as Partial<Resource>
    if (typeof resource.resourceType === 'string')
      yield { path, file: entry.name, resource: resource as Resource }
  }
}
