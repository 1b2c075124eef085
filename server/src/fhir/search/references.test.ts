import { expect, it } from 'vitest'

import { referencesIn } from './references.ts'

const BASE = 'http://127.0.0.1:8080/fhir'
const namesIn = (text: string): readonly string[] =>
  referencesIn(Buffer.from(text, 'utf8'), BASE).map(({ type, id }) => `${type}/${id}`)

it('finds what a resource refers to, each once, own absolute addresses included', () => {
  const resource = {
    resourceType: 'Observation',
    subject: { reference: 'Patient/1', display: 'محمد' },
    performer: [{ reference: 'Practitioner/a.b-c/_history/3' }, { reference: `${BASE}/Group/7` }],
    focus: [{ reference: 'Patient/1' }],
  }
  const found = ['Patient/1', 'Practitioner/a.b-c', 'Group/7']
  expect(namesIn(JSON.stringify(resource))).toEqual(found)
  expect(namesIn(JSON.stringify(resource, undefined, 2))).toEqual(found)
})

it('leaves out what names no resource of this server', () => {
  for (const reference of [
    '#inner',
    'urn:uuid:1',
    'http://x.org/fhir/Patient/1',
    'Patient/ä',
    'Patient/',
    '',
  ])
    expect(namesIn(JSON.stringify({ subject: { reference } })), reference).toEqual([])
})

it('reads escapes, and takes neither texts nor other names for references', () => {
  expect(namesIn('{"subject":{"reference":"Patient\\/1"},"x":{"reference":"\\u0050atient/2"}}')).toEqual([
    'Patient/1',
    'Patient/2',
  ])
  const text = JSON.stringify({ text: '"reference":"Patient/1"', referenceRange: [{ text: 'Patient/2' }] })
  expect(namesIn(text)).toEqual([])
  expect(namesIn('{"a":{"reference":null},"b":{"reference":["Patient/1"]},"c":"reference"}')).toEqual([])
})
