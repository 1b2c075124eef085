import { expect, it } from 'vitest'

import { startFhir } from './fhir-server.ts'
import type { FhirServer, Reply } from './fhir-server.ts'

type Body = Readonly<Record<string, unknown>>
interface Answered {
  readonly resource?: Readonly<Record<string, unknown>>
  readonly response: {
    readonly status: string
    readonly location?: string
    readonly etag?: string
    readonly lastModified?: string
    readonly outcome?: unknown
  }
}

const entry = (method: string, url: string, more: Body = {}): Body => ({ request: { method, url }, ...more })
const create = (resource: Body, more: Body = {}): Body => ({
  request: { method: 'POST', url: String(resource['resourceType']) },
  resource,
  ...more,
})

async function post({ ask }: FhirServer, type: string, entries: readonly Body[]): Promise<Reply> {
  return ask('POST', '/', { body: { resourceType: 'Bundle', type, entry: entries } })
}

function answersOf(reply: Reply): readonly Answered[] {
  expect(reply).toMatchObject({ status: 200 })
  return (reply.json['entry'] ?? []) as readonly Answered[]
}

async function versionsIn({ ask }: FhirServer): Promise<unknown> {
  return (await ask('GET', '/_history')).json['total']
}

const A = 'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0'

it('answers each entry of a batch by itself and in order', async () => {
  const server = await startFhir()
  const answers = answersOf(
    await post(server, 'batch', [
      create({ resourceType: 'Patient' }),
      create({ resourceType: 'Foo' }),
      entry('PUT', 'Patient/p', { resource: { resourceType: 'Patient', id: 'p' } }),
      entry('GET', 'Patient/p'),
      entry('GET', 'Patient?_id=p'),
      entry('DELETE', 'Patient/p'),
      entry('GET', 'Patient/p'),
    ]),
  )
  expect(answers.map(({ response }) => response.status.slice(0, 3))).toEqual([
    '201',
    '404',
    '201',
    '200',
    '200',
    '204',
    '410',
  ])
  expect(answers[0]?.response).toMatchObject({
    etag: 'W/"1"',
    location: expect.stringMatching(/Patient\/.+\/_history\/1$/) as string,
  })
  expect(answers[1]?.response.outcome).toMatchObject({ resourceType: 'OperationOutcome' })
  expect([answers[3]?.resource?.['id'], answers[4]?.resource?.['type']]).toEqual(['p', 'searchset'])
})

it('rewrites references to entries of the same transaction, and nothing else', async () => {
  const server = await startFhir()
  const observation = {
    resourceType: 'Observation',
    status: 'final',
    code: { text: A },
    identifier: [{ system: 'urn:ietf:rfc:3986', value: A }],
    subject: { reference: A },
    extension: [
      { url: 'http://x', valueReference: { reference: A } },
      { url: 'http://y', valueUri: A },
      { url: 'http://z', valueCanonical: A },
      { url: 'http://u', valueUuid: A },
    ],
    contained: [{ resourceType: 'Basic', id: 'c', code: { text: 'c' }, subject: { reference: A } }],
    focus: [{ reference: 'urn:uuid:11111111-1111-4111-8111-111111111111' }, { reference: '#c' }],
    text: {
      status: 'generated',
      div: `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${A}">${A}</a></div>`,
    },
  }
  const answers = answersOf(
    await post(server, 'transaction', [
      entry('GET', 'Patient?family=new'),
      create(observation),
      create({ resourceType: 'Patient', name: [{ family: 'New' }] }, { fullUrl: A }),
    ]),
  )
  const [search, observed, patient] = answers
  const target = `Patient/${String(patient?.resource?.['id'])}`
  expect(search?.resource).toMatchObject({ type: 'searchset', total: 1 })
  expect(observed?.resource).toMatchObject({
    code: { text: A },
    identifier: [{ value: A }],
    subject: { reference: target },
    extension: [
      { valueReference: { reference: target } },
      { valueUri: target },
      { valueCanonical: A },
      { valueUuid: A },
    ],
    contained: [{ subject: { reference: target } }],
    focus: [{ reference: 'urn:uuid:11111111-1111-4111-8111-111111111111' }, { reference: '#c' }],
    text: { div: `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${target}">${A}</a></div>` },
  })
})

