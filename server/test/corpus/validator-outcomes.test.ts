import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { parseObject } from '../../src/fhir/json/parse.ts'
import { loadDefinitions } from '../../src/fhir/load-definitions.ts'
import { Fault } from '../../src/kernel/fault.ts'

const FOLDER = join(import.meta.dirname, '../../../../shared/corpus/fhir/fhir-test-cases/validator-r4-base')

/** Whole modules of the suite that need what the hub does not have. */
const MODULE_NEEDS: Readonly<Record<string, string>> = {
  questionnaire: 'the Questionnaire of a response, or its terminology',
  tx: 'a terminology server',
  'tx-advanced': 'a terminology server',
  measure: 'the Measure of a report',
}

/** Cases whose recorded outcome needs something that R4's own definitions do not have. */
const CASE_NEEDS: Readonly<Record<string, string>> = {
  'fixed-quantity-binding-observation': 'a profile of its package',
  'patient-ig-bad': 'a profile of its package',
  'bundle-conformsto': 'a profile of its package',
  ai5: 'a profile of its package',
  ai6: 'a profile of its package',
  'pat-dob-ext': 'a definition of its extension',
  'target-ref-profile-empty': 'a definition of its extension',
  'pat-example-extensions': 'a definition of its extension',
  'uuid-extension': 'a definition of its extension',
  'ext-xver-modifier-2': 'the cross-version extension package',
  'maiden-name-extension': 'the extension package of 5.3.0',
  'ext-derived': 'the base profile of its package',
  'ext-derived-circle': 'the base profile of its package',
  'obs-mz': 'a snapshot made from the differential',
  'StructureDefinition-Slice23': 'a snapshot made from the differential',
  'sdoh-type-slice': 'terminology (LOINC displays)',
  'uk-msg': 'terminology (SNOMED CT)',
  PulseOxBundle_25Oct2022: 'terminology (LOINC displays)',
  'ips-nz-pj': 'terminology (LOINC displays)',
  'bundle-with-contained': 'terminology (LOINC displays)',
  'bundle-enrl': 'profiles of its package',
  'bundle-id-5': 'terminology (CVX displays)',
}

/** Where the hub decides otherwise than the recorded outcome, and why. */
const DISAGREED: Readonly<Record<string, string>> = {
  'dr-example-org': 'addresses of example.org are data like any other',
  'pat-security-bad-string': 'R4 lets a string hold "<"; whoever shows it must escape it',
  'bad-markdown-no-html': 'R4 lets markdown hold "<"',
  'parameters-reference-bad': 'whether a reference has a target is a question of existence',
  'mr-covid-bnd1': 'a relative code system is unwise, not an error in R4',
  'obs-temp-bad': 'a vital sign that does not name its profile is told what it lacks, not refused',
  'ab-list-slicing': 'links within a narrative are not followed',
  'encounter-period': 'a period whose precisions differ and overlap is not the wrong way round',
  'contained-resource-bad-id-ignore': 'an id of 65 characters is wrong wherever it stands',
  'ref-policy-default-r4': 'a malformed urn:uuid can refer to nothing',
  'ref-policy-default-apply-r5': 'a malformed urn:uuid can refer to nothing',
}

interface Case {
  readonly name: string
  readonly module: string
  readonly file: string
  readonly expectedErrorCount: number
  readonly needsPackages: boolean
}

describe('the recorded outcomes of the official validator', () => {
  it.skipIf(!existsSync(FOLDER))('are ours for over 90 % of the cases that need nothing else', async () => {
    const definitions = loadDefinitions()
    const cases = JSON.parse(readFileSync(join(FOLDER, 'index.json'), 'utf8')) as readonly Case[]
    const possible = cases.filter(
      ({ name, module, needsPackages }) =>
        !needsPackages && !Object.hasOwn(MODULE_NEEDS, module) && !Object.hasOwn(CASE_NEEDS, name),
    )
    const different: string[] = []
    for (const each of possible) {
      const hasErrors = await isRefused(readFileSync(join(FOLDER, each.file), 'utf8'))
      if (hasErrors !== each.expectedErrorCount > 0) different.push(each.name)
    }
    expect(different.toSorted()).toEqual(Object.keys(DISAGREED).toSorted())
    expect(possible.length).toBeGreaterThan(125)
    expect(1 - different.length / possible.length).toBeGreaterThan(0.9)

    async function isRefused(text: string): Promise<boolean> {
      try {
        const resource = parseObject(text)
        const { resourceType } = resource
        const module = typeof resourceType === 'string' ? await definitions.load(resourceType) : undefined
        return !module || module.validate(resource, 50, { text }).some(({ severity }) => severity === 'error')
      } catch (error) {
        if (error instanceof Fault) return true
        throw error
      }
    }
  })
})
