import { expect, it } from 'vitest'

import { textOf, treeOf } from '../json/tree.ts'
import { loadDefinitions } from '../load-definitions.ts'
import { applyFhirPatch, readFhirPatch } from './fhir-patch.ts'

const table = loadDefinitions().elements()

type Parts = Readonly<Record<string, unknown>>

function operation(parts: Parts): object {
  const part = Object.entries(parts).map(([name, value]) => {
    if (name === 'value') return Object.assign({ name }, value)
    if (typeof value === 'number') return { name, valueInteger: value }
    return { name, [name === 'type' ? 'valueCode' : 'valueString']: value }
  })
  return { name: 'operation', part }
}

async function patched(patient: object, ...operations: readonly Parts[]): Promise<unknown> {
  const body = JSON.stringify({ resourceType: 'Parameters', parameter: operations.map(operation) })
  const tree = treeOf(JSON.stringify({ resourceType: 'Patient', ...patient }))
  const { resourceType: _type, ...rest } = JSON.parse(
    textOf(await applyFhirPatch(table, tree, readFhirPatch(body))),
  ) as Parts
  return rest
}

const NAMES = [
  { use: 'official', given: ['a', 'b'] },
  { use: 'usual', family: 'x' },
]
const DATED = { birthDate: '1990-01-01' }

it.each<[string, object, Parts, object]>([
  [
    'adds an element',
    {},
    { type: 'add', path: 'Patient', name: 'birthDate', value: { valueDate: '1990-01-01' } },
    DATED,
  ],
  [
    'begins a list',
    {},
    { type: 'add', path: 'Patient', name: 'name', value: { valueHumanName: { family: 'x' } } },
    { name: [{ family: 'x' }] },
  ],
  [
    'adds to a list',
    { name: [NAMES[0]] },
    { type: 'add', path: 'Patient', name: 'name', value: { valueHumanName: NAMES[1] } },
    { name: NAMES },
  ],
  [
    'adds a choice',
    {},
    { type: 'add', path: 'Patient', name: 'deceased', value: { valueBoolean: true } },
    { deceasedBoolean: true },
  ],
  [
    'adds an anonymous type',
    {},
    {
      type: 'add',
      path: 'Patient',
      name: 'contact',
      value: {
        part: [
          { name: 'gender', valueCode: 'male' },
          { name: 'telecom', valueContactPoint: { value: '1' } },
        ],
      },
    },
    { contact: [{ gender: 'male', telecom: [{ value: '1' }] }] },
  ],
  [
    'adds an extension to a primitive',
    DATED,
    {
      type: 'add',
      path: 'Patient.birthDate',
      name: 'extension',
      value: { valueExtension: { url: 'http://e', valueCode: 'c' } },
    },
    { ...DATED, _birthDate: { extension: [{ url: 'http://e', valueCode: 'c' }] } },
  ],
  [
    'inserts',
    { name: NAMES },
    { type: 'insert', path: 'Patient.name[0].given', index: 1, value: { valueString: 'z' } },
    { name: [{ use: 'official', given: ['a', 'z', 'b'] }, NAMES[1]] },
  ],
  [
    'deletes what a filter finds',
    { name: NAMES },
    { type: 'delete', path: "Patient.name.where(use = 'usual')" },
    { name: [NAMES[0]] },
  ],
  [
    'deletes what becomes empty, too',
    { name: [{ family: 'x' }], ...DATED },
    { type: 'delete', path: 'Patient.name.family' },
    DATED,
  ],
  [
    'deletes with what stands beside',
    { ...DATED, _birthDate: { id: 'i' } },
    { type: 'delete', path: 'Patient.birthDate' },
    {},
  ],
  ['deletes nothing where nothing is', DATED, { type: 'delete', path: 'Patient.gender' }, DATED],
  [
    'keeps items and their extensions together',
    { name: [{ given: ['a', 'b'], _given: [null, { id: 'i' }] }] },
    { type: 'delete', path: 'Patient.name.given[0]' },
    { name: [{ given: ['b'], _given: [{ id: 'i' }] }] },
  ],
  [
    'replaces a choice by another type',
    { deceasedBoolean: true },
    { type: 'replace', path: 'Patient.deceased', value: { valueDateTime: '2020' } },
    { deceasedDateTime: '2020' },
  ],
  [
    'replaces by extension',
    { extension: [{ url: 'http://e', valueCode: 'c' }] },
    { type: 'replace', path: "Patient.extension('http://e').value", value: { valueCode: 'd' } },
    { extension: [{ url: 'http://e', valueCode: 'd' }] },
  ],
  [
    'replaces what ofType finds',
    { extension: [{ url: 'http://e', valueCode: 'c' }] },
    { type: 'replace', path: 'Patient.extension.value.ofType(code)', value: { valueCode: 'd' } },
    { extension: [{ url: 'http://e', valueCode: 'd' }] },
  ],
  [
    'moves',
    { name: NAMES },
    { type: 'move', path: 'Patient.name', source: 0, destination: 1 },
    { name: [NAMES[1], NAMES[0]] },
  ],
])('%s', async (...[, before, parts, after]) => {
  expect(await patched(before, parts)).toEqual(after)
})

