import { expect, it } from 'vitest'

import { startFhir } from './fhir-server.ts'
import type { FhirServer, Reply } from './fhir-server.ts'

type Body = Readonly<Record<string, unknown>>

async function put(server: FhirServer, bodies: readonly Body[]): Promise<void> {
  for (const body of bodies) {
    const reply = await server.ask('PUT', `/${String(body['resourceType'])}/${String(body['id'])}`, { body })
    expect(reply).toMatchObject({ status: 201 })
  }
}

function idsOf(reply: Reply): readonly string[] {
  expect(reply).toMatchObject({ status: 200 })
  const entries = (reply.json['entry'] ?? []) as { resource: { id: string }; search: { mode: string } }[]
  return entries.filter(({ search }) => search.mode === 'match').map(({ resource }) => resource.id)
}

async function found(server: FhirServer, query: string): Promise<string> {
  return idsOf(await server.ask('GET', `/${query}`))
    .toSorted()
    .join(' ')
}

const observation = (id: string, more: Body): Body => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: id },
  ...more,
})

const city = (id: string, name: string, family: string): Body => ({
  resourceType: 'Patient',
  id,
  name: [{ family, given: ['Ann', id] }],
  address: [{ city: name }],
})

const coded = (id: string, coding: Body, more: Body = {}): Body =>
  observation(id, { code: { coding: [coding], text: `Text ${id}` }, ...more })

const quantity = (id: string, value: number, code: string): Body =>
  observation(id, { valueQuantity: { value, system: 'http://unitsofmeasure.org', code } })

it('compares dates as intervals', async () => {
  const server = await startFhir()
  await put(server, [
    observation('A', { effectiveDateTime: '2012-12-31' }),
    observation('B', { effectiveDateTime: '2013' }),
    observation('D', { effectiveDateTime: '2013-03-14' }),
    observation('E', { effectiveDateTime: '2013-03-14T10:30:00Z' }),
    observation('F', { effectiveDateTime: '2013-03-14T23:30:00-05:00' }),
    observation('G', { effectivePeriod: { start: '2013-03-10', end: '2013-03-20' } }),
    observation('H', { effectivePeriod: { start: '2013-06-01' } }),
    observation('I', { effectivePeriod: { end: '2012-06-30' } }),
  ])
  expect(await found(server, 'Observation?date=2013')).toBe('B D E F G')
  expect(await found(server, 'Observation?date=2013-03-14')).toBe('D E')
  expect(await found(server, 'Observation?date=ne2013')).toBe('A H I')
  expect(await found(server, 'Observation?date=gt2013-03-14')).toBe('B F G H')
  expect(await found(server, 'Observation?date=lt2013-03-14')).toBe('A B G I')
  expect(await found(server, 'Observation?date=ge2013-03-15T04:30:00Z')).toBe('B F G H')
  expect(await found(server, 'Observation?date=le2012-12-31')).toBe('A I')
  expect(await found(server, 'Observation?date=sa2013-03-20')).toBe('H')
  expect(await found(server, 'Observation?date=eb2013')).toBe('A I')
  expect(await found(server, 'Observation?date=ge2013-03-01&date=le2013-03-31')).toBe('B D E F G')
  expect(await found(server, 'Observation?date=2012,2013-03-15')).toBe('A F')
  expect(await found(server, 'Observation?date=2013-03-14T23:30:00-05:00')).toBe('F')
  expect(idsOf(await server.ask('GET', '/Observation?_sort=date')).slice(0, 2)).toEqual(['I', 'A'])
  expect(idsOf(await server.ask('GET', '/Observation?_sort=-date&_count=1'))).toEqual(['H'])
  for (const date of ['2013-13', 'foo', 'gt', '05'])
    expect((await server.ask('GET', `/Observation?date=${date}`)).status).toBe(400)
})

