import { expect, it } from 'vitest'

import { expectRefused, fresh, hubForFile } from './fhir-peer.ts'
import type { Answer, Json, Sent } from './fhir-peer.ts'

// What means harm is answered with a 4xx, or finds nothing, in bounded time; and nothing of it is stored.
const { ask, make } = hubForFile()
const TYPE = { 'content-type': 'application/fhir+json' }
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
/** Far more than any of these takes, on a machine that does other work, too. */
const MOST_MS = 5000
const LONG = 'x'.repeat(10_000)

async function inTime(method: string, path: string, sent: Sent = {}): Promise<Answer> {
  const before = (await ask('GET', '/_history?_count=0')).json['total']
  const started = performance.now()
  const answer = await ask(method, path, sent)
  expect(performance.now() - started, path.slice(0, 80)).toBeLessThan(MOST_MS)
  expect((await ask('GET', '/_history?_count=0')).json['total']).toBe(before)
  return answer
}

function list(item: (n: number) => string): string {
  return `[${Array.from({ length: 100_000 }, (_, n) => item(n)).join(',')}]`
}

it.each<[string, string]>([
  ['empty objects', `"name":${list(() => '{}')}`],
  ['nulls', `"name":${list(() => 'null')}`],
  ['numbers', `"contained":${list(() => '1')}`],
  ['values to be found by', `"identifier":${list((n) => `{"value":"${String(n)}"}`)}`],
  ['an unknown element', `"names":${list(() => '1')}`],
])('refuses a list of 100,000 %s, and lists a bounded number of issues', async (_what, part) => {
  const refused = await inTime('POST', '/Patient', {
    raw: `{"resourceType":"Patient",${part}}`,
    headers: TYPE,
  })
  expectRefused(refused, 400, 422)
  expect((refused.json['issue'] as readonly Json[]).length).toBeLessThanOrEqual(100)
})

it('refuses a Bundle, and a patch, of 100,000 entries', async () => {
  const { id } = await make({ resourceType: 'Patient' })
  const raw = `{"resourceType":"Bundle","type":"batch","entry":${list(() => '{}')}}`
  expectRefused(await inTime('POST', '', { raw, headers: TYPE }), 413)
  const operations = list(() => '{"op":"test","path":"/id","value":"x"}')
  const headers = { 'content-type': 'application/json-patch+json' }
  expectRefused(await inTime('PATCH', `/Patient/${id}`, { raw: operations, headers }), 413)
})

it('answers for ids of 10,000 characters wherever a search can name one', async () => {
  for (const query of [
    `Patient?_id=${LONG}`,
    `Patient?_id=${'x'.repeat(3000)}`,
    `Patient?_sort=_id&_id=${LONG}`,
    `Patient?_list=${LONG}`,
    `Patient/_history?_list=${LONG}`,
    `Observation?subject=Patient/${LONG}`,
    `Observation?subject:Patient._id=${LONG}`,
    `Patient?_has:Observation:subject:_id=${LONG}`,
    `Organization?partof:below=${LONG}`,
    `AuditEvent?_id=${LONG}`,
    `?_type=Patient,Observation&_id=${LONG}`,
  ]) {
    const answer = await inTime('GET', `/${query}`)
    expect([answer.status, answer.json['total']], query.slice(0, 60)).toEqual([200, 0])
  }
  for (const path of [`/Patient/${LONG}`, `/Patient/${LONG}/_history`, `/Patient/${LONG}/Observation`])
    expectRefused(await inTime('GET', path), 404)
})

it('answers for criteria of 10,000 characters', async () => {
  const body = { resourceType: 'Patient' }
  expect((await inTime('DELETE', `/Patient?_id=${LONG}`)).status).toBe(204)
  const raw = '[{"op":"add","path":"/active","value":true}]'
  const headers = { 'content-type': 'application/json-patch+json' }
  expectRefused(await inTime('PATCH', `/Patient?_id=${LONG}`, { raw, headers }), 404)
  const made = await ask('POST', '/Patient', { body, headers: { 'if-none-exist': `_id=${LONG}` } })
  expect(made.status).toBe(201)
  const subject = { reference: `Patient?_id=${LONG}` }
  const resource = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject }
  const entry = [{ resource, request: { method: 'POST', url: 'Observation' } }]
  const bundle = { resourceType: 'Bundle', type: 'transaction', entry }
  expectRefused(await inTime('POST', '', { body: bundle }), 412)
  const gets = [`Patient?_id=${LONG}`, `Patient/${LONG}`].map((url) => ({ request: { method: 'GET', url } }))
  const batch = await inTime('POST', '', { body: { ...bundle, type: 'batch', entry: gets } })
  expect([batch.at('entry.0.response.status'), batch.at('entry.1.response.status')]).toEqual([
    '200 OK',
    '404 Not Found',
  ])
})

