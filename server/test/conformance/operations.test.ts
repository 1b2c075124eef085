import { expect, it } from 'vitest'

import { entriesOf, expectRefused, fresh, hubForFile, idsOf, linkOf, tagged } from './fhir-peer.ts'
import type { Answer, Json } from './fhir-peer.ts'

const { ask, make } = hubForFile()
const NO_TOKEN = { authorization: '' }

it('OP-01 says what it can to everybody', async () => {
  const { status, json, at } = await ask('GET', '/metadata', { headers: NO_TOKEN })
  expect(status).toBe(200)
  expect(json).toMatchObject({ resourceType: 'CapabilityStatement', kind: 'instance', fhirVersion: '4.0.1' })
  for (const path of ['status', 'date', 'software.version', 'implementation.description', 'format.0'])
    expect(at(path), path).toMatch(/\S/)
  expect(at('rest.0.mode')).toBe('server')
})

it('OP-02 has a version of that', async () => {
  const etag = (await ask('GET', '/metadata')).headers.get('etag') ?? ''
  expect((await ask('GET', '/metadata')).headers.get('etag')).toBe(etag)
  expect(etag).toMatch(/^W\/"/)
  const known = await ask('GET', '/metadata', { headers: { 'if-none-match': etag } })
  expect([known.status, known.text, known.headers.get('etag')]).toEqual([304, '', etag])
})

it('OP-03 decided: terminology comes later and says so', async () => {
  expectRefused(await ask('GET', '/metadata?mode=terminology'), 501)
  expect((await ask('GET', '/metadata?mode=full')).status).toBe(200)
})

interface Declared {
  readonly type: string
  readonly interaction: readonly { readonly code: string }[]
  readonly searchParam?: readonly { readonly name: string }[]
}

it('OP-04 declares what it does, no more, no less', async () => {
  const declared = (await ask('GET', '/metadata')).at('rest.0.resource') as readonly Declared[]
  for (const { searchParam = [] } of declared) {
    const parameters = searchParam.map(({ name }) => name)
    expect(new Set(parameters).size).toBe(parameters.length)
  }
  const patient = declared.find(({ type }) => type === 'Patient')
  const codes = new Set(patient?.interaction.map(({ code }) => code))
  const { id } = await make({ resourceType: 'Patient' })
  const body = { resourceType: 'Patient', id }
  const raw = '[{"op":"add","path":"/gender","value":"male"}]'
  const headers = { 'content-type': 'application/json-patch+json' }
  const answers: Readonly<Record<string, Answer>> = {
    create: await ask('POST', '/Patient', { body }),
    read: await ask('GET', `/Patient/${id}`),
    vread: await ask('GET', `/Patient/${id}/_history/1`),
    update: await ask('PUT', `/Patient/${id}`, { body }),
    patch: await ask('PATCH', `/Patient/${id}`, { raw, headers }),
    'search-type': await ask('GET', '/Patient'),
    'history-instance': await ask('GET', `/Patient/${id}/_history`),
    'history-type': await ask('GET', '/Patient/_history'),
    delete: await ask('DELETE', `/Patient/${id}`),
  }
  for (const [code, { status }] of Object.entries(answers))
    if (codes.has(code)) expect(status, code).toBeLessThan(300)
    else expect([404, 405, 501], code).toContain(status)
  for (const code of codes) expect(Object.keys(answers)).toContain(code)
  for (const { name } of patient?.searchParam ?? [])
    expect((await ask('GET', `/Patient?${name}:missing=true&_count=1`)).status, name).not.toBe(500)
})

it('OP-05 OP-06 knows its addresses and their methods', async () => {
  for (const method of ['GET', 'OPTIONS', 'POST']) expectRefused(await ask(method, '/unknown/route/x/y'), 404)
  const { id } = await make({ resourceType: 'Patient' })
  const body = { resourceType: 'Patient' }
  const refused = await ask('POST', `/Patient/${id}`, { body })
  expectRefused(refused, 405)
  expect(refused.headers.get('allow')).toBe('GET, HEAD, PUT, DELETE, PATCH, OPTIONS')
  const history = await ask('PUT', '/Patient/_history', { body })
  expectRefused(history, 405)
  expect(history.headers.get('allow')).toBe('GET, HEAD, OPTIONS')
})

const INVALID = { resourceType: 'Patient', gender: 'M', birthDate: '1990-13-01' }

function severities(answer: Answer): readonly unknown[] {
  expect([answer.status, answer.json['resourceType']], answer.text.slice(0, 800)).toEqual([
    200,
    'OperationOutcome',
  ])
  return (answer.json['issue'] as readonly Json[]).map(({ severity }) => severity)
}

it('OP-07 OP-08 OP-09 validates without storing, and lists everything that is wrong', async () => {
  const before = (await ask('GET', '/Patient?_summary=count')).json['total']
  const valid = await ask('POST', '/Patient/$validate', { body: { resourceType: 'Patient', gender: 'male' } })
  expect(severities(valid)).not.toContain('error')
  const invalid = await ask('POST', '/Patient/$validate', { body: INVALID })
  expect(severities(invalid).filter((severity) => severity === 'error').length).toBeGreaterThanOrEqual(2)
  const parameter = [
    { name: 'resource', resource: INVALID },
    { name: 'mode', valueCode: 'create' },
    { name: 'profile', valueUri: 'http://hl7.org/fhir/StructureDefinition/Patient' },
  ]
  const wrapped = await ask('POST', '/Patient/$validate', { body: { resourceType: 'Parameters', parameter } })
  expect(severities(wrapped)).toContain('error')
  const weight = {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8302-2' }] },
    subject: { reference: 'Patient/x' },
  }
  const against = async (profile: string): Promise<readonly unknown[]> => {
    const parts = [
      { name: 'resource', resource: weight },
      { name: 'mode', valueCode: 'create' },
      { name: 'profile', valueUri: `http://hl7.org/fhir/StructureDefinition/${profile}` },
    ]
    const body = { resourceType: 'Parameters', parameter: parts }
    return severities(await ask('POST', '/Observation/$validate', { body }))
  }
  expect(await against('Observation')).not.toContain('error')
  expect(await against('bodyweight')).toContain('error')
  expect((await ask('GET', '/Observation?_summary=count')).json['total']).toBe(0)
  expect((await ask('GET', '/Patient?_summary=count')).json['total']).toBe(before)
})

it('OP-10 OP-11 knows its profiles and resources', async () => {
  const profile = encodeURIComponent('http://example.org/StructureDefinition/none')
  const answer = await ask('POST', `/Patient/$validate?profile=${profile}`, {
    body: { resourceType: 'Patient' },
  })
  expect(severities(answer)).toContain('error')
  expect(answer.text).toContain('"code":"not-found"')
  expectRefused(await ask('POST', '/Patient/none/$validate?mode=delete'), 404)
})

/** Two patients of one organization, each with observations; and what `$everything` of the first gives. */
async function care() {
  const organization = await make({ resourceType: 'Organization', name: 'x' })
  const managingOrganization = { reference: `Organization/${organization.id}` }
  const [one, two] = [
    await make({ resourceType: 'Patient', managingOrganization }),
    await make({ resourceType: 'Patient', managingOrganization }),
  ]
  const period = { start: '2020-01-01', end: '2020-01-02' }
  const subject = { reference: `Patient/${one.id}` }
  const encounter = await make({
    resourceType: 'Encounter',
    status: 'finished',
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
    subject,
    period,
  })
  const note = async (patient: string, more: Json = {}): Promise<string> => {
    const body = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, ...more }
    return (await make({ ...body, subject: { reference: `Patient/${patient}` } })).id
  }
  const early = await note(one.id, { effectiveDateTime: '2019-05-05' })
  const late = await note(one.id, {
    effectiveDateTime: '2020-01-01',
    encounter: { reference: `Encounter/${encounter.id}` },
  })
  const undated = await note(one.id)
  const foreign = await note(two.id, { effectiveDateTime: '2020-01-01' })
  const ids = { one: one.id, two: two.id, encounter: encounter.id, organization: organization.id }
  return { ...ids, early, late, undated, foreign }
}

