import { beforeAll, expect, it } from 'vitest'

import { entriesOf, expectRefused, fresh, hubForFile, idsOf, linkOf, tagged, valueAt } from './fhir-peer.ts'
import type { Answer, Json } from './fhir-peer.ts'

const { ask, base, make, find } = hubForFile()
const LENIENT = { prefer: 'handling=lenient' }
const tag = fresh()
const people: string[] = []
let organization = ''

beforeAll(async () => {
  organization = (await make({ resourceType: 'Organization', name: 'House', ...tagged(tag) })).id
  await ask('PUT', `/Organization/${organization}`, {
    body: {
      resourceType: 'Organization',
      id: organization,
      name: 'House',
      ...tagged(tag),
      partOf: { reference: `Organization/${organization}` },
    },
  })
  for (let n = 0; n < 25; n++) people.push((await make(person(n))).id)
})

function person(n: number): Json {
  const family = ['Zed', 'Abe', 'Moe'][n % 3] ?? ''
  return {
    resourceType: 'Patient',
    ...tagged(tag),
    name: [{ family }, ...(n === 0 ? [{ family: 'Aaa' }] : [])],
    gender: 'male',
    ...(n % 5 === 4 ? {} : { birthDate: `19${String(50 + n)}-01-01` }),
    managingOrganization: { reference: `Organization/${organization}` },
    text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' },
    photo: [{ contentType: 'image/png', title: 'x' }],
  }
}

async function search(query: string, headers = {}): Promise<Answer> {
  const answer = await ask('GET', `/Patient?_tag=${tag}&${query}`, { headers })
  expect(answer.status, answer.text.slice(0, 800)).toBe(200)
  return answer
}

async function all(query: string): Promise<readonly string[]> {
  return find(`/Patient?_tag=${tag}&${query}`)
}

it('SR-01 SR-05 SR-07 pages through every match once', async () => {
  const first = await search('_count=10')
  expect(idsOf(first).length).toBe(10)
  const next = linkOf(first, 'next') ?? ''
  expect(next.startsWith(base())).toBe(true)
  const second = await ask('GET', next)
  const third = await ask('GET', linkOf(second, 'next') ?? '')
  expect(linkOf(third, 'next')).toBeUndefined()
  const seen = [first, second, third].flatMap((page) => idsOf(page))
  expect(seen.toSorted()).toEqual(people.toSorted())
})

it('SR-02 counts without entries', async () => {
  const answer = await search('_count=0')
  expect(answer.json['total']).toBe(25)
  expect(answer.json).not.toHaveProperty('entry')
})

it('SR-03 refuses counts that are none', async () => {
  for (const count of ['abc', '-1', '1.5']) expectRefused(await ask('GET', `/Patient?_count=${count}`), 400)
})

it('SR-04 caps the size of a page and says so', async () => {
  const self = new URL(linkOf(await search('_count=100000'), 'self') ?? '')
  expect(Number(self.searchParams.get('_count'))).toBeLessThan(100_000)
})

it('SR-06 gives links that hold', async () => {
  const second = await ask('GET', linkOf(await search('_count=10'), 'next') ?? '')
  for (const relation of ['previous', 'prev', 'first', 'last', 'self']) {
    const url = linkOf(second, relation)
    if (url !== undefined) expect((await ask('GET', url)).status).toBe(200)
  }
  expect(idsOf(await ask('GET', linkOf(second, 'self') ?? ''))).toEqual(idsOf(second))
})

