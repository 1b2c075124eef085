import { beforeAll, expect, it } from 'vitest'

import { entriesOf, expectRefused, fresh, hubForFile, idsOf, linkOf, tagged } from './fhir-peer.ts'
import type { Answer, Json } from './fhir-peer.ts'

const { ask, base, make, find } = hubForFile()
const tag = fresh()
const url = `urn:${fresh()}`
const prescriptions = new Map<string, string>()
let alone = ''

beforeAll(async () => {
  const maker = { resourceType: 'Organization', id: 'o1', name: 'Northern Works' }
  const strong = medication('m1', 'strong', { manufacturer: { reference: '#o1' } })
  await prescribe('strong', [maker, strong])
  await prescribe('weak', [medication('m1', 'weak')])
  await prescribe('both', [medication('m1', 'strong'), medication('m2', 'weak', { status: 'inactive' })])
  alone = (await make({ ...medication('', 'strong'), ...tagged(tag) })).id
  const stored = `Medication/${alone}`
  prescriptions.set('stored', (await make(request({ medicationReference: { reference: stored } }))).id)
})

function medication(id: string, code: string, more: Json = {}): Json {
  const ingredient = [
    {
      itemCodeableConcept: { coding: [{ system: url, code: `i-${code}` }] },
      strength: { numerator: { value: 1 }, denominator: { value: 1.5 } },
    },
  ]
  const own = id === '' ? {} : { id }
  return {
    resourceType: 'Medication',
    ...own,
    code: { coding: [{ system: url, code }], text: `A ${code} one` },
    ...more,
    ingredient,
  }
}

function request(more: Json): Json {
  return {
    resourceType: 'MedicationRequest',
    ...tagged(tag),
    status: 'active',
    intent: 'order',
    subject: { display: 'Somebody' },
    ...more,
  }
}

async function prescribe(name: string, contained: readonly Json[]): Promise<void> {
  const ingredients = contained.filter(({ resourceType }) => resourceType === 'Medication')
  const rest = ingredients.slice(1).map(({ id }) => ({ reference: `#${String(id)}` }))
  const made = await make(
    request({
      contained,
      medicationReference: { reference: `#${String(ingredients[0]?.['id'])}` },
      ...(rest.length > 0 ? { supportingInformation: rest } : {}),
    }),
  )
  prescriptions.set(name, made.id)
}

async function search(query: string): Promise<Answer> {
  const answer = await ask('GET', `/Medication?${query}`)
  expect(answer.status, answer.text.slice(0, 800)).toBe(200)
  return answer
}

const urls = (answer: Answer): readonly string[] =>
  entriesOf(answer)
    .map(({ fullUrl = '' }) => fullUrl.slice(base().length + 1))
    .toSorted()
const container = (...names: readonly string[]): readonly string[] =>
  names.map((name) => `MedicationRequest/${prescriptions.get(name) ?? ''}`).toSorted()

it('SR-37 finds contained resources when they are asked for, and never otherwise', async () => {
  expect(urls(await search(`code=${url}|strong`))).toEqual([`Medication/${alone}`])
  expect(urls(await search(`code=${url}|strong&_contained=false`))).toEqual([`Medication/${alone}`])
  const inside = await search(`code=${url}|strong&_contained=true`)
  expect(urls(inside)).toEqual(container('strong', 'both'))
  expect(idsOf(inside).length).toBe(2)
  expect(inside.json['total']).toBe(2)
  const both = await search(`code=${url}|strong&_contained=both`)
  expect(urls(both)).toEqual([`Medication/${alone}`, ...container('strong', 'both')].toSorted())
  expect(both.json['total']).toBe(3)
})

it('asks one contained resource for all parameters, not several together', async () => {
  expect(urls(await search(`code=${url}|strong&status=inactive&_contained=true`))).toEqual([])
  expect(urls(await search(`code=${url}|weak&status=inactive&_contained=true`))).toEqual(container('both'))
  expect(urls(await search(`code=${url}|weak&status:missing=true&_contained=true`))).toEqual(
    container('weak'),
  )
  expect(urls(await search(`code:not=${url}|weak&ingredient-code=${url}|i-strong&_contained=true`))).toEqual(
    container('strong', 'both'),
  )
  expect(urls(await search(`code:text=a+weak&ingredient-code=${url}|&_contained=true`))).toEqual(
    container('weak', 'both'),
  )
})

it('gives the contained resource itself under an address within its container', async () => {
  const answer = await search(`ingredient-code=${url}|i-strong&_contained=true&_containedType=contained`)
  expect(urls(answer)).toEqual(container('strong', 'both').map((name) => `${name}#m1`))
  const [first] = entriesOf(answer)
  expect(first?.resource).toMatchObject({ resourceType: 'Medication', id: 'm1' })
  expect(answer.text).toContain('"value":1.5')
  const few = await search(
    `ingredient-code=${url}|i-strong&_contained=true&_containedType=contained&_elements=code`,
  )
  expect(urls(few)).toEqual(urls(answer))
  expect(entriesOf(few)[0]?.resource).not.toHaveProperty('ingredient')
})

