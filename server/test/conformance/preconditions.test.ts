import { expect, it } from 'vitest'

import { entriesOf, expectRefused, fresh, hubForFile, tagged } from './fhir-peer.ts'
import type { Answer, Json } from './fhir-peer.ts'

const { ask, base, make, find } = hubForFile()
const PATIENT = { resourceType: 'Patient' }
const SYSTEM = 'http://example.org/ids'

type Headers = Readonly<Record<string, string>>

async function put(id: string, headers: Headers, more: Json = {}): Promise<Answer> {
  return ask('PUT', `/Patient/${id}`, { body: { ...PATIENT, id, ...more }, headers })
}

async function gone(): Promise<string> {
  const { id } = await make(PATIENT)
  await ask('DELETE', `/Patient/${id}`)
  return id
}

// RFC 9110, section 13.1: "*" is any current representation; a deleted resource has none.
it('takes If-Match: * for whatever is there, and refuses where nothing is', async () => {
  const { id } = await make(PATIENT)
  expect((await put(id, { 'if-match': '*' })).status).toBe(200)
  expectRefused(await put(fresh(), { 'if-match': '*' }), 412)
  const deleted = await gone()
  expectRefused(await put(deleted, { 'if-match': '*' }), 412)
  expectRefused(await ask('DELETE', `/Patient/${deleted}`, { headers: { 'if-match': '*' } }), 412)
  expectRefused(await ask('GET', `/Patient/${deleted}`), 410)
  const raw = '[{"op":"add","path":"/gender","value":"male"}]'
  const headers = { 'content-type': 'application/json-patch+json', 'if-match': '*' }
  expect((await ask('PATCH', `/Patient/${id}`, { raw, headers })).status).toBe(200)
  expect((await ask('DELETE', `/Patient/${id}`, { headers: { 'if-match': '*' } })).status).toBe(204)
})

it('takes any version of a list', async () => {
  const { id } = await make(PATIENT)
  expect((await put(id, { 'if-match': 'W/"7", W/"1"' })).status).toBe(200)
  expectRefused(await put(id, { 'if-match': 'W/"7", W/"1"' }), 412)
  expectRefused(await put(id, { 'if-match': 'W/"2", garbage~' }), 400)
})

it('creates where nothing is any more, when asked to create only', async () => {
  const id = await gone()
  expect((await put(id, { 'if-none-match': '*' })).at('meta.versionId')).toBe('3')
  expectRefused(await put(id, { 'if-none-match': '*' }), 412)
  expectRefused(await put(id, { 'if-none-match': 'W/"3"' }), 412)
  expect((await put(id, { 'if-none-match': 'W/"2"' })).status).toBe(200)
})

it('never overwrites, by criteria that mean nothing, a resource that has the id of the body', async () => {
  const { id } = await make({ ...PATIENT, gender: 'male' })
  const body = { ...PATIENT, id, gender: 'female' }
  const path = `/Patient?identifier=${SYSTEM}|${fresh()}`
  expectRefused(await ask('PUT', path, { body }), 409)
  const entry = [{ resource: body, request: { method: 'PUT', url: path.slice(1) } }]
  expectRefused(await ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } }), 409)
  expect((await ask('GET', `/Patient/${id}`)).at('gender')).toBe('male')
  const old = await gone()
  expect((await ask('PUT', path, { body: { ...PATIENT, id: old } })).status).toBe(201)
})

