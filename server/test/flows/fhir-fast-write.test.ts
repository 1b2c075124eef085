import { once } from 'node:events'
import { createServer, type IncomingMessage, request as requestTo } from 'node:http'
import type { AddressInfo } from 'node:net'

import { expect, it, onTestFinished } from 'vitest'

import { createFastWrite } from '../../src/fhir/rest/fast-write.hot.ts'
import { administrator, startFhir } from './fhir-server.ts'
import { freshFolder, removeFolder, startHub, type Hub } from './hub.ts'

/** Changes nothing, but the fast way knows few headers. */
const LONG_WAY = { 'x-unheard-of': 'yes' }

const OTHER_PLACES = [
  ['POST', '/fhir'],
  ['POST', '/fhir/'],
  ['POST', '/fhir/Binary'],
  ['POST', '/fhir/Unknown'],
  ['POST', '/fhir/Patient/_search'],
  ['POST', '/fhir/Patient/$validate'],
  ['POST', '/fhir/Patient?_format=json'],
  ['PUT', '/fhir/Patient'],
  ['PUT', '/fhir/Patient?identifier=a'],
  ['PUT', '/fhir/Patient/a/_history'],
  ['PATCH', '/fhir/Patient/a'],
  ['DELETE', '/fhir/Patient/a'],
  ['POST', '/api/Patient'],
] as const
const OTHER_HEADERS: readonly Headers[] = [
  { authorization: 'unknown' },
  { 'content-type': 'application/fhir+xml' },
  { 'if-none-exist': 'identifier=a' },
  { 'if-match': 'W/"1"' },
  { prefer: 'return=minimal' },
  { accept: 'text/html' },
  { 'content-encoding': 'gzip' },
  { 'transfer-encoding': 'chunked' },
]

it('takes plain creates and updates of known callers and leaves everything else untouched', async () => {
  const { fhir } = await startFhir()
  const fast = createFastWrite({
    rest: fhir.rest,
    prefix: '/fhir/',
    knownCaller: (authorization) => (authorization === 'known' ? administrator : undefined),
    requestIdOf: () => 'r',
    vary: [],
    onDefect: (error) => {
      throw error
    },
  })
  const server = createServer((request, response) => {
    if (!fast(request, response)) response.writeHead(299).end()
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const http = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  const json = { 'content-type': 'application/fhir+json', authorization: 'known' }
  const statusOf = async (
    method: string,
    path: string,
    { body = '{"a":1}', headers = json }: Partial<Sent> = {},
  ) => (await send(`${http}${path}`, { method, headers, body })).status

  expect(await statusOf('POST', '/fhir/Patient', { body: '{"resourceType":"Patient"}' })).toBe(201)
  expect(await statusOf('PUT', '/fhir/Patient/a', { body: '{"resourceType":"Patient","id":"a"}' })).toBe(201)
  expect(await statusOf('PUT', '/fhir/Patient/a', { body: '{"resourceType":"Patient","id":"a"}' })).toBe(200)
  const charset = { ...json, 'content-type': 'application/json; charset=utf-8', accept: '*/*' }
  expect(await statusOf('POST', '/fhir/Patient', { headers: charset })).toBe(400)
  for (const [method, path] of OTHER_PLACES)
    expect(await statusOf(method, path), `${method} ${path}`).toBe(299)
  for (const more of OTHER_HEADERS)
    expect(
      await statusOf('POST', '/fhir/Patient', { headers: { ...json, ...more } }),
      JSON.stringify(more),
    ).toBe(299)
  expect(await statusOf('POST', '/fhir/Patient', { body: '' })).toBe(299)
})

it('answers creates and updates by the fast way exactly as by the long way, refusals included', async () => {
  const hub = await freshHub()
  const record = {
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] },
  }
  const taken = patient({ identifier: [{ ...record, system: 'urn:mrn', value: 'taken' }] })
  expect((await write(hub, ['POST', 'Patient', taken])).status).toBe(201)
  const statuses: (number | undefined)[] = []
  const texts: string[] = []
  for (const [method, path, body] of [
    ['POST', 'Patient', patient({ name: [{ family: 'Åström-محمد-漢字-𝒜' }] })],
    ['POST', 'Patient', patient({ address: [{ text: 'x'.repeat(5000) }] })],
    ['PUT', 'Patient/ID', patient({ id: 'ID', active: true })],
    ['PUT', 'Patient/ID', patient({ id: 'ID', active: false })],
    ['PUT', 'Patient/ID', patient({ id: 'other' })],
    ['POST', 'Patient', taken],
    ['POST', 'Patient', patient({ gender: 'none', birthDate: '2024-13' })],
    ['POST', 'Observation', patient({})],
    ['POST', 'Patient', '{"resourceType":"Patient","active":true,"active":true}'],
    ['POST', 'Patient', '{"resourceType":'],
    ['POST', 'Patient', Buffer.from('{"resourceType":"Patient","language":"\xff"}', 'latin1')],
  ] as const) {
    for (const packed of [{}, { 'accept-encoding': 'gzip' }]) {
      const fast = await write(hub, [method, path, body], { ...packed, id: 'fast' })
      const long = await write(hub, [method, path, body], { ...packed, id: 'long', ...LONG_WAY })
      expect(fast, `${method} ${path}`).toEqual(long)
      if ('accept-encoding' in packed) continue
      statuses.push(fast.status)
      texts.push(fast.text)
    }
  }
  expect(statuses).toEqual([201, 201, 201, 200, 400, 409, 400, 400, 400, 400, 400])
  expect(texts[0]).toContain('Åström-محمد-漢字-𝒜')
  const stored = await hub.json<{ active: boolean; meta: object }>('/fhir/Patient/fast')
  expect(stored).toMatchObject({ active: false, meta: { versionId: '4' } })
})

