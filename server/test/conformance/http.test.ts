import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'

import { expect, it } from 'vitest'

import { entriesOf, expectRefused, fresh, hubForFile, idsOf, tagged } from './fhir-peer.ts'
import type { Json, Sent } from './fhir-peer.ts'

const ORIGIN = 'https://app.example.org'
const { ask, base, token: ownToken, make, find } = hubForFile({ HUB_CORS_ORIGINS: ORIGIN })
const PATIENT = { resourceType: 'Patient' }
const TYPE = { 'content-type': 'application/fhir+json' }

async function accepts(accept: string, query = ''): Promise<number> {
  return (await ask('GET', `/Patient${query}`, { headers: { accept } })).status
}

const JSON_SEARCHSET = /^HTTP\/1.1 200 [^]*content-type: application\/fhir\+json[^]*"searchset"/i

/** A GET of exactly these headers. @returns the answer as it comes */
async function sendRaw(address: string, more: readonly string[]): Promise<string> {
  const { host, port } = new URL(base())
  const headers = [`Host: ${host}`, `Authorization: Bearer ${ownToken()}`, ...more, 'Connection: close']
  const socket = connect(Number(port), '127.0.0.1')
  // Who ends his side at once is not answered by Node, unless the answer is there in the same turn.
  socket.write([`GET ${address} HTTP/1.1`, ...headers, '', ''].join('\r\n'))
  return Buffer.concat(await socket.toArray()).toString('utf8')
}

it('HT-01 HT-02 HT-03 speaks JSON to those who take it', async () => {
  for (const accept of ['application/fhir+json', 'application/json', '*/*', 'text/html, */*;q=0.1'])
    expect(await accepts(accept), accept).toBe(200)
  expect(await sendRaw('/fhir/Patient?_count=0', [])).toMatch(JSON_SEARCHSET)
  for (const format of ['json', 'application/json', 'application/fhir%2Bjson'])
    expect(await accepts('text/html', `?_format=${format}`), format).toBe(200)
  const form = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' }
  for (const [raw, status] of [
    ['_format=json', 200],
    ['_format=xml', 406],
    ['_count=1', 406],
  ] as const)
    expect((await ask('POST', '/Patient/_search', { raw, headers: form })).status, raw).toBe(status)
  expect(await accepts('text/plain')).toBe(406)
  expect(await accepts('*/*', '?_format=csv')).toBe(406)
})

it('HT-04 decided: XML comes later, and is not declared', async () => {
  expectRefused(await ask('GET', '/Patient', { headers: { accept: 'application/fhir+xml' } }), 406)
  const formats = (await ask('GET', '/metadata')).json['format'] as readonly string[]
  expect(formats.join(' ')).not.toContain('xml')
})

it('HT-04 gives no content of a Binary to who asks for a form of FHIR that it does not write', async () => {
  const created = await ask('POST', '/Binary', { raw: 'a', headers: { 'content-type': 'text/csv' } })
  const read = async (accept: string) =>
    ask('GET', `/Binary/${String(created.json['id'])}`, { headers: { accept } })
  expectRefused(await read('application/fhir+xml'), 406)
  expectRefused(await read('application/fhir+turtle, application/fhir+xml;q=0.5'), 406)
  expect((await read('application/fhir+xml, */*')).text).toBe('a')
})

it('HT-05 speaks R4', async () => {
  expect(await accepts('application/fhir+json; fhirVersion=4.0')).toBe(200)
  expect(await accepts('application/fhir+json; fhirVersion=3.0')).toBe(406)
  expect(await accepts('application/fhir+json; fhirVersion=5.0')).toBe(406)
  // Decided: R4B is R4 for nearly all resources, and its clients ask for it by name.
  expect(await accepts('application/fhir+json; fhirVersion=4.3')).toBe(200)
})

it('HT-06 HT-07 helps those whom it refuses', async () => {
  expectRefused(await ask('GET', '/Patient/none'), 404)
  expectRefused(await ask('GET', '/Patient?foo=1'), 400)
  const wrong = { ...PATIENT, contact: [{ gender: 'M' }] }
  const refused = await ask('POST', '/Patient', { body: wrong })
  expectRefused(refused, 400, 422)
  expect(refused.at('issue.0.expression.0')).toBe('Patient.contact[0].gender')
})