it('holds a conditional update, and each entry of a transaction, to its precondition', async () => {
  const value = fresh()
  const body = { ...PATIENT, identifier: [{ system: SYSTEM, value }] }
  const path = `/Patient?identifier=${SYSTEM}|${value}`
  expectRefused(await ask('PUT', path, { body, headers: { 'if-match': '*' } }), 412)
  const { id } = await make(body)
  expectRefused(await ask('PUT', path, { body, headers: { 'if-none-match': '*' } }), 412)
  const send = async (request: Json): Promise<Answer> => {
    const entry = [{ resource: body, request: { method: 'PUT', url: path.slice(1), ...request } }]
    return ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
  }
  for (const request of [{ ifMatch: 'W/"9"' }, { ifNoneMatch: '*' }]) {
    const refused = await send(request)
    expectRefused(refused, 412)
    expect(refused.at('issue.0.expression.0')).toContain('Bundle.entry[0]')
  }
  expect((await ask('GET', `/Patient/${id}`)).at('meta.versionId')).toBe('1')
  expect(entriesOf(await send({ ifMatch: 'W/"1"' }))[0]?.response?.status).toMatch(/^200/)
})

it('finds the criteria of If-None-Exist behind a type and a base as well', async () => {
  const value = fresh()
  const body = { ...PATIENT, identifier: [{ system: SYSTEM, value }] }
  const query = `identifier=${encodeURIComponent(`${SYSTEM}|${value}`)}`
  const { id } = await make(body)
  for (const header of [query, `?${query}`, `Patient?${query}`, `${base()}/Patient?${query}`]) {
    const found = await ask('POST', '/Patient', { body, headers: { 'if-none-exist': header } })
    expect([found.status, found.json['id']], header).toEqual([200, id])
    const entry = [{ resource: body, request: { method: 'POST', url: 'Patient', ifNoneExist: header } }]
    const bundle = await ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
    expect(entriesOf(bundle)[0]?.response?.status, header).toMatch(/^200/)
  }
  const other = { 'if-none-exist': `Observation?${query}` }
  expectRefused(await ask('POST', '/Patient', { body, headers: other }), 400)
  expect(await find(`/Patient?${query}`)).toEqual([id])
})

it('says what was deleted when the caller wants an OperationOutcome', async () => {
  const { id } = await make(PATIENT)
  const headers = { prefer: 'return=OperationOutcome' }
  const answer = await ask('DELETE', `/Patient/${id}`, { headers })
  expect([answer.status, answer.json['resourceType']]).toEqual([200, 'OperationOutcome'])
  expect(answer.headers.get('etag')).toBe('W/"2"')
})

it('names the characters of an id to those who update under one that is none', async () => {
  const answer = await put('under_score', {})
  expectRefused(answer, 400)
  expect(answer.text).toContain('A-Z')
})

// RFC 9110, section 13.1.4 and 13.2.2: without If-Match, and only where it is a time.
it('takes If-Unmodified-Since for what a client knows of a resource', async () => {
  const { id } = await make(PATIENT)
  const known = (await ask('GET', `/Patient/${id}`)).headers.get('last-modified') ?? ''
  const before = new Date(Date.parse(known) - 1000).toUTCString()
  expectRefused(await put(id, { 'if-unmodified-since': before }), 412)
  expectRefused(await ask('DELETE', `/Patient/${id}`, { headers: { 'if-unmodified-since': before } }), 412)
  expect((await put(id, { 'if-unmodified-since': before, 'if-match': 'W/"1"' })).status).toBe(200)
  const later = new Date(Date.now() + 5000).toUTCString()
  for (const time of [later, 'yesterday'])
    expect((await put(id, { 'if-unmodified-since': time })).status).toBe(200)
  expect((await put(fresh(), { 'if-unmodified-since': before })).status).toBe(201)
})

it('holds a deletion of several to its precondition, and tells how many are deleted', async () => {
  const value = fresh()
  for (let n = 0; n < 2; n++) await make({ ...PATIENT, identifier: [{ system: SYSTEM, value }] })
  const remove = (headers: Headers): Promise<Answer> =>
    ask('DELETE', `/Patient?identifier=${SYSTEM}|${value}`, { headers })
  expectRefused(await remove({ 'if-match': 'W/"9"' }), 412)
  expect(await find(`/Patient?identifier=${SYSTEM}|${value}`)).toHaveLength(2)
  const prefer = 'return=OperationOutcome'
  const done = await remove({ prefer, 'if-match': 'W/"1"' })
  expect([done.status, done.at('issue.0.details.text')]).toEqual([200, '2 Patient resources are deleted'])
  const again = await remove({ prefer })
  expect([again.status, again.at('issue.0.details.text')]).toEqual([200, expect.stringContaining('Nothing')])
})

