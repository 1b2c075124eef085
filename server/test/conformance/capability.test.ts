import { beforeAll, expect, it } from 'vitest'

import { entriesOf, expectRefused, hubForFile, linkOf } from './fhir-peer.ts'
import type { Entry, Json } from './fhir-peer.ts'

/** The CapabilityStatement says nothing that the hub does not do, and all that it does: compared with its answers, name by name. */
const { ask } = hubForFile()

interface Param {
  readonly name: string
  readonly type: string
  readonly documentation?: string
}

interface Interaction {
  readonly code: string
  readonly documentation?: string
}

interface Declared {
  readonly type: string
  readonly documentation?: string
  readonly interaction: readonly Interaction[]
  readonly searchParam: readonly Param[]
  readonly searchInclude: readonly string[]
  readonly searchRevInclude: readonly string[]
  readonly supportedProfile?: readonly string[]
  readonly operation: readonly { readonly name: string; readonly definition: string }[]
}

interface Rest {
  readonly resource: readonly Declared[]
  readonly interaction: readonly Interaction[]
  readonly operation: readonly { readonly name: string; readonly definition: string }[]
  readonly searchParam: readonly Param[]
  readonly compartment: readonly string[]
  readonly documentation: string
}

let rest: Rest
let declared: readonly Declared[]
/** Types that between them have parameters of every kind. */
let sample: readonly Declared[]
const SAMPLE = new Set(['Location', 'Medication', 'Observation', 'Patient', 'RiskAssessment', 'ValueSet'])

beforeAll(async () => {
  rest = (await ask('GET', '/metadata')).at('rest.0') as Rest
  declared = rest.resource
  sample = declared.filter(({ type }) => SAMPLE.has(type))
})

interface Wanted {
  readonly method: string
  readonly url: string
  readonly resource?: Json
}

