import { expect, it } from 'vitest'

import { startFhir } from './fhir-server.ts'
import type { FhirServer, Reply } from './fhir-server.ts'

interface Entry {
  readonly resource: { readonly resourceType: string; readonly id: string }
  readonly search: { readonly mode: string }
}

function entriesOf(reply: Reply): readonly Entry[] {
  expect(reply).toMatchObject({ status: 200 })
  return (reply.json['entry'] ?? []) as readonly Entry[]
}

function linkOf(reply: Reply, relation: string): string | undefined {
  const links = reply.json['link'] as readonly { relation: string; url: string }[]
  return links.find((link) => link.relation === relation)?.url
}

/** Follows the next links; the ids of each page. */
async function pagesOf({ ask, base }: FhirServer, query: string): Promise<readonly (readonly string[])[]> {
  const pages: (readonly string[])[] = []
  let path: string | undefined = `/${query}`
  while (path !== undefined) {
    const reply: Reply = await ask('GET', path)
    pages.push(entriesOf(reply).map(({ resource }) => resource.id))
    path = linkOf(reply, 'next')?.slice(base.length)
    expect(pages.length).toBeLessThan(50)
  }
  return pages
}

async function fill({ ask }: FhirServer, count: number): Promise<void> {
  const entry = Array.from({ length: count }, (_, index) => {
    const id = `p${String(index).padStart(2, '0')}`
    return {
      request: { method: 'PUT', url: `Patient/${id}` },
      resource: {
        resourceType: 'Patient',
        id,
        gender: index % 2 ? 'male' : 'female',
        birthDate: '1970-01-01',
        name: [{ family: `Smith${id}` }, { family: 'Smith' }],
      },
    }
  })
  expect(
    (await ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } })).status,
  ).toBe(200)
}

it.each([
  'Patient?_count=10',
  'Patient?gender=male,female&_count=10',
  'Patient?birthdate=1970&_count=10',
  'Patient?family=smith&_count=10',
  'Patient?_sort=birthdate&_count=10',
  'Patient?_sort=-_lastUpdated&_count=10',
  'Patient?gender:not=other&_count=10',
])('visits everything once: %s', async (query) => {
  const server = await startFhir()
  await fill(server, 25)
  const pages = await pagesOf(server, query)
  expect(pages.map((page) => page.length)).toEqual([10, 10, 5])
  expect(new Set(pages.flat()).size).toBe(25)
})

it('goes on rightly when others write between two pages', async () => {
  const server = await startFhir()
  await fill(server, 25)
  const first = await server.ask('GET', '/Patient?family=smith&_count=10')
  await server.ask('PUT', '/Patient/p99', {
    body: { resourceType: 'Patient', id: 'p99', name: [{ family: 'Smith' }] },
  })
  const rest = await pagesOf(server, (linkOf(first, 'next') ?? '').slice(server.base.length + 1))
  const seen = [...entriesOf(first).map(({ resource }) => resource.id), ...rest.flat()]
  expect(new Set(seen).size).toBe(seen.length)
  expect(seen.filter((id) => id !== 'p99').length).toBe(25)
})

it('gives totals where asked, and only counts with _count=0 and _summary=count', async () => {
  const server = await startFhir()
  await fill(server, 25)
  const { ask } = server
  expect((await ask('GET', '/Patient?_count=10')).json).not.toHaveProperty('total')
  expect((await ask('GET', '/Patient?_count=10&_total=accurate&gender=male')).json['total']).toBe(12)
  expect((await ask('GET', '/Patient?_count=50')).json['total']).toBe(25)
  expect((await ask('GET', '/Patient?_count=50&_total=none')).json).not.toHaveProperty('total')
  for (const query of ['_count=0', '_summary=count']) {
    const { json } = await ask('GET', `/Patient?${query}`)
    expect([json['total'], json['entry']]).toEqual([25, undefined])
  }
  const none = await ask('GET', '/Patient?gender=other')
  expect([none.json['total'], none.json['entry']]).toEqual([0, undefined])
})

