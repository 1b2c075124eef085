import { expect, it } from 'vitest'

import { entriesOf, expectRefused, fresh, hubForFile, idsOf, tagged } from './fhir-peer.ts'
import type { Answer, Entry, Json } from './fhir-peer.ts'

const { ask, base, make, find } = hubForFile()
const SYSTEM = 'http://example.org/ids'

async function send(type: string, entry: readonly unknown[], headers = {}): Promise<Answer> {
  return ask('POST', '', { body: { resourceType: 'Bundle', type, entry }, headers })
}

async function transact(...entry: readonly unknown[]): Promise<Answer> {
  return send('transaction', entry)
}

/** A transaction that is refused leaves no version of anything. */
async function refuses(entry: readonly unknown[], ...status: readonly number[]): Promise<Answer> {
  const before = await versions()
  const answer = await transact(...entry)
  expectRefused(answer, ...status)
  expect(await versions()).toBe(before)
  return answer
}

const versions = async (): Promise<unknown> => (await ask('GET', '/_history?_count=0')).json['total']

function post(resource: Json, more: Json = {}, request: Json = {}): Json {
  return { resource, request: { method: 'POST', url: resource['resourceType'], ...request }, ...more }
}

function put(resource: Json, url: string, request: Json = {}): Json {
  return { resource, request: { method: 'PUT', url, ...request } }
}

function get(url: string, request: Json = {}): Json {
  return { request: { method: 'GET', url, ...request } }
}

function observation(reference: string, more: Json = {}): Json {
  return {
    resourceType: 'Observation',
    status: 'final',
    code: { text: 'x' },
    subject: { reference },
    ...more,
  }
}

const PATIENT = { resourceType: 'Patient' }
const INVALID = { resourceType: 'Patient', gender: 'M' }

function identified(value: string, more: Json = {}): Json {
  return { ...PATIENT, identifier: [{ system: SYSTEM, value }], ...more }
}

function criterion(value: string): string {
  return `identifier=${SYSTEM}|${value}`
}

function statuses(answer: Answer): readonly string[] {
  return entriesOf(answer).map(({ response }) => (response?.status ?? '').slice(0, 3))
}

function idIn(entry: Entry | undefined): string {
  return /([^/]+)\/_history\//.exec(entry?.response?.location ?? '')?.[1] ?? ''
}

it('BT-01 BT-03 BT-04 answers a batch entry by entry', async () => {
  const kept = await make({ ...PATIENT, gender: 'male' })
  const gone = await make(PATIENT)
  const answer = await send('batch', [
    post(PATIENT),
    put({ ...PATIENT, id: kept.id, gender: 'female' }, `Patient/${kept.id}`),
    get(`Patient/${kept.id}`),
    get('Patient?_id=none'),
    { request: { method: 'DELETE', url: `Patient/${gone.id}` } },
  ])
  expect([answer.status, answer.json['type']]).toEqual([200, 'batch-response'])
  expect(statuses(answer)).toEqual(['201', '200', '200', '200', '204'])
  const [created, , read, searched] = entriesOf(answer)
  expect(read).toMatchObject({ resource: { id: kept.id, gender: 'female' } })
  expectRefused(await ask('GET', `/Patient/${gone.id}`), 410)
  expect((await ask('GET', `/Patient/${idIn(created)}`)).status).toBe(200)
  expect(searched).toMatchObject({ resource: { resourceType: 'Bundle', type: 'searchset' } })
  expect(created?.response?.location).toMatch(/Patient\/[^/]+\/_history\/1$/)
  expect(created?.response?.etag).toBe('W/"1"')
  expect(Date.parse(created?.response?.lastModified ?? '')).toBeGreaterThan(0)
})