it('pages and sorts what it finds', async () => {
  const query = `code=${url}|&_contained=both&_containedType=contained&_sort=-code,_id&_count=2`
  const first = await search(query)
  expect(first.json['total']).toBe(5)
  const seen = [...entriesOf(first)]
  for (let next = linkOf(first, 'next'); next !== undefined;) {
    const page = await ask('GET', next)
    expect(entriesOf(page).length).toBeLessThanOrEqual(2)
    seen.push(...entriesOf(page))
    next = linkOf(page, 'next')
  }
  const codes = seen.map(({ resource }) => JSON.stringify(resource?.['code']).includes('weak'))
  expect(codes).toEqual([true, true, false, false, false])
  expect(new Set(seen.map(({ fullUrl }) => fullUrl)).size).toBe(5)
  const sorted = await find(`/Medication?code=${url}|&_contained=true&_sort=code&_count=1`)
  expect(sorted.toSorted()).toEqual(
    [...prescriptions].flatMap(([name, id]) => (name === 'stored' ? [] : id)).toSorted(),
  )
})

it('counts without entries', async () => {
  for (const shape of ['_count=0', '_summary=count']) {
    const answer = await search(`code=${url}|strong&_contained=both&${shape}`)
    expect(answer.json['total']).toBe(3)
    expect(answer.json).not.toHaveProperty('entry')
  }
})

it('evaluates chains inside of contained resources', async () => {
  const chained = async (query: string) => (await find(`/MedicationRequest?_tag=${tag}&${query}`)).toSorted()
  const named = (...names: readonly string[]) => names.map((name) => prescriptions.get(name) ?? '').toSorted()
  expect(await chained(`medication.ingredient-code=${url}|i-strong`)).toEqual(
    named('strong', 'both', 'stored'),
  )
  // The second contained one of `both` is weak, but it is not its medication.
  expect(await chained(`medication:Medication.code=${url}|weak`)).toEqual(named('weak'))
  expect(await chained(`medication.code:not=${url}|strong`)).toEqual(named('weak'))
  expect(await chained('medication.manufacturer.name=north')).toEqual(named('strong'))
})

it('refuses what means nothing for a contained resource, and says what does', async () => {
  expectRefused(await ask('GET', '/Medication?_contained=yes'), 400)
  expectRefused(await ask('GET', '/Medication?_contained=true&_containedType=both'), 400)
  expectRefused(await ask('GET', '/?_id=m1&_contained=true'), 400)
  for (const rest of [
    'Nothing:subject:code',
    'Basic:code:code',
    'Basic:subject:nope',
    'Basic:subject:_has:x',
  ])
    expectRefused(await ask('GET', `/Medication?_contained=true&_has:${rest}=x`), 400)
})

it('lets go of what is contained no longer', async () => {
  const code = fresh()
  const patient = { resourceType: 'Patient', id: 'p', identifier: [{ system: url, value: code }] }
  const body = { resourceType: 'Basic', code: { text: 'x' }, subject: { reference: '#p' } }
  const { id } = await make({ ...body, contained: [patient] })
  const asked = `/Patient?identifier=${url}|${code}&_contained=true`
  expect(await find(asked)).toEqual([id])
  expect(
    (await ask('PUT', `/Basic/${id}`, { body: { ...body, id, subject: { display: 'x' } } })).status,
  ).toBe(200)
  expect(await find(asked)).toEqual([])
})

it('knows what refers to a contained resource: its container, or what is contained beside it', async () => {
  const referring = (value: string) => `_has:MedicationRequest:medication:${value}&_contained=true`
  expect(urls(await search(`code=${url}|strong&${referring('status=active')}`))).toEqual(
    container('strong', 'both'),
  )
  // The weak one of `both` is contained, but not its medication.
  expect(urls(await search(`code=${url}|weak&${referring('status=active')}`))).toEqual(container('weak'))
  expect(urls(await search(referring('status=completed')))).toEqual([])
  const makers = (code: string) =>
    ask('GET', `/Organization?_has:Medication:manufacturer:code=${url}|${code}&_contained=true`)
  expect(urls(await makers('strong'))).toEqual(container('strong'))
  expect(urls(await makers('weak'))).toEqual([])
})