it('tells links from other texts by the type of their element', async () => {
  const server = await startFhir()
  const oid = 'urn:oid:1.2.3.4'
  const document = {
    resourceType: 'DocumentReference',
    status: 'current',
    content: [{ attachment: { url: oid, title: oid } }],
  }
  const request = {
    resourceType: 'ServiceRequest',
    status: 'active',
    intent: 'order',
    subject: { reference: oid },
    instantiatesUri: [oid, 'http://x'],
    instantiatesCanonical: [oid],
    _status: {
      extension: [
        { url: 'http://x', valueUrl: oid },
        { url: 'http://y', valueOid: oid },
      ],
    },
  }
  const answers = answersOf(
    await post(server, 'transaction', [
      create(document),
      create(request),
      create({ resourceType: 'Patient' }, { fullUrl: oid }),
    ]),
  )
  const target = `Patient/${String(answers[2]?.resource?.['id'])}`
  expect(answers[0]?.resource).toMatchObject({ content: [{ attachment: { url: target, title: oid } }] })
  expect(answers[1]?.resource).toMatchObject({
    subject: { reference: target },
    instantiatesUri: [target, 'http://x'],
    instantiatesCanonical: [oid],
    _status: { extension: [{ valueUrl: target }, { valueOid: oid }] },
  })
})

it('makes one of two creates with the same criteria, and refuses two updates with them', async () => {
  const server = await startFhir()
  const organization = {
    resourceType: 'Organization',
    name: 'x',
    identifier: [{ system: 'urn:s', value: '1' }],
  }
  const other = 'urn:uuid:22222222-2222-4222-8222-222222222222'
  const twice = (fullUrl: string) => ({
    fullUrl,
    request: { method: 'POST', url: 'Organization', ifNoneExist: 'identifier=urn:s|1' },
    resource: organization,
  })
  const patient = { resourceType: 'Patient', managingOrganization: { reference: other } }
  const answers = answersOf(await post(server, 'transaction', [twice(A), twice(other), create(patient)]))
  const id = String(answers[0]?.resource?.['id'])
  expect(answers[1]?.resource?.['id']).toBe(id)
  expect(answers[2]?.resource).toMatchObject({ managingOrganization: { reference: `Organization/${id}` } })
  expect((await server.ask('GET', '/Organization')).json['total']).toBe(1)
  const update = {
    request: { method: 'PUT', url: 'Organization?identifier=urn:s|2' },
    resource: organization,
  }
  expect((await post(server, 'transaction', [update, update])).status).toBe(400)
})

it('runs operations behind the writes of a transaction, none that writes itself', async () => {
  const server = await startFhir()
  const patient = { resourceType: 'Patient', id: 'p' }
  const put = { request: { method: 'PUT', url: 'Patient/p' }, resource: patient }
  const answers = answersOf(
    await post(server, 'transaction', [
      entry('GET', 'Patient/p/$everything'),
      entry('POST', 'Patient/$validate', { resource: { resourceType: 'Patient', gender: 'M' } }),
      put,
    ]),
  )
  expect(answers[0]?.resource).toMatchObject({ type: 'searchset', total: 1 })
  expect(JSON.stringify(answers[1]?.resource)).toContain('"severity":"error"')
  const parameter = [{ name: 'meta', valueMeta: { tag: [{ code: 'x' }] } }]
  const add = entry('POST', 'Patient/p/$meta-add', { resource: { resourceType: 'Parameters', parameter } })
  expect((await post(server, 'transaction', [put, add])).status).toBe(501)
})

it('keeps the digits of decimals in what it rewrites', async () => {
  const server = await startFhir()
  const text = `{"resourceType":"Bundle","type":"transaction","entry":[
    {"fullUrl":"${A}","resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},
    {"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"${A}"},"valueQuantity":{"value":1.00}},"request":{"method":"POST","url":"Observation"}}]}`
  const reply = await server.ask('POST', '', { text })
  expect(reply.text).toContain('"valueQuantity":{"value":1.00}')
  expect((await server.ask('GET', '/Observation?subject:missing=false')).text).toContain('"value":1.00')
})