it('says in a transaction what was deleted, too', async () => {
  const { id } = await make(PATIENT)
  const entry = [`Patient/${id}`, `Patient?_id=${fresh()}`].map((url) => ({
    request: { method: 'DELETE', url },
  }))
  const answer = await ask('POST', '', {
    body: { resourceType: 'Bundle', type: 'transaction', entry },
    headers: { prefer: 'return=OperationOutcome' },
  })
  const responses = entriesOf(answer).map(({ response }) => response)
  expect(responses.map((response) => response?.status)).toEqual(['200 OK', '200 OK'])
  expect(responses[0]?.outcome).toMatchObject({ issue: [{ details: { text: `Patient/${id} is deleted` } }] })
})

it.each<[string, string, Headers]>([
  ['a create', 'POST', { 'if-match': 'W/"1"' }],
  ['a create', 'POST', { 'if-none-match': '*' }],
  ['an update', 'PUT', { 'if-none-exist': 'identifier=x' }],
  ['a patch', 'PATCH', { 'if-none-exist': 'identifier=x' }],
  ['a deletion', 'DELETE', { 'if-none-exist': 'identifier=x' }],
])('does not pass over a condition that cannot be asked of %s', async (_what, method, headers) => {
  const value = fresh()
  const { id } = await make({ ...PATIENT, identifier: [{ system: SYSTEM, value }] })
  const path = method === 'POST' ? '/Patient' : `/Patient/${id}`
  const body = method === 'DELETE' ? {} : { body: { ...PATIENT, id, ...tagged(value) } }
  const refused = await ask(method, path, { ...body, headers })
  expectRefused(refused, 400)
  expect(refused.text.toLowerCase()).toContain(Object.keys(headers)[0])
  expect((await ask('GET', `/Patient/${id}`)).at('meta.versionId')).toBe('1')
  expect(await find(`/Patient?_tag=${value}`)).toEqual([])
  // A search changes nothing.
  const search = await ask('POST', `/Patient/_search?_id=${id}`, { headers })
  expect(search.status, search.text).toBe(200)
})

it.each(['$meta-add', '$meta-delete'])('holds %s to the version that is expected', async (name) => {
  const { id } = await make({ ...PATIENT, meta: { tag: [{ system: SYSTEM, code: 'a' }] } })
  const valueMeta = { tag: [{ system: SYSTEM, code: name === '$meta-add' ? 'b' : 'a' }] }
  const body = { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta }] }
  const send = (headers: Headers): Promise<Answer> => ask('POST', `/Patient/${id}/${name}`, { body, headers })
  const change = (version: string): Promise<Answer> => send({ 'if-match': `W/"${version}"` })
  expectRefused(await change('2'), 412)
  expectRefused(await send({ 'if-none-match': '*' }), 412)
  expectRefused(await send({ 'if-unmodified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' }), 412)
  expectRefused(await send({ 'if-match': 'garbage~' }), 400)
  expectRefused(await send({ 'if-none-exist': 'identifier=x' }), 400)
  expect((await ask('GET', `/Patient/${id}`)).at('meta.versionId')).toBe('1')
  expect((await change('1')).status).toBe(200)
  expectRefused(await change('1'), 412)
  const request = { method: 'POST', url: `Patient/${id}/${name}`, ifMatch: 'W/"1"' }
  const batch = { resourceType: 'Bundle', type: 'batch', entry: [{ request, resource: body }] }
  const [entry] = entriesOf(await ask('POST', '', { body: batch }))
  expect(entry?.response?.status).toMatch(/^412/)
})
