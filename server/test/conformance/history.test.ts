import { beforeAll, expect, it } from 'vitest'

import { entriesOf, expectRefused, hubForFile, linkOf } from './fhir-peer.ts'
import type { Answer, Entry } from './fhir-peer.ts'

const { ask, make, base } = hubForFile()
let id = ''
let times: readonly string[] = []

beforeAll(async () => {
  id = (await make({ resourceType: 'Patient', gender: 'male' })).id
  for (const gender of ['female', 'other'])
    await ask('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id, gender } })
  const gone = await make({ resourceType: 'Patient' })
  await ask('DELETE', `/Patient/${gone.id}`)
  await make({ resourceType: 'Organization', name: 'Ward' })
  const entries = entriesOf(await ask('GET', `/Patient/${id}/_history`)).toReversed()
  times = entries.map(({ resource }) => resource?.meta.lastUpdated ?? '')
})

async function pages(path: string): Promise<readonly Entry[]> {
  const entries: Entry[] = []
  for (let next: string | undefined = path; next !== undefined;) {
    const page: Answer = await ask('GET', next)
    expect(page.status, page.text.slice(0, 800)).toBe(200)
    entries.push(...entriesOf(page))
    next = linkOf(page, 'next')
  }
  return entries
}

async function genders(query: string): Promise<readonly unknown[]> {
  return (await pages(`/Patient/${id}/_history?${query}`)).map(({ resource }) => resource?.['gender'])
}

it('HI-01 lists versions, newest first', async () => {
  const history = await ask('GET', `/Patient/${id}/_history`)
  expect([history.status, history.json['type'], history.json['total']]).toEqual([200, 'history', 3])
  expect(entriesOf(history).map(({ resource }) => resource?.['gender'])).toEqual(['other', 'female', 'male'])
})

it('HI-02 HI-03 says what each request was and how it was answered', async () => {
  const entries = entriesOf(await ask('GET', `/Patient/${id}/_history`))
  expect(entries.map(({ request }) => request)).toEqual([
    { method: 'PUT', url: `Patient/${id}` },
    { method: 'PUT', url: `Patient/${id}` },
    { method: 'POST', url: 'Patient' },
  ])
  for (const [index, { fullUrl, resource, response }] of entries.entries()) {
    expect(fullUrl).toMatch(new RegExp(`/Patient/${id}$`))
    expect(resource?.id).toBe(id)
    expect(response?.status).toBe(index === 2 ? '201 Created' : '200 OK')
    expect(response?.etag).toBe(`W/"${String(3 - index)}"`)
    expect(response?.lastModified).toBe(resource?.meta.lastUpdated)
  }
})

it('HI-02 HI-03 says of a deletion the same, without a resource', async () => {
  const all = await pages('/Patient/_history')
  const [deletion, ...others] = all.filter(({ request }) => request?.method === 'DELETE')
  expect(others).toEqual([])
  const path = deletion?.request?.url ?? ''
  expect(deletion?.fullUrl).toBe(`${base()}/${path}`)
  expect(all.map(({ fullUrl }) => fullUrl).filter((url) => url === deletion?.fullUrl)).toHaveLength(2)
  expect(deletion?.response).toMatchObject({ status: '204 No Content', etag: 'W/"2"' })
  expect(Date.parse(deletion?.response?.lastModified ?? '')).toBeGreaterThan(0)
  expect(deletion).not.toHaveProperty('resource')
})

it('HI-04 has none of what never was', async () => {
  expectRefused(await ask('GET', '/Patient/none/_history'), 404)
})

it('HI-05 lists a whole type with what is deleted', async () => {
  const entries = await pages('/Patient/_history')
  expect(entries.filter(({ request }) => request?.method === 'DELETE').length).toBe(1)
  expect(entries.length).toBe(5)
  expect(entries.every(({ fullUrl }) => fullUrl?.includes('/Patient/'))).toBe(true)
})

it('HI-06 lists the whole system', async () => {
  const history = await ask('GET', '/_history')
  expect([history.status, history.json['type']]).toEqual([200, 'history'])
  const types = (await pages('/_history')).map(({ fullUrl }) => fullUrl?.split('/').at(-2))
  expect(types).toContain('Organization')
  expect(types).toContain('Patient')
})

it('HI-07 pages', async () => {
  const first = await ask('GET', `/Patient/${id}/_history?_count=1`)
  expect(entriesOf(first).length).toBe(1)
  expect([first.json['total'], linkOf(first, 'next')]).toEqual([3, expect.stringContaining(base())])
  expect(await genders('_count=1')).toEqual(['other', 'female', 'male'])
})

it('HI-08 begins at a time', async () => {
  expect(await genders(`_since=${encodeURIComponent(times[1] ?? '')}`)).toEqual(['other', 'female'])
})

it('HI-09 shows what was current at a time', async () => {
  expect(await genders(`_at=${encodeURIComponent(times[1] ?? '')}`)).toEqual(['female'])
  // Of a period all that were current at some point of it.
  expect(await genders(`_at=${times[0]?.slice(0, 4) ?? ''}`)).toEqual(['other', 'female', 'male'])
  expect(await genders('_at=2001')).toEqual([])
  for (const path of ['/Patient/_history', '/_history']) {
    const at = await pages(`${path}?_count=2&_at=${encodeURIComponent(times[1] ?? '')}`)
    const mine = at.filter(({ resource }) => resource?.id === id)
    expect(mine.map(({ resource }) => resource?.['gender'])).toEqual(['female'])
    expect(await pages(`${path}?_at=2001`)).toEqual([])
    const since = await pages(`${path}?_count=2&_since=${encodeURIComponent(times[1] ?? '')}`)
    expect(since.filter(({ resource }) => resource?.id === id)).toHaveLength(2)
  }
})

it('HI-10 takes no garbage for a time', async () => {
  for (const path of [`/Patient/${id}/_history`, '/Patient/_history', '/_history'])
    for (const query of ['_since=garbage', '_at=garbage', '_since=2020-13-01', '_count=x', '_count=-1'])
      expectRefused(await ask('GET', `${path}?${query}`), 400)
})

it('HI-11 repeats and loses nothing while others write', async () => {
  const before = new Set((await pages('/_history')).map(versionOf))
  const seen: string[] = []
  for (let next: string | undefined = '/_history?_count=2'; next !== undefined;) {
    const page: Answer = await ask('GET', next)
    seen.push(...entriesOf(page).map(versionOf))
    await make({ resourceType: 'Patient' })
    next = seen.length > 200 ? undefined : linkOf(page, 'next')
  }
  expect(new Set(seen).size).toBe(seen.length)
  expect(seen).toEqual(expect.arrayContaining([...before]))
})

function versionOf({ fullUrl, response }: Entry): string {
  return `${fullUrl ?? ''} ${response?.etag ?? ''}`
}

it('gives less of each version when asked, on every page', async () => {
  const shaped = await pages(`/Patient/${id}/_history?_elements=gender&_count=1`)
  expect(shaped.map(({ resource }) => Object.keys(resource ?? {}).toSorted())).toEqual(
    Array.from({ length: 3 }, () => ['gender', 'id', 'meta', 'resourceType']),
  )
  expect(shaped.every(({ resource }) => JSON.stringify(resource?.meta).includes('SUBSETTED'))).toBe(true)
  const summary = await pages('/Patient/_history?_summary=text')
  expect(summary.filter(({ resource }) => resource === undefined).length).toBe(1)
  expect(summary.every(({ resource }) => resource?.['gender'] === undefined)).toBe(true)
  expectRefused(await ask('GET', `/Patient/${id}/_history?_summary=xyz`), 400)
})

it('counts versions without giving them', async () => {
  for (const query of ['_count=0', '_summary=count']) {
    const answer = await ask('GET', `/Patient/${id}/_history?${query}`)
    const { status, json } = answer
    expect([status, json['total']], query).toEqual([200, 3])
    expect(json).not.toHaveProperty('entry')
    expect(linkOf(answer, 'self')).toContain(query)
    expect(linkOf(answer, 'next')).toBeUndefined()
  }
})

it('leaves out of a history what it does not know, when asked to', async () => {
  const path = `/Patient/${id}/_history?_order=x`
  expectRefused(await ask('GET', path), 400)
  const lenient = await ask('GET', path, { headers: { prefer: 'handling=lenient' } })
  expect([lenient.status, lenient.json['total']]).toEqual([200, 3])
  expect(linkOf(lenient, 'self')).not.toContain('_order')
})

it('says of a resource that comes back behind its deletion that it was created, on every page', async () => {
  const body = { resourceType: 'Patient', id: `back-${id}` }
  for (const method of ['PUT', 'PUT', 'DELETE', 'PUT', 'PUT'])
    await ask(method, `/Patient/${body.id}`, method === 'DELETE' ? {} : { body })
  const expected = ['200 OK', '201 Created', '204 No Content', '200 OK', '201 Created']
  for (const query of ['', '?_count=1', '?_count=2']) {
    const entries = await pages(`/Patient/${body.id}/_history${query}`)
    expect(entries.map(({ response }) => response?.status)).toEqual(expected)
  }
  const ofType = await pages(`/Patient/_history?_count=3`)
  const mine = ofType.filter(({ request }) => request?.url.endsWith(body.id) === true)
  expect(mine.map(({ response }) => response?.status)).toEqual(expected)
})

it('knows the order of R5, and says what else it does not do', async () => {
  expect((await ask('GET', `/Patient/${id}/_history?_sort=-_lastUpdated`)).json['total']).toBe(3)
  const other = await ask('GET', `/Patient/${id}/_history?_sort=_lastUpdated`)
  expectRefused(other, 400)
  expect(other.text).toContain('newest first')
})

it('has the versions of what a List names, or the one that it asks for', async () => {
  const versioned = async (): Promise<string> => {
    const made = await make({ resourceType: 'Patient' })
    await ask('PUT', `/Patient/${made.id}`, {
      body: { resourceType: 'Patient', id: made.id, gender: 'male' },
    })
    return made.id
  }
  const [all, first, gone, unlisted] = [
    await versioned(),
    await versioned(),
    await versioned(),
    await versioned(),
  ]
  const basic = await make({ resourceType: 'Basic', code: { text: 'x' } })
  await ask('DELETE', `/Patient/${all}`)
  const list = await make({
    resourceType: 'List',
    status: 'current',
    mode: 'changes',
    entry: [
      { item: { reference: `Patient/${all}` } },
      { item: { reference: `Patient/${first}/_history/1` } },
      { item: { reference: `Patient/${gone}` }, deleted: true },
      { item: { reference: `Basic/${basic.id}` } },
    ],
  })
  const seen = async (path: string): Promise<readonly string[]> => (await pages(path)).map(versionOf)
  const version = (of: string, number: number) => `${base()}/Patient/${of} W/"${String(number)}"`
  const patients = [version(first, 1), version(all, 2), version(all, 1)]
  const answer = await seen(`/Patient/_history?_list=${list.id}`)
  expect(answer).toEqual([version(all, 3), ...patients])
  expect(await seen(`/Patient/_history?_list=List/${list.id}&_count=1`)).toEqual(answer)
  expect(await seen(`/_history?_list=${list.id}`)).toHaveLength(5)
  expect(await seen(`/Patient/${first}/_history?_list=${list.id}`)).toEqual([patients[0]])
  expect(await seen(`/Patient/${unlisted}/_history?_list=${list.id}`)).toEqual([])
  const counted = await ask('GET', `/Patient/_history?_list=${list.id}&_summary=count`)
  expect([counted.json['total'], linkOf(counted, 'self')?.includes('_list=')]).toEqual([4, true])
  expect(await seen('/Patient/_history?_list=nobody')).toEqual([])
  expectRefused(await ask('GET', `/Patient/_history?_list=${list.id}&_list=1`), 400)
  expectRefused(await ask('GET', '/Patient/_history?_list=$current-problems'), 501)
})