it.each<[string, Parts]>([
  ['adds a second value', { type: 'add', path: 'Patient', name: 'birthDate', value: { valueDate: '1990' } }],
  [
    'adds what the type has not',
    { type: 'add', path: 'Patient', name: 'colour', value: { valueCode: 'red' } },
  ],
  [
    'adds to nothing',
    { type: 'add', path: 'Patient.maritalStatus', name: 'text', value: { valueString: 'x' } },
  ],
  ['adds to several', { type: 'add', path: 'Patient.name', name: 'text', value: { valueString: 'x' } }],
  [
    'inserts beyond the end',
    { type: 'insert', path: 'Patient.name', index: 3, value: { valueHumanName: { family: 'x' } } },
  ],
  [
    'inserts into what is no list',
    { type: 'insert', path: 'Patient.birthDate', index: 0, value: { valueDate: '1990' } },
  ],
  ['deletes several', { type: 'delete', path: 'Patient.name' }],
  ['deletes the resource', { type: 'delete', path: 'Patient' }],
  ['replaces nothing', { type: 'replace', path: 'Patient.gender', value: { valueCode: 'male' } }],
  ['moves from beyond the end', { type: 'move', path: 'Patient.name', source: 2, destination: 0 }],
  ['has a path that is none', { type: 'delete', path: 'Patient..name' }],
  ['calls what it may not', { type: 'delete', path: 'Patient.name.resolve()' }],
  ['has no value', { type: 'replace', path: 'Patient.birthDate' }],
  ['has no name', { type: 'add', path: 'Patient', value: { valueDate: '1990' } }],
  ['is of no type', { type: 'eat', path: 'Patient.birthDate' }],
])('refuses a patch that %s', async (_what, parts) => {
  await expect(patched({ name: NAMES, ...DATED }, parts)).rejects.toMatchObject({ name: 'Fault' })
})

it.each([
  'Patient.name.where(%resource.name.where(%resource.name.where(%resource.name.exists()).exists()).exists())[0]',
  'Patient.name.where(%resource.name.where($this = %resource.name[0]).count() = 300)',
  'Patient.name.where(%resource.name.where($this in %resource.name).exists())[0]',
  "Patient.name.where(%resource.name.where(text.contains('z')).exists())",
])('does not walk %s to its end', async (path) => {
  const name = Array.from({ length: 300 }, (_, n) => ({
    given: ['x'.repeat(100), String(n)],
    text: 'a'.repeat(4000),
  }))
  const started = performance.now()
  await expect(patched({ name }, { type: 'delete', path })).rejects.toMatchObject({ kind: 'too-costly' })
  expect(performance.now() - started).toBeLessThan(5000)
})

it('walks what a patch of a long list needs, and lets others run meanwhile', async () => {
  const name = Array.from({ length: 2000 }, (_, n) => ({ family: String(n) }))
  const operations = Array.from({ length: 200 }, (_, n) => n * 9).map((n) => ({
    type: 'replace',
    path: `Patient.name.where(family = '${String(n)}').family`,
    value: { valueString: 'x' },
  }))
  let turns = 0
  const timer = setInterval(() => (turns += 1), 1)
  const { name: now } = (await patched({ name }, ...operations)) as { readonly name: typeof name }
  clearInterval(timer)
  expect(now.filter(({ family }) => family === 'x').length).toBe(200)
  expect(turns).toBeGreaterThan(5)
})

const TYPED = { name: 'type', valueCode: 'delete' }
const NAMED = { name: 'path', valueString: 'Patient.birthDate' }

it.each<[string, unknown]>([
  ['one operation for the list of them', { name: 'operation', part: [TYPED, NAMED] }],
  ['one part for the list of them', [{ name: 'operation', part: TYPED }]],
  ['a part that has no name', [{ name: 'operation', part: [TYPED, NAMED, { valueString: 'x' }] }]],
  ['a part that is none', [{ name: 'operation', part: [TYPED, NAMED, { name: 'Index', valueInteger: 1 }] }]],
  [
    'a part twice',
    [{ name: 'operation', part: [TYPED, NAMED, { ...NAMED, valueString: 'Patient.gender' }] }],
  ],
  ['another parameter', [{ name: 'operation', part: [TYPED, NAMED] }, { name: 'operations' }]],
])('does not overlook %s', (_what, parameter) => {
  const body = JSON.stringify({ resourceType: 'Parameters', parameter })
  expect(() => readFhirPatch(body)).toThrow(expect.objectContaining({ kind: 'malformed' }))
})
