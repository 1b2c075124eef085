import { expect, it } from 'vitest'

import { loadDefinitions } from '../../src/fhir/load-definitions.ts'
import { startFhir } from './fhir-server.ts'
import type { FhirServer } from './fhir-server.ts'

type Json = Readonly<Record<string, unknown>>

const entriesOf = (json: Json): readonly { resource: Json; search: { mode: string } }[] =>
  (json['entry'] ?? []) as readonly { resource: Json; search: { mode: string } }[]

/** Ids of the matches, sorted. */
async function ids({ ask }: FhirServer, query: string): Promise<string> {
  const reply = await ask('GET', query)
  expect(reply.status, reply.text.slice(0, 500)).toBe(200)
  return entriesOf(reply.json)
    .filter(({ search }) => search.mode === 'match')
    .map(({ resource }) => String(resource['id']))
    .toSorted()
    .join(' ')
}

async function refused({ ask }: FhirServer, query: string): Promise<string> {
  const reply = await ask('GET', query)
  expect([400, 501], `${query} ${reply.text.slice(0, 300)}`).toContain(reply.status)
  return reply.text
}

async function put({ ask }: FhirServer, resources: readonly Json[]): Promise<void> {
  for (const body of resources) {
    const reply = await ask('PUT', `/${String(body['resourceType'])}/${String(body['id'])}`, { body })
    expect(reply.status, reply.text.slice(0, 500)).toBe(201)
  }
}

const SYSTEM = 'http://example.org/animals'

function codeSystem(): Json {
  const concept = [
    { code: 'animal', concept: [{ code: 'dog', concept: [{ code: 'poodle' }] }, { code: 'cat' }] },
    { code: 'plant', property: [{ code: 'green', valueBoolean: true }] },
  ]
  return {
    resourceType: 'CodeSystem',
    id: 'animals',
    url: SYSTEM,
    status: 'active',
    content: 'complete',
    concept,
  }
}

function valueSet(id: string, compose: Json): Json {
  return { resourceType: 'ValueSet', id, url: `http://example.org/vs/${id}`, status: 'active', compose }
}

const basic = (id: string, code: string, system = SYSTEM): Json => ({
  resourceType: 'Basic',
  id,
  code: { coding: [{ system, code }] },
})

it(':in, :not-in, :above and :below ask the value sets and code systems that are stored', async () => {
  const server = await startFhir()
  const pets = { include: [{ system: SYSTEM, concept: [{ code: 'dog' }, { code: 'cat' }] }] }
  const isA = { property: 'concept', op: 'is-a', value: 'animal' }
  await put(server, [
    codeSystem(),
    valueSet('pets', pets),
    valueSet('beasts', {
      include: [{ system: SYSTEM, filter: [isA] }],
      exclude: [{ system: SYSTEM, concept: [{ code: 'cat' }] }],
    }),
    valueSet('all', {
      include: [{ system: SYSTEM }],
      exclude: [{ valueSet: ['http://example.org/vs/pets'] }],
    }),
    valueSet('both', {
      include: [{ valueSet: ['http://example.org/vs/pets', 'http://example.org/vs/beasts'] }],
    }),
    valueSet('any', { include: [{ system: 'http://unknown.org' }] }),
    valueSet('unknown', { include: [{ system: 'http://unknown.org', filter: [isA] }] }),
    basic('a', 'animal'),
    basic('c', 'cat'),
    basic('d', 'dog'),
    basic('o', 'poodle'),
    basic('p', 'plant'),
    basic('x', 'dog', 'http://unknown.org'),
  ])
  expect(await ids(server, '/Basic?code:in=http://example.org/vs/pets')).toBe('c d')
  expect(await ids(server, '/Basic?code:not-in=http://example.org/vs/pets')).toBe('a o p x')
  expect(await ids(server, '/Basic?code:in=http://example.org/vs/beasts')).toBe('a d o')
  expect(await ids(server, '/Basic?code:in=http://example.org/vs/all')).toBe('a o p')
  expect(await ids(server, '/Basic?code:in=http://example.org/vs/both')).toBe('d')
  expect(await ids(server, '/Basic?code:in=http://example.org/vs/any')).toBe('x')
  expect(await ids(server, `/Basic?code:below=${SYSTEM}|dog`)).toBe('d o')
  expect(await ids(server, `/Basic?code:above=${SYSTEM}|poodle`)).toBe('a d o')
  expect(await refused(server, '/Basic?code:in=http://example.org/vs/none')).toContain('not stored')
  expect(await refused(server, '/Basic?code:in=http://example.org/vs/unknown')).toContain('not stored')
  expect(await refused(server, `/Basic?code:below=${SYSTEM}|horse`)).toContain('no code of')
  expect(await refused(server, '/Basic?code:below=dog')).toContain('system|code')
})

