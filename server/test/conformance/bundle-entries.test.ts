import { randomUUID } from 'node:crypto'

import { expect, it } from 'vitest'

import { entriesOf, expectRefused, fresh, hubForFile, tagged } from './fhir-peer.ts'
import type { Answer, Json } from './fhir-peer.ts'

const { ask, base, make, find } = hubForFile()
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

it.each<[string, string]>([
  ['a word of two parts', '{"resourceType":"Patient","active":tr ue}'],
  ['two numbers', '{"resourceType":"Patient","multipleBirthInteger":1 2}'],
  ['an unknown escape', '{"resourceType":"Patient","id":"\\x"}'],
  ['a name that occurs twice', '{"resourceType":"Patient","gender":"male","gender":"male"}'],
  ['half of a surrogate pair', '{"resourceType":"Patient","language":"\\ud800"}'],
])('refuses %s in a resource, whatever its entry makes of it', async (_what, resource) => {
  const { id } = await make(PATIENT)
  const requests = [
    { method: 'POST', url: 'Patient' },
    { method: 'POST', url: 'Patient', ifNoneExist: `_id=${id}` },
    { method: 'POST', url: 'Patient/_search' },
    { method: 'PUT', url: `Patient/${id}` },
    { method: 'PUT', url: `Patient?_id=${id}` },
    { method: 'PATCH', url: `Patient/${id}` },
    { method: 'GET', url: `Patient/${id}` },
    { method: 'DELETE', url: `Patient/${id}` },
    { method: 'DELETE', url: 'Patient?_id=nobody' },
  ]
  for (const request of requests) {
    const entry = `{"resource":${resource},"request":${JSON.stringify(request)}}`
    const raw = `{"resourceType":"Bundle","type":"transaction","entry":[${JSON.stringify(post(PATIENT))},${entry}]}`
    const refused = await ask('POST', '', { raw, headers: { 'content-type': 'application/fhir+json' } })
    expectRefused(refused, 400)
    expect(refused.text).toMatch(/column|surrogate/)
    expect(refused.at('issue.0.expression.0')).toBe('Bundle.entry[1]')
    const batch = await ask('POST', '', {
      raw: raw.replace('"transaction"', '"batch"'),
      headers: { 'content-type': 'application/fhir+json' },
    })
    const [first, second] = entriesOf(batch).map(({ response }) => response?.status)
    expect([first, second]).toEqual(['201 Created', '400 Bad Request'])
  }
  expect((await ask('GET', `/Patient/${id}`)).at('meta.versionId')).toBe('1')
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
    const { id = '', meta } = entry?.resource ?? {}
    expect(entry?.response?.lastModified).toBe(meta?.lastUpdated)
    const known = { method: 'GET', url: `Patient/${id}/_history/1`, ifNoneMatch: 'W/"1"' }
    const reads = [get(`Patient/${id}`), get(`Patient/${id}/_history/1`), { request: known }]
    for (const { response } of entriesOf(await send(type, reads)))
      expect(response).toMatchObject({ etag: 'W/"1"', lastModified: meta?.lastUpdated })
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

it('deletes first: a conditional create of what goes makes a new one, a reference to it leads nowhere', async () => {
  const value = fresh()
  const criteria = `identifier=http://example.org/ids|${value}`
  const body = { ...PATIENT, identifier: [{ system: 'http://example.org/ids', value }] }
  const { id } = await make(body)
  const gone = { request: { method: 'DELETE', url: `Patient?${criteria}` } }
  const create = (fullUrl: string): Json => ({
    fullUrl,
    resource: body,
    request: { method: 'POST', url: 'Patient', ifNoneExist: criteria },
  })
  const [one, two] = [
    create('urn:uuid:6a0e4e3c-7b8b-4c3e-9a6e-2f0a4e2d1c11'),
    create('urn:uuid:6a0e4e3c-7b8b-4c3e-9a6e-2f0a4e2d1c12'),
  ]
  const answer = await send('transaction', [one, two, gone])
  expect(answer.status, answer.text).toBe(200)
  const [first, second] = entriesOf(answer)
  expect([first?.response?.status, second?.resource?.id]).toEqual(['201 Created', first?.resource?.id])
  expectRefused(await ask('GET', `/Patient/${id}`), 410)
  expect(await find(`/Patient?${criteria}`)).toEqual([first?.resource?.id])
  const subject = { reference: `Patient?${criteria}` }
  const resource = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject }
  const lost = [{ resource, request: { method: 'POST', url: 'Observation' } }, gone]
  expectRefused(await send('transaction', lost), 412)
  expect((await find(`/Patient?${criteria}`)).length).toBe(1)
})

it('refuses a patch that changes nothing beside a deletion of the same resource', async () => {
  const { id } = await make({ ...PATIENT, gender: 'male' })
  const data = Buffer.from('[{"op":"replace","path":"/gender","value":"male"}]').toString('base64')
  const resource = { resourceType: 'Binary', contentType: 'application/json-patch+json', data }
  const entry = (method: string): Json => ({ request: { method, url: `Patient/${id}` } })
  expectRefused(await send('transaction', [{ ...entry('PATCH'), resource }, entry('DELETE')]), 400)
  expect((await ask('GET', `/Patient/${id}`)).status).toBe(200)
})

it('knows no other types in conditional references', async () => {
  const subject = { reference: 'Nothing?identifier=x' }
  const resource = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject }
  const entry = [{ resource, request: { method: 'POST', url: 'Observation' } }]
  expectRefused(await send('transaction', entry), 400)
})

