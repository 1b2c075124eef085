import { beforeAll, expect, it } from 'vitest'

import { entriesOf, expectRefused, fresh, hubForFile, idsOf, linkOf, tagged } from './fhir-peer.ts'
import type { Json } from './fhir-peer.ts'

const { ask, base, make, find } = hubForFile()
const warning = hubForFile({ HUB_SEARCH_UNKNOWN: 'warn' })
const FORM = { 'content-type': 'application/x-www-form-urlencoded' }
const LENIENT = { prefer: 'handling=lenient' }
const tag = fresh()
let man = ''
let woman = ''

function patient(more: Json): Json {
  return { resourceType: 'Patient', ...tagged(tag), ...more }
}

beforeAll(async () => {
  man = (
    await make(patient({ gender: 'male', birthDate: '1991', name: [{ family: 'Xu', given: ['A', 'B'] }] }))
  ).id
  woman = (
    await make(patient({ gender: 'female', birthDate: '1980', name: [{ family: 'Xu', given: ['A'] }] }))
  ).id
})

async function sorted(path: string): Promise<readonly string[]> {
  return (await find(path)).toSorted()
}

it('SE-01 finds, with links and modes', async () => {
  const answer = await ask('GET', `/Patient?_tag=${tag}`)
  expect([answer.status, answer.json['resourceType'], answer.json['type']]).toEqual([
    200,
    'Bundle',
    'searchset',
  ])
  expect(linkOf(answer, 'self')).toBe(`${base()}/Patient?_tag=${tag}`)
  expect([...idsOf(answer)].toSorted()).toEqual([man, woman].toSorted())
  for (const { fullUrl, resource, search } of entriesOf(answer)) {
    expect(fullUrl).toMatch(new RegExp(`^http.*/Patient/${String(resource?.id)}$`))
    expect(search?.mode).toBe('match')
  }
})

it('SE-02 finds nothing without an empty list', async () => {
  const answer = await ask('GET', `/Patient?_tag=${tag}&gender=other`)
  expect([answer.status, answer.json['total']]).toEqual([200, 0])
  expect(answer.json).not.toHaveProperty('entry')
})

it('SE-03 says in self what it used', async () => {
  const answer = await ask('GET', `/Patient?_tag=${tag}&gender=male&foo=bar`, { headers: LENIENT })
  const self = new URL(linkOf(answer, 'self') ?? '').searchParams
  expect([...self]).toEqual([
    ['_tag', tag],
    ['gender', 'male'],
  ])
})

it('SE-04 SE-05 takes a form, and what stands in the address too', async () => {
  const byForm = await ask('POST', '/Patient/_search', { raw: `_tag=${tag}&gender=male`, headers: FORM })
  expect([byForm.status, idsOf(byForm)]).toEqual([200, [man]])
  expect(byForm.json).toEqual((await ask('GET', `/Patient?_tag=${tag}&gender=male`)).json)
  const both = await ask('POST', `/Patient/_search?gender=female`, {
    raw: `_tag=${tag}&family=xu`,
    headers: FORM,
  })
  expect(idsOf(both)).toEqual([woman])
  expect(idsOf(await ask('GET', `/Patient/_search?_tag=${tag}&gender=male`))).toEqual([man])
})

it('SE-06 SE-07 decided: what is unknown is refused by default, with what is known', async () => {
  for (const headers of [{}, { prefer: 'handling=strict' }]) {
    const answer = await ask('GET', `/Patient?foo=bar`, { headers })
    expectRefused(answer, 400)
    expect(answer.text).toContain('foo')
    expect(answer.text).toContain('birthdate')
  }
})

it('SE-08 leaves out what is unknown when asked, and says so', async () => {
  const answer = await ask('GET', `/Patient?_tag=${tag}&foo=bar`, { headers: LENIENT })
  expect(answer.status).toBe(200)
  expect([...idsOf(answer)].toSorted()).toEqual([man, woman].toSorted())
  const outcome = entriesOf(answer).find(({ search }) => search?.mode === 'outcome')
  expect(outcome?.resource?.resourceType).toBe('OperationOutcome')
  expect(outcome?.fullUrl).toMatch(/^urn:uuid:/)
})