const isA = (value: string) => ({ filter: [{ property: 'concept', op: 'is-a', value }] })

it(':in, :not-in, :above and :below know what R4 itself defines, and what is stored over it', async () => {
  const server = await startFhir()
  const [HL7, FHIR] = ['http://terminology.hl7.org/CodeSystem', 'http://hl7.org/fhir/ValueSet']
  const clinical = (id: string, code: string): Json => ({
    resourceType: 'Condition',
    id,
    subject: { reference: 'Patient/p' },
    clinicalStatus: { coding: [{ system: `${HL7}/condition-clinical`, code }] },
    ...(code === 'active' || code === 'relapse' ? {} : { abatementString: 'over' }),
  })
  const relative = (id: string, system: string, code: string): Json => ({
    resourceType: 'RelatedPerson',
    id,
    patient: { reference: 'Patient/p' },
    relationship: [{ coding: [{ system: `${HL7}/${system}`, code }] }],
  })
  await put(server, [
    valueSet('running', { include: [{ system: `${HL7}/condition-clinical`, ...isA('active') }] }),
    valueSet('closed', {
      include: [{ valueSet: [`${FHIR}/condition-clinical`] }],
      exclude: [{ valueSet: ['http://example.org/vs/running'] }],
    }),
    valueSet('family', { include: [{ system: `${HL7}/v3-RoleCode`, ...isA('FAMMEMB') }] }),
    clinical('a', 'active'),
    clinical('b', 'relapse'),
    clinical('c', 'resolved'),
    relative('m', 'v3-RoleCode', 'NMTH'),
    relative('n', 'v3-RoleCode', 'NBOR'),
    relative('t', 'v2-0131', 'N'),
  ])
  const status = '/Condition?clinical-status'
  expect(await ids(server, `${status}:in=http://example.org/vs/running`)).toBe('a b')
  expect(await ids(server, `${status}:not-in=http://example.org/vs/running`)).toBe('c')
  expect(await ids(server, `${status}:in=http://example.org/vs/closed`)).toBe('c')
  expect(await ids(server, `${status}:in=${FHIR}/condition-clinical|4.0.1`)).toBe('a b c')
  expect(await refused(server, `${status}:in=${FHIR}/condition-clinical|5.0.0`)).toContain('not stored')
  expect(await ids(server, `${status}:below=${HL7}/condition-clinical|active`)).toBe('a b')
  expect(await ids(server, `${status}:above=${HL7}/condition-clinical|relapse`)).toBe('a b')
  const kin = '/RelatedPerson?relationship'
  expect(await ids(server, `${kin}:in=http://example.org/vs/family`)).toBe('m')
  expect(await ids(server, `${kin}:in=${FHIR}/relatedperson-relationshiptype`)).toBe('m n t')
  expect(await refused(server, `/Condition?code:in=${FHIR}/condition-code`)).toContain('without its codes')
  const own = { include: [{ system: `${HL7}/condition-clinical`, concept: [{ code: 'relapse' }] }] }
  await put(server, [{ ...valueSet('own', own), url: `${FHIR}/condition-clinical` }])
  expect(await ids(server, `${status}:in=${FHIR}/condition-clinical`)).toBe('b')
})

