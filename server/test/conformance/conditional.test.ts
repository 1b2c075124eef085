import { expect, it } from 'vitest'

import { entriesOf, expectRefused, fresh, hubForFile } from './fhir-peer.ts'
import type { Json } from './fhir-peer.ts'

const { ask, base, make, find } = hubForFile()
const SYSTEM = 'http://example.org/ids'
const PATCH = { 'content-type': 'application/json-patch+json' }

function patient(value: string, more: Json = {}): Json {
  return { resourceType: 'Patient', identifier: [{ system: SYSTEM, value }], ...more }
}

function criterion(value: string): string {
  return `identifier=${encodeURIComponent(`${SYSTEM}|${value}`)}`
}

/** `count` patients with one identifier, made so that no rule on identifiers is in the way. */
async function holders(count: number): Promise<{ readonly value: string; readonly ids: readonly string[] }> {
  const value = fresh()
  const ids: string[] = []
  for (let n = 0; n < count; n++) ids.push((await make(patient(value))).id)
  return { value, ids }
}

async function create(value: string): ReturnType<typeof ask> {
  return ask('POST', '/Patient', { body: patient(value), headers: { 'if-none-exist': criterion(value) } })
}

it('CO-01 CO-02 creates what nobody holds, once', async () => {
  const value = fresh()
  const first = await create(value)
  expect(first.status).toBe(201)
  const second = await create(value)
  expect(second.status).toBe(200)
  const id = String(first.json['id'])
  expect(second.headers.get('location')).toBe(`${base()}/Patient/${id}/_history/1`)
  expect(second.headers.get('etag')).toBe('W/"1"')
  expect(await find(`/Patient?${criterion(value)}`)).toEqual([id])
})

it('CO-03 creates nothing beside two', async () => {
  const { value, ids } = await holders(2)
  expectRefused(await create(value), 412)
  expect((await find(`/Patient?${criterion(value)}`)).toSorted()).toEqual([...ids].toSorted())
})

/** Criteria are strict always, also for who wants searches to be lenient. */
const WISHES = [{}, { prefer: 'handling=lenient' }]

it('CO-04 CO-05 refuses criteria that say nothing', async () => {
  await holders(1)
  const before = (await find('/Patient')).length
  for (const criteria of ['', ' ', 'unknownparam=x', '_count=1', 'identifier='])
    for (const wish of WISHES) {
      const headers = { 'if-none-exist': criteria, ...wish }
      expectRefused(await ask('POST', '/Patient', { body: patient(fresh()), headers }), 400, 412)
    }
  expect((await find('/Patient')).length).toBe(before)
})

async function update(value: string, more: Json = {}): ReturnType<typeof ask> {
  return ask('PUT', `/Patient?${criterion(value)}`, { body: patient(value, more) })
}

it('CO-06 creates by update where nobody matches', async () => {
  const created = await update(fresh())
  expect(created.status).toBe(201)
  expect(created.json['id']).toMatch(/^[A-Za-z0-9.-]{1,64}$/)
  expect(created.headers.get('location')).toContain('/_history/1')
})

it('CO-07 takes the id of the body where nobody matches', async () => {
  const id = fresh()
  const created = await update(fresh(), { id })
  expect([created.status, created.json['id']]).toEqual([201, id])
})

it('CO-08 CO-09 updates the one that matches', async () => {
  const { value, ids } = await holders(1)
  const plain = await update(value, { gender: 'male' })
  expect([plain.status, plain.json['id'], plain.json['gender']]).toEqual([200, ids[0], 'male'])
  const named = await update(value, { gender: 'female', id: ids[0] })
  expect([named.status, named.json['id'], named.at('meta.versionId')]).toEqual([200, ids[0], '3'])
})

it('CO-10 refuses another id than that of the match', async () => {
  const { value, ids } = await holders(1)
  const other = fresh()
  expectRefused(await update(value, { id: other }), 400)
  expect(await find(`/Patient?${criterion(value)}`)).toEqual(ids)
  expect((await ask('GET', `/Patient/${String(ids[0])}`)).at('meta.versionId')).toBe('1')
  expectRefused(await ask('GET', `/Patient/${other}`), 404)
})

it('CO-11 refuses to choose between two', async () => {
  const { value, ids } = await holders(2)
  expectRefused(await update(value, { gender: 'male' }), 412)
  expect(await find(`/Patient?${criterion(value)}&gender=male`)).toEqual([])
  expect((await find(`/Patient?${criterion(value)}`)).toSorted()).toEqual([...ids].toSorted())
})

it('CO-12 never updates everything', async () => {
  const { value, ids } = await holders(1)
  for (const path of ['/Patient', '/Patient?', '/Patient?unknown=x', '/Patient?_count=5'])
    for (const headers of WISHES)
      expectRefused(await ask('PUT', path, { body: patient(value, { gender: 'other' }), headers }), 400, 412)
  expect((await ask('GET', `/Patient/${String(ids[0])}`)).at('meta.versionId')).toBe('1')
})

it('CO-13 CO-14 deletes the one that matches, and none is no error', async () => {
  const { value, ids } = await holders(1)
  const [first, second] = [
    await ask('DELETE', `/Patient?${criterion(value)}`),
    await ask('DELETE', `/Patient?${criterion(value)}`),
  ]
  expect([first.status, second.status, second.text]).toEqual([204, 204, ''])
  expectRefused(await ask('GET', `/Patient/${String(ids[0])}`), 410)
  expect((await ask('GET', `/Patient/${String(ids[0])}/_history`)).json['total']).toBe(2)
})

