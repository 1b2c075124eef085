import { expect, it } from 'vitest'

import { startFhir } from './fhir-server.ts'

const EXACT =
  '{"resourceType":"Observation","status":"final","code":{"text":"K"},"component":[' +
  '{"code":{"text":"a"},"valueQuantity":{"value":1.00}},{"code":{"text":"b"},"valueQuantity":{"value":0.010}},' +
  '{"code":{"text":"c"},"valueQuantity":{"value":1E2}},' +
  '{"code":{"text":"d"},"valueQuantity":{"value":1234567890123456789012345678901234567890}}]}'

it('gives a new id, version and time, and says where the resource is', async () => {
  const { ask, base } = await startFhir()
  const body = {
    resourceType: 'Patient',
    id: 'mine',
    meta: { versionId: '9', lastUpdated: '2001-01-01T00:00:00Z', tag: [{ code: 't' }] },
  }
  const created = await ask('POST', '/Patient', { body })
  expect(created.status).toBe(201)
  const { id, meta } = created.json as { id: string; meta: { lastUpdated: string } }
  expect(id).not.toBe('mine')
  expect(meta).toMatchObject({ versionId: '1', tag: [{ code: 't' }] })
  expect(Date.parse(meta.lastUpdated)).toBeGreaterThan(Date.parse('2020-01-01'))
  expect(created.headers.get('location')).toBe(`${base}/Patient/${id}/_history/1`)
  expect(created.headers.get('etag')).toBe('W/"1"')
  const seconds = Math.floor(Date.parse(meta.lastUpdated) / 1000) * 1000
  expect(Date.parse(created.headers.get('last-modified') ?? '')).toBe(seconds)
  const read = await ask('GET', `/Patient/${id}`)
  expect([read.status, read.text]).toEqual([200, created.text])
  expect(read.headers.get('content-type')).toBe('application/fhir+json; charset=utf-8')
})

it('keeps every digit of a decimal through create, read, update, history and search', async () => {
  const { ask } = await startFhir()
  const created = await ask('POST', '/Observation', { text: EXACT })
  expect(created.status).toBe(201)
  const id = String(created.json['id'])
  const updated = await ask('PUT', `/Observation/${id}`, { text: EXACT.replace('{', `{"id":"${id}",`) })
  expect(updated.status).toBe(200)
  const answers = [
    created,
    updated,
    await ask('GET', `/Observation/${id}`),
    await ask('GET', `/Observation/${id}/_history`),
    await ask('GET', '/Observation?_pretty=true'),
  ]
  for (const { text } of answers) {
    for (const digits of ['1.00', '0.010', '1E2', '1234567890123456789012345678901234567890'])
      expect(text).toMatch(new RegExp(`"value": ?${digits}[},\\n]`))
  }
})