it('codes are compared by case where their system says so, and without where it is unknown', async () => {
  const server = await startFhir()
  await put(server, [
    basic('own', 'Abc'),
    basic('hl7', 'Abc', 'http://terminology.hl7.org/CodeSystem/basic-resource-type'),
    basic('loinc', 'LA6576-8', 'http://loinc.org'),
  ])
  expect(await ids(server, `/Basic?code=${SYSTEM}|ABC`)).toBe('own')
  expect(await ids(server, '/Basic?code=http://terminology.hl7.org/CodeSystem/basic-resource-type|ABC')).toBe(
    '',
  )
  expect(await ids(server, '/Basic?code=http://terminology.hl7.org/CodeSystem/basic-resource-type|Abc')).toBe(
    'hl7',
  )
  expect(await ids(server, '/Basic?code=abc')).toBe('hl7 own')
  expect(await ids(server, '/Basic?code=http://loinc.org|la6576-8')).toBe('loinc')
})

const place = (id: string, partOf?: string): Json => ({
  resourceType: 'Location',
  id,
  ...(partOf === undefined ? {} : { partOf: { reference: `Location/${partOf}` } }),
})

const encounter = (id: string, location: string): Json => ({
  resourceType: 'Encounter',
  id,
  status: 'finished',
  class: { code: 'IMP' },
  location: [{ location: { reference: `Location/${location}` } }],
})

it(':above and :below follow places and organizations, also through cycles', async () => {
  const server = await startFhir()
  await put(server, [
    place('house', 'ring'),
    place('ward', 'house'),
    place('bed', 'ward'),
    place('ring', 'bed'),
    place('shed'),
  ])
  await put(server, [
    encounter('h', 'house'),
    encounter('w', 'ward'),
    encounter('b', 'bed'),
    encounter('s', 'shed'),
  ])
  expect(await ids(server, '/Encounter?location:below=Location/shed')).toBe('s')
  expect(await ids(server, '/Encounter?location:below=Location/ward')).toBe('b h w')
  expect(await ids(server, '/Encounter?location:above=shed')).toBe('s')
  expect(await ids(server, '/Location?partof:below=house')).toBe('bed house ring ward')
  expect(await refused(server, '/Encounter?subject:below=Patient/1')).toContain('is not supported')
  expect(await refused(server, '/Task?focus:below=Patient/1')).toContain('hierarchy')
})

/** Unknown at the end of a chain, on its way, where none or only some targets have it, and in `_has`. */
const UNKNOWN_LINKS = [
  'organization.foo=1',
  'organization.partof.foo=1',
  'organization.name:foo=1',
  'general-practitioner.foo=1',
  'link:Patient.organization.foo=1',
  '_has:Observation:patient:foo=1',
  '_has:Observation:foo:code=1',
  '_has:Observation:patient:performer.foo=1',
]

it('what is unknown is refused with what is known, or left out with a note', async () => {
  const server = await startFhir()
  await put(server, [{ resourceType: 'Patient', id: 'p', gender: 'male' }])
  expect(await refused(server, '/Patient?birthdate:exact=1990')).toContain('known modifiers are: missing')
  expect(await refused(server, '/Patient?nothing=1')).toContain('birthdate')
  const headers = { prefer: 'handling=lenient' }
  for (const query of ['birthdate:exact=1990', 'nothing=1', '_sort=nothing', '_include=Patient:nothing']) {
    const reply = await server.ask('GET', `/Patient?gender=male&${query}`, { headers })
    const modes = entriesOf(reply.json).map(({ search }) => search.mode)
    expect([reply.status, modes], query).toEqual([200, ['match', 'outcome']])
  }
  for (const query of UNKNOWN_LINKS) {
    await refused(server, `/Patient?gender=male&${query}`)
    const reply = await server.ask('GET', `/Patient?gender=male&${query}`, { headers })
    const modes = entriesOf(reply.json).map(({ search }) => search.mode)
    expect([reply.status, modes], reply.text).toEqual([200, ['match', 'outcome']])
    expect(reply.text).not.toContain(`&${query}`)
    const criteria = { ...headers, 'if-none-exist': query }
    const body = { resourceType: 'Patient' }
    expect((await server.ask('POST', '/Patient', { body, headers: criteria })).status, query).toBe(400)
  }
  const meant = await server.ask('GET', '/Patient?organization.name=no&link.gender=male', { headers })
  expect(entriesOf(meant.json)).toEqual([])
  for (const query of [
    '_filter=x',
    '_query=x',
    '_text=x',
    '_content=x',
    '_contained=maybe',
    '_list=$current-problems',
  ])
    await refused(server, `/Patient?${query}`)
})