it('BT-02 lets one entry of a batch fail alone', async () => {
  const answer = await send('batch', [post(PATIENT), post(INVALID), post(PATIENT)])
  expect(answer.status).toBe(200)
  expect(statuses(answer)).toEqual(['201', expect.stringMatching(/^4/), '201'])
  for (const index of [0, 2])
    expect((await ask('GET', `/Patient/${idIn(entriesOf(answer)[index])}`)).status).toBe(200)
  expect(entriesOf(answer)[1]).not.toHaveProperty('resource')
  expect(entriesOf(answer)[1]?.response?.outcome).toMatchObject({ resourceType: 'OperationOutcome' })
})

it('BT-04 says of what a transaction makes where it is, its version and its time', async () => {
  const own = fresh()
  const answer = await transact(post(PATIENT), put({ ...PATIENT, id: own }, `Patient/${own}`))
  for (const entry of entriesOf(answer)) {
    const { id = '', meta } = entry.resource ?? {}
    expect(entry.response?.location).toMatch(new RegExp(`(^|/)Patient/${id}/_history/1$`))
    const lastModified = meta?.lastUpdated
    expect(entry.response).toMatchObject({ status: '201 Created', etag: 'W/"1"', lastModified })
  }
})

it('BT-05 BT-06 stores all of a transaction or nothing', async () => {
  const tag = fresh()
  const good = post({ ...PATIENT, ...tagged(tag) })
  for (const entries of [
    [good, post(INVALID)],
    [post(INVALID), good],
  ]) {
    const refused = await refuses(entries, 400)
    expect(refused.at('issue.0.expression.0')).toBe(
      `Bundle.entry[${String(entries.indexOf(good) === 0 ? 1 : 0)}].resource.gender`,
    )
  }
  expect(await find(`/Patient?_tag=${tag}`)).toEqual([])
  const answer = await transact(good, good)
  expect([answer.status, answer.json['type']]).toEqual([200, 'transaction-response'])
  expect((await find(`/Patient?_tag=${tag}`)).length).toBe(2)
})

it('BT-07 BT-08 BT-09 rewrites references to entries wherever they stand', async () => {
  const [full, other] = [
    'urn:uuid:6a0e4e3c-7b8b-4c3e-9a6e-2f0a4e2d1c01',
    'urn:uuid:6a0e4e3c-7b8b-4c3e-9a6e-2f0a4e2d1cff',
  ]
  const resource = observation(full, {
    extension: [
      { url: 'http://example.org/r', valueReference: { reference: full } },
      { url: 'http://example.org/u', valueUri: full },
      { url: 'http://example.org/l', valueUrl: full },
      { url: 'http://example.org/c', valueCanonical: full },
    ],
    contained: [
      {
        resourceType: 'Group',
        id: 'g',
        type: 'person',
        actual: true,
        member: [{ entity: { reference: full } }],
      },
    ],
    focus: [{ reference: '#g' }, { reference: other }],
    text: {
      status: 'generated',
      div: `<div xmlns="http://www.w3.org/1999/xhtml"><a href="${full}">x</a><img src="${full}" alt="x"/></div>`,
    },
  })
  const answer = await transact(post(resource), post(PATIENT, { fullUrl: full }))
  expect(answer.status, answer.text.slice(0, 800)).toBe(200)
  const [first, second] = entriesOf(answer)
  const reference = `Patient/${idIn(second)}`
  const stored = await ask('GET', `/Observation/${idIn(first)}`)
  expect(stored.at('subject.reference')).toBe(reference)
  expect(stored.at('extension.0.valueReference.reference')).toBe(reference)
  expect(stored.at('extension.1.valueUri')).toBe(reference)
  expect(stored.at('extension.2.valueUrl')).toBe(reference)
  expect(stored.at('extension.3.valueCanonical')).toBe(full)
  expect(stored.at('contained.0.member.0.entity.reference')).toBe(reference)
  expect(stored.at('text.div')).toContain(`href="${reference}"`)
  expect(stored.at('text.div')).toContain(`src="${reference}"`)
  expect(stored.at('focus.1.reference')).toBe(other)
})