it('HT-06 tells back what came in without its control characters', async () => {
  const body = { resourceType: 'Patient', 'a\u0001b': 1 }
  for (const refused of [await ask('GET', '/Patient/%00'), await ask('POST', '/Patient', { body })]) {
    expectRefused(refused, 400, 404)
    expect(JSON.stringify(refused.json['issue'])).not.toMatch(/\\u00[01]/)
  }
})

it('HT-08 repeats the id of a request', async () => {
  const answer = await ask('GET', '/Patient', { headers: { 'x-request-id': 'abc-123' } })
  expect(answer.headers.get('x-request-id')).toBe('abc-123')
})

it('HT-09 HT-10 tells time', async () => {
  const { id } = await make(PATIENT)
  let before = 0
  for (const gender of ['male', 'female', 'other']) {
    const answer = await ask('PUT', `/Patient/${id}`, { body: { ...PATIENT, id, gender } })
    const updated = String(answer.at('meta.lastUpdated'))
    expect(updated).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/)
    expect(Date.parse(updated)).toBeGreaterThan(before)
    before = Date.parse(updated)
    const seconds = new Date(Math.floor(before / 1000) * 1000).toUTCString()
    expect(answer.headers.get('last-modified')).toBe(seconds)
  }
})

it('HT-11 HT-12 lets pages of allowed origins in, no others', async () => {
  const asked = 'authorization,cache-control,content-type,if-match,prefer,x-requested-with'
  const preflight = await ask('OPTIONS', '/Patient', {
    headers: {
      origin: ORIGIN,
      authorization: '',
      'access-control-request-method': 'PUT',
      'access-control-request-headers': asked,
    },
  })
  expect(preflight.status).toBe(204)
  expect(preflight.headers.get('access-control-allow-origin')).toBe(ORIGIN)
  const allowed = (preflight.headers.get('access-control-allow-headers') ?? '').toLowerCase()
  for (const name of asked.split(',')) expect(allowed).toContain(name)
  for (const method of ['PUT', 'PATCH', 'DELETE'])
    expect(preflight.headers.get('access-control-allow-methods')).toContain(method)
  const read = await ask('GET', '/Patient', { headers: { origin: ORIGIN } })
  expect(read.headers.get('access-control-allow-origin')).toBe(ORIGIN)
  const exposed = (read.headers.get('access-control-expose-headers') ?? '').toLowerCase()
  for (const name of ['etag', 'location', 'content-location', 'last-modified'])
    expect(exposed).toContain(name)
  const other = await ask('GET', '/Patient', { headers: { origin: 'https://evil.example.org' } })
  expect(other.headers.get('access-control-allow-origin')).toBeNull()
})

it('does not know methods that are none of HTTP', async () => {
  expectRefused(await ask('PROPFIND', '/Patient'), 501)
})

it('HT-13 says what is wrong with a token', async () => {
  const answer = await ask('GET', '/Patient', { headers: { authorization: 'Bearer a.b.c' } })
  expectRefused(answer, 401)
  expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
})

it('HT-13 wants a token', async () => {
  for (const authorization of ['', 'Bearer', 'Bearer abc', 'Basic YTpi']) {
    const answer = await ask('GET', '/Patient', { headers: { authorization } })
    expectRefused(answer, 401)
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
  }
})

/** Signs a person of the demo hospital in. */
async function signIn(login: string): Promise<Readonly<Record<string, string>>> {
  const url = new URL('/auth/login', (await ask('GET', '/metadata')).at('implementation.url') as string)
  const body = JSON.stringify({ login, password: 'demo' })
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method: 'POST', body, headers })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  return { authorization: `Bearer ${token}` }
}

it('HT-14 HT-16 judges every request, and every entry of a batch, by its own rights', async () => {
  const headers = await signIn('billing')
  const body = { resourceType: 'Observation', status: 'final', code: { text: 'x' } }
  expectRefused(await ask('POST', '/Observation', { body, headers }), 403)
  const entry = [
    { resource: body, request: { method: 'POST', url: 'Observation' } },
    { request: { method: 'GET', url: 'Patient?_count=1' } },
  ]
  const batch = await ask('POST', '', { body: { resourceType: 'Bundle', type: 'batch', entry }, headers })
  expect(batch.status, batch.text).toBe(200)
  expect(entriesOf(batch).map(({ response }) => response?.status.slice(0, 3))).toEqual(['403', '200'])
})