it('CO-15 CO-16 decided: deletes several, and declares that', async () => {
  const resources = (await ask('GET', '/metadata')).at('rest.0.resource') as readonly Json[]
  const declared = resources.find(({ type }) => type === 'Patient')?.['conditionalDelete']
  const { value, ids } = await holders(2)
  const { status } = await ask('DELETE', `/Patient?${criterion(value)}`)
  expect([declared, status, await find(`/Patient?${criterion(value)}`)]).toEqual(['multiple', 204, []])
  for (const id of ids) expectRefused(await ask('GET', `/Patient/${id}`), 410)
})

it('CO-17 never deletes everything', async () => {
  await holders(1)
  const before = (await find('/Patient')).length
  for (const path of ['/Patient', '/Patient?', '/Patient?unknown=x', '/Patient?_count=5'])
    for (const headers of WISHES) expectRefused(await ask('DELETE', path, { headers }), 400, 412)
  expect((await find('/Patient')).length).toBe(before)
})

it('CO-18 patches the one that matches', async () => {
  const raw = JSON.stringify([{ op: 'add', path: '/gender', value: 'male' }])
  for (const [count, status] of [
    [0, 404],
    [1, 200],
    [2, 412],
  ] as const) {
    const { value } = await holders(count)
    const answer = await ask('PATCH', `/Patient?${criterion(value)}`, { raw, headers: PATCH })
    expect(answer.status, answer.text.slice(0, 800)).toBe(status)
    if (status !== 200) expectRefused(answer, status)
    const found = await find(`/Patient?${criterion(value)}&gender=male`)
    expect(found.length).toBe(count === 1 ? 1 : 0)
  }
})

it('CO-19 makes one of twenty creates at once', async () => {
  const value = fresh()
  const answers = await Promise.all(Array.from({ length: 20 }, async () => create(value)))
  expect(answers.filter(({ status }) => status === 201).length).toBe(1)
  expect(answers.every(({ status }) => status === 200 || status === 201)).toBe(true)
  expect((await find(`/Patient?${criterion(value)}`)).length).toBe(1)
})

it('refuses criteria where it would overlook them', async () => {
  const { id } = await make({ resourceType: 'Patient' })
  const criteria = `identifier=http://example.org|${fresh()}`
  const body = { resourceType: 'Patient' }
  expectRefused(await ask('POST', `/Patient?${criteria}`, { body }), 400)
  expectRefused(await ask('PUT', `/Patient/${id}?${criteria}`, { body: { ...body, id } }), 400)
  expectRefused(await ask('DELETE', `/Patient/${id}?${criteria}`), 400)
  const entry = [{ resource: body, request: { method: 'POST', url: `Patient?${criteria}` } }]
  expectRefused(await ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } }), 400)
  const lenient = { headers: { prefer: 'handling=lenient' } }
  expect((await ask('POST', `/Patient?${criteria}`, { body, ...lenient })).status).toBe(201)
  expect((await ask('PUT', `/Patient/${id}?_pretty=true`, { body: { ...body, id } })).status).toBe(200)
})

it('deletes in a transaction, too, all that the criteria mean, with everything else or not at all', async () => {
  const { value, ids } = await holders(3)
  const deletion = { request: { method: 'DELETE', url: `Patient?${criterion(value)}` } }
  const creation = { resource: patient(fresh()), request: { method: 'POST', url: 'Patient' } }
  const transact = (...entry: readonly Json[]) =>
    ask('POST', '', {
      body: { resourceType: 'Bundle', type: 'transaction', entry },
      headers: { prefer: 'return=OperationOutcome' },
    })
  const broken = { ...creation, resource: { resourceType: 'Patient', gender: 'x' } }
  expectRefused(await transact(deletion, broken), 400)
  // Two entries would end on the same resource.
  const again = { request: { method: 'DELETE', url: `Patient/${String(ids[1])}` } }
  expectRefused(await transact(deletion, again), 400)
  const stale = { request: { ...deletion.request, ifMatch: 'W/"2"' } }
  expectRefused(await transact(stale), 412)
  expect((await find(`/Patient?${criterion(value)}`)).length).toBe(3)

  const answer = await transact(creation, deletion, creation)
  const responses = entriesOf(answer).map(({ response }) => response)
  expect(responses.map((response) => response?.status)).toEqual(['201 Created', '200 OK', '201 Created'])
  expect(responses[1]?.outcome).toMatchObject({
    issue: [{ details: { text: '3 Patient resources are deleted' } }],
  })
  for (const id of ids) expectRefused(await ask('GET', `/Patient/${id}`), 410)
  expect((await ask('GET', `/Patient/${String(ids[0])}/_history`)).at('entry.0.request.method')).toBe(
    'DELETE',
  )
})

it('deletes as many at once as the limit says, in a transaction and alone', async () => {
  const { value } = await holders(101)
  const entry = [{ request: { method: 'DELETE', url: `Patient?${criterion(value)}` } }]
  const body = { resourceType: 'Bundle', type: 'transaction', entry }
  for (const refused of [
    await ask('POST', '', { body }),
    await ask('DELETE', `/Patient?${criterion(value)}`),
  ]) {
    expectRefused(refused, 412)
    expect(refused.text).toContain('More than 100')
  }
  const [first] = await find(`/Patient?${criterion(value)}&_count=1`)
  await ask('DELETE', `/Patient/${String(first)}`)
  expect((await ask('POST', '', { body })).status).toBe(200)
  expect(await find(`/Patient?${criterion(value)}`)).toEqual([])
})