it.each([
  ['a search', () => `/Patient?_tag=${tag}&_count=2`],
  ['a sorted search', () => `/Patient?_tag=${tag}&_sort=birthdate&_count=2`],
  ['a history', () => '/Patient/_history?_count=2'],
])('leads back over the pages of %s by the way that it has come', async (_what, path) => {
  const seen: Answer[] = [await ask('GET', path())]
  while (seen.length < 6) seen.push(await ask('GET', linkOf(seen.at(-1) as Answer, 'next') ?? ''))
  let page = seen.at(-1) as Answer
  expect((await ask('GET', linkOf(page, 'first') ?? '')).json['entry']).toEqual(seen[0]?.json['entry'])
  for (const before of seen.slice(0, -1).toReversed()) {
    page = await ask('GET', linkOf(page, 'previous') ?? '')
    expect(page.json['entry']).toEqual(before.json['entry'])
  }
  expect(linkOf(page, 'previous')).toBeUndefined()
})

it('SR-08 takes no page token that it did not make', async () => {
  const next = linkOf(await search('_count=10'), 'next') ?? ''
  const url = new URL(next)
  const [name, token] = [...url.searchParams].find(([, value]) => value.length > 20 && value !== tag) ?? [
    '',
    '',
  ]
  const middle = Math.floor(token.length / 2)
  url.searchParams.set(
    name,
    `${token.slice(0, middle)}${token[middle] === 'A' ? 'B' : 'A'}${token.slice(middle + 1)}`,
  )
  expectRefused(await ask('GET', url.href), 400, 404, 410)
  const other = new URL(next)
  other.searchParams.set('_tag', fresh())
  expectRefused(await ask('GET', other.href), 400, 404, 410)
})

it('SR-09 repeats and loses nothing while others write', async () => {
  const own = fresh()
  const before: string[] = []
  for (let n = 0; n < 9; n++) before.push((await make({ resourceType: 'Patient', ...tagged(own) })).id)
  const seen: string[] = []
  for (let next: string | undefined = `/Patient?_tag=${own}&_count=2`; next !== undefined;) {
    const page: Answer = await ask('GET', next)
    seen.push(...idsOf(page))
    if (seen.length < 40) await make({ resourceType: 'Patient', ...tagged(own) })
    next = linkOf(page, 'next')
  }
  expect(new Set(seen).size).toBe(seen.length)
  expect(seen).toEqual(expect.arrayContaining(before))
})

it('SR-10 SR-11 counts as asked', async () => {
  expect((await search('_total=accurate&_count=3')).json['total']).toBe(25)
  expect((await search('_total=none&_count=3')).json['total']).toBeUndefined()
  for (const word of ['estimate', 'estimated'])
    expect(typeof (await search(`_total=${word}&_count=3`)).json['total']).toBe('number')
  expectRefused(await ask('GET', '/Patient?_total=foo'), 400)
})

it('SR-12 SR-34 counts matches, not what comes with them', async () => {
  const answer = await search('_include=Patient:organization&_count=10&_total=accurate')
  expect(answer.json['total']).toBe(25)
  expect(idsOf(answer).length).toBe(10)
  expect(idsOf(answer, 'include')).toEqual([organization])
})

async function births(sort: string): Promise<readonly string[]> {
  const page = await search(`_sort=${sort}&_count=50`)
  return entriesOf(page).flatMap(({ resource }) => (resource?.['birthDate'] as string | undefined) ?? [])
}

it('SR-13 SR-16 sorts up and down, and keeps what has no value at one end', async () => {
  const up = await births('birthdate')
  expect(up).toEqual(up.toSorted())
  expect(up.length).toBe(20)
  expect(await births('-birthdate')).toEqual(up.toReversed())
  for (const sort of ['birthdate', '-birthdate']) {
    const has = entriesOf(await search(`_sort=${sort}&_count=50`)).map(
      ({ resource }) => resource && 'birthDate' in resource,
    )
    const missing = has.flatMap((there, index) => (there === true ? [] : index))
    expect(missing.length).toBe(5)
    expect([0, 20]).toContain(missing[0])
    expect((missing.at(-1) ?? 0) - (missing[0] ?? 0)).toBe(4)
  }
})