it('BT-07 BT-08 decided: rewrites urn:oid as well, and leaves elements of type oid and uuid alone', async () => {
  const [oid, uuid] = ['urn:oid:1.2.36.146.595.217', 'urn:uuid:6a0e4e3c-7b8b-4c3e-9a6e-2f0a4e2d1c05']
  const extension = [
    { url: 'http://example.org/u', valueUri: oid },
    { url: 'http://example.org/o', valueOid: oid },
    { url: 'http://example.org/i', valueUuid: uuid },
  ]
  const entries = [
    post(observation(oid, { extension })),
    post(PATIENT, { fullUrl: oid }),
    post(PATIENT, { fullUrl: uuid }),
  ]
  const answer = await transact(...entries)
  expect(answer.status, answer.text.slice(0, 800)).toBe(200)
  const [first, second] = entriesOf(answer)
  const reference = `Patient/${idIn(second)}`
  const stored = await ask('GET', `/Observation/${idIn(first)}`)
  expect(stored.at('subject.reference')).toBe(reference)
  expect(stored.at('extension')).toEqual([
    { ...extension[0], valueUri: reference },
    extension[1],
    extension[2],
  ])
})

it('BT-10 reads last, deletes first, answers in the order asked', async () => {
  const tag = fresh()
  const old = await make({ ...PATIENT, ...tagged(tag) })
  const changed = await make(PATIENT)
  const answer = await transact(
    get(`Patient?_tag=${tag}`),
    put({ ...PATIENT, ...tagged(tag), id: changed.id }, `Patient/${changed.id}`),
    post({ ...PATIENT, ...tagged(tag) }),
    { request: { method: 'DELETE', url: `Patient/${old.id}` } },
  )
  expect(statuses(answer)).toEqual(['200', '200', '201', '204'])
  const [read, , created] = entriesOf(answer)
  const inner = read?.resource?.['entry'] as readonly Entry[]
  const found = inner.map(({ resource }) => resource?.id ?? '').toSorted()
  expect(found).toEqual([idIn(created), changed.id].toSorted())
})

it('BT-11 refuses two entries on one resource', async () => {
  const value = fresh()
  const { id } = await make(identified(value))
  const change = put(identified(value, { id, gender: 'male' }), `Patient/${id}`)
  await refuses([change, change], 400)
  await refuses([change, { request: { method: 'DELETE', url: `Patient/${id}` } }], 400)
  const conditional = put(identified(value, { gender: 'female' }), `Patient?${criterion(value)}`)
  await refuses([change, conditional], 400)
  expect((await ask('GET', `/Patient/${id}`)).at('meta.versionId')).toBe('1')
})

it('BT-12 refuses one fullUrl twice', async () => {
  const fullUrl = 'urn:uuid:6a0e4e3c-7b8b-4c3e-9a6e-2f0a4e2d1c02'
  await refuses([post(PATIENT, { fullUrl }), post(PATIENT, { fullUrl })], 400)
  expectRefused(await send('batch', [post(PATIENT, { fullUrl }), post(PATIENT, { fullUrl })]), 400)
})

it('BT-13 creates on a condition, and references go to what is there', async () => {
  const value = fresh()
  const fullUrl = 'urn:uuid:6a0e4e3c-7b8b-4c3e-9a6e-2f0a4e2d1c03'
  const entries = [
    post(identified(value), { fullUrl }, { ifNoneExist: criterion(value) }),
    post(observation(fullUrl)),
  ]
  const first = await transact(...entries)
  expect(statuses(first)).toEqual(['201', '201'])
  const second = await transact(...entries)
  expect(statuses(second)).toEqual(['200', '201'])
  const { at } = await ask('GET', `/Observation/${idIn(entriesOf(second)[1])}`)
  expect(at('subject.reference')).toBe(`Patient/${idIn(entriesOf(first)[0])}`)
  await make(identified(value))
  await refuses(entries, 412)
})

it('BT-14 updates on a condition', async () => {
  const value = fresh()
  const entry = put(identified(value), `Patient?${criterion(value)}`)
  expect(statuses(await transact(entry))).toEqual(['201'])
  expect(statuses(await transact(entry))).toEqual(['200'])
  await make(identified(value))
  await refuses([entry], 412)
})