async function everything(path: string): Promise<readonly string[]> {
  const found: string[] = []
  for (let next: string | undefined = path; next !== undefined;) {
    const page = await ask('GET', next)
    expect([page.status, page.json['type']], page.text.slice(0, 800)).toEqual([200, 'searchset'])
    found.push(...entriesOf(page).flatMap(({ resource }) => resource?.id ?? []))
    next = linkOf(page, 'next')
  }
  return found
}

it('OP-12 OP-13 OP-14 OP-15 OP-16 OP-17 OP-18 gives everything of a patient, nothing of another', async () => {
  const { one, two, encounter, organization, early, late, undated, foreign } = await care()
  const path = `/Patient/${one}/$everything`
  const all = await everything(path)
  expect(all).toEqual(expect.arrayContaining([one, encounter, organization, early, late, undated]))
  expect(new Set(all).size).toBe(all.length)
  expect(all).not.toContain(two)
  expect(all).not.toContain(foreign)
  const observations = await everything(`${path}?_type=Observation`)
  expect(observations.toSorted()).toEqual([early, late, undated].toSorted())
  const dated = await everything(`${path}?start=2020-01-01&end=2020-12-31`)
  expect(dated).toEqual(expect.arrayContaining([late, undated, encounter]))
  expect(dated).not.toContain(early)
  const { at } = await ask('GET', `/Observation/${undated}`)
  const since = encodeURIComponent(String(at('meta.lastUpdated')))
  const changed = await everything(`${path}?_since=${since}`)
  expect(changed).toContain(undated)
  expect(changed).not.toContain(early)
  const paged = await everything(`${path}?_count=2`)
  expect(paged.toSorted()).toEqual(all.toSorted())
  expect([all[0], paged[0]]).toEqual([one, one])
  const second = await ask('GET', linkOf(await ask('GET', `${path}?_count=2`), 'next') ?? '')
  expect(idsOf(await ask('GET', linkOf(second, 'self') ?? ''))).toEqual(idsOf(second))
  expect(linkOf(second, 'previous')).toBe(linkOf(second, 'first'))
  expectRefused(await ask('GET', '/Patient/none/$everything'), 404)
})

