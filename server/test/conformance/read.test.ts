import { beforeAll, expect, it } from 'vitest'

import { entriesOf, expectRefused, fresh, hubForFile, idsOf, tagged } from './fhir-peer.ts'
import type { Json } from './fhir-peer.ts'

const { ask, base, make, find } = hubForFile()
const OLD = 'Mon, 01 Jan 2001 00:00:00 GMT'
let id = ''
let deleted = ''
/** The two versions of `id` as they were answered when they were written. */
const written: Json[] = []

beforeAll(async () => {
  const first = await make({ resourceType: 'Patient', gender: 'male' })
  id = first.id
  const body = { resourceType: 'Patient', id, gender: 'female', birthDate: '1990-01-01' }
  written.push(first, (await ask('PUT', `/Patient/${id}`, { body })).json)
  deleted = (await make({ resourceType: 'Patient', gender: 'male' })).id
  await ask('DELETE', `/Patient/${deleted}`)
})

it('RD-01 reads', async () => {
  const read = await ask('GET', `/Patient/${id}`)
  expect([read.status, read.json['id']]).toEqual([200, id])
  expect(read.headers.get('content-type')?.toLowerCase()).toBe('application/fhir+json; charset=utf-8')
})

it('RD-02 sends version and time as headers', async () => {
  const read = await ask('GET', `/Patient/${id}`)
  expect(read.headers.get('etag')).toBe(`W/"${String(read.at('meta.versionId'))}"`)
  const seconds = Math.floor(Date.parse(String(read.at('meta.lastUpdated'))) / 1000) * 1000
  expect(read.headers.get('last-modified')).toBe(new Date(seconds).toUTCString())
})

it('RD-03 knows what never was', async () => {
  const read = await ask('GET', '/Patient/none')
  expectRefused(read, 404)
  expect(read.at('issue.0.code')).toBe('not-found')
})

it('RD-04 knows what was deleted', async () => {
  const read = await ask('GET', `/Patient/${deleted}`)
  expectRefused(read, 410)
  expect(read.at('issue.0.code')).toBe('deleted')
})

it('RD-05 knows no type Foo', async () => {
  expectRefused(await ask('GET', '/Foo/1'), 404)
})

it('RD-06 takes no id that is none', async () => {
  for (const wrong of ['has%20space', 'x'.repeat(65), 'a_b', '%00', '%'])
    expectRefused(await ask('GET', `/Patient/${wrong}`), 400, 404)
})

it('RD-07 keeps ids of types apart', async () => {
  expectRefused(await ask('GET', `/Observation/${id}`), 404)
})

it('RD-08 says that nothing changed', async () => {
  const etag = (await ask('GET', `/Patient/${id}`)).headers.get('etag') ?? ''
  const read = await ask('GET', `/Patient/${id}`, { headers: { 'if-none-match': etag } })
  expect([read.status, read.text, read.headers.get('etag')]).toEqual([304, '', etag])
  const head = await ask('HEAD', `/Patient/${id}`, { headers: { 'if-none-match': etag } })
  expect([head.status, head.headers.get('etag')]).toEqual([304, etag])
})

it('RD-09 sends what changed', async () => {
  const headers = { 'if-none-match': 'W/"1"' }
  const read = await ask('GET', `/Patient/${id}`, { headers })
  expect([read.status, read.json['gender']]).toEqual([200, 'female'])
})

it('RD-10 goes by time', async () => {
  const modified = (await ask('GET', `/Patient/${id}`)).headers.get('last-modified') ?? ''
  const at = async (time: string) => ask('GET', `/Patient/${id}`, { headers: { 'if-modified-since': time } })
  const known = await at(modified)
  expect([known.status, known.text, (await at(OLD)).status]).toEqual([304, '', 200])
})

it('RD-11 leaves elements out and says so', async () => {
  const whole = { resourceType: 'Patient', gender: 'female', birthDate: '1990', photo: [{ title: 'x' }] }
  const made = await make(whole)
  for (const [query, kept] of [
    ['_summary=true', ['birthDate', 'gender', 'id', 'meta', 'resourceType']],
    ['_elements=gender', ['gender', 'id', 'meta', 'resourceType']],
  ] as const) {
    const read = await ask('GET', `/Patient/${made.id}?${query}`)
    expect([read.status, Object.keys(read.json).toSorted()]).toEqual([200, kept])
    const system = 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue'
    expect(read.at('meta.tag')).toEqual([{ system, code: 'SUBSETTED' }])
  }
  expect((await ask('GET', `/Patient/${made.id}`)).json).toEqual(made)
})