it('finds texts by start, part and exact letters', async () => {
  const server = await startFhir()
  await put(server, [
    city('b', 'Berlin', 'Müller'),
    city('m', 'BERLIN-Mitte', 'Muller'),
    city('n', 'Bernau', 'Miller'),
    city('k', 'Köln', 'berlin'),
  ])
  expect(await found(server, 'Patient?address-city=ber')).toBe('b m n')
  expect(await found(server, 'Patient?address-city=erl')).toBe('')
  expect(await found(server, 'Patient?address-city:contains=ERL')).toBe('b m')
  expect(await found(server, 'Patient?address-city:exact=Berlin')).toBe('b')
  expect(await found(server, 'Patient?address-city:exact=berlin')).toBe('')
  expect(await found(server, 'Patient?family=muller')).toBe('b m')
  expect(await found(server, 'Patient?name=ann')).toBe('b k m n')
  expect(await found(server, 'Patient?given=ann&given=b')).toBe('b')
  expect(await found(server, 'Patient?name=m%C3%BCll,k')).toBe('b k m')
  expect(await found(server, 'Patient?birthdate:missing=true')).toBe('b k m n')
  expect(await found(server, 'Patient?name=.*')).toBe('')
  expect(await found(server, 'Patient?name=(')).toBe('')
  expect(idsOf(await server.ask('GET', '/Patient?_sort=family,-_id'))).toEqual(['k', 'n', 'm', 'b'])
  expect(idsOf(await server.ask('GET', '/Patient?_sort=-family,_id'))).toEqual(['b', 'm', 'n', 'k'])
})

it('finds tokens in all forms and with their modifiers', async () => {
  const server = await startFhir()
  const identifier = { type: { coding: [{ system: 'urn:sys', code: 'XX' }] }, system: 'urn:s', value: 'Va,l' }
  await put(server, [
    coded('a', { system: 'urn:s1', code: 'c' }, { category: [{ coding: [{ code: 'lab' }] }] }),
    coded(
      'b',
      { system: 'urn:s2', code: 'c', display: 'Shown' },
      { category: [{ coding: [{ code: 'vital-signs' }] }] },
    ),
    coded('n', { code: 'c' }),
    { resourceType: 'Patient', id: 'p', gender: 'male', active: true, identifier: [identifier] },
  ])
  expect(await found(server, 'Observation?code=c')).toBe('a b n')
  expect(await found(server, 'Observation?code=urn:s1|c')).toBe('a')
  expect(await found(server, 'Observation?code=%7Cc')).toBe('n')
  expect(await found(server, 'Observation?code=urn:s2|')).toBe('b')
  expect(await found(server, 'Observation?code=urn:s1|c,urn:s2|C')).toBe('a b')
  expect(await found(server, 'Observation?category:not=lab')).toBe('b n')
  expect(await found(server, 'Observation?category:missing=true')).toBe('n')
  expect(await found(server, 'Observation?code:text=sho')).toBe('b')
  expect(await found(server, 'Patient?gender=male&active=true')).toBe('p')
  expect(await found(server, 'Patient?identifier=urn:s|va\\,l')).toBe('p')
  expect(await found(server, 'Patient?identifier=va,l')).toBe('')
  expect(await found(server, 'Patient?identifier:of-type=urn:sys|XX|va\\,l')).toBe('p')
  expect(await found(server, 'Patient?_id=p,none')).toBe('p')
  expect(await found(server, 'Patient?_id=none')).toBe('')
})