it('SE-06 passes over what is unknown where the site wants that, unless the caller is strict', async () => {
  for (const query of ['foo=bar', 'name:foo=x']) {
    const answer = await warning.ask('GET', `/Patient?_count=1&${query}`)
    expect([answer.status, linkOf(answer, 'self')]).toEqual([200, `${warning.base()}/Patient?_count=1`])
    expect(entriesOf(answer).map(({ search }) => search?.mode)).toEqual(['outcome'])
    const headers = { prefer: 'handling=strict' }
    expectRefused(await warning.ask('GET', `/Patient?${query}`, { headers }), 400)
  }
})

const MODIFIERS = ['name:foo=x', 'birthdate:exact=1990', 'gender:contains=male']

it('SE-09 refuses a modifier that the parameter does not have', async () => {
  for (const query of MODIFIERS)
    for (const headers of [{}, { prefer: 'handling=strict' }])
      expectRefused(await ask('GET', `/Patient?${query}`, { headers }), 400)
})

it('SE-09 decided: who asks to be lenient has it left out, and is told', async () => {
  for (const query of MODIFIERS) {
    const answer = await ask('GET', `/Patient?_tag=${tag}&${query}`, { headers: LENIENT })
    expect([answer.status, linkOf(answer, 'self')]).toEqual([200, `${base()}/Patient?_tag=${tag}`])
    const outcome = entriesOf(answer).find(({ search }) => search?.mode === 'outcome')
    expect(JSON.stringify(outcome?.resource)).toContain(query.slice(0, query.indexOf('=')))
  }
})

it('SE-10 leaves out what has no value, and says so in self', async () => {
  const answer = await ask('GET', `/Patient?_tag=${tag}&family=`)
  expect([answer.status, idsOf(answer).length]).toEqual([200, 2])
  expect(linkOf(answer, 'self')).not.toContain('family')
})

it('SE-11 knows no type Foo', async () => {
  expectRefused(await ask('GET', '/Foo?x=1'), 404)
})

it('SE-12 SE-13 SE-14 joins parameters by and, values by or', async () => {
  expect(await find(`/Patient?_tag=${tag}&gender=male&birthdate=ge1990`)).toEqual([man])
  expect(await find(`/Patient?_tag=${tag}&gender=female&birthdate=ge1990`)).toEqual([])
  expect(await sorted(`/Patient?_tag=${tag}&gender=male,female`)).toEqual([man, woman].toSorted())
  expect(await find(`/Patient?_tag=${tag}&given=A&given=B`)).toEqual([man])
})

it('SE-15 takes escaped separators for what they are', async () => {
  const own = fresh()
  const codes = ['a,b', 'a', 's|x', 'p$q', 'back\\slash']
  const ids = new Map<string, string>()
  for (const code of codes) {
    const coding = [{ code }]
    const made = await make({ resourceType: 'Basic', ...tagged(own), code: { coding } })
    ids.set(code, made.id)
  }
  const coding = [{ system: 's', code: 'x' }]
  const { id: pair } = await make({ resourceType: 'Basic', ...tagged(own), code: { coding } })
  const by = async (value: string): Promise<readonly string[]> =>
    find(`/Basic?_tag=${own}&code=${encodeURIComponent(value)}`)
  expect(await by('a\\,b')).toEqual([ids.get('a,b')])
  expect(await by('a,b')).toEqual([ids.get('a')])
  expect(await by('s\\|x')).toEqual([ids.get('s|x')])
  expect(await by('s|x')).toEqual([pair])
  expect(await by('|s\\|x')).toEqual([ids.get('s|x')])
  expect(await by('p\\$q')).toEqual([ids.get('p$q')])
  expect(await by('back\\\\slash')).toEqual([ids.get('back\\slash')])
  const { id: whole } = await make({ resourceType: 'Patient', ...tagged(own), name: [{ family: 'a,b' }] })
  const { id: first } = await make({ resourceType: 'Patient', ...tagged(own), name: [{ family: 'a' }] })
  const named = async (value: string) => find(`/Patient?_tag=${own}&name:exact=${encodeURIComponent(value)}`)
  expect([await named('a\\,b'), await named('a,b')]).toEqual([[whole], [first]])
})