/** Answers to many requests, in batches: status, and the code of the first issue behind it. */
async function outcomes(wanted: readonly Wanted[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (let from = 0; from < wanted.length; from += 500) {
    const part = wanted.slice(from, from + 500)
    const entry = part.map(({ method, url, resource }) => ({ request: { method, url }, resource }))
    const answer = await ask('POST', '', { body: { resourceType: 'Bundle', type: 'batch', entry } })
    expect(answer.status, answer.text.slice(0, 500)).toBe(200)
    const entries = entriesOf(answer)
    for (const [index, { method, url }] of part.entries())
      found.set(`${method} ${url}`, codeOf(entries[index]))
  }
  return found
}

function codeOf(entry: Entry | undefined): string {
  const issues = entry?.response?.outcome?.['issue'] as readonly Json[] | undefined
  return [entry?.response?.status.slice(0, 3), issues?.[0]?.['code']].filter(Boolean).join(' ')
}

const get = (url: string): Wanted => ({ method: 'GET', url })
const NONE = 'nobody-has-this-id'
const PATCH = {
  resourceType: 'Binary',
  contentType: 'application/json-patch+json',
  data: Buffer.from('[]').toString('base64'),
}

it('does each interaction that it declares, on every type', async () => {
  expect(declared.length).toBe(146)
  const wanted = (type: string): Readonly<Record<string, readonly [Wanted, string]>> => ({
    read: [get(`${type}/${NONE}`), '404 not-found'],
    vread: [get(`${type}/${NONE}/_history/1`), '404 not-found'],
    update: [
      { method: 'PUT', url: `${type}/${NONE}`, resource: { resourceType: type, id: 'other' } },
      '400 invalid',
    ],
    patch: [{ method: 'PATCH', url: `${type}/${NONE}`, resource: PATCH }, '404 not-found'],
    delete: [{ method: 'DELETE', url: `${type}/${NONE}` }, '204'],
    'history-instance': [get(`${type}/${NONE}/_history`), '404 not-found'],
    'history-type': [get(`${type}/_history?_count=0`), '200'],
    create: [{ method: 'POST', url: type, resource: { resourceType: 'Nothing' } }, '400 invalid'],
    'search-type': [get(`${type}?_count=0`), '200'],
  })
  const all = declared.flatMap(({ type, interaction }) => {
    const codes = new Set(interaction.map(({ code }) => code))
    const possible = wanted(type)
    expect(Object.keys(possible)).toEqual(expect.arrayContaining([...codes]))
    return Object.entries(possible).flatMap(([code, expectation]) => (codes.has(code) ? [expectation] : []))
  })
  const found = await outcomes(all.map(([request]) => request))
  for (const [{ method, url }, expected] of all) expect(found.get(`${method} ${url}`), url).toBe(expected)
})

it('declares no change of what was audited, and allows none', async () => {
  const few = declared.filter(({ interaction }) => interaction.length < 9)
  expect(few).toMatchObject([{ type: 'AuditEvent', updateCreate: false, conditionalDelete: 'not-supported' }])
  const made = await ask('POST', '/AuditEvent', {
    body: {
      resourceType: 'AuditEvent',
      type: { system: 'http://dicom.nema.org/resources/ontology/DCM', code: '110100' },
      recorded: '2026-01-01T00:00:00Z',
      agent: [{ requestor: true }],
      source: { observer: { display: 'x' } },
    },
  })
  expect(made.status, made.text).toBe(201)
  const path = `/AuditEvent/${String(made.json['id'])}`
  const headers = { 'content-type': 'application/json-patch+json' }
  const raw = '[{"op":"add","path":"/outcomeDesc","value":"x"}]'
  expectRefused(await ask('PUT', path, { body: made.json }), 403)
  expectRefused(await ask('PATCH', path, { raw, headers }), 403)
  expectRefused(await ask('DELETE', path), 403)
})

it('does what it declares for the whole system', async () => {
  expect(rest.interaction.map(({ code }) => code).toSorted()).toEqual([
    'batch',
    'history-system',
    'search-system',
    'transaction',
  ])
  expect((await ask('GET', '/_history?_count=0')).status).toBe(200)
  expect((await ask('GET', '/?_type=Patient&_count=0')).status).toBe(200)
  for (const type of ['batch', 'transaction'])
    expect((await ask('POST', '', { body: { resourceType: 'Bundle', type } })).status).toBe(200)
  for (const { name } of rest.searchParam) expect(['_has', '_list']).toContain(name)
  expect((await ask('GET', `/Patient?_list=${NONE}`)).status).toBe(200)
  expect((await ask('GET', '/Patient?_has:Observation:patient:code=x')).status).toBe(200)
})

/** A value that each kind of parameter can be asked for. */
const VALUES: Readonly<Record<string, string>> = {
  token: 'x',
  reference: 'Organization/x',
  string: 'x',
  date: '2020',
  uri: 'urn:x',
  quantity: '1',
  number: '1',
  special: '1|1',
  composite: 'x',
}

function ask1({ type }: Declared, { name, type: kind }: Param, modifier = ''): Wanted {
  const value = modifier === ':missing' ? 'true' : (VALUES[kind] ?? '')
  return get(`${type}?${name}${modifier}=${encodeURIComponent(value)}&_count=1`)
}

it('searches by each parameter that it declares, of every type', async () => {
  const wanted = declared.flatMap((one) =>
    one.searchParam.map((param) => ({ param, request: ask1(one, param) })),
  )
  expect(wanted.length).toBeGreaterThan(1800)
  const found = await outcomes(wanted.map(({ request }) => request))
  for (const { param, request } of wanted) {
    const expected = param.type === 'composite' ? '400 value' : '200'
    expect(found.get(`GET ${request.url}`), request.url).toBe(expected)
  }
}, 240_000)

it('knows no parameter that it does not declare', async () => {
  const codes = [...new Set(declared.flatMap(({ searchParam }) => searchParam.map(({ name }) => name)))]
  for (const { type, searchParam } of sample) {
    const own = new Set(searchParam.map(({ name }) => name))
    const others = codes.filter((code) => !own.has(code))
    for (let from = 0; from < others.length; from += 200) {
      const query = others.slice(from, from + 200).map((code) => `${code}=x`)
      const answer = await ask('GET', `/${type}?_count=0&${query.join('&')}`, {
        headers: { prefer: 'handling=lenient' },
      })
      expect(answer.status, answer.text.slice(0, 300)).toBe(200)
      expect(linkOf(answer, 'self')).toMatch(/\?_count=0$/)
    }
  }
})

const ALL_MODIFIERS =
  ':missing :exact :contains :text :not :of-type :in :not-in :above :below :identifier'.split(' ')

it('takes the modifiers that it declares, and no others', async () => {
  const wanted = sample.flatMap((one) =>
    one.searchParam.flatMap((param) => {
      const { name, documentation = '' } = param
      const known = /^Modifiers: (?<list>.*)$/.exec(documentation)?.groups?.['list']?.split(', ') ?? []
      expect([...ALL_MODIFIERS, ':[type]'], `${one.type} ${name}`).toEqual(expect.arrayContaining(known))
      return ALL_MODIFIERS.map((modifier) => ({
        isKnown: known.includes(modifier),
        request: ask1(one, param, modifier),
      }))
    }),
  )
  const found = await outcomes(wanted.map(({ request }) => request))
  for (const { isKnown, request } of wanted) {
    const refusal = '400 not-supported'
    if (isKnown) expect(found.get(`GET ${request.url}`), request.url).not.toBe(refusal)
    else expect(found.get(`GET ${request.url}`), request.url).toBe(refusal)
  }
})

it('includes what it declares, and nothing by what is no reference', async () => {
  const wanted = sample.flatMap(({ type, searchParam, searchInclude, searchRevInclude }) => {
    const references = searchParam.flatMap((param) => (param.type === 'reference' ? param.name : []))
    expect(searchInclude.toSorted()).toEqual(['*', ...references.map((name) => `${type}:${name}`)].toSorted())
    const others = searchParam.flatMap((param) => (param.type === 'reference' ? [] : param.name))
    return [
      ...searchInclude.map((value) => [`${type}?_include=${value}&_count=0`, '200'] as const),
      ...searchRevInclude.map((value) => [`${type}?_revinclude=${value}&_count=0`, '200'] as const),
      ...others.map((name) => [`${type}?_include=${type}:${name}&_count=0`, '400 not-supported'] as const),
    ]
  })
  const found = await outcomes(wanted.map(([url]) => get(url)))
  for (const [url, expected] of wanted) expect(found.get(`GET ${url}`), url).toBe(expected)
  const named = new Set(declared.flatMap(({ searchInclude }) => searchInclude))
  const revincludes = declared.flatMap(({ searchRevInclude }) => searchRevInclude)
  expect(revincludes.filter((value) => !named.has(value))).toEqual([])
})

it('runs the operations that it declares, and no others', async () => {
  const names = [...rest.operation, ...declared.flatMap(({ operation }) => operation)].map(({ name }) => name)
  const unknown = await ask('GET', '/$nothing')
  const known = (unknown.text.match(/\$[a-z-]+/g) ?? []).filter((name) => name !== '$nothing')
  expect([...new Set(names)].map((name) => `$${name}`).toSorted()).toEqual(known.toSorted())
  const empty = { resourceType: 'Parameters' }
  for (const name of new Set(names)) {
    const isDeclared = ({ operation }: Pick<Declared, 'operation'>): boolean =>
      operation.some((each) => each.name === name)
    for (const { type, operation } of sample) {
      const answers = []
      for (const place of [type, `${type}/${NONE}`])
        answers.push(await ask('POST', `/${place}/$${name}`, { body: empty }))
      const isThere = answers.some((answer) => answer.at('issue.0.code') !== 'not-supported')
      expect(isThere, `${type} $${name}`).toBe(isDeclared({ operation }))
    }
    const { at } = await ask('POST', `/$${name}`, { body: empty })
    expect(at('issue.0.code') !== 'not-supported', name).toBe(isDeclared(rest))
  }
})

it('names for each type the definition of its own $everything', () => {
  const defined = declared.flatMap(({ type, operation }) =>
    operation.flatMap(({ name, definition }) => (name === 'everything' ? `${type}: ${definition}` : [])),
  )
  const at = 'http://hl7.org/fhir/OperationDefinition'
  expect(defined).toEqual([`Encounter: ${at}/Encounter-everything`, `Patient: ${at}/Patient-everything`])
})

it('has the formats, compartments and profiles that it declares', async () => {
  const statement = await ask('GET', '/metadata')
  for (const format of statement.json['format'] as readonly string[])
    expect((await ask('GET', `/Patient?_count=0&_format=${encodeURIComponent(format)}`)).status).toBe(200)
  for (const type of statement.json['patchFormat'] as readonly string[]) {
    const raw = type.includes('json-patch') ? '[]' : '{"resourceType":"Parameters"}'
    const answer = await ask('PATCH', `/Patient/${NONE}`, { raw, headers: { 'content-type': type } })
    expectRefused(answer, 404)
  }
  const names = new Set(rest.compartment.map((url) => url.split('/').at(-1)))
  expect(names.size).toBe(5)
  for (const { type } of declared) {
    const { status } = await ask('GET', `/${type}/${NONE}/Observation?_count=0`)
    expect(status, type).toBe(names.has(type.toLowerCase()) ? 200 : 404)
  }
  const profiles = declared.flatMap(({ type, supportedProfile = [] }) =>
    supportedProfile.map((profile) => ({ type, profile })),
  )
  expect(profiles.length).toBeGreaterThan(30)
  for (const { type, profile } of profiles) {
    const path = `/${type}/$validate?profile=${encodeURIComponent(profile)}`
    const answer = await ask('POST', path, { body: { resourceType: type } })
    expect(answer.text, profile).not.toContain('does not hold the profile')
  }
})

it('says what it refuses where one would look for it', async () => {
  const bundle = declared.find(({ type }) => type === 'Bundle')
  expect(bundle?.documentation).toContain('take no chain')
  for (const name of ['composition', 'message'])
    expectRefused(await ask('GET', `/Bundle?${name}.identifier=x`), 501)
  expect(rest.documentation).toContain('need it to look into contained')
  expectRefused(await ask('GET', '?_contained=true'), 400)
  const list = rest.searchParam.find(({ name }) => name === '_list')
  expect(list?.documentation).toContain('functional lists')
  expectRefused(await ask('GET', '/Patient?_list=$current-problems'), 501)
  const histories = [...rest.interaction, ...(bundle?.interaction ?? [])].filter(({ code }) =>
    code.startsWith('history'),
  )
  expect(histories.length).toBe(3)
  for (const { documentation = '' } of histories)
    for (const name of documentation.match(/_[a-z]+/g) ?? ['none'])
      expect((await ask('GET', `/_history?${name}=~`)).text, name).not.toContain('is no parameter')
})

it('names the parameters that shape an answer', async () => {
  const names = rest.documentation.match(/_[a-zA-Z]+/g) ?? []
  for (const name of [
    '_count',
    '_sort',
    '_total',
    '_include',
    '_revinclude',
    '_summary',
    '_elements',
    '_contained',
  ])
    expect(names).toContain(name)
  for (const name of names.filter((each) => each !== '_type')) {
    const { at } = await ask('GET', `/Patient?${name}=~&_count=0`)
    expect(String(at('issue.0.details.text')), name).not.toContain(`"${name}" is no search parameter`)
  }
})

it('declares a parameter that was posted, and tells that it is another statement', async () => {
  const before = (await ask('GET', '/metadata')).headers.get('etag') ?? ''
  const body = {
    resourceType: 'SearchParameter',
    url: 'http://example.org/SearchParameter/marital',
    name: 'marital',
    description: 'x',
    status: 'active',
    code: 'marital',
    base: ['Patient'],
    type: 'token',
    expression: 'Patient.maritalStatus',
  }
  expect((await ask('POST', '/SearchParameter', { body })).status).toBe(201)
  await expect
    .poll(async () => (await ask('GET', '/metadata')).text, { timeout: 15_000 })
    .toContain('marital')
  const after = await ask('GET', '/metadata', { headers: { 'if-none-match': before } })
  expect(after.status).toBe(200)
  const patient = (after.at('rest.0.resource') as readonly Declared[]).find(({ type }) => type === 'Patient')
  expect(patient?.searchParam).toContainEqual(
    expect.objectContaining({ name: 'marital', type: 'token', definition: body.url }),
  )
})

it('is given in part, too, and not again to who has it', async () => {
  const whole = await ask('GET', '/metadata')
  const few = await ask('GET', '/metadata?_elements=software')
  expect(few.json).toMatchObject({ software: { name: 'Mogran' }, status: 'active' })
  expect(few.json).not.toHaveProperty('rest')
  const summary = await ask('GET', '/metadata/?_summary=true', { headers: { authorization: '' } })
  expect([summary.status, summary.at('meta.tag.0.code')]).toEqual([200, 'SUBSETTED'])
  expect(summary.bytes.length).toBeLessThan(whole.bytes.length / 4)
  expectRefused(await ask('GET', '/metadata?_summary=count'), 400)
  const tags = [whole, few, summary].map(({ headers }) => headers.get('etag') ?? '')
  expect(new Set(tags).size).toBe(3)
  const again = async (path: string, tag: string) =>
    (await ask('GET', path, { headers: { 'if-none-match': tag } })).status
  expect(await again('/metadata', `"x", ${tags[0]?.slice(2) ?? ''}`)).toBe(304)
  expect(await again('/metadata?_elements=software', tags[0] ?? '')).toBe(200)
  expect(await again('/metadata?_elements=software', tags[1] ?? '')).toBe(304)
})

it('has no other documents for everybody', async () => {
  const headers = { authorization: '' }
  expectRefused(await ask('GET', '/.well-known/smart-configuration', { headers }), 404)
})