it('HT-17 stores the Provenance of a header with what it is about, or nothing', async () => {
  const family = fresh()
  const named = { ...PATIENT, name: [{ family }] }
  const about = {
    resourceType: 'Provenance',
    recorded: '2026-11-28T10:00:00Z',
    agent: [{ who: { display: 'Zoë' } }],
  }
  const send = async (method: string, path: string, { body, header }: { body: Json; header: string }) =>
    ask(method, path, { body, headers: { 'x-provenance': Buffer.from(header).toString('latin1') } })
  const made = await send('POST', '/Patient', { body: named, header: JSON.stringify(about) })
  expect(made.status, made.text.slice(0, 500)).toBe(201)
  const id = String(made.json['id'])
  const found = await ask('GET', `/Provenance?target=Patient/${id}`)
  expect(found.json['total']).toBe(1)
  expect(found.at('entry.0.resource.target')).toEqual([{ reference: `Patient/${id}` }])
  expect(found.at('entry.0.resource.agent.0.who.display')).toBe('Zoë')
  const again = await send('PUT', `/Patient/${id}`, { body: { ...named, id }, header: JSON.stringify(about) })
  expect(again.status).toBe(200)
  expect((await ask('GET', `/Provenance?target=Patient/${id}`)).json['total']).toBe(2)

  const other = { ...PATIENT, name: [{ family: `x${family}` }] }
  for (const header of ['{', '[]', '{"resourceType":"Patient"}', '{"resourceType":"Provenance"}'])
    expectRefused(await send('POST', '/Patient', { body: other, header }), 400)
  const broken = await send('POST', '/Patient', { body: other, header: '{' })
  expect(broken.at('issue.0.details.text')).toContain('X-Provenance')
  expect((await ask('GET', `/Patient?family=x${family}`)).json['total']).toBe(0)
  expectRefused(
    await ask('DELETE', `/Patient/${id}`, { headers: { 'x-provenance': JSON.stringify(about) } }),
    400,
  )
  expect((await ask('GET', `/Patient/${id}`)).status).toBe(200)
})

it('HT-18 decided: asynchronous answers come later, and the preference is passed over as RFC 7240 says', async () => {
  const { status, headers, json } = await ask('GET', '/Patient', { headers: { prefer: 'respond-async' } })
  expect([status, headers.get('content-location'), json['type']]).toEqual([200, null, 'searchset'])
})

it('HT-19 keeps binaries as they are', async () => {
  const raw = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0, 255, 1])
  const created = await ask('POST', '/Binary', { raw, headers: { 'content-type': 'image/png' } })
  expect(created.status, created.text.slice(0, 800)).toBe(201)
  const path = new URL(created.headers.get('location') ?? '').pathname.replace(/^\/fhir|\/_history.*$/g, '')
  const image = await ask('GET', path, { headers: { accept: 'image/png' } })
  expect([image.status, image.headers.get('content-type')]).toEqual([200, 'image/png'])
  expect(Buffer.from(image.bytes).equals(Buffer.from(raw))).toBe(true)
  const resource = await ask('GET', path, { headers: { accept: 'application/fhir+json' } })
  expect(resource.json).toMatchObject({ contentType: 'image/png', data: Buffer.from(raw).toString('base64') })
  expect((await ask('GET', `${path}?_format=json`)).json).toEqual(resource.json)
  expectRefused(await ask('GET', `${path}?_format=xml`), 406)
})

it('HT-20 packs both ways', async () => {
  const packed = gzipSync(JSON.stringify({ ...PATIENT, name: [{ family: 'x'.repeat(5000) }] }))
  const headers = { ...TYPE, 'content-encoding': 'gzip' }
  const created = await ask('POST', '/Patient', { raw: new Uint8Array(packed), headers })
  expect(created.status, created.text.slice(0, 800)).toBe(201)
  const path = `/Patient/${String(created.json['id'])}`
  const plain = await ask('GET', path, { headers: { 'accept-encoding': 'identity' } })
  const zipped = await ask('GET', path, { headers: { 'accept-encoding': 'gzip' } })
  expect(zipped.text).toBe(plain.text)
  expect(zipped.headers.get('etag')).toBe(plain.headers.get('etag'))
  expect(plain.headers.get('content-encoding')).toBeNull()
  expect(zipped.headers.get('content-encoding')).toBe('gzip')
  expect(zipped.headers.get('vary')?.toLowerCase()).toContain('accept-encoding')
  const unknown = { raw: new Uint8Array(packed), headers: { ...TYPE, 'content-encoding': 'br' } }
  const refused = await ask('POST', '/Patient', unknown)
  expectRefused(refused, 415)
  expect(refused.headers.get('accept-encoding')).toBe('gzip, deflate')
})