it('finds references, chains and reverse chains', async () => {
  const server = await startFhir()
  const other = 'http://other/fhir/Patient/1'
  await put(server, [
    { resourceType: 'Organization', id: 'o', name: 'North' },
    {
      resourceType: 'Patient',
      id: '1',
      name: [{ family: 'Peter' }],
      managingOrganization: { reference: 'Organization/o' },
    },
    { resourceType: 'Patient', id: '2', name: [{ family: 'Paul' }] },
    { resourceType: 'Group', id: '1', type: 'person', actual: true },
    observation('a', { subject: { reference: 'Patient/1' }, code: { coding: [{ code: 'x' }] } }),
    observation('b', { subject: { reference: 'Patient/2' } }),
    observation('g', { subject: { reference: 'Group/1' } }),
    observation('x', { subject: { reference: other } }),
    observation('l', { subject: { identifier: { system: 'urn:s', value: 'v' } } }),
  ])
  expect(await found(server, 'Observation?subject=Patient/1')).toBe('a')
  expect(await found(server, 'Observation?subject=1')).toBe('a g')
  expect(await found(server, `Observation?subject=${server.base}/Patient/1`)).toBe('a')
  expect(await found(server, 'Observation?subject:Patient=1')).toBe('a')
  expect(await found(server, 'Observation?patient=1')).toBe('a')
  expect(await found(server, 'Observation?subject=Patient/1,Patient/2')).toBe('a b')
  expect(await found(server, `Observation?subject=${other}`)).toBe('x')
  expect(await found(server, 'Observation?subject:identifier=urn:s|v')).toBe('l')
  expect(await found(server, 'Observation?subject:Patient.name=peter')).toBe('a')
  expect(await found(server, 'Observation?patient.organization.name=north')).toBe('a')
  expect(await found(server, 'Patient?_has:Observation:patient:code=x')).toBe('1')
  expect(await found(server, 'Organization?_has:Patient:organization:_has:Observation:patient:code=x')).toBe(
    'o',
  )
  expect(await found(server, 'Patient/1/Observation')).toBe('a')
  expect(await found(server, 'Observation?patient=1&code=x')).toBe('a')
  expect(await found(server, 'Observation?patient=2&code=x')).toBe('')
  for (const query of ['subject.nope=1', 'code.name=1', 'subject:Medication=1'])
    expect((await server.ask('GET', `/Observation?${query}`)).status).toBe(400)
})

it('finds numbers and quantities by their digits', async () => {
  const server = await startFhir()
  await put(server, [
    quantity('a', 5.34, 'mg'),
    quantity('b', 5.35, 'mg'),
    quantity('c', 5.4, 'mg'),
    quantity('d', 5.44, 'g'),
    quantity('e', 5.45, 'mg'),
  ])
  expect(await found(server, 'Observation?value-quantity=5.4')).toBe('b c d')
  expect(await found(server, 'Observation?value-quantity=5.4|http://unitsofmeasure.org|mg')).toBe('b c')
  expect(await found(server, 'Observation?value-quantity=5.4||g')).toBe('d')
  expect(await found(server, 'Observation?value-quantity=gt5.4')).toBe('d e')
  expect(await found(server, 'Observation?value-quantity=le5.35')).toBe('a b')
  expect((await server.ask('GET', '/Observation?value-quantity=5|a|b|c')).status).toBe(400)
})

it('finds by the common parameters', async () => {
  const server = await startFhir()
  const before = Date.now()
  const meta = {
    tag: [{ system: 'urn:t', code: 'x' }],
    profile: ['http://p/1'],
    security: [{ code: 'R' }],
    source: 'http://s',
  }
  await put(server, [
    { resourceType: 'Patient', id: 'a', meta },
    { resourceType: 'Patient', id: 'b' },
  ])
  expect(await found(server, 'Patient?_tag=urn:t|x')).toBe('a')
  expect(await found(server, 'Patient?_profile=http://p/1')).toBe('a')
  expect(await found(server, 'Patient?_security=R')).toBe('a')
  expect(await found(server, 'Patient?_source=http://s')).toBe('a')
  expect(await found(server, `Patient?_lastUpdated=ge${new Date(before).toISOString()}`)).toBe('a b')
  expect(await found(server, `Patient?_lastUpdated=lt${new Date(before).toISOString()}`)).toBe('')
  expect(await found(server, 'Patient?_tag=urn:t|x&_tag:missing=false')).toBe('a')
  await server.ask('PUT', '/Patient/a', { body: { resourceType: 'Patient', id: 'a', gender: 'male' } })
  expect(await found(server, 'Patient?_tag=urn:t|x')).toBe('')
})