it('RD-12 answers HEAD as GET without a body', async () => {
  // What says when and of which request, and how the connection goes on.
  const own = new Set(['date', 'x-request-id', 'connection', 'keep-alive'])
  for (const [path, status] of [
    [`/Patient/${id}`, 200],
    [`/Patient/${id}/_history/1`, 200],
    ['/Patient?_count=0', 200],
    ['/Patient/none', 404],
    [`/Patient/${deleted}`, 410],
  ] as const) {
    const [get, head] = [await ask('GET', path), await ask('HEAD', path)]
    expect([get.status, head.status, head.text], path).toEqual([status, status, ''])
    const [of, ofHead] = [get, head].map(({ headers }) => [...headers].filter(([name]) => !own.has(name)))
    expect(ofHead, path).toEqual(of)
  }
})

it('RD-13 reads versions as they were', async () => {
  for (const [index, version] of ['1', '2'].entries()) {
    const read = await ask('GET', `/Patient/${id}/_history/${version}`)
    expect([read.status, read.at('meta.versionId')]).toEqual([200, version])
    expect(read.json).toEqual(written[index])
    expect(read.headers.get('etag')).toBe(`W/"${version}"`)
  }
})

it('RD-14 knows no other version', async () => {
  expectRefused(await ask('GET', `/Patient/${id}/_history/none`), 404)
  expectRefused(await ask('GET', `/Patient/${id}/_history/3`), 404)
  expectRefused(await ask('GET', '/Patient/none/_history/1'), 404)
})

it('RD-15 shows no version of a deletion', async () => {
  const read = await ask('GET', `/Patient/${deleted}/_history/2`)
  expectRefused(read, 410)
  expect(read.at('issue.0.code')).toBe('deleted')
})

it('RD-16 reads older versions of what is deleted', async () => {
  const read = await ask('GET', `/Patient/${deleted}/_history/1`)
  expect([read.status, read.json['gender']]).toEqual([200, 'male'])
})

