import { expect, it } from 'vitest'

import { entriesOf, expectRefused, fresh, hubForFile, tagged } from './fhir-peer.ts'
import type { Answer, Json } from './fhir-peer.ts'

const { ask, make, find } = hubForFile()
const PATIENT = { resourceType: 'Patient' }

async function send(type: string, entry: readonly unknown[], more: Json = {}): Promise<Answer> {
  return ask('POST', '', { body: { resourceType: 'Bundle', type, entry, ...more } })
}

const post = (resource: Json): Json => ({ resource, request: { method: 'POST', url: 'Patient' } })
const get = (url: string): Json => ({ request: { method: 'GET', url } })

it.each<[string, unknown, string]>([
  ['an unknown method', { request: { method: 'FETCH', url: 'Patient' } }, 'Bundle.entry[1].request.method'],
  ['no method', { request: { url: 'Patient' } }, 'Bundle.entry[1].request.method'],
  ['no address', { request: { method: 'GET' } }, 'Bundle.entry[1].request.url'],
  ['an address elsewhere', get('http://other.example.org/fhir/Patient'), 'Bundle.entry[1].request.url'],
  ['no request', { resource: PATIENT }, 'Bundle.entry[1].request'],
  ['no resource', { request: { method: 'POST', url: 'Patient' } }, 'Bundle.entry[1].resource'],
  ['a text for a resource', { ...post(PATIENT), resource: 'x' }, 'Bundle.entry[1].resource'],
  ['nothing', null, 'Bundle.entry[1]'],
  [
    'a member that is none',
    { ...post(PATIENT), request: { method: 'POST', url: 'Patient', ifNoneExists: 'identifier=x' } },
    'Bundle.entry[1].request',
  ],
  ['an unknown parameter', get('Patient?foo=bar'), 'Bundle.entry[1]'],
])('lets an entry of a batch with %s fail alone, and a transaction as a whole', async (_what, wrong, at) => {
  const tag = fresh()
  const good = post({ ...PATIENT, ...tagged(tag) })
  const refused = await send('transaction', [good, wrong])
  expectRefused(refused, 400)
  expect(refused.at('issue.0.expression.0')).toBe(at)
  expect(await find(`/Patient?_tag=${tag}`)).toEqual([])
  const answer = await send('batch', [good, wrong, good])
  expect(answer.status).toBe(200)
  const responses = entriesOf(answer).map(({ response }) => response)
  expect(responses.map((response) => response?.status.slice(0, 3))).toEqual(['201', '400', '201'])
  expect(responses[1]?.outcome).toMatchObject({ issue: [{ severity: 'error', expression: [at] }] })
  expect((await find(`/Patient?_tag=${tag}`)).length).toBe(2)
})

it('refuses what R4 does not know at the top of a Bundle', async () => {
  const refused = await send('batch', [], { entries: [] })
  expectRefused(refused, 400)
  expect(refused.text).toContain('entries')
})

it('stores nothing of a transaction whose reads cannot be answered', async () => {
  const tag = fresh()
  const { id } = await make(PATIENT)
  for (const [url, status] of [
    [`Observation/${fresh()}`, 404],
    ['Patient?birthdate=yesterday', 400],
    [`Patient/${id}/_history?_since=x`, 400],
  ] as const) {
    const refused = await send('transaction', [post({ ...PATIENT, ...tagged(tag) }), get(url)])
    expectRefused(refused, status)
    expect(refused.at('issue.0.expression.0')).toBe('Bundle.entry[1]')
  }
  expect(await find(`/Patient?_tag=${tag}`)).toEqual([])
  expectRefused(await send('transaction', [get(`Patient/${fresh()}`)]), 404)
  const own = fresh()
  const made = await send('transaction', [
    get(`Patient/${own}`),
    { resource: { ...PATIENT, id: own }, request: { method: 'PUT', url: `Patient/${own}` } },
  ])
  expect(entriesOf(made).map(({ response }) => response?.status.slice(0, 3))).toEqual(['200', '201'])
})

it('tells the time of each version in full', async () => {
  for (const type of ['batch', 'transaction']) {
    const [entry] = entriesOf(await send(type, [post(PATIENT)]))
    expect(entry?.response?.lastModified).toBe(entry?.resource?.meta.lastUpdated)
  }
})

it('says in which resource a conditional reference leads nowhere', async () => {
  const subject = { reference: `Patient?identifier=${fresh()}` }
  const resource = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject }
  const refused = await send('transaction', [
    post(PATIENT),
    { resource, request: { method: 'POST', url: 'Observation' } },
  ])
  expectRefused(refused, 412)
  expect(refused.at('issue.0.expression.0')).toBe('Bundle.entry[1].resource')
})
