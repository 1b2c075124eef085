import { expect, it } from 'vitest'

import { entriesOf, expectRefused, fresh, hubForFile } from './fhir-peer.ts'
import type { Answer } from './fhir-peer.ts'

const { ask, make } = hubForFile()
const FHIR = { 'content-type': 'application/fhir+json' }
const OBSERVATION = '"resourceType":"Observation","status":"final","code":{"text":"x"}'
const DIV = '<div xmlns=\\"http://www.w3.org/1999/xhtml\\">'

async function post(type: string, raw: string): Promise<Answer> {
  return ask('POST', `/${type}`, { raw, headers: FHIR })
}

function narrative(content: string): string {
  return `{"resourceType":"Patient","text":{"status":"generated","div":"${DIV}${content}</div>"}}`
}

it.each([
  ['Observation', `{${OBSERVATION},"valueInteger":1.0}`, 'Observation.valueInteger'],
  ['Observation', `{${OBSERVATION},"valueInteger":2e0\n}`, 'Observation.valueInteger'],
  [
    'Observation',
    `{${OBSERVATION},"component":[{"code":{"text":"y"},"valueInteger":7.0}]}`,
    'Observation.component[0].valueInteger',
  ],
  [
    'Patient',
    '{"resourceType":"Patient","contained":[{"resourceType":"Patient","id":"c","telecom":[{"system":"phone","value":"1","rank":1.0}]}],"contact":[{"organization":{"reference":"#c"}}]}',
    'Patient.contained[0].telecom[0].rank',
  ],
  [
    'MessageDefinition',
    '{"resourceType":"MessageDefinition","status":"draft","date":"2020","eventUri":"urn:x:y","focus":[{"code":"Patient","min":1.0}]}',
    'MessageDefinition.focus[0].min',
  ],
  [
    'Claim',
    '{"resourceType":"Claim","status":"active","type":{"text":"x"},"use":"claim","patient":{"reference":"Patient/1"},"created":"2020","provider":{"reference":"Organization/1"},"priority":{"text":"x"},"insurance":[{"sequence":1,"focal":true,"coverage":{"reference":"Coverage/1"}}],"item":[{"sequence":1,"productOrService":{"text":"x"},"careTeamSequence":[1,2.0]}]}',
    'Claim.item[0].careTeamSequence[1]',
  ],
  ['Patient', '{"resourceType":"Patient","name":[{"given":["a","b\\ud800"]}]}', 'Patient.name[0].given[1]'],
  ['Patient', '{"resourceType":"Patient","name":[{"family":"a\\u0001"}]}', 'Patient.name[0].family'],
  ['Patient', narrative('a\\uDC00'), 'Patient.text.div'],
  ['Patient', narrative('a\\u0001'), 'Patient.text.div'],
  ['Patient', narrative('a\\uffff'), 'Patient.text.div'],
  ['Patient', narrative('&foo;'), 'Patient.text.div'],
  ['Patient', narrative('a&nbsp;b'), 'Patient.text.div'],
  ['Patient', narrative('<a href=\\"a?b=1&c=2\\">x</a>'), 'Patient.text.div'],
])('refuses what R4 does not let %s hold: %s', async (type, raw, at) => {
  const refused = await post(type, raw)
  expectRefused(refused, 400)
  expect(refused.at('issue.0.expression.0')).toBe(at)
})

it('takes decimals with their zeros, whole pairs of surrogates and characters by number', async () => {
  const quantity = `{${OBSERVATION},"valueQuantity":{"value":1.0},"component":[{"code":{"text":"1.0"},"valueInteger":7}]}`
  expect((await post('Observation', quantity)).text).toContain('"value":1.0')
  const name = await post('Patient', '{"resourceType":"Patient","name":[{"family":"\\ud83d\\ude00"}]}')
  expect([name.status, name.at('name.0.family')]).toEqual([201, '😀'])
  for (const content of ['&#160;&#x2665;&quot;\u00a0', '<a href=\\"a?b=1&amp;c=2\\">x</a>'])
    expect((await post('Patient', narrative(content))).status).toBe(201)
})

it('overlooks a byte order mark, and numbers no version that is none', async () => {
  const created = await post('Patient', '\ufeff{"resourceType":"Patient"}')
  expect([created.status, created.text.startsWith('{')]).toEqual([201, true])
  const refused = await ask('GET', `/Patient/${String(created.json['id'])}/_history/abc`)
  expectRefused(refused, 404)
  expect(refused.text).toContain('no such version')
})

it('resolves references by search in transactions, and refuses them elsewhere', async () => {
  const value = fresh()
  const patient = await make({
    resourceType: 'Patient',
    identifier: [{ system: 'http://example.org/ids', value }],
  })
  const subject = { reference: `Patient?identifier=http://example.org/ids|${value}` }
  const body = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject }
  const refused = await ask('POST', '/Observation', { body })
  expectRefused(refused, 400)
  expect(refused.at('issue.0.expression.0')).toBe('Observation.subject.reference')
  const own = { ...body, id: value }
  const updated = await ask('PUT', `/Observation/${value}`, { body: own })
  expectRefused(updated, 400)
  expect(updated.at('issue.0.expression.0')).toBe('Observation.subject.reference')
  const entry = [{ resource: body, request: { method: 'POST', url: 'Observation' } }]
  const bundle = (type: string) => ({ resourceType: 'Bundle', type, entry })
  const [batched] = entriesOf(await ask('POST', '', { body: bundle('batch') }))
  expect(batched?.response?.status).toBe('400 Bad Request')
  expect(batched?.response?.outcome).toMatchObject({
    issue: [{ expression: ['Bundle.entry[0].resource.subject.reference'] }],
  })
  const [made] = entriesOf(await ask('POST', '', { body: bundle('transaction') }))
  expect(made?.resource).toMatchObject({ subject: { reference: `Patient/${patient.id}` } })
  // A Bundle that is kept, to be carried out later.
  expect((await ask('POST', '/Bundle', { body: bundle('transaction') })).status).toBe(201)
})
