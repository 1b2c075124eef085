import { expect, it } from 'vitest'

import { connectKit, connectMedplum, connectSmart, resourcesOf } from './clients.ts'
import type { FhirClient } from './clients.ts'
import { fresh, hubForFile, tagged } from './fhir-peer.ts'
import type { Json } from './fhir-peer.ts'

const { base, token } = hubForFile()

it.each([
  ['fhir-kit-client', connectKit],
  ['fhirclient', connectSmart],
  ['MedplumClient', connectMedplum],
])('%s does its forty calls', async (_name, connect) => {
  const { client, calls } = counted(connect(base(), token()))
  await ownResource(client)
  await family(client)
  await bundles(client)
  await refusals(client)
  expect(calls()).toBeGreaterThanOrEqual(40)
})

/** Counts the calls of a client. */
function counted(client: FhirClient): { readonly client: FhirClient; readonly calls: () => number } {
  let calls = 0
  const proxy = new Proxy(client, {
    get: (target, name: keyof FhirClient) => {
      calls++
      return target[name]
    },
  })
  return { client: proxy, calls: () => calls }
}

/** 12 calls about one resource from its creation to its end. */
async function ownResource(client: FhirClient): Promise<void> {
  expect(await client.capability()).toMatchObject({
    resourceType: 'CapabilityStatement',
    fhirVersion: '4.0.1',
  })
  const sent = { resourceType: 'Patient', gender: 'male', name: [{ family: 'Osman', given: ['Amna'] }] }
  const { id } = await client.create(sent)
  expect(await client.read('Patient', id)).toMatchObject(sent)
  expect((await client.update({ ...sent, id, gender: 'female' }))['gender']).toBe('female')
  expect(await client.vread('Patient', id, '1')).toMatchObject({ gender: 'male' })
  expect(await client.vread('Patient', id, '2')).toMatchObject({ gender: 'female' })
  const operations = [
    { op: 'replace', path: '/gender', value: 'other' },
    { op: 'add', path: '/birthDate', value: '1990-02-03' },
  ]
  expect(await client.patch('Patient', id, operations)).toMatchObject({
    gender: 'other',
    birthDate: '1990-02-03',
  })
  expect((await client.history('Patient', id)).total).toBe(3)
  expect(resourcesOf(await client.search('Patient', { _id: id, birthdate: '1990-02-03' })).length).toBe(1)
  await client.remove('Patient', id)
  await expect(client.read('Patient', id)).rejects.toBeInstanceOf(Error)
  expect((await client.history('Patient', id)).total).toBe(4)
}

/** 14 calls: several resources, found by what they are and by what they refer to, with paging. */
async function family(client: FhirClient): Promise<void> {
  const code = fresh()
  const patient = await client.create({
    resourceType: 'Patient',
    ...tagged(code),
    name: [{ family: 'Deng' }],
  })
  const subject = { reference: `Patient/${patient.id}` }
  const values = [1, 2, 3, 4, 5]
  for (const value of values) await client.create(observation(code, { subject, valueQuantity: { value } }))
  const query = { _tag: code }
  expect((await client.all('Observation', { ...query, _count: '2' })).length).toBe(values.length)
  expect(resourcesOf(await client.search('Observation', { subject: subject.reference })).length).toBe(5)
  const sorted = resourcesOf(await client.search('Observation', { ...query, _sort: '-value-quantity' }))
  expect(sorted.map(({ valueQuantity }) => (valueQuantity as { value: number }).value)).toEqual([
    5, 4, 3, 2, 1,
  ])
  const three = await client.search('Observation', { ...query, 'value-quantity': 'gt2', _total: 'accurate' })
  expect(three.total).toBe(3)
  const chained = await client.search('Observation', { ...query, 'subject:Patient.name': 'deng' })
  expect(resourcesOf(chained).length).toBe(5)
  const included = await client.search('Observation', {
    ...query,
    _count: '1',
    _include: 'Observation:subject',
  })
  expect(resourcesOf(included).map(({ resourceType }) => resourceType)).toEqual(['Observation', 'Patient'])
  const found = await client.search('Patient', { ...query, '_has:Observation:subject:value-quantity': '3' })
  expect(resourcesOf(found).map(({ id }) => id)).toEqual([patient.id])
  const everything = await client.operation('Patient', patient.id, '$everything')
  expect((everything['entry'] as readonly object[]).length).toBe(6)
}

function observation(code: string, more: Json): Json {
  return { resourceType: 'Observation', ...tagged(code), status: 'final', code: { text: 'x' }, ...more }
}

/** 8 calls about bundles. */
async function bundles(client: FhirClient): Promise<void> {
  const code = fresh()
  const fullUrl = 'urn:uuid:0b7ad1ae-5b6c-4a1e-8a3e-6f6a5b2f7d01'
  const create = (resource: Json, more: Json = {}): Json => ({
    ...more,
    resource,
    request: { method: 'POST', url: resource['resourceType'] },
  })
  const transaction = await client.process({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      create({ resourceType: 'Patient', ...tagged(code) }, { fullUrl }),
      create(observation(code, { subject: { reference: fullUrl } })),
    ],
  })
  expect(transaction.type).toBe('transaction-response')
  expect(transaction.entry?.map(({ response }) => response?.status.slice(0, 3))).toEqual(['201', '201'])
  const [patient] = resourcesOf(await client.search('Patient', { _tag: code }))
  const [result] = resourcesOf(await client.search('Observation', { _tag: code }))
  expect(result?.['subject']).toEqual({ reference: `Patient/${patient?.id ?? ''}` })
  const batch = await client.process({
    resourceType: 'Bundle',
    type: 'batch',
    entry: [
      { request: { method: 'GET', url: `Patient/${patient?.id ?? ''}` } },
      { request: { method: 'GET', url: 'Patient/none' } },
      { request: { method: 'DELETE', url: `Observation/${result?.id ?? ''}` } },
    ],
  })
  expect(batch.entry?.map(({ response }) => response?.status.slice(0, 3))).toEqual(['200', '404', '204'])
  expect(resourcesOf(await client.search('Observation', { _tag: code }))).toEqual([])
  const wrong = create({ resourceType: 'Patient', ...tagged(code), gender: 'M' })
  const good = create({ resourceType: 'Patient', ...tagged(code) })
  await expect(
    client.process({ resourceType: 'Bundle', type: 'transaction', entry: [good, wrong] }),
  ).rejects.toBeInstanceOf(Error)
  expect(resourcesOf(await client.search('Patient', { _tag: code })).length).toBe(1)
  expect((await client.history('Patient', patient?.id ?? '')).total).toBe(1)
}

/** 6 calls that must be refused, each in the way of the library. */
async function refusals(client: FhirClient): Promise<void> {
  await expect(client.read('Patient', 'none')).rejects.toBeInstanceOf(Error)
  await expect(client.create({ resourceType: 'Patient', gender: 'M' })).rejects.toBeInstanceOf(Error)
  await expect(client.search('Patient', { nonsense: 'x' })).rejects.toBeInstanceOf(Error)
  await expect(client.history('Patient', 'none')).rejects.toBeInstanceOf(Error)
  await expect(client.vread('Patient', 'none', '1')).rejects.toBeInstanceOf(Error)
  await expect(client.patch('Patient', 'none', [{ op: 'remove', path: '/gender' }])).rejects.toBeInstanceOf(
    Error,
  )
}
