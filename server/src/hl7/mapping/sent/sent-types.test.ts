import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { rulesWith } from '../../../../test/rules-with.ts'
import { loadDefinitions } from '../../../fhir/load-definitions.ts'
import { createMapper } from '../mapper.ts'
import { outboundTypeProblems } from './sent-types.ts'

const MAPPINGS = fileURLToPath(new URL('../../../../../mappings/', import.meta.url))
const definitions = loadDefinitions()
const rest = 'segments: [{ segment: MSH, rows: [{ id: type, to: MSH-9.1, const: ADT }] }]\n'

it('finds nothing wrong with the types and elements that our own rules name', async () => {
  expect(await outboundTypeProblems((await createMapper(MAPPINGS)).outbound, definitions)).toEqual([])
})

it('names the place of a type, an element or a code that R4 does not have', async () => {
  const folder = await rulesWith({
    'outbound/Encounter.A.yaml': `type: Encounter\ndeleted: { statuss: entered-in-error }\n${rest}`,
    'outbound/Encounter.B.yaml': `type: Encounter\ndeleted: { status: gone }\n${rest}`,
    'outbound/Encounter.C.yaml': `type: Encounter\ndeleted: { status: [finished] }\n${rest}`,
    'outbound/Encounter.D.yaml': `type: Encounter\ncauses: { Coverag: [beneficiary] }\n${rest}`,
    'outbound/Encounter.E.yaml': `type: Encountr\ndeleted: { status: finished }\n${rest}`,
  })
  const { outbound } = await createMapper(folder)
  const problems = await outboundTypeProblems(outbound, definitions)
  expect(problems.map((problem) => problem.split(': ')[0])).toEqual([
    'outbound/Encounter.A.yaml deleted.statuss',
    'outbound/Encounter.B.yaml deleted.status',
    'outbound/Encounter.C.yaml deleted.status',
    'outbound/Encounter.D.yaml causes.Coverag',
    'outbound/Encounter.E.yaml type',
  ])
  expect(problems[0]).toContain('did you mean status?')
})