it('refuses page links of other searches and broken ones', async () => {
  const server = await startFhir()
  await fill(server, 5)
  const next = linkOf(await server.ask('GET', '/Patient?_count=2'), 'next') ?? ''
  const token = new URL(next).searchParams.get('_page') ?? ''
  expect((await server.ask('GET', `/Patient?_count=2&_page=${token}`)).status).toBe(200)
  for (const path of [
    `/Patient?gender=male&_count=2&_page=${token}`,
    `/Observation?_count=2&_page=${token}`,
    `/Patient?_count=2&_page=x${token}`,
    `/Patient?_count=2&_page=${token}.x`,
    `/Patient?_count=2&_page=${token}*`,
    `/Patient?_count=2&_page=${token.replace('*', '')}`,
    ...['A', 'B', 'g', 'x'].map((end) => `/Patient?_count=2&_page=${token.slice(0, -1)}${end}${end}`),
    '/Patient?_page=x',
  ]) {
    expect((await server.ask('GET', path)).status).toBe(400)
  }
})

it('says in the self link what it understood', async () => {
  const server = await startFhir()
  const self = async (path: string, headers = {}): Promise<string | undefined> =>
    linkOf(await server.ask('GET', path, { headers }), 'self')?.slice(server.base.length)
  expect(await self('/Patient?gender=male&_count=100000')).toBe('/Patient?gender=male&_count=1000')
  expect(await self('/Patient?foo=1&gender=male', { prefer: 'handling=lenient' })).toBe(
    '/Patient?gender=male',
  )
  const lenient = await server.ask('GET', '/Patient?foo=1', { headers: { prefer: 'handling=lenient' } })
  expect(lenient.at('entry.0')).toMatchObject({
    search: { mode: 'outcome' },
    resource: { issue: [{ severity: 'warning' }] },
  })
})

it.each([
  'foo=1',
  'name:foo=x',
  'birthdate:exact=2000',
  '_count=abc',
  '_count=-1',
  '_total=foo',
  '_sort=nope',
  '_summary=xyz',
  '_include=Foo:bar',
  '_include=Patient:nope',
  'name[$ne]=x',
  '_filter=x',
  '_contained=maybe',
])('refuses %s', async (query) => {
  const { ask } = await startFhir()
  const reply = await ask('GET', `/Patient?${query}`)
  expect(reply.status).toBe(400)
  expect(reply.json).toMatchObject({ resourceType: 'OperationOutcome', issue: [{ severity: 'error' }] })
})

it('takes the parameters of a form together with those of the address', async () => {
  const server = await startFhir()
  await fill(server, 4)
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const reply = await server.ask('POST', '/Patient/_search?gender=male', {
    text: 'family=smithp01&_count=5',
    headers,
  })
  expect(entriesOf(reply).map(({ resource }) => resource.id)).toEqual(['p01'])
  expect((await server.ask('POST', '/Patient/_search', { text: '{}' })).status).toBe(415)
})

it('includes what is referred to and what refers, each once', async () => {
  const server = await startFhir()
  const put = async (body: Record<string, unknown>): Promise<void> => {
    const reply = await server.ask('PUT', `/${String(body['resourceType'])}/${String(body['id'])}`, { body })
    expect(reply).toMatchObject({ status: 201 })
  }
  await put({ resourceType: 'Organization', id: 'top', partOf: { reference: 'Organization/top' }, name: 'T' })
  await put({ resourceType: 'Organization', id: 'o', partOf: { reference: 'Organization/top' }, name: 'O' })
  await put({ resourceType: 'Patient', id: 'p', managingOrganization: { reference: 'Organization/o' } })
  for (const id of ['a', 'b']) {
    await put({
      resourceType: 'Observation',
      id,
      status: 'final',
      code: { text: 'c' },
      subject: { reference: 'Patient/p' },
      performer: [{ reference: 'Organization/missing' }],
    })
  }
  const included = async (query: string): Promise<string> => {
    const entries = entriesOf(await server.ask('GET', `/${query}`)).filter(
      ({ search }) => search.mode === 'include',
    )
    return entries
      .map(({ resource }) => resource.id)
      .toSorted()
      .join(' ')
  }
  expect(await included('Observation?_include=Observation:subject')).toBe('p')
  expect(await included('Observation?_include=Observation:subject:Group')).toBe('')
  expect(await included('Observation?_include=*')).toBe('p')
  expect(await included('Patient?_revinclude=Observation:subject')).toBe('a b')
  expect(
    await included(
      'Observation?_include=Observation:subject&_include:iterate=Patient:organization&_include:iterate=Organization:partof',
    ),
  ).toBe('o p top')
  expect(
    (await server.ask('GET', '/Observation?_include=Observation:subject&_count=1&_total=accurate')).json[
      'total'
    ],
  ).toBe(2)
  await server.ask('DELETE', '/Patient/p')
  expect(await included('Observation?_include=Observation:subject')).toBe('')
})