it('SR-14 sorts by a second key', async () => {
  const rows = entriesOf(await search('_sort=family,-birthdate&_count=50&birthdate:missing=false')).map(
    ({ resource }) => {
      const names = valueAt(resource, 'name') as readonly { family: string }[]
      return `${names.map(({ family }) => family).toSorted()[0] ?? ''} ${String(9999 - Number(String(resource?.['birthDate']).slice(0, 4)))}`
    },
  )
  expect(rows).toEqual(rows.toSorted())
  expect(rows.length).toBe(20)
})

it('SR-15 pages through equal keys', async () => {
  const seen = await all('_sort=gender&_count=4')
  expect(seen.toSorted()).toEqual(people.toSorted())
  const own = fresh()
  const resource = { resourceType: 'Patient', ...tagged(own), birthDate: '1990' }
  const entry = Array.from({ length: 100 }, () => ({ resource, request: { method: 'POST', url: 'Patient' } }))
  await ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
  for (const sort of ['birthdate', '-birthdate', 'gender', '_lastUpdated,birthdate']) {
    const found = await find(`/Patient?_tag=${own}&_sort=${sort}&_count=7`)
    expect([found.length, new Set(found).size], sort).toEqual([100, 100])
  }
})

it('SR-17 sorts what repeats by its lowest value up, its highest down', async () => {
  expect((await all('_sort=family'))[0]).toBe(people[0])
  const down = await search('_sort=-family&_count=9')
  expect(idsOf(down)).toContain(people[0])
})

it('SR-18 sorts by what it knows', async () => {
  expectRefused(await ask('GET', '/Patient?_sort=unknown'), 400)
  const lenient = await search('_sort=unknown&_count=50', LENIENT)
  expect(entriesOf(lenient).some(({ search: found }) => found?.mode === 'outcome')).toBe(true)
  expect(lenient.json['total']).toBe(25)
  expect(linkOf(lenient, 'self')).not.toContain('_sort')
})

it('takes several _sort and _elements for one list of them', async () => {
  const ids = async (query: string) => idsOf(await search(`${query}&_count=50`))
  expect(await ids('_sort=gender&_sort=-birthdate')).toEqual(await ids('_sort=gender,-birthdate'))
  const few = await search('_elements=gender&_elements=Patient.birthDate&_count=50')
  const names = new Set(entriesOf(few).flatMap(({ resource }) => Object.keys(resource ?? {})))
  expect([...names].toSorted()).toEqual(['birthDate', 'gender', 'id', 'meta', 'resourceType'])
})

it('refuses a modifier of what shapes the answer: it would sort the other way round unnoticed', async () => {
  for (const name of ['_sort:desc', '_count:exact', '_summary:not', '_total:x']) {
    const refused = await ask('GET', `/Patient?${name}=birthdate`)
    expectRefused(refused, 400)
    expect(refused.text).toContain(`${name} is not supported; it has no modifiers`)
  }
  const lenient = await search('_sort:desc=birthdate', LENIENT)
  expect(linkOf(lenient, 'self')).not.toContain('_sort')
})

it('SR-19 sorts by id and by time of change', async () => {
  const byId = await all('_sort=_id')
  expect(byId).toEqual(people.toSorted())
  expect(await all('_sort=-_id')).toEqual(people.toSorted().toReversed())
  const times = async (sort: string) =>
    entriesOf(await search(`_sort=${sort}&_count=50`)).map(({ resource }) => resource?.meta.lastUpdated ?? '')
  const up = await times('_lastUpdated')
  expect([up.length, up]).toEqual([25, up.toSorted()])
  expect(await times('-_lastUpdated')).toEqual(up.toReversed())
})

function subsetted(answer: Answer): Json {
  const [entry] = entriesOf(answer)
  expect(entry?.resource?.meta.tag?.map(({ code }) => code)).toContain('SUBSETTED')
  return entry?.resource ?? {}
}