it('the plan is told when it is asked for', async () => {
  const server = await startFhir()
  await put(server, [{ resourceType: 'Patient', id: 'p', gender: 'male', name: [{ family: 'Ng' }] }])
  const reply = await server.ask('GET', '/Patient?gender=male&family=ng&birthdate:missing=true&_explain=true')
  const text = JSON.stringify(entriesOf(reply.json).find(({ search }) => search.mode === 'outcome'))
  expect(text).toMatch(/Patient is driven by keys \(gender=male\), 1 candidates/)
  expect(text).toContain('verified on each row: gender=male; family=ng; not birthdate:missing=true')
})

it('totals are exact, about right, or left out', async () => {
  const server = await startFhir()
  const people = Array.from({ length: 12 }, (_, n) => ({
    resourceType: 'Patient',
    id: `p${String(n)}`,
    active: n < 7,
  }))
  await put(server, people)
  const total = async (query: string): Promise<unknown> =>
    (await server.ask('GET', `/Patient?${query}`)).json['total']
  expect(await total('_count=2&_total=accurate')).toBe(12)
  expect(await total('_count=2&_total=accurate&active=true')).toBe(7)
  expect(await total('_count=2&_total=accurate&active=true&_id:not=p1')).toBe(6)
  expect(await total('_count=2&_total=estimate&active=true')).toBe(7)
  expect(await total('_count=2&_total=none&active=true')).toBeUndefined()
  expect(await total('_count=0&active=true')).toBe(7)
})

const at = (id: string, effectiveDateTime: string): Json => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: 'x' },
  effectiveDateTime,
})

it('dates without an offset are meant in the zone of the hub', async () => {
  const server = await startFhir({ definitions: loadDefinitions('Africa/Khartoum') })
  // Khartoum is two hours ahead: its 1 May begins at 22:00 UTC.
  await put(server, [
    at('before', '2024-04-30T21:59:00Z'),
    at('after', '2024-04-30T22:00:00Z'),
    at('day', '2024-05-01'),
  ])
  expect(await ids(server, '/Observation?date=2024-05-01')).toBe('after day')
  expect(await ids(server, '/Observation?date=lt2024-05-01')).toBe('before')
  expect(await ids(server, '/Observation?date=2024-05-01T00:00')).toBe('after')
  expect(await ids(server, '/Observation?date=2024-04-30T22:00Z')).toBe('after')
})

it('_revinclude takes all references of a type, or of every type', async () => {
  const server = await startFhir()
  await put(server, [
    { resourceType: 'Patient', id: 'p' },
    {
      resourceType: 'Observation',
      id: 'o',
      status: 'final',
      code: { text: 'x' },
      focus: [{ reference: 'Patient/p' }],
    },
    { resourceType: 'Account', id: 'a', status: 'active', subject: [{ reference: 'Patient/p' }] },
  ])
  const included = async (query: string): Promise<string> => {
    const reply = await server.ask('GET', `/Patient?_id=p&${query}`)
    const entries = entriesOf(reply.json).filter(({ search }) => search.mode === 'include')
    return entries
      .map(({ resource }) => String(resource['id']))
      .toSorted()
      .join(' ')
  }
  expect(await included('_revinclude=Observation:*')).toBe('o')
  expect(await included('_revinclude=Observation:subject')).toBe('')
  expect(await included('_revinclude=*')).toBe('a o')
  expect(await included('_revinclude=Account:subject:Patient')).toBe('a')
  expect(await included('_revinclude=Account:subject:Device')).toBe('')
})