it('HT-21 is not broken by JSON that means harm', async () => {
  const tag = fresh()
  const own = JSON.stringify(tagged(tag)).slice(1, -1)
  const depth = 10_000
  for (const part of [
    '"gender":"male","gender":"female"',
    '"__proto__":{"polluted":true}',
    '"constructor":{"prototype":{"polluted":true}}',
    `"extension":${'[{"extension":'.repeat(depth)}[]${'}]'.repeat(depth)}`,
  ]) {
    const raw = `{"resourceType":"Patient",${own},${part}}`
    expectRefused(await ask('POST', '/Patient', { raw, headers: TYPE }), 400, 413, 422)
  }
  expect(await find(`/Patient?_tag=${tag}`)).toEqual([])
})

it('HT-22 HT-23 takes operators of databases and of expressions for text', async () => {
  const tag = fresh()
  const odd = ['$where', '.*', '(', '^a', '[x', '{"$gt":""}']
  for (const family of odd) await make({ ...PATIENT, ...tagged(tag), name: [{ family }] })
  for (const family of odd) {
    const value = encodeURIComponent(family.replaceAll(/[$,|\\]/g, '\\$&'))
    const answer = await ask('GET', `/Patient?_tag=${tag}&family=${value}`)
    expect([answer.status, idsOf(answer).length], family).toEqual([200, 1])
  }
  for (const query of ['name=$where', 'name[$ne]=x', `name=${encodeURIComponent('{"$gt":""}')}`])
    expect([200, 400]).toContain((await ask('GET', `/Patient?${query}`)).status)
})

it('speaks one version and one encoding, in every place where they are named', async () => {
  const type = 'application/fhir+json'
  for (const [version, status] of [
    ['4.0', 200],
    ['5.0', 406],
  ] as const) {
    const format = encodeURIComponent(`${type}; fhirVersion=${version}`)
    expect((await ask('GET', `/Patient?_count=1&_format=${format}`)).status).toBe(status)
  }
  const raw = JSON.stringify(PATIENT)
  for (const [parameters, status] of [
    ['fhirVersion=4.0; charset=UTF-8', 201],
    ['charset="utf-8"', 201],
    ['fhirVersion=3.0', 415],
    ['charset=iso-8859-1', 415],
  ] as const) {
    const headers = { 'content-type': `${type}; ${parameters}` }
    expect((await ask('POST', '/Patient', { raw, headers })).status, parameters).toBe(status)
  }
})

it('takes the older names of JSON and the version in every spelling', async () => {
  for (const accept of ['application/json+fhir', 'application/fhir+json; fhirVersion="4.0"'])
    expect(await accepts(accept), accept).toBe(200)
  expect(await accepts('application/fhir+json; fhirVersion=4.0.1')).toBe(200)
  expect(await accepts('application/fhir+json', '?_format=')).toBe(200)
  const headers = { 'content-type': 'application/json+fhir' }
  expect((await ask('POST', '/Patient', { raw: JSON.stringify(PATIENT), headers })).status).toBe(201)
})

it('tells with OPTIONS what an address answers to', async () => {
  const { id } = await make(PATIENT)
  for (const [path, methods] of [
    ['', 'GET, HEAD, POST'],
    ['/metadata', 'GET, HEAD'],
    ['/Patient', 'GET, HEAD, POST, PUT, DELETE, PATCH'],
    [`/Patient/${id}`, 'GET, HEAD, PUT, DELETE, PATCH'],
    ['/Patient/_search', 'GET, HEAD, POST'],
    [`/Patient/${id}/_history/1`, 'GET, HEAD'],
    [`/Patient/${id}/$everything`, 'GET, HEAD, POST'],
    [`/Patient/${id}/$meta-add`, 'POST'],
  ] as const) {
    const { status, headers, text } = await ask('OPTIONS', path)
    expect([status, headers.get('allow'), text], path).toEqual([204, `${methods}, OPTIONS`, ''])
  }
  for (const path of ['/Patient/x/y/z/w', '/Foo', '/Foo/1']) expectRefused(await ask('OPTIONS', path), 404)
})

it.each(['POST', 'PUT', 'PATCH', 'DELETE'])('answers %s at /metadata by what goes there', async (method) => {
  const refused = await ask(method, '/metadata', { headers: { authorization: '' } })
  expectRefused(refused, 405)
  expect(refused.headers.get('allow')).toBe('GET, HEAD, OPTIONS')
})