it('SE-16 decodes the address once', async () => {
  const own = fresh()
  const { id } = await make({ resourceType: 'Patient', ...tagged(own), name: [{ family: 'a b+c %2B é' }] })
  for (const family of ['a+b%2Bc', 'a%20b%2Bc', 'a%20b%2Bc%20%252B%20%C3%A9'])
    expect(await find(`/Patient?_tag=${own}&family=${family}`)).toEqual([id])
  expect(await find(`/Patient?_tag=${own}&family=a%20b%20c`)).toEqual([])
  expect(await find(`/Patient?_tag=urn:test%7C${own}`)).toEqual([id])
})

it('SE-17 SE-18 finds by id', async () => {
  expect(await sorted(`/Patient?_id=${man},none,${woman}`)).toEqual([man, woman].toSorted())
  const none = await ask('GET', '/Patient?_id=none')
  expect([none.status, none.json['total']]).toEqual([200, 0])
})

it('SE-19 finds by time of change', async () => {
  const { at } = await ask('GET', `/Patient/${woman}`)
  const time = encodeURIComponent(String(at('meta.lastUpdated')))
  expect(await find(`/Patient?_tag=${tag}&_lastUpdated=lt${time}`)).toEqual([man])
  expect(await find(`/Patient?_tag=${tag}&_lastUpdated=ge${time}`)).toEqual([woman])
  expect(await find(`/Patient?_tag=${tag}&_lastUpdated=gt${time}`)).toEqual([])
})

it('SE-20 finds by meta', async () => {
  const code = fresh()
  const meta = {
    tag: [{ system: 'urn:test', code }],
    security: [{ system: 'urn:s', code }],
    profile: [`http://example.org/${code}`],
    source: `urn:source:${code}`,
  }
  const { id } = await make({ resourceType: 'Patient', meta })
  for (const query of [
    `_tag=urn:test|${code}`,
    `_security=urn:s|${code}`,
    `_profile=http://example.org/${code}`,
    `_source=urn:source:${code}`,
  ])
    expect(await find(`/Patient?${query}`), query).toEqual([id])
  for (const query of [
    `_tag=urn:s|${code}`,
    `_security=urn:test|${code}`,
    `_profile=http://example.org/${code}x`,
  ])
    expect(await find(`/Patient?${query}`), query).toEqual([])
})

it('SE-21 decided: word search comes later and says so', async () => {
  for (const name of ['_text', '_content']) expectRefused(await ask('GET', `/Patient?${name}=x`), 501)
})

it('SE-22 searches several types at once', async () => {
  const own = fresh()
  const one = await make({ resourceType: 'Patient', ...tagged(own) })
  const two = await make({
    resourceType: 'Observation',
    ...tagged(own),
    status: 'final',
    code: { text: 'x' },
  })
  await make({ resourceType: 'Organization', ...tagged(own), name: 'x' })
  const path = `/?_type=Patient,Observation&_tag=${own}&_lastUpdated=gt2020`
  expect(await sorted(path)).toEqual([one.id, two.id].toSorted())
})

it('SE-23 refuses types that are none, and parameters that not all types have', async () => {
  expectRefused(await ask('GET', '/?_type=Foo'), 400)
  expectRefused(await ask('GET', '/?_type=Patient,Observation&gender=male'), 400)
})