it('follows references up a hierarchy, around a circle once, and says where it stops', async () => {
  const { ask } = await startFhir()
  const part = async (id: number, whole?: number): Promise<Reply> => {
    const partOf = whole === undefined ? {} : { partOf: { reference: `Organization/${String(whole)}` } }
    return ask('PUT', `/Organization/${String(id)}`, {
      body: { resourceType: 'Organization', id: String(id), name: 'A', ...partOf },
    })
  }
  const above = async (id: number): Promise<readonly (readonly [mode: string, id: string])[]> => {
    const reply = await ask('GET', `/Organization?_id=${String(id)}&_include:iterate=Organization:partof`)
    return entriesOf(reply).map(({ resource, search }) => [search.mode, resource.id])
  }
  await part(0)
  for (let id = 1; id <= 20; id += 1) await part(id, id - 1)
  expect((await above(9)).map(([, id]) => id)).toEqual(['9', '8', '7', '6', '5', '4', '3', '2', '1', '0'])
  const most = await above(20)
  expect(most.filter(([mode]) => mode === 'include').length).toBe(16)
  expect(most.filter(([mode]) => mode === 'outcome').length).toBe(1)
  await part(0, 9)
  expect((await above(9)).length).toBe(10)
})

it('pages through the history of one resource, a type and everything', async () => {
  const server = await startFhir()
  await fill(server, 3)
  for (let count = 0; count < 2; count += 1)
    await server.ask('PUT', '/Patient/p00', { body: { resourceType: 'Patient', id: 'p00' } })
  await server.ask('DELETE', '/Patient/p01')
  for (const [path, total] of [
    ['Patient/p00/_history', 3],
    ['Patient/_history', 6],
    ['_history', 6],
  ] as const) {
    const whole = await server.ask('GET', `/${path}`)
    expect(whole.json['total']).toBe(total)
    expect((await versionsOf(server, `/${path}?_count=1`)).length).toBe(total)
  }
  const [newest] = (await server.ask('GET', '/Patient/_history')).json['entry'] as readonly Record<
    string,
    unknown
  >[]
  expect(newest).toMatchObject({
    request: { method: 'DELETE', url: 'Patient/p01' },
    response: { status: '204 No Content', etag: 'W/"2"' },
  })
  expect(newest).not.toHaveProperty('resource')
  const since = new Date(Date.now() + 60_000).toISOString()
  expect((await server.ask('GET', `/Patient/_history?_since=${since}`)).json['total']).toBe(0)
  for (const path of ['/Patient/none/_history', '/Foo/_history'])
    expect((await server.ask('GET', path)).status).toBe(404)
  for (const query of ['_since=garbage', '_count=x', 'foo=1'])
    expect((await server.ask('GET', `/Patient/_history?${query}`)).status).toBe(400)
})

async function versionsOf({ ask, base }: FhirServer, path: string): Promise<readonly string[]> {
  const urls: string[] = []
  let next: string | undefined = path
  while (next !== undefined) {
    const reply: Reply = await ask('GET', next)
    const entries = reply.json['entry'] as readonly { fullUrl: string; response: { etag: string } }[]
    urls.push(...entries.map(({ fullUrl, response }) => `${fullUrl} ${response.etag}`))
    next = linkOf(reply, 'next')?.slice(base.length)
    expect(urls.length).toBeLessThan(50)
  }
  expect(new Set(urls).size).toBe(urls.length)
  return urls
}