it('RD-17 prints for people', async () => {
  const read = await ask('GET', `/Patient/${id}?_pretty=true`)
  expect(read.text).toMatch(/^\{\n\s+"resourceType"/)
  expect(read.json).toEqual((await ask('GET', `/Patient/${id}`)).json)
  const refused = await ask('GET', '/Patient/none?_pretty=true')
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const found = await ask('POST', '/Patient/_search', { raw: '_count=1&_pretty=true', headers })
  for (const { text } of [refused, found]) expect(text).toMatch(/^\{\n\s+"resourceType"/)
})

it('DE-01 DE-02 deletes and names the version', async () => {
  const gone = await make({ resourceType: 'Patient' })
  const answer = await ask('DELETE', `/Patient/${gone.id}`)
  expect([answer.status, answer.text]).toEqual([204, ''])
  expect(answer.headers.get('etag')).toBe('W/"2"')
  expectRefused(await ask('GET', `/Patient/${gone.id}`), 410)
})

it('DE-03 deletes again without a new version', async () => {
  expect((await ask('DELETE', `/Patient/${deleted}`)).status).toBe(204)
  expect((await ask('GET', `/Patient/${deleted}/_history`)).json['total']).toBe(2)
})

it('DE-04 deletes what never was', async () => {
  expect((await ask('DELETE', '/Patient/never-was')).status).toBe(204)
  for (const path of ['/Patient/never-was', '/Patient/never-was/_history'])
    expectRefused(await ask('GET', path), 404)
})

it('DE-05 finds nothing that is deleted', async () => {
  const tag = fresh()
  const patient = await make({ resourceType: 'Patient', ...tagged(tag) })
  const body = {
    resourceType: 'Observation',
    ...tagged(tag),
    status: 'final',
    code: { text: 'x' },
    subject: { reference: `Patient/${patient.id}` },
  }
  await make(body)
  const other = await make(body)
  await ask('DELETE', `/Observation/${other.id}`)
  const referring = await ask('GET', `/Patient?_id=${patient.id}&_revinclude=Observation:subject`)
  expect([idsOf(referring), idsOf(referring, 'include').includes(other.id)]).toEqual([[patient.id], false])
  await ask('DELETE', `/Patient/${patient.id}`)
  expect(await find(`/Patient?_id=${patient.id}`)).toEqual([])
  const counted = await ask('GET', `/Patient?_tag=${tag}&_total=accurate`)
  expect(counted.json['total']).toBe(0)
  const included = await ask('GET', `/Observation?_tag=${tag}&_include=Observation:subject`)
  expect([idsOf(included).length, idsOf(included, 'include')]).toEqual([1, []])
})

it('DE-06 keeps the history', async () => {
  const history = await ask('GET', `/Patient/${deleted}/_history`)
  const [newest] = entriesOf(history)
  expect([history.status, newest?.request?.method, newest?.resource]).toEqual([200, 'DELETE', undefined])
  expect(newest?.fullUrl).toBe(`${base()}/Patient/${deleted}`)
  expect(newest?.response).toMatchObject({ status: '204 No Content', etag: 'W/"2"' })
})

it('DE-07 decided: references may point to what is gone, so a delete is never refused for them', async () => {
  const patient = await make({ resourceType: 'Patient' })
  const subject = { reference: `Patient/${patient.id}` }
  const { id: other } = await make({
    resourceType: 'Observation',
    status: 'final',
    code: { text: 'x' },
    subject,
  })
  expect((await ask('DELETE', `/Patient/${patient.id}`)).status).toBe(204)
  expect((await ask('GET', `/Observation/${other}`)).at('subject.reference')).toBe(`Patient/${patient.id}`)
})

it('DE-08 deletes no history', async () => {
  expectRefused(await ask('DELETE', `/Patient/${id}/_history`), 404, 405)
  expectRefused(await ask('DELETE', `/Patient/${id}/_history/1`), 404, 405)
  expect((await ask('GET', `/Patient/${id}/_history/1`)).status).toBe(200)
})

it('says of a version too that nothing changed', async () => {
  const read = await ask('GET', `/Patient/${id}/_history/1`, { headers: { 'if-none-match': 'W/"1"' } })
  expect([read.status, read.text]).toEqual([304, ''])
})

it('takes the elements with their type in front, and none for all', async () => {
  const few = await ask('GET', `/Patient/${id}?_elements=Patient.gender`)
  expect([few.json['gender'], few.json['birthDate']]).toEqual(['female', undefined])
  const made = await make({ resourceType: 'Patient', deceasedBoolean: false, gender: 'male' })
  const choice = await ask('GET', `/Patient/${made.id}?_elements=deceased[x]`)
  expect([choice.json['deceasedBoolean'], choice.json['gender']]).toEqual([false, undefined])
  const found = await ask('GET', `/Patient?_id=${made.id}&_elements=Patient.deceased[x]`)
  expect(found.at('entry.0.resource')).toEqual(choice.json)
  const whole = await ask('GET', `/Patient/${id}?_elements=`)
  expect(whole.json).toEqual((await ask('GET', `/Patient/${id}`)).json)
})

it('keeps the contained resources that what it keeps refers to, and no others', async () => {
  const related = [
    { resourceType: 'Organization', id: 'o', name: 'x', partOf: { reference: '#p' }, alias: ['y'] },
    { resourceType: 'Organization', id: 'p', name: 'x' },
    { resourceType: 'Practitioner', id: 'd', birthDate: '1980' },
  ]
  const made = await make({
    resourceType: 'Patient',
    contained: related,
    managingOrganization: { reference: '#o' },
    generalPractitioner: [{ reference: '#d' }],
  })
  const kept = async (query: string) => {
    const { json } = await ask('GET', `/Patient/${made.id}?${query}`)
    return (json['contained'] as readonly Json[] | undefined)?.map((each) => each['id'])
  }
  expect(await kept('_elements=managingOrganization')).toEqual(['o', 'p'])
  expect(await kept('_elements=generalPractitioner')).toEqual(['d'])
  expect(await kept('_elements=contained')).toEqual(['o', 'p', 'd'])
  expect(await kept('_elements=gender')).toBeUndefined()
  expect(await kept('_summary=text')).toBeUndefined()
  expect(await kept('_summary=data')).toEqual(['o', 'p', 'd'])
  // managingOrganization is an element of summaries, generalPractitioner is not.
  const summary = await ask('GET', `/Patient/${made.id}?_summary=true`)
  expect(summary.at('contained')).toMatchObject([{ id: 'o', name: 'x' }, { id: 'p' }])
  expect(summary.text).not.toContain('alias')
})