it.each([
  ['not JSON', '{"resourceType":', 400],
  ['an empty body', '', 400],
  ['a list', '[]', 400],
  ['null', 'null', 400],
  ['another type', '{"resourceType":"Observation"}', 400],
  ['no type', '{}', 400],
  ['a duplicate name', '{"resourceType":"Patient","gender":"male","gender":"female"}', 400],
  ['__proto__', '{"resourceType":"Patient","__proto__":{"x":1}}', 400],
  ['nesting of 10,000', `{"resourceType":"Patient","x":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 400],
])('refuses %s with an OperationOutcome and stores nothing', async (_what, text, status) => {
  const { ask } = await startFhir()
  const reply = await ask('POST', '/Patient', {
    text,
    headers: { 'content-type': 'application/fhir+json' },
  })
  expect(reply.status).toBe(status)
  expect(reply.json).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'error' }] })
  expect((await ask('GET', '/Patient/_history')).json['total']).toBe(0)
})

it('refuses what is no resource type, no JSON content and broken UTF-8', async () => {
  const { ask } = await startFhir()
  const body = { resourceType: 'Patient' }
  expect((await ask('POST', '/Foo', { body: { resourceType: 'Foo' } })).status).toBe(404)
  expect((await ask('POST', '/patient', { body })).status).toBe(404)
  expect((await ask('POST', '/Patient', { body, headers: { 'content-type': 'text/plain' } })).status).toBe(
    415,
  )
  expect(
    (await ask('POST', '/Patient', { body, headers: { 'content-type': 'application/json' } })).status,
  ).toBe(201)
  expect((await ask('POST', '/Patient', { text: new Uint8Array([0x7b, 0xff, 0x7d]) })).status).toBe(400)
})

it('answers as Prefer asks', async () => {
  const { ask } = await startFhir()
  const body = { resourceType: 'Patient' }
  const minimal = await ask('POST', '/Patient', { body, headers: { prefer: 'return=minimal' } })
  expect([minimal.status, minimal.text, minimal.headers.get('etag')]).toEqual([201, '', 'W/"1"'])
  const outcome = await ask('POST', '/Patient', { body, headers: { prefer: 'return=OperationOutcome' } })
  expect(outcome.json).toMatchObject({
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'information' }],
  })
})

it('keeps text outside of the basic plane byte for byte', async () => {
  const { ask } = await startFhir()
  const family = 'O\u0301 𝒳 العربية'
  const created = await ask('POST', '/Patient', { body: { resourceType: 'Patient', name: [{ family }] } })
  expect((await ask('GET', `/Patient/${String(created.json['id'])}`)).at('name.0')).toEqual({ family })
})

it('tells never used, deleted and other types apart', async () => {
  const { ask } = await startFhir()
  const id = String((await ask('POST', '/Patient', { body: { resourceType: 'Patient' } })).json['id'])
  expect((await ask('GET', '/Patient/none')).json).toMatchObject({ issue: [{ code: 'not-found' }] })
  expect((await ask('GET', `/Observation/${id}`)).status).toBe(404)
  expect((await ask('GET', '/Foo/1')).status).toBe(404)
  expect((await ask('GET', '/Patient/has%20space')).status).toBe(404)
  const gone = await ask('DELETE', `/Patient/${id}`)
  expect([gone.status, gone.headers.get('etag')]).toEqual([204, 'W/"2"'])
  expect((await ask('GET', `/Patient/${id}`)).json).toMatchObject({ issue: [{ code: 'deleted' }] })
  expect((await ask('GET', `/Patient/${id}`)).status).toBe(410)
  expect((await ask('GET', `/Patient/${id}/_history/1`)).status).toBe(200)
  expect((await ask('GET', `/Patient/${id}/_history/2`)).status).toBe(410)
  expect((await ask('GET', `/Patient/${id}/_history/none`)).status).toBe(404)
  expect((await ask('DELETE', `/Patient/${id}`)).status).toBe(204)
  expect((await ask('DELETE', '/Patient/none')).status).toBe(204)
})

it('answers conditional reads and HEAD', async () => {
  const { ask } = await startFhir()
  const created = await ask('POST', '/Patient', { body: { resourceType: 'Patient', gender: 'male' } })
  const path = `/Patient/${String(created.json['id'])}`
  const modified = created.headers.get('last-modified') ?? ''
  expect((await ask('GET', path, { headers: { 'if-none-match': 'W/"1"' } })).status).toBe(304)
  expect((await ask('GET', path, { headers: { 'if-none-match': 'W/"0"' } })).status).toBe(200)
  expect((await ask('GET', path, { headers: { 'if-modified-since': modified } })).status).toBe(304)
  expect(
    (await ask('GET', path, { headers: { 'if-modified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' } })).status,
  ).toBe(200)
  const head = await ask('HEAD', path)
  expect([head.status, head.text, head.headers.get('etag')]).toEqual([200, '', 'W/"1"'])
  expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(created.text)))
  const few = await ask('GET', `${path}?_elements=birthDate`)
  expect(few.json).not.toHaveProperty('gender')
  expect(few.json['meta']).toMatchObject({ tag: [{ code: 'SUBSETTED' }] })
})

it('speaks JSON of R4 only', async () => {
  const { ask } = await startFhir()
  const status = async (query: string, accept: string): Promise<number> =>
    (await ask('GET', `/Patient${query}`, { headers: { accept } })).status
  for (const accept of [
    'application/fhir+json',
    'application/json',
    '*/*',
    'text/html, */*;q=0.8',
    'application/fhir+json; fhirVersion=4.0',
  ]) {
    expect(await status('', accept)).toBe(200)
  }
  for (const accept of ['text/plain', 'application/fhir+xml', 'application/fhir+json; fhirVersion=3.0'])
    expect(await status('', accept)).toBe(406)
  expect(await status('?_format=application/fhir%2Bjson', 'text/html')).toBe(200)
  expect(await status('?_format=csv', '*/*')).toBe(406)
})

it('makes versions, also of what was deleted, and creates what is new', async () => {
  const { ask } = await startFhir()
  const put = async (gender: string, headers = {}): Promise<number> =>
    (
      await ask('PUT', '/Patient/p1', {
        body: { resourceType: 'Patient', id: 'p1', gender, meta: { versionId: '77' } },
        headers,
      })
    ).status
  expect(await put('male')).toBe(201)
  expect(await put('female')).toBe(200)
  await ask('DELETE', '/Patient/p1')
  expect(await put('other')).toBe(201)
  const { json } = await ask('GET', '/Patient/p1/_history')
  expect(json['total']).toBe(4)
  const entries = json['entry'] as {
    request: { method: string }
    resource?: { meta: { lastUpdated: string } }
  }[]
  expect(entries.map(({ request }) => request.method)).toEqual(['PUT', 'DELETE', 'PUT', 'PUT'])
  const times = entries.flatMap(({ resource }) => resource?.meta.lastUpdated ?? [])
  expect(times).toEqual(times.toSorted().toReversed())
  expect(new Set(times).size).toBe(3)
})

it('refuses another id, a missing id and another type', async () => {
  const { ask } = await startFhir()
  for (const body of [
    { resourceType: 'Patient', id: 'x' },
    { resourceType: 'Patient' },
    { resourceType: 'Group', id: 'p1' },
  ]) {
    expect((await ask('PUT', '/Patient/p1', { body })).status).toBe(400)
  }
  expect((await ask('GET', '/Patient/p1')).status).toBe(404)
})

it('keeps what If-Match and If-None-Match say', async () => {
  const { ask } = await startFhir()
  const put = async (headers: Record<string, string>): Promise<number> =>
    (await ask('PUT', '/Patient/p1', { body: { resourceType: 'Patient', id: 'p1' }, headers })).status
  expect(await put({ 'if-match': 'W/"1"' })).toBe(412)
  expect(await put({ 'if-none-match': '*' })).toBe(201)
  expect(await put({ 'if-none-match': '*' })).toBe(412)
  expect(await put({ 'if-match': 'W/"1"' })).toBe(200)
  expect(await put({ 'if-match': 'W/"1"' })).toBe(412)
  expect(await put({ 'if-match': 'garbage' })).toBe(400)
  expect((await ask('DELETE', '/Patient/p1', { headers: { 'if-match': 'W/"1"' } })).status).toBe(412)
  expect((await ask('GET', '/Patient/p1')).headers.get('etag')).toBe('W/"2"')
  const both = await Promise.all([put({ 'if-match': 'W/"2"' }), put({ 'if-match': 'W/"2"' })])
  expect(both.toSorted((a, b) => a - b)).toEqual([200, 412])
})

it('loses no version of writers without precondition', async () => {
  const { ask } = await startFhir()
  const writes = Array.from({ length: 20 }, async () =>
    ask('PUT', '/Patient/p1', { body: { resourceType: 'Patient', id: 'p1' } }),
  )
  const statuses = (await Promise.all(writes)).map(({ status }) => status)
  const stored = statuses.filter((status) => status < 300).length
  expect(statuses.every((status) => status < 300 || status === 409)).toBe(true)
  expect((await ask('GET', '/Patient/p1/_history')).json['total']).toBe(stored)
})

it.each([
  ['a required element that is missing', { resourceType: 'Observation', status: 'final' }, 'Observation'],
  ['a code outside of a required binding', { resourceType: 'Patient', gender: 'M' }, 'Patient.gender'],
  ['an unknown element', { resourceType: 'Patient', foo: 1 }, 'Patient'],
  ['an empty list', { resourceType: 'Patient', name: [] }, 'Patient.name'],
  ['an impossible date', { resourceType: 'Patient', birthDate: '1990-13-01' }, 'Patient.birthDate'],
  [
    'two variants of one element',
    { resourceType: 'Patient', deceasedBoolean: true, deceasedDateTime: '2020' },
    'Patient',
  ],
])('refuses %s, names the element and stores nothing', async (_what, body, at) => {
  const { ask } = await startFhir()
  const reply = await ask('POST', `/${body.resourceType}`, { body })
  expect(reply.status).toBe(400)
  expect(reply.at('issue.0.expression.0')).toEqual(expect.stringContaining(at))
  expect((await ask('GET', '/_history')).json['total']).toBe(0)
})

it('keeps the old version when an update is invalid', async () => {
  const { ask } = await startFhir()
  await ask('PUT', '/Patient/p', { body: { resourceType: 'Patient', id: 'p', gender: 'male' } })
  expect(
    (await ask('PUT', '/Patient/p', { body: { resourceType: 'Patient', id: 'p', gender: 'M' } })).status,
  ).toBe(400)
  expect((await ask('GET', '/Patient/p')).json).toMatchObject({ gender: 'male', meta: { versionId: '1' } })
})
