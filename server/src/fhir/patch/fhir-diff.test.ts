import { expect, it } from 'vitest'

import { textOf, treeOf } from '../json/tree.ts'
import type { ObjectTree } from '../json/tree.ts'
import { loadDefinitions } from '../load-definitions.ts'
import { fhirDiff } from './fhir-diff.ts'
import { applyFhirPatch, readFhirPatch } from './fhir-patch.ts'

const table = loadDefinitions().elements()

function treeFrom(resource: object): ObjectTree {
  const tree = treeOf(JSON.stringify({ resourceType: 'Patient', ...resource }))
  if (tree.kind !== 'object') throw new Error('no object')
  return tree
}

function difference(before: object, after: object): readonly string[] {
  return fhirDiff(table, 'Patient', { path: 'Patient', before: treeFrom(before), after: treeFrom(after) })
}

const CONTACT = { id: 'c', gender: 'male', name: { family: 'x' }, telecom: [{ value: '1' }] }

// The specification of a difference: applied to the one it gives the other.
it.each<[string, object, object]>([
  ['nothing', { gender: 'male' }, { gender: 'male' }],
  ['a value', { gender: 'male' }, { gender: 'female' }],
  ['a value that comes and one that goes', { gender: 'male' }, { birthDate: '1990' }],
  ['a choice', { deceasedBoolean: true }, { deceasedDateTime: '2020' }],
  ['longer lists', { name: [{ given: ['a'] }] }, { name: [{ given: ['a', 'b'] }, { family: 'x' }] }],
  ['shorter lists', { name: [{ given: ['a', 'b', 'c'] }, { family: 'x' }] }, { name: [{ given: ['a'] }] }],
  ['an object that keeps nothing', { name: [{ family: 'x' }] }, { name: [{ given: ['a'] }] }],
  ['a backbone element', {}, { contact: [CONTACT] }],
  [
    'below a backbone element',
    { contact: [CONTACT] },
    { contact: [{ ...CONTACT, id: 'd', gender: 'other' }] },
  ],
  ['extensions of primitives', { birthDate: '1990' }, { birthDate: '1990', _birthDate: { id: 'b' } }],
  [
    'extensions, of elements and in one another',
    { extension: [{ url: 'http://a', valueDecimal: 1 }] },
    {
      extension: [
        { url: 'http://a', valueCode: 'x', id: 'e' },
        { url: 'http://b', extension: [{ url: 'c', valuePeriod: { start: '2020' } }] },
      ],
      _gender: {
        extension: [
          { url: 'http://d', _valueString: { extension: [{ url: 'http://e', valueString: 'x' }] } },
        ],
      },
    },
  ],
  [
    'the narrative',
    {},
    { text: { status: 'empty', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' } },
  ],
  [
    'contained resources',
    { contained: [{ resourceType: 'Basic', id: 'a' }] },
    { contained: [{ resourceType: 'Basic', id: 'b' }] },
  ],
])('tells %s', async (_what, before, after) => {
  const parameters = `{"resourceType":"Parameters","parameter":[${difference(before, after).join(',')}]}`
  const patched = textOf(await applyFhirPatch(table, treeFrom(before), readFhirPatch(parameters)))
  expect(JSON.parse(patched)).toEqual({ resourceType: 'Patient', ...after })
})

it('says no more than what has changed', () => {
  expect(difference({ gender: 'male', active: true }, { gender: 'male', active: true })).toEqual([])
  expect(difference({ contact: [CONTACT] }, { contact: [{ ...CONTACT, gender: 'other' }] })).toHaveLength(1)
})

it('brings extensions as parts: R4 has none in value[x]', () => {
  const operations = difference({}, { extension: [{ url: 'http://a', valueString: 'x' }] })
  const part = [
    { name: 'type', valueCode: 'add' },
    { name: 'path', valueString: 'Patient' },
    { name: 'name', valueString: 'extension' },
    {
      name: 'value',
      part: [
        { name: 'url', valueString: 'http://a' },
        { name: 'value', valueString: 'x' },
      ],
    },
  ]
  expect(operations.map((each) => JSON.parse(each) as unknown)).toEqual([{ name: 'operation', part }])
})
