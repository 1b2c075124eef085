import { beforeEach, expect, it } from 'vitest'

import { expectRefused, hubForFile } from './fhir-peer.ts'
import type { Answer, Sent } from './fhir-peer.ts'

const { ask, base, make } = hubForFile()
const PATIENT = { resourceType: 'Patient' }
const TYPE = { 'content-type': 'application/fhir+json' }

/** Every row that refuses implies that nothing is stored, no version of anything. */
const versions = async (): Promise<unknown> => (await ask('GET', '/_history?_count=0')).json['total']

let before: unknown
beforeEach(async () => {
  before = await versions()
})

/** Returns the one answer of a row that refuses. */
async function refuses(path: string, sent: Sent, ...status: readonly number[]): Promise<Answer> {
  const answer = await ask('POST', path, sent)
  expectRefused(answer, ...status)
  expect(await versions()).toBe(before)
  return answer
}

it('CR-01 creates and says where', async () => {
  const created = await ask('POST', '/Patient', { body: { ...PATIENT, name: [{ family: 'A' }] } })
  expect(created.status).toBe(201)
  const location = `${base()}/Patient/${String(created.json['id'])}/_history/${String(created.at('meta.versionId'))}`
  expect(created.headers.get('location')).toBe(location)
  expect(Date.parse(String(created.at('meta.lastUpdated')))).toBeGreaterThan(Date.now() - 60_000)
})

it('CR-02 sends the version as ETag and the time as Last-Modified', async () => {
  const created = await ask('POST', '/Patient', { body: PATIENT })
  expect(created.headers.get('etag')).toBe(`W/"${String(created.at('meta.versionId'))}"`)
  const seconds = Math.floor(Date.parse(String(created.at('meta.lastUpdated'))) / 1000) * 1000
  expect(created.headers.get('last-modified')).toBe(new Date(seconds).toUTCString())
})

it('CR-03 assigns an id of its own', async () => {
  expect((await make({ ...PATIENT, id: 'abc' })).id).not.toBe('abc')
  expectRefused(await ask('GET', '/Patient/abc'), 404)
})

it('CR-04 replaces version and time of the sender, keeps profile, tag and security', async () => {
  const kept = {
    profile: ['http://example.org/StructureDefinition/x'],
    tag: [{ system: 'urn:x', code: 't' }],
    security: [{ system: 'urn:x', code: 's' }],
  }
  const sent = { ...PATIENT, meta: { versionId: '99', lastUpdated: '2001-01-01T00:00:00Z', ...kept } }
  const { meta } = await make(sent)
  expect(meta).toMatchObject(kept)
  expect(meta).not.toMatchObject({ versionId: '99' })
  expect(meta).not.toMatchObject({ lastUpdated: '2001-01-01T00:00:00Z' })
})

it('CR-05 refuses a body of another type', async () => {
  const body = { resourceType: 'Observation', status: 'final', code: { text: 'x' } }
  expect((await refuses('/Patient', { body }, 400)).at('issue.0.code')).toBe('invalid')
})

it('CR-06 knows no type Foo', async () => {
  await refuses('/Foo', { body: { resourceType: 'Foo' } }, 404)
  await refuses('/Foo', { body: PATIENT }, 404)
})

it('CR-07 takes type names by letter case', async () => {
  await refuses('/patient', { body: PATIENT }, 404)
})

it.each([
  ['CR-08 refuses what is no JSON', ['hello', '{"resourceType":"Patient"', "{'resourceType':'Patient'}"]],
  ['CR-09 refuses an empty body', ['', ' ']],
  ['CR-10 refuses JSON that is no object', ['[]', '"Patient"', 'null', '5']],
])('%s', async (_row, texts) => {
  for (const raw of texts) {
    const answer = await refuses('/Patient', { raw, headers: TYPE }, 400)
    expect(['invalid', 'structure']).toContain(answer.at('issue.0.code'))
  }
})

it('CR-11 refuses an Observation without code', async () => {
  const body = { resourceType: 'Observation', status: 'final' }
  const answer = await refuses('/Observation', { body }, 400, 422)
  expect(answer.at('issue.0.expression.0')).toMatch(/^Observation/)
})

it('CR-12 holds required bindings', async () => {
  const answer = await refuses('/Patient', { body: { ...PATIENT, gender: 'M' } }, 400, 422)
  expect(['code-invalid', 'value', 'invariant']).toContain(answer.at('issue.0.code'))
})

it('CR-13 names an unknown property', async () => {
  const answer = await refuses('/Patient', { body: { ...PATIENT, foo: 1 } }, 400, 422)
  expect(answer.at('issue.0.expression')).toEqual(['Patient.foo'])
})

it('CR-14 refuses what is empty', async () => {
  for (const part of [{ name: [] }, { name: [{}] }, { birthDate: '' }, { birthDate: null }])
    await refuses('/Patient', { body: { ...PATIENT, ...part } }, 400)
})