it.each([
  [
    'a resource of another type',
    [
      create({ resourceType: 'Patient' }),
      entry('POST', 'Observation', { resource: { resourceType: 'Patient' } }),
    ],
    400,
  ],
  ['an unknown type', [create({ resourceType: 'Patient' }), create({ resourceType: 'Foo' })], 400],
  [
    'an entry without request',
    [create({ resourceType: 'Patient' }), { resource: { resourceType: 'Patient' } }],
    400,
  ],
  [
    'the same resource twice',
    [
      entry('PUT', 'Patient/x', { resource: { resourceType: 'Patient', id: 'x' } }),
      entry('DELETE', 'Patient/x'),
    ],
    400,
  ],
  [
    'the same fullUrl twice',
    [
      create({ resourceType: 'Patient' }, { fullUrl: A }),
      create({ resourceType: 'Patient' }, { fullUrl: A }),
    ],
    400,
  ],
  [
    'an address of another server',
    [create({ resourceType: 'Patient' }), entry('DELETE', 'http://other/fhir/Patient/1')],
    400,
  ],
  [
    'a version that is not current',
    [
      create({ resourceType: 'Patient' }),
      {
        request: { method: 'PUT', url: 'Patient/x', ifMatch: 'W/"3"' },
        resource: { resourceType: 'Patient', id: 'x' },
      },
    ],
    412,
  ],
  [
    'a conditional reference to nothing',
    [
      create({
        resourceType: 'Observation',
        status: 'final',
        code: { text: 'x' },
        subject: { reference: 'Patient?identifier=urn:s|none' },
      }),
    ],
    412,
  ],
  [
    'a patch of nothing',
    [
      create({ resourceType: 'Patient' }),
      entry('PATCH', 'Patient/x', { resource: { resourceType: 'Parameters' } }),
    ],
    404,
  ],
])('stores nothing of a transaction with %s', async (_what, entries, status) => {
  const server = await startFhir()
  const reply = await post(server, 'transaction', entries)
  expect(reply).toMatchObject({ status: status })
  expect(reply.json['resourceType']).toBe('OperationOutcome')
  expect(await versionsIn(server)).toBe(0)
})

it('refuses what is neither batch nor transaction', async () => {
  const server = await startFhir()
  for (const type of ['collection', 'searchset', undefined]) {
    expect((await server.ask('POST', '', { body: { resourceType: 'Bundle', type } })).status).toBe(400)
  }
  expect((await server.ask('POST', '', { body: { resourceType: 'Patient' } })).status).toBe(400)
  const empty = await server.ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction' } })
  expect([empty.status, empty.json]).toEqual([200, { resourceType: 'Bundle', type: 'transaction-response' }])
})

it('resolves conditional entries and references, stored or of the same transaction', async () => {
  const server = await startFhir()
  const practitioner = { resourceType: 'Practitioner', identifier: [{ system: 'urn:s', value: 'doc' }] }
  const patient = { resourceType: 'Patient', identifier: [{ system: 'urn:s', value: 'pat' }] }
  const entries = [
    {
      request: { method: 'POST', url: 'Practitioner', ifNoneExist: 'identifier=urn:s|doc' },
      resource: practitioner,
    },
    { request: { method: 'PUT', url: 'Patient?identifier=urn:s|pat' }, resource: patient, fullUrl: A },
    create({
      resourceType: 'Encounter',
      status: 'planned',
      class: { code: 'AMB' },
      subject: { reference: A },
      participant: [{ individual: { reference: 'Practitioner?identifier=urn:s|doc' } }],
    }),
  ]
  const first = answersOf(await post(server, 'transaction', entries))
  const second = answersOf(
    await server.ask('POST', '', {
      body: { resourceType: 'Bundle', type: 'transaction', entry: entries },
      headers: { prefer: 'return=minimal' },
    }),
  )
  expect(first.map(({ response }) => response.status.slice(0, 3))).toEqual(['201', '201', '201'])
  expect(second.map(({ response }) => response.status.slice(0, 3))).toEqual(['200', '200', '201'])
  expect(second.every((each) => !('resource' in each))).toBe(true)
  const doctor = `Practitioner/${String(first[0]?.resource?.['id'])}`
  const encounters = await server.ask(
    'GET',
    `/Encounter?participant=${doctor}&patient=${String(first[1]?.resource?.['id'])}`,
  )
  expect(encounters.json['total']).toBe(2)
})

it('runs a transaction of many entries as one commit', async () => {
  const server = await startFhir()
  const entries = Array.from({ length: 300 }, (_, index) =>
    create({
      resourceType: 'Observation',
      status: 'final',
      code: { text: String(index) },
      subject: { reference: A },
    }),
  )
  const before = await server.store.log.head()
  expect(
    answersOf(
      await post(server, 'transaction', [...entries, create({ resourceType: 'Patient' }, { fullUrl: A })]),
    ).length,
  ).toBe(301)
  expect(await server.store.log.head()).toBe(before + 1)
})

