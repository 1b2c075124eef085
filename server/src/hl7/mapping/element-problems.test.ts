import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { loadDefinitions } from '../../fhir/load-definitions.ts'
import { elementProblems } from './element-problems.ts'
import { loadRules } from './rules/load.ts'
import type { ImageRule, LinkRule, Row, RuleFiles } from './rules/rules.ts'

const MAPPINGS = fileURLToPath(new URL('../../../../mappings/', import.meta.url))
const elements = loadDefinitions().elements()
const files = (await loadRules(MAPPINGS)).files([])

const VISIT = files.images.get('encounter') as ImageRule

function problemsOf({ rows = [], links = [] }: { rows?: readonly Row[]; links?: readonly LinkRule[] }) {
  const changed: RuleFiles = {
    ...files,
    segments: new Map([...files.segments, ['PV1.Encounter', { segment: 'PV1', type: 'Encounter', rows }]]),
    images: new Map([...files.images, ['encounter', { ...VISIT, links }]]),
  }
  return elementProblems(changed, elements)
}

it('finds nothing wrong with the rules that the hub comes with', () => {
  expect(elementProblems(files, elements)).toEqual([])
})

const TEXT = { from: 'PV1-2' }

it.each<[string, Omit<Row, 'id'>, string]>([
  [
    'an element that R4 does not have',
    { to: 'lenght', const: {} },
    'R4 has no element "lenght" in Encounter: did you mean length?',
  ],
  [
    'a choice without its type',
    { to: 'extension[+].value', const: 'x' },
    'R4 has no element "value" in Extension',
  ],
  ['an element of a text', { to: 'status.code', ...TEXT }, 'a code has no elements, "code" neither'],
  ['a list written as one value', { to: 'reasonCode', const: {} }, '"reasonCode" is a list'],
  ['a way through a list', { to: 'participant.period.start', ...TEXT }, '"participant.period.start" leads'],
  ['a place in what is no list', { to: 'class[0]', const: {} }, '"class" of Encounter is no list'],
  ['a text where an object belongs', { to: 'class', ...TEXT }, '"class" is a Coding: its elements need'],
  ['an object where a text belongs', { to: 'status', ...TEXT, type: 'CWE.Coding' }, '"status" is a code'],
  [
    'a coding where a concept belongs',
    { to: 'type[0]', ...TEXT, table: 'encounterClass', as: 'coding' },
    '"type[0]" is a CodeableConcept, not a Coding',
  ],
  [
    'a reference where none belongs',
    { to: 'period', ...TEXT, refer: 'XCN.Practitioner' },
    '"period" is no ref',
  ],
  ['a constant of another shape', { to: 'class', const: 'IMP' }, 'the constant is no Coding'],
  [
    'an element inside of a constant',
    { to: 'class', const: { codes: 'IMP' } },
    'R4 has no element "codes" in Coding',
  ],
  ['a list inside of a constant', { to: 'type[0]', const: { coding: {} } }, '"coding" is a list'],
  [
    'an element to delete',
    { to: 'reasonCodes', clear: true },
    'R4 has no element "reasonCodes" in Encounter',
  ],
])('tells of %s', (_, row, problem) => {
  expect(problemsOf({ rows: [{ id: 'own', ...row }] })).toEqual([
    expect.stringContaining(`segments/PV1.Encounter.yaml: row own: ${problem}`),
  ])
})

it('looks into rows inside of rows, and into maps of data types by what they fill', () => {
  const inner: Row = { id: 'inner', from: '$this', to: 'kode' }
  const rows = [
    { id: 'class', ...TEXT, to: 'class', rows: [inner] },
    { id: 'period', ...TEXT, to: 'period', type: 'XPN.HumanName' },
  ]
  const problems = problemsOf({ rows })
  expect(problems[0]).toContain('row inner: R4 has no element "kode" in Coding: did you mean code?')
  expect(problems).toContainEqual(
    expect.stringContaining('datatypes/XPN.HumanName.yaml: row XPN.1: R4 has no element "family" in Period'),
  )
})

it('tells of links to what is no reference, and of what stands beside one', () => {
  const rows: Row[] = [{ id: 'role', from: 'DG1-6', to: 'role' }]
  const problems = problemsOf({
    links: [
      { id: 'own', to: 'status', image: 'patient' },
      { id: 'diagnosis', to: 'diagnosis[+].condition', image: 'condition', rows },
    ],
  })
  expect(problems).toEqual([
    'images/encounter.yaml: link own: "status" is no reference',
    expect.stringContaining(
      'images/encounter.yaml: row role: R4 has no element "role" in Encounter.diagnosis',
    ),
  ])
})

it('lets what is deleted be named without place and type, and extensions of texts be written', () => {
  const rows: Row[] = [
    { id: 'url', to: 'url', const: 'urn:x' },
    { id: 'value', from: '$this', to: 'valueString' },
  ]
  const problems = problemsOf({
    rows: [
      { id: 'gone', to: 'participant', clear: true },
      { id: 'said', from: 'PV1-51', to: 'reasonCode', warn: 'not yet' },
      { id: 'why', from: 'PV1-52', to: '_status.extension[0]', rows },
      { id: 'inside', to: 'contained[+]', const: { resourceType: 'Basic', anything: 1 } },
      { id: 'list', to: 'type', const: [{ coding: [{ code: 'x' }] }] },
    ],
  })
  expect(problems).toEqual([])
})