it('gives everything of all patients, page after page, nobody twice on one', async () => {
  const { one, two } = await care()
  const wanted = [
    ...(await everything(`/Patient/${one}/$everything`)),
    ...(await everything(`/Patient/${two}/$everything`)),
  ]
  for (const count of [2, 200]) {
    const all: string[] = []
    for (let next: string | undefined = `/Patient/$everything?_count=${String(count)}`; next !== undefined;) {
      const page = await ask('GET', next)
      expect(page.status, page.text.slice(0, 400)).toBe(200)
      const urls = entriesOf(page).map(({ fullUrl }) => fullUrl)
      expect(new Set(urls).size).toBe(urls.length)
      expect(urls.length).toBeGreaterThan(0)
      all.push(...entriesOf(page).map(({ resource }) => resource?.id ?? ''))
      next = linkOf(page, 'next')
    }
    expect(all).toEqual(expect.arrayContaining(wanted))
    expect(all.filter((id) => id === one || id === two).toSorted()).toEqual([one, two].toSorted())
  }
  expectRefused(await ask('GET', '/Encounter/$everything'), 404)
  expectRefused(await ask('GET', '/Patient/$everything?_page=x'), 400)
})

it('OP-19 gives everything of an encounter', async () => {
  const { encounter, late, early } = await care()
  const all = await everything(`/Encounter/${encounter}/$everything`)
  expect(all).toEqual(expect.arrayContaining([encounter, late]))
  expect(all).not.toContain(early)
})