it('answers HEAD without a body', async () => {
  const { id } = await make(PATIENT)
  for (const type of ['batch', 'transaction']) {
    const [entry] = entriesOf(await send(type, [{ request: { method: 'HEAD', url: `Patient/${id}` } }]))
    expect(entry?.response).toMatchObject({ status: '200 OK', etag: 'W/"1"' })
    expect(entry).not.toHaveProperty('resource')
  }
})

it('refuses a create or an update by criteria that another entry meets as well', async () => {
  const value = fresh()
  const person = { ...PATIENT, identifier: [{ system: 'urn:test', value }] }
  const criteria = `identifier=urn:test|${value}`
  const plain = post(person)
  const byCriteria: readonly Json[] = [
    { resource: person, request: { method: 'POST', url: 'Patient', ifNoneExist: criteria } },
    { resource: person, request: { method: 'PUT', url: `Patient?${criteria}` } },
  ]
  for (const entry of byCriteria)
    for (const entries of [
      [plain, entry],
      [entry, plain],
    ]) {
      const refused = await send('transaction', entries)
      expectRefused(refused, 412)
      expect(refused.at('issue.0.code')).toBe('multiple-matches')
      expect(refused.at('issue.0.expression.0')).toContain(`Bundle.entry[${String(entries.indexOf(entry))}]`)
    }
  expect(await find(`/Patient?${criteria}`)).toEqual([])
  const other = post({ ...PATIENT, identifier: [{ system: 'urn:test', value: `${value}2` }] })
  expect((await send('transaction', [other, ...byCriteria.slice(0, 1)])).status).toBe(200)
  // What is stored and what is written with it would be two.
  const both = await send('transaction', [plain, ...byCriteria.slice(1)])
  expectRefused(both, 412)
  expect((await find(`/Patient?${criteria}`)).length).toBe(1)
})

it('tells of an id that is not that of the address where it stands in the Bundle', async () => {
  const entry = [
    { request: { method: 'PUT', url: 'Patient/a' }, resource: { resourceType: 'Patient', id: 'b' } },
  ]
  const batch = await ask('POST', '', { body: { resourceType: 'Bundle', type: 'batch', entry } })
  expect(batch.at('entry.0.response.outcome.issue.0.expression.0')).toBe('Bundle.entry[0].resource.id')
})

it('processes no Bundle within another one, and says so', async () => {
  const resource = { resourceType: 'Bundle', type: 'batch' }
  const entry = [{ request: { method: 'POST', url: '/' }, resource }]
  const batch = await ask('POST', '', { body: { ...resource, entry } })
  expect(batch.at('entry.0.response.status')).toBe('400 Bad Request')
  expect(batch.at('entry.0.response.outcome.issue.0.details.text')).toContain('not within another one')
})

