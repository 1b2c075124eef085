import { expect, it } from 'vitest'

import { expectRefused, fresh, hubForFile, tagged } from './fhir-peer.ts'

const { ask, base, make, find } = hubForFile()
const PATIENT = { resourceType: 'Patient' }
const TYPE = { 'content-type': 'application/fhir+json' }

/** Refuses each body of one row, and nothing of it may be found afterwards. */
async function refuses(bodies: readonly unknown[], type = 'Patient'): Promise<void> {
  const before = await find(`/${type}`)
  for (const body of bodies) expectRefused(await ask('POST', `/${type}`, { body }), 400, 422)
  expect(await find(`/${type}`)).toEqual(before)
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
  const answer = await ask('POST', '/Patient', { body })
  expectRefused(answer, 400)
  expect(answer.at('issue.0.code')).toBe('invalid')
})

it('CR-06 knows no type Foo', async () => {
  expectRefused(await ask('POST', '/Foo', { body: { resourceType: 'Foo' } }), 404)
})

it('CR-07 takes type names by letter case', async () => {
  expectRefused(await ask('POST', '/patient', { body: PATIENT }), 404)
})

it.each([
  ['CR-08 refuses what is no JSON', ['hello', '{"resourceType":"Patient"', "{'resourceType':'Patient'}"]],
  ['CR-09 refuses an empty body', ['', ' ']],
  ['CR-10 refuses JSON that is no object', ['[]', '"Patient"', 'null', '5']],
])('%s', async (_row, texts) => {
  const before = await find('/Patient')
  for (const raw of texts) {
    const answer = await ask('POST', '/Patient', { raw, headers: TYPE })
    expectRefused(answer, 400)
    expect(['invalid', 'structure']).toContain(answer.at('issue.0.code'))
  }
  expect(await find('/Patient')).toEqual(before)
})

it('CR-11 refuses an Observation without code', async () => {
  const answer = await ask('POST', '/Observation', { body: { resourceType: 'Observation', status: 'final' } })
  expectRefused(answer, 400, 422)
  expect(answer.at('issue.0.expression.0')).toMatch(/^Observation/)
})

it('CR-12 holds required bindings', async () => {
  const answer = await ask('POST', '/Patient', { body: { ...PATIENT, gender: 'M' } })
  expectRefused(answer, 400, 422)
  expect(['code-invalid', 'value', 'invariant']).toContain(answer.at('issue.0.code'))
})

it('CR-13 names an unknown property', async () => {
  const answer = await ask('POST', '/Patient', { body: { ...PATIENT, foo: 1 } })
  expectRefused(answer, 400, 422)
  expect(answer.at('issue.0.expression')).toEqual(['Patient.foo'])
  await refuses([{ ...PATIENT, foo: 1 }])
})

it('CR-14 refuses what is empty', async () => {
  await refuses(
    [{ name: [] }, { name: [{}] }, { birthDate: '' }, { birthDate: null }].map((part) => ({
      ...PATIENT,
      ...part,
    })),
  )
})

it('CR-15 refuses what is no date', async () => {
  const wrong = ['1990-13-01', '1990-1-1', '1990-02-30', '90-01-01']
  await refuses(wrong.map((birthDate) => ({ ...PATIENT, birthDate })))
})

it('CR-16 refuses two variants of one choice', async () => {
  await refuses([{ ...PATIENT, deceasedBoolean: true, deceasedDateTime: '2020' }])
})

it('CR-17 wants a content type that it speaks', async () => {
  const raw = JSON.stringify(PATIENT)
  expectRefused(await ask('POST', '/Patient', { raw, headers: { 'content-type': 'text/plain' } }), 415)
  expectRefused(await ask('POST', '/Patient', { raw }), 415)
})

it('CR-18 takes application/json', async () => {
  const headers = { 'content-type': 'application/json' }
  expect((await ask('POST', '/Patient', { body: PATIENT, headers })).status).toBe(201)
})

it('CR-19 keeps every character of a text', async () => {
  const family = '𝒳\u{1F600} e\u0301 שלום 病 \u200f\\"/'
  const headers = { 'content-type': 'application/fhir+json; charset=UTF-8' }
  const created = await ask('POST', '/Patient', { body: { ...PATIENT, name: [{ family }] }, headers })
  expect(created.status).toBe(201)
  expect((await ask('GET', `/Patient/${String(created.json['id'])}`)).at('name.0.family')).toBe(family)
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
  expectRefused(await ask('GET', '/Organization/x'), 404)
})

it('CR-23 refuses a body over its limit', async () => {
  const body = { ...PATIENT, name: [{ text: 'x'.repeat(9 * 1024 * 1024) }] }
  // The refusal reaches the sender although it is still sending: each time, not only when it is quick.
  for (let i = 0; i < 10; i++) expectRefused(await ask('POST', '/Patient', { body }), 413)
})

it.each([
  ['CR-24 answers without a body', 'minimal', undefined],
  ['CR-25 answers with the resource', 'representation', 'Patient'],
  ['CR-26 answers with an outcome', 'OperationOutcome', 'OperationOutcome'],
])('%s when the sender prefers that', async (_row, wish, type) => {
  const created = await ask('POST', '/Patient', { body: PATIENT, headers: { prefer: `return=${wish}` } })
  expect(created.status).toBe(201)
  expect(created.headers.get('location')).toContain('/_history/')
  expect(created.headers.get('etag')).toMatch(/^W\/"/)
  expect(created.json['resourceType']).toBe(type)
  if (type === undefined) expect(created.text).toBe('')
  if (type === 'OperationOutcome') expect(created.at('issue.0.severity')).toBe('information')
})

it('CR-27 stores no narrative that could run', async () => {
  const tag = fresh()
  const parts = [
    '<script>alert(1)</script>',
    '<p onclick="alert(1)">x</p>',
    '<a href="javascript:alert(1)">x</a>',
    '<iframe src="http://example.org"></iframe>',
  ]
  for (const part of parts) {
    const div = `<div xmlns="http://www.w3.org/1999/xhtml">${part}</div>`
    const body = { ...PATIENT, ...tagged(tag), text: { status: 'generated', div } }
    expectRefused(await ask('POST', '/Patient', { body }), 400, 422)
  }
  expect(await find(`/Patient?_tag=${tag}`)).toEqual([])
})
