import { expect, it, onTestFinished } from 'vitest'

import { freshFolder } from '../fresh-store.ts'
import { startHub } from './hub.ts'
import type { Hub } from './hub.ts'

type Json = Readonly<Record<string, unknown>>

interface Found {
  readonly status: number
  readonly ids: readonly string[]
  readonly notes: string
}

type Sent = readonly [body?: Json, headers?: Json]

function clientOf(hub: Hub) {
  const ask = async (method: string, path: string, ...[body, headers = {}]: Sent): Promise<Response> =>
    fetch(`${hub.http}/fhir${path}`, {
      method,
      headers: { authorization: `Bearer ${hub.token}`, 'content-type': 'application/fhir+json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const find = async (query: string): Promise<Found> => {
    const answer = await ask('GET', query)
    const bundle = (await answer.json()) as {
      entry?: readonly { resource: Json; search: { mode: string } }[]
    }
    const of = (mode: string): readonly Json[] =>
      (bundle.entry ?? []).flatMap(({ resource, search }) => (search.mode === mode ? [resource] : []))
    return {
      status: answer.status,
      ids: of('match').map(({ id }) => String(id)),
      notes: JSON.stringify(answer.status === 200 ? of('outcome') : bundle),
    }
  }
  return { ask, find }
}

async function hubOn(data: string): Promise<Hub> {
  const hub = await startHub({ data })
  onTestFinished(async () => {
    await hub.stop()
  })
  return hub
}

const TRIBE = 'http://example.org/tribe'

function person(id: string, tribe: string): Json {
  return { resourceType: 'Patient', id, extension: [{ url: TRIBE, valueString: tribe }] }
}

function parameter(more: Json = {}): Json {
  return {
    resourceType: 'SearchParameter',
    id: 'tribe',
    url: 'http://example.org/SearchParameter/tribe',
    name: 'tribe',
    description: 'x',
    status: 'active',
    code: 'tribe',
    base: ['Patient'],
    type: 'string',
    expression: `Patient.extension('${TRIBE}').value.as(string)`,
    ...more,
  }
}

async function built(find: (query: string) => Promise<Found>, query: string): Promise<Found> {
  return expect
    .poll(async () => find(query), { timeout: 20_000, interval: 200 })
    .toMatchObject({ status: 200, notes: '[]' })
    .then(async () => find(query))
}

it('searches by a parameter that was posted: pending until its index is built, also after a restart', async () => {
  const data = await freshFolder()
  const first = await hubOn(data)
  const { ask, find } = clientOf(first)
  for (const n of [1, 2, 3])
    await ask('PUT', `/Patient/old-${String(n)}`, person(`old-${String(n)}`, 'Dinka'))
  expect((await find('/Patient?tribe=dinka')).status).toBe(400)

  expect((await ask('PUT', '/SearchParameter/tribe', parameter())).status).toBe(201)
  await ask('PUT', '/Patient/new', person('new', 'DINKA'))
  const pending = await find('/Patient?tribe=dinka')
  expect(pending.ids).toContain('new')
  expect(pending.notes).toContain('\\"tribe\\" is pending')
  const conditional = { 'if-none-exist': 'tribe=dinka' }
  expect((await ask('POST', '/Patient', { resourceType: 'Patient' }, conditional)).status).toBe(503)

  // A kill before the index is built: the next hub builds it.
  await first.kill()
  const second = clientOf(await hubOn(data))
  const found = await built(second.find, '/Patient?tribe=dinka&_sort=-_id')
  expect(found.ids).toEqual(['old-3', 'old-2', 'old-1', 'new'])
  expect((await second.find('/Patient?tribe:exact=DINKA')).ids).toEqual(['new'])
  expect((await second.find('/Observation?subject:Patient.tribe=dinka')).status).toBe(200)
  expect((await second.ask('POST', '/Patient', { resourceType: 'Patient' }, conditional)).status).toBe(412)

  const changed = parameter({
    expression: `Patient.extension('${TRIBE}').value.as(string) | Patient.name.text`,
  })
  await second.ask('PUT', '/SearchParameter/tribe', changed)
  expect((await second.find('/Patient?tribe=dinka')).notes).toContain('pending')
  await second.ask('DELETE', '/SearchParameter/tribe')
  expect((await second.find('/Patient?tribe=dinka')).status).toBe(400)
})

const PART_DATE = {
  definition: 'http://hl7.org/fhir/SearchParameter/AllergyIntolerance-onset',
  expression: 'onset',
}
const PART_SEVERITY = {
  definition: 'http://hl7.org/fhir/SearchParameter/AllergyIntolerance-severity',
  expression: 'severity',
}

it('refuses a parameter that it can not search by, and says what is wrong with it', async () => {
  const { ask, find } = clientOf(await hubOn(await freshFolder()))
  const composite = { type: 'composite', base: ['AllergyIntolerance'] }
  const reaction = 'AllergyIntolerance.reaction'
  const parts = [PART_DATE, PART_SEVERITY]
  const wrong: Readonly<Record<string, readonly [at: string, more: Json]>> = {
    function: ['expression', { expression: "Patient.name.family.matches('(a+)+b')" }],
    element: ['expression', { expression: 'Patient.nothing' }],
    syntax: ['expression', { expression: 'Patient.name[' }],
    deep: ['expression', { expression: `${'('.repeat(900)}Patient.name${')'.repeat(900)}`, type: 'token' }],
    kind: ['expression', { expression: 'Patient.name', type: 'date' }],
    taken: ['code', { expression: 'Patient.name.family', code: 'family' }],
    special: ['type', { type: 'special', expression: 'Patient.name' }],
    lone: ['component', { ...composite, expression: reaction, component: [PART_DATE] }],
    part: [
      'component[1].expression',
      { ...composite, expression: reaction, component: [PART_DATE, { ...PART_SEVERITY, expression: 'x' }] },
    ],
    unknown: [
      'component[0].definition',
      { ...composite, expression: reaction, component: [{ ...PART_DATE, definition: 'urn:x' }, PART_DATE] },
    ],
    path: ['expression', { ...composite, expression: 'AllergyIntolerance.nothing', component: parts }],
  }
  for (const [name, [at, more]] of Object.entries(wrong)) {
    const body = parameter({ id: name, code: `x-${name}`, ...more })
    const answer = await ask('PUT', `/SearchParameter/${name}`, body)
    const outcome = (await answer.json()) as { issue: readonly { expression: readonly string[] }[] }
    const places = outcome.issue.map(({ expression }) => expression)
    expect([answer.status, places], name).toEqual([422, [[`SearchParameter.${at}`]]])
    expect((await ask('GET', `/SearchParameter/${name}`)).status, name).toBe(404)
    const checked = await (await ask('POST', '/SearchParameter/$validate', body)).text()
    expect(checked).toContain(`SearchParameter.${at}`)
  }
  const draft = parameter({ id: 'draft', status: 'draft', expression: 'Patient.nothing' })
  expect((await ask('PUT', '/SearchParameter/draft', draft)).status).toBe(201)
  const first = parameter({ id: 'first', code: 'tribe' })
  expect((await ask('PUT', '/SearchParameter/first', first)).status).toBe(201)
  expect((await ask('PUT', '/SearchParameter/first', first)).status).toBe(200)
  expect((await ask('PUT', '/SearchParameter/second', { ...first, id: 'second' })).status).toBe(422)
  expect((await find('/Patient?family=x')).status).toBe(200)
})

it('reads of an extension, and of a choice, the values that the type of the parameter can hold', async () => {
  const { ask, find } = clientOf(await hubOn(await freshFolder()))
  const values: Readonly<Record<string, Json>> = {
    coding: { valueCoding: { system: 'urn:people', code: 'dinka' } },
    concept: { valueCodeableConcept: { coding: [{ system: 'urn:people', code: 'dinka' }] } },
    other: { valueQuantity: { value: 5 } },
    nested: { extension: [{ url: 'part', valueCoding: { code: 'dinka' } }] },
    born: { valueString: 'unknown' },
    agreed: { valueReference: { reference: 'Patient/coding' } },
  }
  for (const [id, value] of Object.entries(values)) {
    const extension = [{ url: TRIBE, ...value }]
    const body = {
      resourceType: 'Patient',
      id,
      ...(id === 'born' ? { _birthDate: { extension } } : { extension }),
    }
    expect((await ask('PUT', `/Patient/${id}`, body)).status).toBe(201)
  }
  const whole = `Patient.extension.where(url='${TRIBE}')`
  for (const [code, more] of Object.entries({
    value: { type: 'token', expression: `${whole}.value` },
    whole: { type: 'token', expression: whole },
    born: { type: 'string', expression: 'Patient.birthDate.extension.value' },
    part: { type: 'token', expression: `${whole}.extension.value.code` },
    agreement: { type: 'reference', target: ['Patient'], expression: `Patient.extension('${TRIBE}')` },
  })) {
    const url = `http://example.org/SearchParameter/x-${code}`
    const posted = await ask(
      'PUT',
      `/SearchParameter/x-${code}`,
      parameter({ id: `x-${code}`, url, code: `x-${code}`, ...more }),
    )
    expect(posted.status, await posted.text()).toBe(201)
  }
  const of = async (query: string) => (await built(find, `/Patient?${query}&_sort=_id`)).ids
  expect(await of('x-value=urn:people|dinka')).toEqual(['coding', 'concept'])
  expect(await of('x-whole=dinka')).toEqual(['coding', 'concept'])
  expect(await of('x-born=unknown')).toEqual(['born'])
  expect(await of('x-part=dinka')).toEqual(['nested'])
  expect(await of('x-agreement=Patient/coding')).toEqual(['agreed'])
  const dated = parameter({ id: 'dated', code: 'dated', type: 'uri', expression: 'Patient.deceased' })
  expect((await ask('PUT', '/SearchParameter/dated', dated)).status).toBe(422)
})

function allergy(id: string, reactions: readonly (readonly [string, string])[]): Json {
  const reaction = reactions.map(([onset, severity]) => ({
    onset,
    severity,
    manifestation: [{ text: 'rash' }],
  }))
  return {
    resourceType: 'AllergyIntolerance',
    id,
    patient: { display: 'Somebody' },
    clinicalStatus: {
      coding: [
        { system: 'http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical', code: 'active' },
      ],
    },
    reaction,
  }
}

it('searches by a posted composite, whose parts must be met by one element', async () => {
  const { ask, find } = clientOf(await hubOn(await freshFolder()))
  for (const each of [
    allergy('hit', [
      ['2020-01-01', 'mild'],
      ['2021-01-01', 'severe'],
    ]),
    allergy('miss', [
      ['2021-01-01', 'mild'],
      ['2020-01-01', 'severe'],
    ]),
  ])
    expect((await ask('PUT', `/AllergyIntolerance/${String(each['id'])}`, each)).status).toBe(201)
  const composite = parameter({
    code: 'reaction-at',
    type: 'composite',
    base: ['AllergyIntolerance'],
    expression: 'AllergyIntolerance.reaction',
    component: [PART_DATE, PART_SEVERITY],
  })
  const posted = await ask('PUT', '/SearchParameter/tribe', composite)
  expect(posted.status, await posted.text()).toBe(201)
  const found = await built(find, '/AllergyIntolerance?reaction-at=ge2021$severe')
  expect(found.ids).toEqual(['hit'])
  expect((await find('/AllergyIntolerance?reaction-at=ge2020$severe&_sort=_id')).ids).toEqual(['hit', 'miss'])
  expect((await find('/AllergyIntolerance?reaction-at=2021$mild,2021$severe&_sort=_id')).ids).toEqual([
    'hit',
    'miss',
  ])
  const unwritten = await find('/AllergyIntolerance?reaction-at=2021')
  expect([unwritten.status, unwritten.notes]).toEqual([400, expect.stringContaining('onset$severity')])
})

it('stores what R4 says already without searching twice', async () => {
  const { ask, find } = clientOf(await hubOn(await freshFolder()))
  const own = parameter({
    id: 'individual-family',
    url: 'http://hl7.org/fhir/SearchParameter/individual-family',
    code: 'family',
    base: ['Patient', 'Practitioner'],
    expression: 'Patient.name.family | Practitioner.name.family',
  })
  expect((await ask('PUT', '/SearchParameter/individual-family', own)).status).toBe(201)
  const url = 'http://example.org/SearchParameter/guide-family'
  const derived = { ...own, id: 'guide-family', url, derivedFrom: own['url'] }
  expect((await ask('PUT', '/SearchParameter/guide-family', derived)).status).toBe(201)
  const other = { ...derived, type: 'token' }
  expect((await ask('PUT', '/SearchParameter/guide-family', other)).status).toBe(422)
  expect(await find('/Patient?family=x')).toEqual({ status: 200, ids: [], notes: '[]' })
})

it('ends where the expression is too much work in one resource, tells so, and answers for the rest', async () => {
  const { ask, find } = clientOf(await hubOn(await freshFolder()))
  for (const [id, items] of [
    ['large', 2000],
    ['a', 2],
    ['b', 3],
  ] as const)
    await ask('PUT', `/Questionnaire/${id}`, questionnaire(id, items))
  const costly = 'Questionnaire.item.where(%resource.item.code.code.distinct().count() > 1).code'
  const token = { base: ['Questionnaire'], type: 'token' }
  await ask('PUT', '/SearchParameter/tribe', parameter({ ...token, expression: costly }))
  const cheap = { ...token, id: 'cheap', url: 'http://example.org/cheap', code: 'cheap' }
  await ask('PUT', '/SearchParameter/cheap', parameter({ ...cheap, expression: 'Questionnaire.item.code' }))
  // The one that is too much keeps no other from its keys.
  expect((await built(find, '/Questionnaire?cheap=c1')).ids.toSorted()).toEqual(['a', 'b', 'large'])
  const query = '/Questionnaire?tribe=c1'
  await expect.poll(async () => (await find(query)).notes, { timeout: 20_000 }).toContain('1 of 3 resources')
  expect((await find(query)).ids.toSorted()).toEqual(['a', 'b'])
  const headers = { 'if-none-exist': 'tribe=c1' }
  const refused = await ask('POST', '/Questionnaire', questionnaire('c', 1), headers)
  expect(refused.status).toBe(422)
  expect(await refused.text()).toContain('too-costly')
  // Divided, it is found.
  expect((await ask('PUT', '/Questionnaire/large', questionnaire('large', 4))).status).toBe(200)
  expect(await find(query)).toMatchObject({ notes: '[]' })
  expect((await find(query)).ids).toHaveLength(3)
})

function questionnaire(id: string, items: number): Json {
  return {
    resourceType: 'Questionnaire',
    id,
    status: 'active',
    item: Array.from({ length: items }, (_, n) => ({
      linkId: String(n),
      text: 'x',
      type: 'string',
      code: [{ system: 'http://example.org/c', code: `c${String(n)}` }],
    })),
  }
}