it('looks at method and address before the body', async () => {
  const places = [
    '',
    '/',
    '/_history',
    '/Patient/_search',
    '/Patient/_history',
    '/Patient/x/_history/1',
    '/Patient/x/*',
  ]
  for (const path of [...places, '/Patient/x/Observation', '/Patient/x/$everything']) {
    for (const sent of [{}, { body: PATIENT }, { raw: 'x', headers: { 'content-type': 'text/plain' } }]) {
      const refused = await ask('PUT', path, sent)
      expectRefused(refused, 405)
      expect(refused.headers.get('allow'), path).toContain('GET')
    }
  }
  for (const path of ['/Foo', '/Foo/1', '/Patient/$nothing', '/Patient/a/b/c/d'])
    for (const method of ['POST', 'PUT']) expectRefused(await ask(method, path, { raw: 'x' }), 404)
  expectRefused(await ask('POST', '/Patient', { raw: 'x' }), 415)
  expectRefused(
    await ask('POST', '/Patient/$validate', { raw: 'x', headers: { 'content-type': 'text/plain' } }),
    415,
  )
})

it('takes names of preferences in any case', async () => {
  const made = await ask('POST', '/Patient', { body: PATIENT, headers: { prefer: 'Return=minimal' } })
  expect([made.status, made.text]).toEqual([201, ''])
})

// RFC 7240, section 2.
it('counts the first of two preferences of one name', async () => {
  const headers = { prefer: 'return=minimal, return=representation' }
  expect((await ask('POST', '/Patient', { body: PATIENT, headers })).text).toBe('')
})

// RFC 8259, section 8.1: a parser may overlook the mark.
it.each([
  ['/Patient', PATIENT, 201],
  ['/Patient/$validate', PATIENT, 200],
  ['', { resourceType: 'Bundle', type: 'batch' }, 200],
])('overlooks a byte order mark in front of what is posted to "%s"', async (path, body, status) => {
  const answer = await ask('POST', path, { raw: `\uFEFF${JSON.stringify(body)}`, headers: TYPE })
  expect(answer.status, answer.text).toBe(status)
})

it('explains an address that is too long, and what is no request at all', async () => {
  const refused = await ask('GET', `/Patient?name=${'x'.repeat(20_000)}`)
  expectRefused(refused, 431)
  expect(refused.text).toContain('_search')
  const socket = connect(Number(new URL(base()).port), '127.0.0.1')
  socket.end('GARBAGE\r\n\r\n')
  const answer = Buffer.concat(await socket.toArray()).toString('utf8')
  expect(answer).toMatch(/^HTTP\/1\.1 400 .*"resourceType":"OperationOutcome"/s)
})

it('lets no cache keep a record (RFC 9111), only what is the same for everybody', async () => {
  const { id } = (await ask('POST', '/Patient', { body: PATIENT })).json
  const binary = await ask('POST', '/Binary', { raw: 'a', headers: { 'content-type': 'text/csv' } })
  const kept = async (method: string, path: string, sent: Sent = {}) =>
    (await ask(method, path, sent)).headers.get('cache-control')
  const one = `/Patient/${String(id)}`
  for (const path of [
    one,
    `${one}?_pretty=true`,
    `${one}/_history`,
    '/Patient?_count=1',
    '/Patient/none',
    `/Binary/${String(binary.json['id'])}`,
  ])
    expect(await kept('GET', path), path).toBe('no-store')
  expect(await kept('GET', one, { headers: { 'if-none-match': 'W/"1"' } })).toBe('no-store')
  expect(await kept('POST', '/Patient', { body: PATIENT })).toBe('no-store')
  expect(await kept('POST', '', { body: { resourceType: 'Bundle', type: 'batch' } })).toBe('no-store')
  expect(await kept('GET', '/metadata')).toBe('no-cache')
})

it('takes the odd forms of a request that RFC 9110 and 9112 let clients send', async () => {
  const path = '/fhir/Patient?_count=0'
  expect(await sendRaw(`http://${new URL(base()).host}${path}`, [])).toMatch(JSON_SEARCHSET)
  // The HTTP client of Java offers HTTP/2 with its first request over plain TCP.
  const offer = [
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA',
    'Connection: Upgrade, HTTP2-Settings',
  ]
  expect(await sendRaw(path, offer)).toMatch(JSON_SEARCHSET)
})