it('CR-15 refuses what is no date', async () => {
  for (const birthDate of ['1990-13-01', '1990-1-1', '1990-02-30', '90-01-01'])
    await refuses('/Patient', { body: { ...PATIENT, birthDate } }, 400)
})

it('CR-16 refuses two variants of one choice', async () => {
  const body = { ...PATIENT, deceasedBoolean: true, deceasedDateTime: '2020' }
  await refuses('/Patient', { body }, 400)
})

it('CR-17 wants a content type that it speaks', async () => {
  const raw = JSON.stringify(PATIENT)
  await refuses('/Patient', { raw, headers: { 'content-type': 'text/plain' } }, 415)
  await refuses('/Patient', { raw }, 415)
})

it('CR-18 takes application/json', async () => {
  const headers = { 'content-type': 'application/json' }
  const created = await ask('POST', '/Patient', { body: PATIENT, headers })
  expect([created.status, created.headers.get('content-type')]).toEqual([
    201,
    'application/fhir+json; charset=utf-8',
  ])
})

it('CR-19 keeps every character of a text', async () => {
  const family = '𝒳\u{1F600} e\u0301 שלום 病 \u200f\\"/'
  const headers = { 'content-type': 'application/fhir+json; charset=UTF-8' }
  const created = await ask('POST', '/Patient', { body: { ...PATIENT, name: [{ family }] }, headers })
  expect(created.status).toBe(201)
  const read = await ask('GET', `/Patient/${String(created.json['id'])}`)
  expect(read.at('name.0.family')).toBe(family)
  expect(read.text).toContain(JSON.stringify({ family }))
})

it('CR-20 keeps the precision of decimals', async () => {
  const digits = ['1.00', '0.010', '12345678901234567.123456789', '1E2', '-0.0']
  const components = digits.map(
    (value) => `{"code":{"text":"x"},"valueQuantity":{"value":${value},"unit":"mg"}}`,
  )
  const raw = `{"resourceType":"Observation","status":"final","code":{"text":"x"},"component":[${components.join(',')}]}`
  const created = await ask('POST', '/Observation', { raw, headers: TYPE })
  expect(created.status, created.text.slice(0, 800)).toBe(201)
  const read = await ask('GET', `/Observation/${String(created.json['id'])}`)
  for (const value of digits) expect(read.text).toContain(`"value":${value},"unit"`)
})

it('CR-21 keeps extensions of primitives and the nulls that align them', async () => {
  const extension = [{ url: 'http://example.org/e', valueString: 'x' }]
  const content = {
    birthDate: '1990-01-01',
    _birthDate: { extension },
    name: [{ given: [null, 'A'], _given: [{ extension }, null] }],
  }
  const { id } = await make({ ...PATIENT, ...content })
  expect((await ask('GET', `/Patient/${id}`)).json).toMatchObject(content)
})

it('CR-22 keeps contained resources where they are', async () => {
  const contained = [{ resourceType: 'Organization', id: 'x', name: 'Ward' }]
  const sent = { ...PATIENT, contained, managingOrganization: { reference: '#x' } }
  const { id } = await make(sent)
  expect((await ask('GET', `/Patient/${id}`)).json).toMatchObject(sent)
  expectRefused(await ask('GET', `/Patient/${id}%23x`), 400, 404)
  for (const path of ['/Organization/x', '/Patient/x']) expectRefused(await ask('GET', path), 404)
  for (const path of ['/Organization/%23x', '/Patient/%23x']) expectRefused(await ask('GET', path), 400, 404)
})

it('CR-23 refuses a body over its limit', async () => {
  const body = { ...PATIENT, name: [{ text: 'x'.repeat(9 * 1024 * 1024) }] }
  // The refusal reaches the sender although it is still sending: each time, not only when it is quick.
  for (let i = 0; i < 10; i++) await refuses('/Patient', { body }, 413)
})

it.each([
  ['CR-24 answers without a body', 'minimal', undefined],
  ['CR-25 answers with the resource', 'representation', 'Patient'],
  ['CR-26 answers with an outcome', 'OperationOutcome', 'OperationOutcome'],
])('%s when the sender prefers that', async (_row, wish, type) => {
  const created = await ask('POST', '/Patient', { body: PATIENT, headers: { prefer: `return=${wish}` } })
  expect(created.status).toBe(201)
  expect(created.headers.get('location')).toContain('/_history/')
  expect(created.headers.get('etag')).toBe('W/"1"')
  expect(created.json['resourceType']).toBe(type)
  if (type === undefined) expect(created.text).toBe('')
  if (type === 'OperationOutcome') expect(created.at('issue.0.severity')).toBe('information')
})

it('CR-27 stores no narrative that could run', async () => {
  const parts = [
    '<script>alert(1)</script>',
    '<p onclick="alert(1)">x</p>',
    '<a href="javascript:alert(1)">x</a>',
    '<iframe src="http://example.org"></iframe>',
  ]
  for (const part of parts) {
    const div = `<div xmlns="http://www.w3.org/1999/xhtml">${part}</div>`
    await refuses('/Patient', { body: { ...PATIENT, text: { status: 'generated', div } } }, 400)
  }
})