it('BT-15 BT-16 resolves conditional references, also to what the bundle makes', async () => {
  const value = fresh()
  const reference = `Patient?${criterion(value)}`
  await refuses([post(observation(reference))], 412)
  const made = await transact(post(observation(reference)), post(identified(value)))
  expect(made.status, made.text).toBe(200)
  const id = idIn(entriesOf(made)[1])
  const again = await transact(post(observation(reference)))
  for (const answer of [made, again]) {
    const stored = await ask('GET', `/Observation/${idIn(entriesOf(answer)[0])}`)
    expect(stored.at('subject.reference')).toBe(`Patient/${id}`)
  }
  await make(identified(value))
  await refuses([post(observation(reference))], 412)
})

it('BT-17 updates the version that the entry names', async () => {
  const tag = fresh()
  const { id } = await make(PATIENT)
  const stale = put({ ...PATIENT, id, gender: 'male' }, `Patient/${id}`, { ifMatch: 'W/"9"' })
  await refuses([post({ ...PATIENT, ...tagged(tag) }), stale], 412)
  expect(await find(`/Patient?_tag=${tag}`)).toEqual([])
})

it('BT-18 says that nothing changed', async () => {
  const { id } = await make(PATIENT)
  const answer = await transact(get(`Patient/${id}`, { ifNoneMatch: 'W/"1"' }))
  expect(statuses(answer)).toEqual(['304'])
  expect(entriesOf(answer)[0]?.resource).toBeUndefined()
})

it('BT-19 BT-20 BT-21 takes bundles to be processed, with requests', async () => {
  await refuses([{ resource: PATIENT }], 400)
  const before = await versions()
  for (const type of ['collection', 'searchset', 'history', 'transaction-response', 'x', undefined])
    expectRefused(
      await ask('POST', '', { body: { resourceType: 'Bundle', type, entry: [post(PATIENT)] } }),
      400,
    )
  expectRefused(await ask('POST', '', { body: PATIENT }), 400)
  for (const raw of ['[]', 'null', '"x"', 'x', ''])
    expectRefused(await ask('POST', '', { raw, headers: { 'content-type': 'application/fhir+json' } }), 400)
  expect(await versions()).toBe(before)
})

it('BT-22 knows its own address, and no other', async () => {
  const { id } = await make(PATIENT)
  expect(statuses(await transact(get(`${base()}/Patient/${id}`)))).toEqual(['200'])
  expect(statuses(await transact(post(PATIENT, {}, { url: `${base()}/Patient` })))).toEqual(['201'])
  await refuses([post(PATIENT, {}, { url: 'http://other.example.org/fhir/Patient' })], 400)
  await refuses([get(`http://other.example.org/fhir/Patient/${id}`)], 400)
})

it('BT-23 searches inside of a transaction', async () => {
  const { id } = await make(PATIENT)
  const [entry] = entriesOf(await transact(get(`Patient?_id=${id}`)))
  expect(entry?.resource).toMatchObject({ resourceType: 'Bundle', type: 'searchset', total: 1 })
})

it('BT-24 patches inside of a transaction', async () => {
  const { id } = await make({ ...PATIENT, gender: 'male' })
  const data = Buffer.from('[{"op":"replace","path":"/gender","value":"female"}]').toString('base64')
  const binary = { resourceType: 'Binary', contentType: 'application/json-patch+json', data }
  const request = { method: 'PATCH', url: `Patient/${id}` }
  expect(statuses(await transact({ resource: binary, request }))).toEqual(['200'])
  expect((await ask('GET', `/Patient/${id}`)).json['gender']).toBe('female')
  const part = [
    { name: 'type', valueCode: 'replace' },
    { name: 'path', valueString: 'Patient.gender' },
    { name: 'value', valueCode: 'other' },
  ]
  const resource = { resourceType: 'Parameters', parameter: [{ name: 'operation', part }] }
  expect(statuses(await transact({ resource, request }))).toEqual(['200'])
  expect((await ask('GET', `/Patient/${id}`)).json['gender']).toBe('other')
})

