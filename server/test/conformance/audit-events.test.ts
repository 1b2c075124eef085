import { beforeAll, expect, it } from 'vitest'

import { entriesOf, expectRefused, fresh, hubForFile, idsOf, linkOf, valueAt } from './fhir-peer.ts'
import type { Answer, Found } from './fhir-peer.ts'

/** What happened is told as AuditEvents, which nobody stores and nobody changes. */
const { ask, make, find } = hubForFile()
let id = ''
let other = ''
const correlation = fresh()
let since = ''

beforeAll(async () => {
  since = new Date().toISOString()
  id = (await make({ resourceType: 'Patient', gender: 'male' })).id
  other = (await make({ resourceType: 'Patient' })).id
  const headers = { 'x-request-id': correlation }
  await ask('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id, gender: 'other' }, headers })
  await ask('GET', `/Patient/${id}`)
  await make({
    resourceType: 'Observation',
    status: 'final',
    code: { text: 'x' },
    subject: { reference: `Patient/${id}` },
  })
  await ask('GET', `/Observation?patient=${id}`)
  await ask('DELETE', `/Patient/${other}`)
})

async function search(query: string): Promise<Answer> {
  const answer = await ask('GET', `/AuditEvent?${query}`)
  expect(answer.status, answer.text.slice(0, 800)).toBe(200)
  return answer
}

const done = (answer: Answer): readonly unknown[] =>
  entriesOf(answer).map(({ resource }) => valueAt(resource, 'subtype.0.code'))

it('finds what was done to a patient and in the record of one', async () => {
  const answer = await search(`patient=${id}&_sort=-date`)
  expect(done(answer)).toEqual(['create', 'read', 'update', 'create'])
  expect(answer.json['total']).toBe(4)
  expect(entriesOf(answer)[0]?.fullUrl).toMatch(/\/AuditEvent\/[0-9a-f-]{36}$/)
  for (const form of [`patient=Patient/${id}`, `patient:Patient=${id}`, `_sort=date&patient=${id}`])
    expect(idsOf(await search(form)).toSorted(), form).toEqual(idsOf(answer).toSorted())
  expect(done(await search(`patient=${other}&_sort=-date`))).toEqual(['delete', 'create'])
  expect(await find(`/AuditEvent?patient=nobody`)).toEqual([])
})

it('finds it by what was touched, how, when, by whom and with what result', async () => {
  const one = (await search(`entity=Patient/${id}&action=U`)).at('entry.0.resource')
  expect(one).toMatchObject({
    type: { code: 'rest' },
    subtype: [{ system: 'http://hl7.org/fhir/restful-interaction', code: 'update' }],
    action: 'U',
    outcome: '0',
    agent: [{ altId: 'tests', requestor: true }],
    entity: [{ what: { reference: `Patient/${id}` } }, { what: { identifier: { value: correlation } } }],
  })
  const of = `entity=Patient/${id}`
  expect(done(await search(`${of}&subtype=read,update&_sort=date`))).toEqual(['update', 'read'])
  expect(done(await search(`${of}&action:not=C&_sort=-date`))).toEqual(['read', 'update'])
  expect(done(await search(`${of}&altid=tests&outcome=0&type=rest&date=ge${since}`))).toHaveLength(4)
  expect(done(await search(`${of}&agent:identifier=tests&action=C`))).toEqual(['create', 'create'])
  for (const none of ['altid=nobody', `date=lt${since}`, 'outcome=8', 'date=ge2100', '_lastUpdated=lt2020'])
    expect(done(await search(`${of}&${none}`)), none).toEqual([])
  expect(done(await search(`entity:missing=false&subtype=search-type&date=ge${since}`))).toContain(
    'search-type',
  )
})

it('gives what an event is about with it, and one event by its id', async () => {
  const found = await search(`entity=Patient/${id}&action=U&_include=AuditEvent:entity`)
  expect(idsOf(found, 'include')).toEqual([id])
  const [event] = idsOf(found)
  const read = await ask('GET', `/AuditEvent/${String(event)}`)
  expect([read.status, read.headers.get('etag')]).toEqual([200, 'W/"1"'])
  expect(read.json).toEqual(found.at('entry.0.resource'))
  expect((await ask('GET', `/AuditEvent/${String(event)}/_history/1`)).json).toEqual(read.json)
  expect(await find(`/AuditEvent?_id=${String(event)}`)).toEqual([event])
  expectRefused(await ask('GET', `/AuditEvent/${String(event)}/_history/2`), 404)
  expectRefused(await ask('GET', `/AuditEvent/${fresh()}`), 404)
  const last = await search(`entity=AuditEvent/${String(event)}&subtype=read`)
  expect(done(last)).toEqual(['read'])
})

it('pages through events, each once, while others are added', async () => {
  const all = await find(`/AuditEvent?entity=Patient/${id}`)
  const paged = await find(`/AuditEvent?entity=Patient/${id}&_count=1`)
  expect([all.length, paged]).toEqual([4, all])
  const sorted = await find(`/AuditEvent?entity=Patient/${id}&_count=2&_sort=date`)
  expect(sorted).toEqual((await find(`/AuditEvent?entity=Patient/${id}&_sort=-date`)).toReversed())
  expect(sorted.toSorted()).toEqual(all.toSorted())
  const first = await search(`date=ge${since}&_count=3`)
  const rest = await find(linkOf(first, 'next') ?? '')
  const ids = [...idsOf(first), ...rest]
  expect(ids.length).toBeGreaterThan(8)
  expect(new Set(ids).size).toBe(ids.length)
  expect((await search(`entity=Patient/${id}&_summary=count`)).json['total']).toBe(4)
})

it('keeps events of other systems beside them, and these first', async () => {
  const body = {
    resourceType: 'AuditEvent',
    type: { system: 'http://dicom.nema.org/resources/ontology/DCM', code: '110103' },
    recorded: '2026-01-01T00:00:00Z',
    agent: [{ altId: 'pacs', requestor: true }],
    source: { observer: { display: 'x' } },
    entity: [{ what: { reference: `Patient/${id}` } }],
  }
  const own = await make(body)
  const all = await find(`/AuditEvent?entity=Patient/${id}`)
  // That it was handed in is an event, too.
  expect([all.length, all[0]]).toEqual([6, own.id])
  expect(await find(`/AuditEvent?entity=Patient/${id}&_count=1`)).toEqual(all)
  expect((await find(`/AuditEvent?entity=Patient/${id}&_sort=-date`)).at(-1)).toBe(own.id)
  expect(await find(`/AuditEvent?altid=pacs`)).toEqual([own.id])
  expect((await ask('GET', `/AuditEvent/${own.id}`)).json).toEqual(own)
})

it('has no event that its own validator refuses', async () => {
  await ask('GET', '/Patient/nobody/$nothing')
  const entries = entriesOf(await search(`date=ge${since}&_count=200`))
  const resources = entries.map(({ resource }) => resource as Found)
  expect(resources.length).toBeGreaterThan(20)
  const entry = resources.map((resource) => ({
    request: { method: 'POST', url: 'AuditEvent/$validate' },
    resource: { resourceType: 'Parameters', parameter: [{ name: 'resource', resource }] },
  }))
  const answer = await ask('POST', '', { body: { resourceType: 'Bundle', type: 'batch', entry } })
  const errors = entriesOf(answer).filter(({ resource }) =>
    /"severity":"(?:error|fatal)"/.test(JSON.stringify(resource)),
  )
  expect(errors).toEqual([])
})

it('is not part of what belongs to a patient, and changed by nobody', async () => {
  expect((await ask('GET', `/Patient/${id}/$everything?_type=AuditEvent`)).json['entry'] ?? []).toHaveLength(
    1,
  )
  const [event = ''] = await find(`/AuditEvent?entity=Patient/${id}&action=R`)
  expectRefused(await ask('DELETE', `/AuditEvent/${event}`), 403)
})