function patient(more: object): string {
  return JSON.stringify({ resourceType: 'Patient', ...more })
}

type Headers = Readonly<Record<string, string>>

interface Sent {
  readonly method: string
  readonly headers: Headers
  readonly body: string | Uint8Array
}

/** `fetch` adds headers of its own, which would send every request the long way. */
async function send(url: string, { method, headers, body }: Sent) {
  const isChunked = headers['transfer-encoding'] !== undefined
  const length = isChunked ? {} : { 'content-length': Buffer.byteLength(body) }
  const sent = requestTo(url, { method, headers: { ...headers, ...length } })
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  return { status: response.statusCode, headers: response.headers, bytes: Buffer.concat(chunks) }
}

/** What tells one write from the next, such as ids and times, reads the same in each answer. */
async function write(
  hub: Hub,
  [method, path, body]: readonly [string, string, string | Uint8Array],
  { id = 'x', ...more }: Headers = {},
) {
  const headers = {
    authorization: `Bearer ${hub.token}`,
    'x-request-id': 'same-for-both',
    'content-type': 'application/fhir+json',
    ...more,
  }
  const own = typeof body === 'string' ? body.replaceAll('"ID"', `"${id}"`) : body
  const url = `${hub.http}/fhir/${path.replace('ID', id)}`
  const answer = await send(url, { method, headers, body: own })
  const { date: _date, 'last-modified': modified, 'content-length': length, ...rest } = answer.headers
  const isPacked = rest['content-encoding'] !== undefined
  return {
    status: answer.status,
    // Packed, the length depends on the id; unpacked it tells that nothing is missing.
    headers: JSON.parse(plain(JSON.stringify({ ...rest, ...(isPacked ? {} : { length }) }))) as Headers,
    isDated: modified !== undefined,
    text: isPacked ? String(answer.bytes.length > 100) : plain(answer.bytes.toString('utf8')),
  }
}

function plain(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
    .replaceAll(/\b(fast|long)\b/g, 'ID')
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
}

async function freshHub(): Promise<Hub> {
  const data = await freshFolder()
  const hub = await startHub({ data })
  onTestFinished(async () => {
    await hub.kill()
    await removeFolder(data)
  })
  return hub
}