it.each([{}, { entry: [] }])('BT-25 takes a bundle of nothing: %o', async (nothing) => {
  for (const type of ['batch', 'transaction']) {
    const answer = await ask('POST', '', { body: { resourceType: 'Bundle', type, ...nothing } })
    expect([answer.status, answer.json['type'], answer.json['entry']]).toEqual([
      200,
      `${type}-response`,
      undefined,
    ])
  }
})

it('BT-26 leaves resources out when asked', async () => {
  for (const type of ['batch', 'transaction']) {
    const entries = async (wish: string) =>
      entriesOf(await send(type, [post(PATIENT)], { prefer: `return=${wish}` }))
    const [[few], [whole]] = [await entries('minimal'), await entries('representation')]
    expect([few?.response?.status, few?.response?.etag]).toEqual(['201 Created', 'W/"1"'])
    expect([few?.resource, whole?.resource?.resourceType]).toEqual([undefined, 'Patient'])
  }
})

it('BT-27 takes the base with and without a slash', async () => {
  const body = { resourceType: 'Bundle', type: 'batch', entry: [post(PATIENT)] }
  for (const path of ['', '/']) expect((await ask('POST', path, { body })).status).toBe(200)
})

it('BT-28 takes thousands of entries at once', async () => {
  const tag = fresh()
  const filling = 'x'.repeat(3000)
  const entries = Array.from({ length: 3500 }, (_, n) =>
    post({ ...PATIENT, ...tagged(tag), name: [{ family: `n${String(n)}`, text: filling }] }),
  )
  const answer = await transact(...entries)
  expect(answer.status, answer.text.slice(0, 500)).toBe(200)
  expect(entriesOf(answer).length).toBe(3500)
  expect((await ask('GET', `/Patient?_tag=${tag}&_summary=count`)).json['total']).toBe(3500)
})

it('BT-29 changes nothing the second time', async () => {
  const [a, b] = [fresh(), fresh()]
  const entries = [
    put({ ...PATIENT, id: a }, `Patient/${a}`),
    put({ ...observation(`Patient/${a}`), id: b }, `Observation/${b}`),
  ]
  expect(statuses(await transact(...entries))).toEqual(['201', '201'])
  expect(statuses(await transact(...entries))).toEqual(['200', '200'])
  expect(idsOf(await ask('GET', `/Observation?subject=Patient/${a}`))).toEqual([b])
  expect(idsOf(await ask('GET', `/Patient?_id=${a}`))).toEqual([a])
})

it('keeps Bundles of answers with their outcomes, and checks these', async () => {
  const issue = [{ severity: 'warning', code: 'informational' }]
  const answered = (outcome: Json) => ({
    resourceType: 'Bundle',
    type: 'batch-response',
    entry: [{ response: { status: '200', outcome } }],
  })
  const body = answered({ resourceType: 'OperationOutcome', issue })
  expect(await make(body)).toMatchObject(body)
  const wrong = answered({
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'bad', code: 'exception' }],
  })
  const refused = await ask('POST', '/Bundle', { body: wrong })
  expect(refused.status, refused.text).toBe(400)
  expect(refused.text).toContain('Bundle.entry[0].response.outcome.issue[0].severity')
})

it('says where in an entry its JSON is wrong', async () => {
  const entry = `{"resource":{"resourceType":"Patient",\n "gender":"male",\n  "gender":"female"}}`
  const raw = `{"resourceType":"Bundle","type":"batch",\n"entry":[\n${entry}]}`
  const answer = await ask('POST', '', { raw, headers: { 'content-type': 'application/fhir+json' } })
  const [issue] = answer.at('entry.0.response.outcome.issue') as readonly Json[]
  expect(issue).toMatchObject({
    expression: ['Bundle.entry[0]'],
    details: { text: 'The name "gender" occurs twice in one object: line 3, column 3 of the entry' },
  })
  expect(issue).not.toHaveProperty('extension')
})