it.each([
  [
    'OP-20 OP-21 OP-22 OP-23 OP-24 OP-25',
    '/ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender',
  ],
  [
    'OP-26 OP-27',
    '/ValueSet/$validate-code?url=http://hl7.org/fhir/ValueSet/administrative-gender&code=male',
  ],
  ['OP-28 OP-29', '/CodeSystem/$lookup?system=http://hl7.org/fhir/administrative-gender&code=male'],
  ['OP-30', '/CodeSystem/$validate-code?url=http://hl7.org/fhir/administrative-gender&code=male'],
  ['OP-31', '/CodeSystem/$subsumes?system=http://hl7.org/fhir/administrative-gender&codeA=male&codeB=male'],
  ['OP-32', '/ConceptMap/$translate?system=http://hl7.org/fhir/administrative-gender&code=male'],
])('%s decided: terminology comes later, and %s says so', async (_rows, path) => {
  expectRefused(await ask('GET', path), 501)
  const [address = ''] = path.split('?')
  expectRefused(await ask('POST', address, { body: { resourceType: 'Parameters' } }), 501)
  expectRefused(await ask('GET', address.replace('/$', '/none/$')), 501)
})

it('OP-33 reads and changes meta alone', async () => {
  const tag = fresh()
  const { id } = await make({ resourceType: 'Patient', ...tagged(tag) })
  // Labels are a set.
  const label = { system: 'urn:test', code: `${tag}b` }
  const meta = { tag: [label, { ...label, display: 'the same' }] }
  const body = { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta: meta }] }
  const codes = (answer: Answer): readonly string[] => {
    expect([answer.json['resourceType'], answer.at('parameter.0.name')]).toEqual(['Parameters', 'return'])
    return (answer.at('parameter.0.valueMeta.tag') as readonly { code: string }[])
      .map(({ code }) => code)
      .toSorted()
  }
  expect(codes(await ask('GET', `/Patient/${id}/$meta`))).toEqual([tag])
  expect(codes(await ask('POST', `/Patient/${id}/$meta-add`, { body }))).toEqual([tag, `${tag}b`])
  expect(idsOf(await ask('GET', `/Patient?_tag=${tag}b`))).toEqual([id])
  expect(codes(await ask('POST', `/Patient/${id}/$meta-delete`, { body }))).toEqual([tag])
  expect(idsOf(await ask('GET', `/Patient?_tag=${tag}b`))).toEqual([])
  // A label that is overlooked looks like one that was set.
  const odd = [{ security: { code: 'R' } }, { tag: [] }, { tag: ['x'] }, { profile: 'x' }, { labels: [] }]
  for (const valueMeta of odd)
    for (const name of ['$meta-add', '$meta-delete']) {
      const wrong = { resourceType: 'Parameters', parameter: [{ name: 'meta', valueMeta }] }
      expectRefused(await ask('POST', `/Patient/${id}/${name}`, { body: wrong }), 400)
    }
})

it('OP-34 gives the last observations of each code', async () => {
  const { id } = await make({ resourceType: 'Patient' })
  const note = async (code: string, day: string): Promise<string> => {
    const coding = [{ system: 'http://k', code }]
    const body = { resourceType: 'Observation', status: 'final', code: { coding }, effectiveDateTime: day }
    return (await make({ ...body, subject: { reference: `Patient/${id}` } })).id
  }
  await note('a', '2020-01-01')
  const second = await note('a', '2020-01-02')
  const other = await note('b', '2019-01-01')
  const last = await ask('GET', `/Observation/$lastn?patient=Patient/${id}`)
  expect([...idsOf(last)].toSorted()).toEqual([second, other].toSorted())
  const two = await ask('GET', `/Observation/$lastn?patient=Patient/${id}&max=2`)
  expect(idsOf(two).length).toBe(3)
  // The last ones are the last ones in whatever order, and what is not given is not left out in silence.
  for (const asked of [
    '_sort=date',
    '_count=1',
    '_include=Observation:subject',
    '_summary=true',
    '_total=none',
  ])
    expectRefused(await ask('GET', `/Observation/$lastn?patient=Patient/${id}&${asked}`), 400)
  expectRefused(await ask('POST', '/Patient/$match', { body: { resourceType: 'Parameters' } }), 501)
  expectRefused(await ask('GET', '/Composition/none/$document'), 501)
})