it('SR-20 SR-21 SR-22 SR-24 sums up', async () => {
  const summary = subsetted(await search('_summary=true&_count=1'))
  const inSummary = ['birthDate', 'gender', 'id', 'managingOrganization', 'meta', 'name', 'resourceType']
  expect(inSummary).toEqual(expect.arrayContaining(Object.keys(summary)))
  expect(summary).toMatchObject({ gender: 'male', name: [{}], managingOrganization: {} })
  const text = subsetted(await search('_summary=text&_count=1'))
  expect(Object.keys(text).toSorted()).toEqual(['id', 'meta', 'resourceType', 'text'])
  const own = fresh()
  const code = { text: 'x' }
  const issued = '2020-01-01T00:00:00Z'
  await make({ resourceType: 'Observation', ...tagged(own), status: 'final', code, issued })
  const must = subsetted(await ask('GET', `/Observation?_tag=${own}&_summary=text`))
  expect(must).toMatchObject({ status: 'final', code })
  expect(must).not.toHaveProperty('issued')
  const data = subsetted(await search('_summary=data&_count=1'))
  expect(data).toHaveProperty('photo')
  expect(data).not.toHaveProperty('text')
  const [whole] = entriesOf(await search('_summary=false&_count=1'))
  expect(whole?.resource).toHaveProperty('text')
  expect(whole?.resource).toHaveProperty('photo')
  expect(JSON.stringify(whole?.resource?.meta)).not.toContain('SUBSETTED')
})

it('SR-23 counts only', async () => {
  const answer = await search('_summary=count')
  expect(answer.json['total']).toBe(25)
  expect(answer.json).not.toHaveProperty('entry')
})

it('SR-25 refuses a summary that is none', async () => {
  expectRefused(await ask('GET', '/Patient?_summary=xyz'), 400)
})

it('SR-26 gives the elements asked for and those that must stay', async () => {
  const few = subsetted(await search('_elements=gender,name&_count=1'))
  expect(Object.keys(few).toSorted()).toEqual(['gender', 'id', 'meta', 'name', 'resourceType'])
  const own = fresh()
  await make({
    resourceType: 'Observation',
    ...tagged(own),
    status: 'final',
    code: { text: 'x' },
    issued: '2020-01-01T00:00:00Z',
  })
  const observation = subsetted(await ask('GET', `/Observation?_tag=${own}&_elements=issued`))
  expect(observation).toMatchObject({ status: 'final', code: { text: 'x' }, issued: '2020-01-01T00:00:00Z' })
  // Elements that change the meaning of the others stay as well.
  const modifying = { active: false, deceasedBoolean: true, implicitRules: 'http://example.org/rules' }
  await make({ resourceType: 'Patient', ...tagged(own), ...modifying, gender: 'male', birthDate: '1990' })
  const kept = subsetted(await ask('GET', `/Patient?_tag=${own}&_elements=gender`))
  expect(kept).toMatchObject({ ...modifying, gender: 'male' })
  expect(kept).not.toHaveProperty('birthDate')
})

it('takes elements by their names, with their type in front, and parts of them as a whole', async () => {
  const { id } = await make({
    resourceType: 'Patient',
    birthDate: '1990',
    deceasedBoolean: true,
    name: [{ family: 'A', given: ['B'] }],
  })
  for (const [elements, wanted] of [
    ['name', ['name']],
    ['Patient.name,birthDate', ['name', 'birthDate']],
    ['name.family', ['name']],
    ['Patient.name.family', ['name']],
  ] as const) {
    const { json } = await ask('GET', `/Patient/${id}?_elements=${elements}`)
    const found = ['name', 'birthDate'].filter((name) => name in json)
    expect(found, elements).toEqual(wanted)
  }
})

it('SR-27 takes no summary for the whole', async () => {
  const body = subsetted(await search('_summary=true&_count=1'))
  const path = `/Patient/${String(body['id'])}`
  expectRefused(await ask('PUT', path, { body }), 400, 422)
  expectRefused(await ask('POST', '/Patient', { body }), 400, 422)
  expect((await ask('GET', path)).at('meta.versionId')).toBe('1')
})

