import { randomUUID } from 'node:crypto'

import { beforeAll, expect, it } from 'vitest'

import { fresh, hubForFile, tagged } from './fhir-peer.ts'
import type { Answer, Json } from './fhir-peer.ts'

// What is written comes back to the digit, in its order, with what stands beside its primitives: by every way, on both stores.
const { ask, make } = hubForFile()
const TYPE = { 'content-type': 'application/fhir+json' }
const JSON_PATCH = { 'content-type': 'application/json-patch+json' }
const NUMBERS = [
  '1.00',
  '0.010',
  '1E2',
  '1.0e-7',
  '-0.0',
  '1234567890123456789012345678901234567.890',
  '0.1234567890123456789012345678901234567890',
  '100000000000000000000000',
]

const components = NUMBERS.map(
  (value) => `{"valueQuantity":{"unit":"mg","value":${value}},"code":{"text":"x"}}`,
).join(',')
const NOTE = '{"url":"http://example.org/e","valueDecimal":2.50}'
/** Elements out of R4's order, the first of them with extensions alone. */
const REST = [
  `"component":[${components}]`,
  `"_issued":{"extension":[${NOTE}]}`,
  '"code":{"text":"x","coding":[{"display":"y","code":"c"}]}',
  `"note":[{"text":"a","_text":{"id":"t","extension":[${NOTE}]}}]`,
  `"extension":[{"valueString":"z","url":"http://example.org/f"}]`,
].join(',')

const tag = fresh()
let patient = ''
let id = ''

function observation(status: string, more = ''): string {
  return `{"resourceType":"Observation",${more}"status":"${status}",${REST},"subject":{"reference":"Patient/${patient}"}}`
}

/** Whether every part of the content stands in a text as it was written. */
function unchanged(answer: Answer, times = 1): void {
  expect(answer.status, answer.text.slice(0, 800)).toBeLessThan(300)
  expect(answer.text.split(REST).length - 1).toBe(times)
}

beforeAll(async () => {
  patient = (await make({ resourceType: 'Patient', ...tagged(tag) })).id
  const meta = `"meta":${JSON.stringify(tagged(tag)['meta'])},`
  const created = await ask('POST', '/Observation', { raw: observation('final', meta), headers: TYPE })
  unchanged(created)
  id = String(created.json['id'])
})

it.each<[string, () => string]>([
  ['a read', () => `Observation/${id}`],
  ['a version', () => `Observation/${id}/_history/1`],
  ['a history', () => `Observation/${id}/_history`],
  ['the history of everything', () => `_history?_count=1`],
  ['a search', () => `Observation?_tag=${tag}`],
  ['a sorted search', () => `Observation?_tag=${tag}&_sort=-status,code`],
  ['a revinclude', () => `Patient?_id=${patient}&_revinclude=Observation:subject`],
  ['$everything', () => `Patient/${patient}/$everything`],
  ['$lastn', () => `Observation/$lastn?patient=${patient}`],
  ['a compartment', () => `Patient/${patient}/Observation`],
])('shows all as it was written by %s', async (_way, path) => {
  unchanged(await ask('GET', `/${path()}`))
})

it('keeps the digits where it shows a part, or lays it out', async () => {
  for (const query of ['_elements=component,code', '_summary=data', '_pretty=true']) {
    const { text } = await ask('GET', `/Observation/${id}?${query}`)
    for (const value of NUMBERS) expect(text.replaceAll(/[\s]/g, ''), query).toContain(`"value":${value}`)
  }
})

/** A new version of the observation. */
async function written(): Promise<void> {
  unchanged(await ask('GET', `/Observation/${id}`))
}

it('keeps all through updates and patches', async () => {
  const path = `/Observation/${id}`
  unchanged(await ask('PUT', path, { raw: observation('amended', `"id":"${id}",`), headers: TYPE }))
  await written()
  const raw = '[{"op":"replace","path":"/status","value":"corrected"}]'
  unchanged(await ask('PATCH', path, { raw, headers: JSON_PATCH }))
  await written()
  const part = [
    { name: 'type', valueCode: 'replace' },
    { name: 'path', valueString: 'Observation.status' },
    { name: 'value', valueCode: 'final' },
  ]
  const body: Json = { resourceType: 'Parameters', parameter: [{ name: 'operation', part }] }
  unchanged(await ask('PATCH', path, { body }))
  await written()
  const meta = { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: tagged(tag)['meta'] }] }
  expect((await ask('POST', `${path}/$meta-add`, { body: meta })).status).toBe(200)
  await written()
  unchanged(await ask('GET', `${path}/_history`), 5)
})

it.each(['batch', 'transaction'])('keeps all through a %s', async (type) => {
  const fullUrl = `urn:uuid:${randomUUID()}`
  // In a transaction the reference of the observation is rewritten.
  const resource = observation('final').replace(
    `Patient/${patient}`,
    type === 'batch' ? `Patient/${patient}` : fullUrl,
  )
  const entries = [
    `{"fullUrl":"${fullUrl}","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}}`,
    `{"resource":${resource},"request":{"method":"POST","url":"Observation"}}`,
    `{"request":{"method":"GET","url":"Observation/${id}"}}`,
  ]
  const raw = `{"resourceType":"Bundle","type":"${type}","entry":[${entries.join(',')}]}`
  const answer = await ask('POST', '', { raw, headers: TYPE })
  unchanged(answer, 2)
  const subject = answer.at('entry.1.resource.subject.reference')
  expect(subject).toBe(
    type === 'batch' ? `Patient/${patient}` : `Patient/${String(answer.at('entry.0.resource.id'))}`,
  )
  unchanged(await ask('GET', `/Observation/${String(answer.at('entry.1.resource.id'))}`))
})