it('names the element of the entry that is wrong', async () => {
  const server = await startFhir()
  const reply = await post(server, 'transaction', [
    create({ resourceType: 'Patient' }),
    create({ resourceType: 'Patient', gender: 'M' }),
  ])
  expect(reply.status).toBe(400)
  expect(reply.json).toMatchObject({ issue: [{ expression: ['Bundle.entry[1].resource.gender'] }] })
  expect(await versionsIn(server)).toBe(0)
})

it('lets a transaction hand an identifying identifier from one resource to another', async () => {
  const server = await startFhir()
  const type = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }] }
  const patient = { resourceType: 'Patient', identifier: [{ type, system: 'urn:hospital', value: '4711' }] }
  await server.ask('PUT', '/Patient/old', { body: { ...patient, id: 'old' } })
  answersOf(await post(server, 'transaction', [create(patient), entry('DELETE', 'Patient/old')]))
  expect((await server.ask('POST', '/Patient', { body: patient })).status).toBe(409)
})

const put = (gender: string): Body =>
  entry('PUT', 'Patient/same', { resource: { resourceType: 'Patient', id: 'same', gender } })

it('makes a transaction again where others were quicker with one of its resources', async () => {
  const server = await startFhir()
  const others = Array.from({ length: 60 }, (_, index) =>
    create({ resourceType: 'Patient', name: [{ family: `F${String(index)}` }] }),
  )
  const replies = await Promise.all(
    ['male', 'female', 'other'].map(async (gender) => post(server, 'transaction', [...others, put(gender)])),
  )
  const last = replies.map((reply) => answersOf(reply).at(-1))
  const versions = last.map((answer) => String(answer?.response.etag))
  expect(versions.toSorted()).toEqual(['W/"1"', 'W/"2"', 'W/"3"'])
  expect(last.map((answer) => answer?.resource?.['gender'])).toEqual(['male', 'female', 'other'])
  const found = await server.ask('GET', '/Patient?_summary=count')
  expect(found.json['total']).toBe(3 * others.length + 1)
})

const numbered = (value: string): Body => ({
  resourceType: 'Patient',
  identifier: [{ system: 'urn:x', value }],
})

it('makes the writes of a batch together, each in its place and as if it came alone', async () => {
  const server = await startFhir()
  const once = (value: string) =>
    entry('POST', 'Patient', {
      request: { method: 'POST', url: 'Patient', ifNoneExist: `identifier=urn:x|${value}` },
      resource: numbered(value),
    })
  const numbers = Array.from({ length: 40 }, (_, index) => String(index))
  const before = server.store.health()
  const answers = answersOf(
    await post(server, 'batch', [
      ...numbers.map((number) => create(numbered(number))),
      ...numbers.map((number) => once(number)),
      ...numbers.map((number) => once(`new-${number}`)),
      once('new-7'),
      put('male'),
      put('female'),
      entry('GET', 'Patient/same'),
      create({ resourceType: 'Patient', gender: 'none' }),
      entry('DELETE', 'Patient/same'),
      entry('GET', 'Patient/same'),
    ]),
  )
  const status = answers.map(({ response }) => response.status.slice(0, 3))
  const [made = [], found = [], fresh = []] = [0, 40, 80].map((from) => answers.slice(from, from + 40))
  const valuesOf = (list: typeof answers) =>
    list.map(({ resource }) => (resource?.['identifier'] as { value: string }[] | undefined)?.[0]?.value)
  expect([valuesOf(made), valuesOf(found)]).toEqual([numbers, numbers])
  expect(found.map(({ resource }) => resource?.['id'])).toEqual(made.map(({ resource }) => resource?.['id']))
  expect(valuesOf(fresh)).toEqual(numbers.map((number) => `new-${number}`))
  expect(status.slice(0, 120)).toEqual([201, 200, 201].flatMap((code) => numbers.map(() => String(code))))
  expect(status.slice(120)).toEqual(['200', '201', '200', '200', '400', '204', '410'])
  expect(answers.at(-5)?.resource).toMatchObject({ gender: 'female' })
  const after = server.store.health()
  // One for each of the 83 writes would be 83.
  expect((after['batches'] ?? 0) - (before['batches'] ?? 0)).toBeLessThan(40)
})