it('SR-28 SR-29 SR-30 brings what is referred to, and what refers', async () => {
  const own = fresh()
  const common = { resourceType: 'Observation', ...tagged(own), status: 'final', code: { text: 'x' } }
  const group = await make({ resourceType: 'Group', ...tagged(own), type: 'person', actual: true })
  const subject = { reference: `Patient/${String(people[0])}` }
  const [a, b] = [await make({ ...common, subject }), await make({ ...common, subject })]
  await make({ ...common, subject: { reference: `Group/${group.id}` } })
  const both = await ask('GET', `/Observation?_tag=${own}&_include=Observation:subject`)
  expect([...idsOf(both, 'include')].toSorted()).toEqual([String(people[0]), group.id].toSorted())
  const one = await ask('GET', `/Observation?_tag=${own}&_include=Observation:subject:Patient`)
  expect(idsOf(one, 'include')).toEqual([people[0]])
  const back = await ask('GET', `/Patient?_id=${String(people[0])}&_revinclude=Observation:subject`)
  expect([...idsOf(back, 'include')].toSorted()).toEqual([a.id, b.id].toSorted())
})

it('SR-31 SR-36 goes on from what was brought, and ends', async () => {
  const own = fresh()
  const subject = { reference: `Patient/${String(people[0])}` }
  await make({ resourceType: 'Observation', ...tagged(own), status: 'final', code: { text: 'x' }, subject })
  const answer = await ask(
    'GET',
    `/Observation?_tag=${own}&_include=Observation:subject&_include:iterate=Patient:organization&_include:iterate=Organization:partof`,
  )
  expect([...idsOf(answer, 'include')].toSorted()).toEqual([String(people[0]), organization].toSorted())
})

it('SR-32 SR-33 brings all references that can be followed', async () => {
  const own = fresh()
  const gone = await make({ resourceType: 'Practitioner' })
  await ask('DELETE', `/Practitioner/${gone.id}`)
  const body = {
    resourceType: 'Observation',
    ...tagged(own),
    status: 'final',
    code: { text: 'x' },
    subject: { reference: `Patient/${String(people[0])}` },
    performer: [
      { reference: `Practitioner/${gone.id}` },
      { reference: 'http://other.example.org/fhir/Practitioner/1' },
      { reference: 'Practitioner/never-was' },
    ],
  }
  await make(body)
  for (const include of ['*', 'Observation:*']) {
    const answer = await ask('GET', `/Observation?_tag=${own}&_include=${include}`)
    expect([answer.status, idsOf(answer, 'include')], answer.text.slice(0, 800)).toEqual([200, [people[0]]])
  }
  const none = await ask('GET', `/Observation?_tag=${own}&_include=Observation:performer`)
  expect(entriesOf(none).map(({ search: found }) => found?.mode)).toEqual(['match'])
})

it('SR-35 includes by what it knows', async () => {
  for (const include of ['Foo:bar', 'Observation:nope', 'Observation:subject:Foo'])
    for (const way of ['_include', '_revinclude', '_include:iterate'])
      expectRefused(await ask('GET', `/Observation?${way}=${include}`), 400)
  const lenient = await search('_include=Foo:bar&_include=Patient:organization&_count=1', LENIENT)
  expect(entriesOf(lenient).some(({ search: found }) => found?.mode === 'outcome')).toBe(true)
  expect(idsOf(lenient).length).toBe(1)
  expect(linkOf(lenient, 'self')).toContain('_include=Patient%3Aorganization')
  for (const relation of ['self', 'next']) expect(linkOf(lenient, relation)).not.toContain('Foo')
  expect((await ask('GET', linkOf(lenient, 'next') ?? '')).status).toBe(200)
})