it('goes back over several references: to what is stored, and to what stands beside it', async () => {
  const name = fresh()
  const part = { resourceType: 'Organization', id: 'part', name, partOf: { reference: '#whole' } }
  const whole = { resourceType: 'Organization', id: 'whole', name: 'x' }
  const patient = { resourceType: 'Patient', id: 'p', managingOrganization: { reference: '#part' } }
  const noted = await make({
    resourceType: 'Basic',
    code: { text: 'x' },
    contained: [whole, part, patient],
    subject: { reference: '#p' },
  })
  const practitioner = await make({ resourceType: 'Practitioner' })
  const target = [{ reference: `Basic/${noted.id}` }]
  const agent = [{ who: { reference: `Practitioner/${practitioner.id}` } }]
  await make({ resourceType: 'Provenance', target, agent, recorded: '2020-01-01T00:00:00Z' })
  const found = async (path: string) =>
    urls(await ask('GET', `/${path}&_contained=true&_containedType=contained`))
  const stored = `_has:Provenance:target:agent=Practitioner/${practitioner.id}`
  expect(await found(`Patient?_has:Basic:subject:${stored}`)).toEqual([`Basic/${noted.id}#p`])
  expect(await found(`Organization?_has:Patient:organization:_has:Basic:subject:${stored}`)).toEqual([
    `Basic/${noted.id}#part`,
  ])
  const parts = '_has:Organization:partof:_has:Patient:organization'
  expect(await found(`Organization?${parts}:_id=p&_has:Organization:partof:name=${name}`)).toEqual([
    `Basic/${noted.id}#whole`,
  ])
  expect(await found(`Organization?${parts}:_id=other`)).toEqual([])
  expect(await found(`Patient?_has:Basic:subject:_has:Provenance:target:agent=Practitioner/x`)).toEqual([])
  // A stored resource that has the id of one that is contained is another one.
  await ask('PUT', '/Patient/p', { body: { resourceType: 'Patient', id: 'p' } })
  await make({
    resourceType: 'Provenance',
    target: [{ reference: 'Patient/p' }],
    agent,
    recorded: '2020-01-01T00:00:00Z',
  })
  expect(await found(`Organization?_has:Patient:organization:${stored}`)).toEqual([])
})

it('finds in a list what the list itself contains', async () => {
  const contained = [medication('m1', 'strong'), medication('m2', 'strong'), medication('m3', 'strong')]
  const item = (reference: string) => ({ item: { reference } })
  const entry = [item('#m2'), item(`Medication/${alone}`), { ...item('#m3'), deleted: true }]
  const extension = [{ url: 'http://example.org/e', valueReference: { reference: '#m1' } }]
  const content = { status: 'current', mode: 'changes', extension, contained, entry }
  const list = await make({ resourceType: 'List', ...content })
  const listed = (more: string) => search(`_list=${list.id}&_containedType=contained&_contained=${more}`)
  expect(urls(await listed('true'))).toEqual([`List/${list.id}#m2`])
  expect(urls(await listed('both'))).toEqual([`List/${list.id}#m2`, `Medication/${alone}`])
  expect(urls(await search(`_list=none&_contained=true`))).toEqual([])
})

it('searches what is contained in a compartment, and of several types', async () => {
  const [one, two] = [await make({ resourceType: 'Patient' }), await make({ resourceType: 'Patient' })]
  const subject = { reference: `Patient/${one.id}` }
  const inside = { resourceType: 'Observation', id: 'p1', status: 'final', code: { text: 'x' }, subject }
  const report = await make({
    resourceType: 'DiagnosticReport',
    status: 'final',
    code: { text: 'x' },
    contained: [inside],
    result: [{ reference: '#p1' }],
  })
  const within = (patient: string, query: string) => ask('GET', `/Patient/${patient}/${query}_contained=true`)
  expect(urls(await within(one.id, 'Observation?'))).toEqual([`DiagnosticReport/${report.id}`])
  expect(urls(await within(two.id, 'Observation?'))).toEqual([])
  expect(urls(await within('p1', 'Observation?'))).toEqual([])
  expect(urls(await within(one.id, '*?_type=Observation,Condition&'))).toEqual([
    `DiagnosticReport/${report.id}`,
  ])
  const both = await ask('GET', '/?_type=Organization,Observation&_id=o1,p1&_contained=true')
  expect(urls(both)).toEqual([`DiagnosticReport/${report.id}`, ...container('strong')].toSorted())
  expect(both.json['total']).toBe(2)
})

it('includes what a contained resource refers to, and its container that refers to it', async () => {
  const maker = await make({ resourceType: 'Organization', name: 'Southern Works' })
  const code = fresh()
  const own = medication('m1', code, { manufacturer: { reference: `Organization/${maker.id}` } })
  const { id } = await make(request({ contained: [own], medicationReference: { reference: '#m1' } }))
  const asked = `code=${url}|${code}&_contained=true&_containedType=contained`
  const out = await search(`${asked}&_include=Medication:manufacturer`)
  expect(urls(out)).toEqual([`MedicationRequest/${id}#m1`, `Organization/${maker.id}`])
  expect(idsOf(out, 'include')).toEqual([maker.id])
  // A resource of the same name that is not contained has nothing to do with it.
  await ask('PUT', '/Medication/m1', { body: { ...medication('m1', 'x'), id: 'm1' } })
  await make(request({ medicationReference: { reference: 'Medication/m1' } }))
  const back = await search(`${asked}&_revinclude=MedicationRequest:medication`)
  expect(idsOf(back, 'include')).toEqual([id])
  expect(idsOf(await search(`${asked}&_revinclude=MedicationRequest:subject`), 'include')).toEqual([])
})