it('OP-35 OP-36 knows its operations and their methods', async () => {
  const unknown = await ask('GET', '/Patient/$unknown')
  expectRefused(unknown, 404)
  expect(unknown.at('issue.0.code')).toBe('not-supported')
  const { id } = await make({ resourceType: 'Patient' })
  for (const name of ['$meta-add', '$meta-delete']) {
    const refused = await ask('GET', `/Patient/${id}/${name}`)
    expectRefused(refused, 405)
    expect(refused.headers.get('allow')).toBe('POST, OPTIONS')
  }
})

it('collects the labels that a type or the system uses', async () => {
  const [own, other] = [fresh(), fresh()]
  const security = [{ system: 'urn:test', code: own }]
  await make({ resourceType: 'Basic', code: { text: 'x' }, ...tagged(own) })
  await make({
    resourceType: 'Basic',
    code: { text: 'x' },
    meta: { ...(tagged(own)['meta'] as Json), security },
  })
  await make({ resourceType: 'Patient', ...tagged(other) })
  const used = async (path: string): Promise<readonly string[]> => {
    const { status, at } = await ask('GET', path)
    expect(status).toBe(200)
    const { tag = [], security: labels = [] } = at('parameter.0.valueMeta') as Readonly<
      Record<string, Json[]>
    >
    return [...tag, ...labels.map(({ code }) => ({ code: `security ${String(code)}` }))].map(({ code }) =>
      String(code),
    )
  }
  const basic = await used('/Basic/$meta')
  expect(basic.filter((code) => code === own)).toEqual([own])
  expect(basic).toContain(`security ${own}`)
  expect(basic).not.toContain(other)
  expect(await used('/$meta')).toEqual(expect.arrayContaining([own, other, `security ${own}`]))
  // Of what nobody has labelled there is a meta, too; an empty object is no FHIR.
  const none = await ask('GET', '/Slot/$meta')
  expect(none.at('parameter.0.valueMeta.extension.0.valueCode')).toBe('not-applicable')
  const checked = async (body: object) => (await ask('POST', '/Parameters/$validate', { body })).text
  expect(await checked(none.json)).not.toContain('"error"')
  const parameter = [{ name: 'return', valueMeta: {} }]
  expect(await checked({ resourceType: 'Parameters', parameter })).toContain('"error"')
})

it('knows the definitions of R4 as profiles, and for which types they are', async () => {
  const told = async (name: string, more: Json = {}) => {
    const profile = `http://hl7.org/fhir/StructureDefinition/${name}`
    const body = {
      resourceType: 'Patient',
      text: { status: 'empty', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' },
      ...more,
    }
    return (await ask('POST', `/Patient/$validate?profile=${profile}`, { body })).text
  }
  for (const name of ['Patient', 'Patient|4.0.1', 'DomainResource', 'Resource'])
    expect(await told(name), name).toContain('No issues were found')
  expect(await told('Observation')).toContain('is one for Observation')
  expect(await told('Nothing')).toContain('does not hold the profile')
  const meta = { profile: ['http://hl7.org/fhir/StructureDefinition/Observation'] }
  const claimed = await ask('POST', '/Patient', { body: { resourceType: 'Patient', meta } })
  expectRefused(claimed, 400)
  expect(claimed.at('issue.0.expression.0')).toBe('Patient.meta.profile[0]')
})