it.each([
  `name=${LONG}`,
  `identifier=${LONG}`,
  `birthdate=${LONG}`,
  `_lastUpdated=${LONG}`,
  `_sort=${LONG}`,
  `_include=${LONG}`,
  `_elements=${LONG}`,
  `_has:${LONG}=x`,
  `name:${LONG}=x`,
  `${LONG}=x`,
  `_page=${LONG}`,
  `_count=${'9'.repeat(10_000)}`,
  `general-practitioner${'.general-practitioner'.repeat(400)}=x`,
  `${'_has:Patient:link:'.repeat(500)}name=x`,
  `identifier=${'|'.repeat(10_000)}`,
])('answers a query of 10,000 characters that begins with %.24s', async (query) => {
  const answer = await inTime('GET', `/Patient?${query}`)
  expect([200, 400], answer.text.slice(0, 400)).toContain(answer.status)
})

it.each(['name', 'name:contains', 'identifier', '_id', 'general-practitioner', 'birthdate', '_tag'])(
  'refuses 1,000 alternatives of %s',
  async (name) => {
    const raw = `${name}=${Array.from({ length: 1000 }, (_, n) => `2020-v${String(n)}`).join(',')}`
    const refused = await inTime('POST', '/Patient/_search', { raw, headers: FORM })
    expectRefused(refused, 400)
    expect(refused.text).toContain('500 alternatives')
  },
)

it('walks no regular expression of a caller over what is stored', async () => {
  const { id } = await make({ resourceType: 'Patient', name: [{ family: `${'a'.repeat(40)}!` }] })
  const bomb = encodeURIComponent('^(a+)+$')
  for (const name of ['name', 'name:contains', 'name:exact', 'identifier', '_id'])
    expect((await inTime('GET', `/Patient?${name}=${bomb}`)).json['total']).toBe(0)
  const nested = `Patient.name.where(${'name.where('.repeat(500)}true${')'.repeat(501)}`
  for (const path of [
    "Patient.name.where(family.matches('^(a+)+$'))",
    nested,
    `Patient${'.name'.repeat(5000)}`,
  ]) {
    const part = [
      { name: 'type', valueCode: 'delete' },
      { name: 'path', valueString: path },
    ]
    const body = { resourceType: 'Parameters', parameter: [{ name: 'operation', part }] }
    expectRefused(await inTime('PATCH', `/Patient/${id}`, { body }), 400, 422)
  }
})

it('knows nothing by the names that every object has', async () => {
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
    for (const path of [name, `${name}/1`, `Patient/x/${name}`, `Patient/${name}/$everything`, `$${name}`])
      expectRefused(await inTime('GET', `/${path}`), 404)
    for (const query of [
      `Patient?${name}=x`,
      `Patient?name:${name}=x`,
      `Patient?${name}.name=x`,
      `Patient?general-practitioner:${name}.name=x`,
      `Patient?_has:${name}:subject:code=x`,
      `Patient?_has:Observation:${name}:code=x`,
      `Patient?_include=${name}:subject`,
      `Patient?_include=Patient:${name}`,
      `Patient?_sort=${name}`,
      `Patient?_summary=${name}`,
      `Patient?_total=${name}`,
      `?_type=${name}`,
      `Observation?code:in=${name}`,
    ])
      expectRefused(await inTime('GET', `/${query}`), 400)
    for (const resource of [
      { resourceType: name },
      { resourceType: 'Patient', contained: [{ resourceType: name }] },
    ])
      expectRefused(await inTime('POST', '/Patient', { body: resource }), 400)
    const entry = [{ resource: { resourceType: 'Patient' }, request: { method: 'POST', url: name } }]
    expectRefused(
      await inTime('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } }),
      400,
    )
  }
})

it('takes no page link that it did not make', async () => {
  const { id } = await make({ resourceType: 'Patient' })
  const forged = Buffer.from('[0,"Patient","1",1]').toString('base64url')
  for (const token of [
    'AAAA',
    '.',
    '%00',
    forged,
    `${forged}.AAAAAAAAAAAAAAAAAAAAAA`,
    fresh(),
    'x'.repeat(8000),
  ])
    for (const path of [
      'Patient',
      'Patient/_history',
      '_history',
      `Patient/${id}/$everything`,
      `Patient/${id}/*`,
    ])
      expectRefused(await inTime('GET', `/${path}?_page=${token}`), 400)
})

it('refuses bytes that are no UTF-8', async () => {
  for (const bytes of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82]]) {
    const parts = [
      Buffer.from('{"resourceType":"Patient","language":"'),
      Buffer.from(bytes),
      Buffer.from('"}'),
    ]
    const raw = new Uint8Array(Buffer.concat(parts))
    expectRefused(await inTime('POST', '/Patient', { raw, headers: TYPE }), 400)
  }
})
