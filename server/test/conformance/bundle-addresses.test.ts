import { randomUUID } from 'node:crypto'

import { expect, it } from 'vitest'

import { entriesOf, expectRefused, fresh, hubForFile, tagged } from './fhir-peer.ts'
import type { Entry, Json } from './fhir-peer.ts'

const { ask, base, make } = hubForFile()

async function batch(...entry: readonly Json[]): Promise<readonly Entry[]> {
  const answer = await ask('POST', '', { body: { resourceType: 'Bundle', type: 'batch', entry } })
  expect(answer.status, answer.text).toBe(200)
  return entriesOf(answer)
}

const create = (resource: Json): Json => ({
  resource,
  request: { method: 'POST', url: String(resource['resourceType']) },
})
const get = (url: string, more: Json = {}): Json => ({ request: { method: 'GET', url, ...more } })

it('tells code and reason of each entry, of failures too', async () => {
  const { id } = await make({ resourceType: 'Patient' })
  const resource = { resourceType: 'Patient' }
  const put = {
    resource: { ...resource, id },
    request: { method: 'PUT', url: `Patient/${id}`, ifMatch: 'W/"9"' },
  }
  const entries = await batch(
    { resource, request: { method: 'POST', url: 'Patient' } },
    get(`Patient/${id}`),
    get(`Patient/${id}`, { ifNoneMatch: 'W/"1"' }),
    { resource: { ...resource, x: 1 }, request: { method: 'POST', url: 'Patient' } },
    get('Patient/none'),
    put,
    { request: { method: 'DELETE', url: `Patient/${id}` } },
    get(`Patient/${id}`),
    { request: { method: 'DELETE', url: `Patient/${id}/_history` } },
    get(`Patient/${id}/$nothing`),
  )
  expect(entries.map(({ response }) => response?.status)).toEqual([
    '201 Created',
    '200 OK',
    '304 Not Modified',
    '400 Bad Request',
    '404 Not Found',
    '412 Precondition Failed',
    '204 No Content',
    '410 Gone',
    '405 Method Not Allowed',
    '404 Not Found',
  ])
})

it('compares UUIDs and OIDs without case', async () => {
  const uuid = crypto.randomUUID()
  const mother = { fullUrl: `urn:uuid:${uuid}`, ...create({ resourceType: 'Patient' }) }
  const place = { fullUrl: 'URN:OID:1.2.3', ...create({ resourceType: 'Location' }) }
  const seen = {
    status: 'finished',
    class: { code: 'AMB' },
    subject: { reference: `urn:uuid:${uuid.toUpperCase()}` },
  }
  const visit = create({
    resourceType: 'Encounter',
    ...seen,
    location: [{ location: { reference: 'urn:oid:1.2.3' } }],
    text: {
      status: 'generated',
      div: `<div xmlns="http://www.w3.org/1999/xhtml"><a href="urn:UUID:${uuid}">x</a></div>`,
    },
  })
  const transaction = (...entry: readonly Json[]) =>
    ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
  const entries = entriesOf(await transaction(mother, place, visit))
  const [patient, location, encounter] = entries.map(({ resource }) => resource)
  expect(encounter).toMatchObject({
    subject: { reference: `Patient/${String(patient?.id)}` },
    location: [{ location: { reference: `Location/${String(location?.id)}` } }],
  })
  expect(JSON.stringify(encounter)).toContain(`href=\\"Patient/${String(patient?.id)}`)
  expectRefused(await transaction(mother, { ...mother, fullUrl: `urn:uuid:${uuid.toUpperCase()}` }), 400)
})

it('finds the CapabilityStatement in a batch', async () => {
  const [found] = await batch(get('metadata'))
  expect([found?.response?.status, found?.resource?.resourceType]).toEqual(['200 OK', 'CapabilityStatement'])
  const { etag = '' } = found?.response ?? {}
  const entries = await batch(get('metadata', { ifNoneMatch: etag }), get('metadata?mode=x'))
  expect(entries.map(({ response }) => response?.status)).toEqual(['304 Not Modified', '400 Bad Request'])
  // `metadata` is an id like any other.
  const body = { resourceType: 'Patient', id: 'metadata' }
  expect((await ask('PUT', '/Patient/metadata', { body })).status).toBe(201)
  expect((await ask('GET', '/Patient/metadata')).status).toBe(200)
})

