import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { parseObject } from '../../src/fhir/json/parse.ts'
import { loadDefinitions } from '../../src/fhir/load-definitions.ts'
import { Fault } from '../../src/kernel/fault.ts'
import { CORPUS } from './folder.ts'

const FOLDER = join(CORPUS, 'fhir/fhir-test-cases/validator-r4-base')

const LOINC = 'the displays of LOINC'
const SNOMED = 'the codes of SNOMED CT'
const PROFILE = 'a profile of its package'
const EXTENSION = 'a definition of its extension'
const BASE = 'the base of its profile'
const ENGINE = 'a terminology engine that compiles what it defines'
const MEASURE = 'the Measure of its report'

/** Cases whose recorded errors need something that R4's own definitions do not have. Those of Questionnaires are left out as a whole. */
const NEEDS: Readonly<Record<string, string>> = {
  'fixed-quantity-binding-observation': PROFILE,
  'patient-ig-bad': PROFILE,
  'bundle-conformsto': PROFILE,
  ai5: PROFILE,
  ai6: PROFILE,
  'pat-dob-ext': EXTENSION,
  'target-ref-profile-empty': EXTENSION,
  'pat-example-extensions': EXTENSION,
  'uuid-extension': EXTENSION,
  'patient-with-turvakielto': EXTENSION,
  'obs-vs-1': EXTENSION,
  'ext-xver-modifier-2': 'the cross-version extension package',
  'ext-derived': BASE,
  'ext-derived-circle': BASE,
  'obs-mz': 'a snapshot made from the differential',
  'StructureDefinition-Slice23': 'a snapshot made from the differential',
  'sdoh-type-slice': LOINC,
  PulseOxBundle_25Oct2022: LOINC,
  'ips-nz-pj': LOINC,
  'uk-msg': SNOMED,
  'vs-bad-code': SNOMED,
  'obs-temp-code2': SNOMED,
  'mr-covid-m2': SNOMED,
  'bundle-id-5': 'the displays of CVX',
  cvx: 'the displays of CVX',
  cm: 'a value set of its package',
  'contract-binding-test': 'the codes of all systems, of weaker bindings too',
  'supplement-1': 'a code system beside it',
  'supplement-1a': 'a code system beside it',
  'supplement-1b': 'a code system beside it',
  'supplement-2': 'the codes of LOINC',
  'cs-bad-props': ENGINE,
  'vs-bad-props': ENGINE,
  'cs-filter-bad': ENGINE,
  'vs-filter-property-bad': ENGINE,
  'vs-filter-property-bad2': ENGINE,
  'vs-params-2': ENGINE,
  'vs-params-3': ENGINE,
  'vs-params-4': ENGINE,
  'vs-bad-ecl': 'the expression language of SNOMED CT',
  'vs-bad-ecl-us': 'the expression language of SNOMED CT',
  'cs-narrative-status-pub': "the rules of HL7's own publications",
  'mr-covid-mr1': MEASURE,
  'measure-report-ihe': MEASURE,
}

/** Where the hub decides otherwise than the recorded outcome, and why. */
const DISAGREED: Readonly<Record<string, string>> = {
  'dr-example-org': 'addresses of example.org are data like any other',
  'pat-security-bad-string': 'R4 lets a string hold "<"; whoever shows it must escape it',
  'bad-markdown-no-html': 'R4 lets markdown hold "<"',
  'parameters-reference-bad': 'whether a reference has a target is a question of existence',
  'obs-temp-bad': 'a vital sign that does not name its profile is told what it lacks, not refused',
  'ab-list-slicing': 'links within a narrative are not followed',
  'encounter-period': 'a day and a time within it are not the wrong way round: feeds send such periods',
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
        !needsPackages && module !== 'questionnaire' && !Object.hasOwn(NEEDS, name),
    )
    const different: string[] = []
    for (const each of possible) {
      const hasErrors = await isRefused(readFileSync(join(FOLDER, each.file), 'utf8'))
      if (hasErrors !== each.expectedErrorCount > 0) different.push(each.name)
    }
    expect(different.toSorted()).toEqual(Object.keys(DISAGREED).toSorted())
    expect(possible.length).toBeGreaterThan(154)
    expect(1 - different.length / possible.length).toBeGreaterThan(0.93)

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