it.each<[string, Json, string]>([
  [
    'ifNoneExist of an update',
    { method: 'PUT', url: 'Patient/x', ifNoneExist: 'identifier=x' },
    'ifNoneExist',
  ],
  ['ifNoneExist of a deletion', { method: 'DELETE', url: 'Patient/x', ifNoneExist: '_id=x' }, 'ifNoneExist'],
  ['ifMatch of a create', { method: 'POST', url: 'Patient', ifMatch: 'W/"1"' }, 'ifMatch'],
  ['ifNoneMatch of a create', { method: 'POST', url: 'Patient', ifNoneMatch: '*' }, 'ifNoneMatch'],
  ['ifMatch that is a number', { method: 'PUT', url: 'Patient/x', ifMatch: 1 }, 'ifMatch'],
  [
    'a time that is none',
    { method: 'GET', url: 'Patient/x', ifModifiedSince: 'yesterday' },
    'ifModifiedSince',
  ],
])('does not pass over %s', async (_what, request, name) => {
  const refused = await send('transaction', [{ resource: { ...PATIENT, id: 'x' }, request }])
  expectRefused(refused, 400)
  expect(refused.at('issue.0.expression.0')).toBe(`Bundle.entry[0].request.${name}`)
})

it('refuses an update under the address of another resource', async () => {
  const [one, other] = [fresh(), fresh()]
  const update = (fullUrl: string): Json => ({
    fullUrl,
    resource: { ...PATIENT, id: one },
    request: { method: 'PUT', url: `Patient/${one}` },
  })
  const refused = await send('transaction', [update(`${base()}/Patient/${other}`)])
  expectRefused(refused, 400)
  expect(refused.at('issue.0.expression.0')).toBe('Bundle.entry[0].fullUrl')
  expectRefused(await send('transaction', [update(`Patient/${other}`)]), 400)
  const fine = [`${base()}/Patient/${one}`, `http://example.org/fhir/Patient/${other}`, `Patient/${one}`]
  for (const fullUrl of fine) expect((await send('transaction', [update(fullUrl)])).status).toBe(200)
})

it.each(['x', '1', 'Patient', '/Patient/x', 'Patient/x/_history/1', ' urn:uuid:x', ''])(
  'refuses "%s" for a fullUrl',
  async (fullUrl) => {
    for (const type of ['batch', 'transaction']) {
      const refused = await send(type, [{ fullUrl, ...post(PATIENT) }])
      expectRefused(refused, 400)
      expect(refused.at('issue.0.expression.0')).toBe('Bundle.entry[0].fullUrl')
    }
  },
)

it('finds links of narratives as XML may write them, and to parts', async () => {
  const fullUrl = `urn:uuid:${randomUUID()}`
  const links = `<a href='${fullUrl}#part'>a</a><a class="x"  href = "${fullUrl}">b</a><img src="${fullUrl}" alt="href=${fullUrl}"/>`
  const text = { status: 'additional', div: `<div xmlns="http://www.w3.org/1999/xhtml">${links}</div>` }
  const answer = await send('transaction', [{ fullUrl, ...post(PATIENT) }, post({ ...PATIENT, text })])
  const [named, told] = entriesOf(answer).map(({ resource }) => resource)
  const to = `Patient/${String(named?.id)}`
  const expected = links
    .replace(`'${fullUrl}#`, `'${to}#`)
    .replace(` = "${fullUrl}"`, ` = "${to}"`)
    .replace(`src="${fullUrl}"`, `src="${to}"`)
  expect(told?.['text']).toMatchObject({ div: text.div.replace(links, expected) })
})

it('resolves a conditional reference below its own address, too', async () => {
  const tag = fresh()
  const { id } = await make({ ...PATIENT, ...tagged(tag) })
  const about = (reference: string): Json => ({
    resource: { resourceType: 'Basic', code: { text: 'x' }, subject: { reference } },
    request: { method: 'POST', url: 'Basic' },
  })
  const answer = await send('transaction', [about(`${base()}/Patient?_tag=${tag}`)])
  expect(answer.at('entry.0.resource.subject.reference')).toBe(`Patient/${id}`)
  expectRefused(await send('transaction', [about(`${base()}/Patient?_tag=none`)]), 412)
})