it('understands addresses from the base, from the root of the server, and whole ones', async () => {
  const tag = fresh()
  const { id } = await make({ resourceType: 'Patient', ...tagged(tag), name: [{ family: 'A B' }] })
  const root = new URL(base()).pathname
  const places = ['', '/', `${root}/`, `${base()}/`]
  const reads = await batch(...places.map((place) => get(`${place}Patient/${id}`)))
  expect(reads.map(({ resource }) => resource?.id)).toEqual(places.map(() => id))
  const query = `?_type=Patient&_tag=${tag}`
  const searches = await batch(get(query), get(`${root}${query}`), get(`${base()}${query}`))
  expect(searches.map(({ resource }) => resource?.['total'])).toEqual([1, 1, 1])
  const [escaped, broken, elsewhere] = await batch(
    get(`Patient/${id}/%24meta`),
    get('Patient/%E0%A4'),
    get('http://other.example.org/fhir/Patient'),
  )
  expect(escaped?.resource?.resourceType).toBe('Parameters')
  for (const entry of [broken, elsewhere]) expect(entry?.response?.status).toBe('400 Bad Request')
})

it('takes the parameters of a search by POST from the address alone', async () => {
  const tag = fresh()
  await make({ resourceType: 'Patient', ...tagged(tag) })
  expect((await ask('POST', `/Patient/_search?_tag=${tag}`)).json['total']).toBe(1)
  const headers = { 'content-type': 'application/json' }
  expectRefused(await ask('POST', `/Patient/_search?_tag=${tag}`, { raw: '{}', headers }), 415)
})

it('takes the search of $lastn from a Parameters resource, too', async () => {
  const { id } = await make({ resourceType: 'Patient' })
  const subject = { reference: `Patient/${id}` }
  const coding = [{ system: 'http://example.org/codes', code: 'a' }]
  for (const [code, day] of [
    [{ coding }, '01'],
    [{ coding }, '02'],
    [{ text: 'b' }, '03'],
  ] as const) {
    const effectiveDateTime = `2020-01-${day}`
    await make({ resourceType: 'Observation', status: 'final', code, subject, effectiveDateTime })
  }
  const lastn = async (...parameter: readonly Json[]) =>
    ask('POST', '/Observation/$lastn', { body: { resourceType: 'Parameters', parameter } })
  const patient = { name: 'patient', valueReference: subject }
  const all = await lastn(patient, { name: 'max', valuePositiveInt: 2 })
  expect(entriesOf(all).length).toBe(3)
  const code = { name: 'code', valueCodeableConcept: { coding } }
  for (const given of [code, { name: 'code', valueCoding: coding[0] }, { name: 'code', valueString: 'a' }]) {
    const [entry, ...rest] = entriesOf(await lastn(patient, given))
    expect([entry?.resource?.['effectiveDateTime'], rest]).toEqual(['2020-01-02', []])
  }
  expectRefused(await lastn(patient, { name: 'nothing', valueString: 'x' }), 400)
  expectRefused(await lastn(patient, { name: 'code', valuePeriod: { start: '2020' } }), 400)
})

it('leaves alone what a Bundle in a transaction says of its own entries', async () => {
  const [patient, organization] = [`urn:uuid:${randomUUID()}`, `urn:uuid:${randomUUID()}`]
  const sent = { resourceType: 'Patient', managingOrganization: { reference: organization } }
  const about = { resourceType: 'Basic', code: { text: 'x' }, subject: { reference: patient } }
  const inside = [
    { fullUrl: patient, resource: sent },
    { fullUrl: `urn:uuid:${randomUUID()}`, resource: about },
  ]
  const kept = { resourceType: 'Bundle', type: 'collection', entry: inside }
  const entry = [
    { fullUrl: organization, ...create({ resourceType: 'Organization', name: 'x' }) },
    { fullUrl: patient, ...create(sent) },
    create(kept),
  ]
  const answer = await ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
  expect(answer.status, answer.text).toBe(200)
  const link = entriesOf(answer)[0]?.response?.location?.match(/Organization\/[^/]+/)?.[0]
  const linked = { ...sent, managingOrganization: { reference: link } }
  expect(answer.at('entry.1.resource')).toMatchObject(linked)
  expect(answer.at('entry.2.resource.entry')).toEqual([{ ...inside[0], resource: linked }, inside[1]])
})
