import { expect, it } from 'vitest'

import { entriesOf, expectRefused, fresh, hubForFile } from './fhir-peer.ts'
import type { Answer } from './fhir-peer.ts'

const { ask, base, make } = hubForFile()

async function put(
  id: string,
  content = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return ask('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id, ...content }, headers })
}

async function versions(id: string): Promise<number> {
  return Number((await ask('GET', `/Patient/${id}/_history`)).json['total'])
}

/** A patient with two versions. */
async function twice(): Promise<string> {
  const { id } = await make({ resourceType: 'Patient', gender: 'male' })
  await put(id, { gender: 'female' })
  return id
}

it('UP-01 makes a new version', async () => {
  const first = await make({ resourceType: 'Patient', gender: 'male' })
  const second = await put(first.id, { gender: 'female' })
  expect(second.status).toBe(200)
  expect(second.headers.get('etag')).toBe('W/"2"')
  expect(second.at('meta.versionId')).toBe('2')
  const time = (first['meta'] as { lastUpdated: string }).lastUpdated
  expect(Date.parse(String(second.at('meta.lastUpdated')))).toBeGreaterThan(Date.parse(time))
})

it('UP-02 UP-03 UP-04 wants the id and the type of its address', async () => {
  const { id } = await make({ resourceType: 'Patient' })
  const path = `/Patient/${id}`
  expectRefused(await ask('PUT', path, { body: { resourceType: 'Patient', id: 'other' } }), 400)
  expectRefused(await ask('PUT', path, { body: { resourceType: 'Patient' } }), 400)
  const observation = { resourceType: 'Observation', id, status: 'final', code: { text: 'x' } }
  expectRefused(await ask('PUT', path, { body: observation }), 400)
  expect(await versions(id)).toBe(1)
})

it('UP-05 creates under an id of the client', async () => {
  const id = fresh()
  const created = await put(id)
  expect([created.status, created.json['id']]).toEqual([201, id])
  expect(created.headers.get('location')).toBe(`${base()}/Patient/${id}/_history/1`)
})

it('UP-06 decided: update as create is on, and declared', async () => {
  const declared = (await ask('GET', '/metadata')).at('rest.0.resource') as readonly {
    type: string
  }[]
  // Nobody updates what was audited.
  for (const resource of declared)
    expect(resource).toMatchObject({ updateCreate: resource.type !== 'AuditEvent' })
})

it('UP-07 knows no type Foo', async () => {
  expectRefused(await ask('PUT', '/Foo/1', { body: { resourceType: 'Foo', id: '1' } }), 404)
})

it('UP-08 UP-09 updates the version that the client knows, no other', async () => {
  const id = await twice()
  expectRefused(await put(id, { gender: 'other' }, { 'if-match': 'W/"1"' }), 412)
  expect((await ask('GET', `/Patient/${id}`)).json['gender']).toBe('female')
  expect((await put(id, { gender: 'other' }, { 'if-match': 'W/"2"' })).status).toBe(200)
})

it.each(['"2"', '2'])('UP-10 decided: the version counts in the form %s, too', async (version) => {
  const id = await twice()
  expect((await put(id, { gender: 'other' }, { 'if-match': version })).at('meta.versionId')).toBe('3')
  expectRefused(await put(id, { gender: 'male' }, { 'if-match': version }), 412)
  expect(await versions(id)).toBe(3)
})

it('UP-11 takes no garbage for a version', async () => {
  const id = await twice()
  for (const garbage of ['garbage~', 'W/2', '', '"2', '*, W/'])
    expectRefused(await put(id, { gender: 'other' }, { 'if-match': garbage }), 400)
  expect(await versions(id)).toBe(2)
})

it('UP-12 creates only what is new when asked so', async () => {
  const id = await twice()
  const refused = await put(id, { gender: 'other' }, { 'if-none-match': '*' })
  expectRefused(refused, 412)
  expect([refused.at('issue.0.code'), await versions(id)]).toEqual(['conflict', 2])
  expect((await put(fresh(), {}, { 'if-none-match': '*' })).status).toBe(201)
})

it('UP-13 makes a version of what changes nothing, too', async () => {
  const id = await twice()
  const same = await put(id, { gender: 'female' })
  expect([same.status, same.at('meta.versionId'), same.json['gender']]).toEqual([200, '3', 'female'])
  expect(await versions(id)).toBe(3)
})

it('UP-14 keeps a valid resource from an invalid one', async () => {
  const id = await twice()
  expectRefused(await put(id, { gender: 'M' }), 400, 422)
  expect(await versions(id)).toBe(2)
  expect((await ask('GET', `/Patient/${id}`)).at('meta.versionId')).toBe('2')
})

it('UP-15 goes by its own version, not by that in the body', async () => {
  const id = await twice()
  const updated = await put(id, {
    gender: 'other',
    meta: { versionId: '1', lastUpdated: '2001-01-01T00:00:00Z' },
  })
  expect([updated.status, updated.at('meta.versionId')]).toEqual([200, '3'])
  expect(Date.parse(String(updated.at('meta.lastUpdated')))).toBeGreaterThan(Date.now() - 60_000)
})

it('UP-16 brings back what was deleted', async () => {
  const { id } = await make({ resourceType: 'Patient' })
  await ask('DELETE', `/Patient/${id}`)
  // R4, "RESTful API", update: a resource that comes back to life is created.
  expect((await put(id, { gender: 'male' })).status).toBe(201)
  expect((await ask('GET', `/Patient/${id}`)).json['gender']).toBe('male')
  const methods = entriesOf(await ask('GET', `/Patient/${id}/_history`)).map(({ request }) => request?.method)
  expect(methods).toEqual(['PUT', 'DELETE', 'POST'])
})

it('UP-17 lets one of two writers win', async () => {
  const { id } = await make({ resourceType: 'Patient' })
  const race = ['male', 'female'].map(
    async (gender) => (await put(id, { gender }, { 'if-match': 'W/"1"' })).status,
  )
  expect((await Promise.all(race)).toSorted((a, b) => a - b)).toEqual([200, 412])
  expect(await versions(id)).toBe(2)
})

it('UP-18 loses no version of twenty writers', async () => {
  const { id } = await make({ resourceType: 'Patient' })
  const race = Array.from({ length: 20 }, async (_, n) => put(id, { name: [{ family: `n${String(n)}` }] }))
  const answers = await Promise.all(race)
  for (const { status } of answers) expect([200, 409]).toContain(status)
  const won = answers.filter(({ status }) => status === 200)
  expect(new Set(won.map((answer) => answer.at('meta.versionId'))).size).toBe(won.length)
  const history = entriesOf(await ask('GET', `/Patient/${id}/_history?_count=50`))
  const numbers = history.map(({ response }) => response?.etag)
  expect(numbers).toEqual(history.map((_, n) => `W/"${String(history.length - n)}"`))
  const written = history.map(({ resource }) => JSON.stringify(resource?.['name']))
  expect(new Set(written).size).toBe(won.length + 1)
})

it('UP-19 decided: a body that says no tag or label takes them away, and its profile follows', async () => {
  const meta = {
    tag: [{ system: 'urn:x', code: 't' }],
    security: [{ system: 'urn:x', code: 's' }],
    profile: ['http://example.org/StructureDefinition/a'],
  }
  const { id } = await make({ resourceType: 'Patient', meta })
  const profile = ['http://example.org/StructureDefinition/b']
  const updated = await put(id, { meta: { profile } })
  expect(updated.at('meta.profile')).toEqual(profile)
  expect(Object.keys(updated.json['meta'] ?? {}).toSorted()).toEqual(['lastUpdated', 'profile', 'versionId'])
})

it.each([
  ['minimal', undefined],
  ['representation', 'Patient'],
  ['OperationOutcome', 'OperationOutcome'],
])('answers updates, patches and conditional creates with what is wished: %s', async (wish, type) => {
  const value = fresh()
  const identifier = [{ system: 'urn:test', value }]
  const { id } = await make({ resourceType: 'Patient', identifier })
  const headers = { prefer: `return=${wish}` }
  const raw = '[{"op":"add","path":"/active","value":true}]'
  const body = { resourceType: 'Patient', identifier }
  const criteria = `identifier=urn:test|${value}`
  const answers = [
    await put(id, { identifier, gender: 'male' }, headers),
    await ask('PATCH', `/Patient/${id}`, {
      raw,
      headers: { ...headers, 'content-type': 'application/json-patch+json' },
    }),
    await ask('PUT', `/Patient?${criteria}`, { body, headers }),
    await ask('POST', '/Patient', { body, headers: { ...headers, 'if-none-exist': criteria } }),
  ]
  for (const [index, answer] of answers.entries()) {
    expect([answer.status, answer.json['resourceType']]).toEqual([200, type])
    const version = String(Math.min(index + 2, 4))
    expect(answer.headers.get('etag')).toBe(`W/"${version}"`)
    expect(answer.headers.get('location')).toBe(`${base()}/Patient/${id}/_history/${version}`)
    if (type === undefined) expect(answer.text).toBe('')
  }
})