it('SE-24 SE-25 searches in the compartment of a patient', async () => {
  const made = async (patientId: string, text: string): Promise<string> =>
    (
      await make({
        resourceType: 'Observation',
        status: 'final',
        code: { text },
        subject: { reference: `Patient/${patientId}` },
      })
    ).id
  const own = await made(man, 'a')
  await made(woman, 'a')
  expect(await find(`/Patient/${man}/Observation`)).toEqual([own])
  expect(await find(`/Patient/${man}/Observation?code:text=a`)).toEqual([own])
  expect(await find(`/Patient/${man}/Observation?code:text=b`)).toEqual([])
  const all = await find(`/Patient/${man}/*`)
  expect(all).toContain(own)
  expect(all.every((id) => id === own || id === man)).toBe(true)
})

it('SE-24 SE-25 knows the members of each of the five compartments', async () => {
  const subject = { reference: `Patient/${man}` }
  const code = { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' }
  const centres: readonly Json[] = [
    { resourceType: 'Patient' },
    { resourceType: 'Encounter', status: 'finished', class: code },
    { resourceType: 'RelatedPerson', patient: subject },
    { resourceType: 'Practitioner' },
    { resourceType: 'Device' },
  ]
  const refer = ['subject', 'encounter', 'performer', 'performer', 'device']
  for (const [n, centre] of centres.entries()) {
    const { id } = await make(centre)
    const address = `${String(centre['resourceType'])}/${id}`
    const reference = refer[n] === 'performer' ? [{ reference: address }] : { reference: address }
    const common = { resourceType: 'Observation', status: 'final', code: { text: 'x' } }
    const member = await make({ ...common, [refer[n] ?? '']: reference })
    expect(await find(`/${address}/Observation`), address).toEqual([member.id])
    expect(await sorted(`/${address}/*`), address).toEqual([id, member.id].toSorted())
  }
})

it('SE-26 finds current versions only', async () => {
  const own = fresh()
  const { id } = await make({ resourceType: 'Patient', ...tagged(own), gender: 'male' })
  await ask('PUT', `/Patient/${id}`, {
    body: { resourceType: 'Patient', id, ...tagged(own), gender: 'female' },
  })
  expect(await find(`/Patient?_tag=${own}&gender=male`)).toEqual([])
  expect(await find(`/Patient?_tag=${own}&gender=female`)).toEqual([id])
})

it('SE-27 finds at once what was written', async () => {
  for (let n = 0; n < 20; n++) {
    const own = fresh()
    const { id } = await make({ resourceType: 'Patient', ...tagged(own) })
    expect(await find(`/Patient?_tag=${own}`)).toEqual([id])
  }
})

it('SE-28 bounds what is asked', async () => {
  const long = await ask('GET', `/Patient?name=${'x'.repeat(10_000)}`)
  expect([long.status, long.json['total']]).toEqual([200, 0])
  const many = Array.from({ length: 200 }, (_, n) => (n === 150 ? man : `v${String(n)}`)).join(',')
  expect(await find(`/Patient?_id=${many}`)).toEqual([man])
  expect((await ask('GET', `/Patient?identifier=${many}`)).status).toBe(200)
})

it('SE-29 refuses values of another shape', async () => {
  for (const query of ['date=05', 'value-quantity=gt', 'code=a|b|c|d', 'value-quantity=5|a|b|c', 'date=gt'])
    expectRefused(await ask('GET', `/Observation?${query}`), 400)
})

it('answers a form in a format that it speaks only', async () => {
  const form = (raw: string) => ask('POST', '/Patient/_search', { raw, headers: FORM })
  expectRefused(await form(`_tag=${tag}&_format=xml`), 406)
  expect((await form(`_tag=${tag}&_format=json`)).status).toBe(200)
})

it.each(['_type=Patient&_type=Observation', '_type=', '_type=Patient,Observation'])(
  'finds nothing wrong with its own answer to %s',
  async (types) => {
    await make({ resourceType: 'Patient' })
    await make({ resourceType: 'Observation', status: 'final', code: { text: 'x' } })
    const found = await ask('GET', `/?${types}`)
    expect(found.status).toBe(200)
    const judged = await ask('POST', '/Bundle/$validate', { body: found.json })
    expect(judged.text).not.toContain('"error"')
  },
)
