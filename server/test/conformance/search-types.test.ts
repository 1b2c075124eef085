import { expect, it } from 'vitest'

import { expectRefused, fresh, hubForFile, tagged } from './fhir-peer.ts'
import type { Json } from './fhir-peer.ts'

const { ask, base, make, names } = hubForFile()
const LOINC = 'http://loinc.org'
const UCUM = 'http://unitsofmeasure.org'

/** Makes one resource per name, under one tag; `by` searches them and answers with the names. */
async function fixtures(type: string, rows: Readonly<Record<string, Json>>) {
  const tag = fresh()
  const byId = new Map<string, string>()
  const ids = new Map<string, string>()
  for (const [name, content] of Object.entries(rows)) {
    const { id } = await make({ resourceType: type, ...tagged(tag), ...content })
    byId.set(id, name)
    ids.set(name, id)
  }
  const by = async (query: string): Promise<string> => names(`/${type}?_tag=${tag}&${query}`, byId)
  return { by, id: (name: string): string => ids.get(name) ?? '', tag }
}

function observation(more: Json): Json {
  return { status: 'final', code: { text: 'x' }, ...more }
}

function coded(...coding: readonly Json[]): Json {
  return { coding }
}

it('ST-01 ST-02 ST-03 ST-04 finds strings by their beginning, any part, or exactly', async () => {
  const city = (name: string): Json => ({ address: [{ city: name }] })
  const { by } = await fixtures('Patient', {
    A: city('Berlin'),
    B: city('BERLIN-Mitte'),
    C: city('Bernau'),
    D: city('Köln'),
  })
  expect(await by('address-city=ber')).toBe('A B C')
  expect(await by('address-city=erl')).toBe('')
  expect(await by('address-city:contains=ERL')).toBe('A B')
  expect(await by('address-city:exact=Berlin')).toBe('A')
  expect(await by('address-city:exact=berlin')).toBe('')
})

it('ST-05 ST-06 ST-08 folds accents and looks into every part of a name', async () => {
  const { by } = await fixtures('Patient', {
    A: { name: [{ family: 'Müller' }] },
    B: { name: [{ family: 'Muller' }] },
    C: { name: [{ family: 'Miller', given: ['Quo'] }] },
    D: { name: [{ text: 'Quorum', prefix: ['Dr'] }] },
    E: { name: [{ family: 'Z', suffix: ['Quoth'] }] },
    F: { gender: 'male' },
  })
  for (const family of ['muller', 'Müller', 'MULLER', 'Mu%CC%88ller'])
    expect(await by(`family=${family}`), family).toBe('A B')
  expect(await by('name=quo')).toBe('C D E')
  expect(await by('name=mil')).toBe('C')
  expect(await by('name=DR')).toBe('D')
  expect(await by('family:missing=true')).toBe('D F')
  expect(await by('family:missing=false')).toBe('A B C E')
})

it('passes over punctuation, and finds a family name by its later parts', async () => {
  const { by } = await fixtures('Patient', {
    A: { name: [{ family: 'Carreno Quinones' }] },
    B: { name: [{ family: "O'Brien-Smith" }] },
    C: { name: [{ family: 'Zaid' }, { family: 'Quinones' }] },
    D: { name: [{ family: 'عبد الرحمن' }] },
  })
  expect(await by('family=quinones')).toBe('A C')
  expect(await by('name=QUIÑONES')).toBe('A C')
  expect(await by('family:exact=Quinones')).toBe('C')
  expect(await by('family:exact=Carreno Quinones')).toBe('A')
  expect(await by('family=obrien')).toBe('B')
  expect(await by('family=O’Brien')).toBe('B')
  expect(await by('family=smith')).toBe('B')
  expect(await by('family:contains=n-s')).toBe('B')
  expect(await by('family:exact=OBrienSmith')).toBe('')
  expect(await by('family=الرحمن')).toBe('D')
  expect(await by('family=-')).toBe('')
  expect(await by('family:contains=-')).toBe('')
})

it('ST-07 looks into every part of an address', async () => {
  const parts = { city: 'xa', district: 'xb', state: 'xc', country: 'xd', postalCode: 'xe', text: 'xf' }
  const rows = Object.entries(parts).map(
    ([key, value], n) => [String(n), { address: [{ [key]: value }] }] as const,
  )
  const { by } = await fixtures('Patient', {
    ...Object.fromEntries(rows),
    9: { address: [{ line: ['other', 'xg'] }] },
    none: { address: [{ city: 'y' }] },
  })
  expect(await by('address=x')).toBe('0 1 2 3 4 5 9')
})

it('ST-09 ST-10 ST-11 ST-12 finds tokens in their four forms', async () => {
  const { by } = await fixtures('Observation', {
    A: observation({ code: coded({ system: 'http://s1', code: 'c' }) }),
    B: observation({ code: coded({ system: 'http://s2', code: 'c' }) }),
    C: observation({ code: coded({ code: 'c' }) }),
    D: observation({ code: coded({ system: 'http://s1', code: 'd' }) }),
  })
  expect(await by('code=c')).toBe('A B C')
  expect(await by('code=http://s1|c')).toBe('A')
  expect(await by('code=|c')).toBe('C')
  expect(await by('code=http://s1|')).toBe('A D')
})

it('ST-13 ST-14 ST-15 ST-19 finds identifiers, codes, booleans and contacts', async () => {
  const type = coded({ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'DL' })
  const { by } = await fixtures('Patient', {
    A: { identifier: [{ system: 'http://i', value: 'AbC', type }], gender: 'male', active: true },
    B: {
      identifier: [{ system: 'http://j', value: 'AbC' }],
      active: false,
      telecom: [
        { system: 'email', value: 'a@example.org' },
        { system: 'phone', value: '+249123' },
      ],
    },
  })
  expect(await by('identifier=http://i|AbC')).toBe('A')
  expect(await by('identifier=AbC')).toBe('A B')
  expect(await by('identifier=abc')).toBe('A B')
  expect(await by('identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|DL|AbC')).toBe('A')
  expect(await by('gender=male')).toBe('A')
  expect(await by('active=true')).toBe('A')
  expect(await by('email=a@example.org')).toBe('B')
  expect(await by(`phone=${encodeURIComponent('+249123')}`)).toBe('B')
  expect(await by('email=%2B249123')).toBe('')
})

it('ST-16 ST-17 finds tokens by their text, and what has another or none', async () => {
  const category = (code: string): Json => ({ category: [coded({ system: 'http://c', code })] })
  const { by } = await fixtures('Observation', {
    A: observation({ code: { text: 'Abcess of x' }, ...category('lab') }),
    B: observation({
      code: coded({ system: LOINC, code: '1', display: 'abc count' }),
      ...category('vital-signs'),
    }),
    C: observation({ code: { text: 'other' } }),
  })
  expect(await by('code:text=abc')).toBe('A B')
  for (const part of ['count', 'of', 'bc']) expect(await by(`code:text=${part}`), part).toBe('')
  expect(await by('category:not=lab')).toBe('B C')
  expect(await by('category:not=http://c|lab')).toBe('B C')
})

it('ST-18 answers for value sets that it holds, and clearly for others', async () => {
  for (const modifier of ['in', 'not-in'])
    expectRefused(await ask('GET', `/Observation?code:${modifier}=http://example.org/ValueSet/none`), 400)
  for (const modifier of ['above', 'below'])
    expectRefused(await ask('GET', `/Observation?code:${modifier}=http://example.org/none|x`), 400)
  const url = `http://example.org/${fresh()}`
  const { by } = await fixtures('Observation', {
    A: observation({ code: coded({ system: url, code: 'a' }) }),
    B: observation({ code: coded({ system: url, code: 'b' }) }),
    C: observation({ code: coded({ system: 'http://other', code: 'a' }) }),
  })
  const compose = { include: [{ system: url, concept: [{ code: 'a' }] }] }
  const set = await make({ resourceType: 'ValueSet', url, status: 'active', compose })
  expect(await by(`code:in=${url}`)).toBe('A')
  // By its address, too.
  for (const address of [`ValueSet/${set.id}`, `${base()}/ValueSet/${set.id}`])
    expect(await by(`code:in=${address}`)).toBe('A')
  expectRefused(await ask('GET', '/Observation?code:in=ValueSet/none'), 400)
  expect(await by(`code:not-in=${url}`)).toBe('B C')
})

it('ST-20 ST-21 ST-22 ST-23 ST-24 finds references in every form', async () => {
  const one = (await make({ resourceType: 'Patient' })).id
  const two = (await make({ resourceType: 'Patient' })).id
  await ask('PUT', `/Group/${one}`, {
    body: { resourceType: 'Group', id: one, type: 'person', actual: true },
  })
  const about = (reference: string): Json => observation({ subject: { reference } })
  const outside = 'http://other.example.org/fhir/Patient/1'
  const { by } = await fixtures('Observation', {
    A: about(`Patient/${one}`),
    B: about(`Patient/${two}`),
    C: about(`Group/${one}`),
    D: about(outside),
    E: observation({ subject: { identifier: { system: 'http://i', value: 'v' } } }),
  })
  expect(await by(`subject=Patient/${one}`)).toBe('A')
  expect(await by(`subject=${base()}/Patient/${one}`)).toBe('A')
  expect(await by(`patient=${one}`)).toBe('A')
  expect(await by(`subject:Patient=${one}`)).toBe('A')
  expect(await by(`subject=${one}`)).toMatch(/^A( C)?$/)
  expect(await by(`subject=Patient/${one},Patient/${two}`)).toBe('A B')
  expect(await by('subject:identifier=http://i|v')).toBe('E')
  expect(await by(`subject=${encodeURIComponent(outside)}`)).toBe('D')
  for (const query of ['subject=Patient/1', 'subject=1', 'patient=1', 'subject:Patient=1'])
    expect(await by(query), query).toBe('')
})

it('ST-25 ST-26 ST-27 ST-28 ST-29 follows chains both ways', async () => {
  const house = await make({ resourceType: 'Organization', name: 'Xhouse' })
  const managingOrganization = { reference: `Organization/${house.id}` }
  const people = await fixtures('Patient', {
    P: { name: [{ family: 'Peter' }], birthDate: '1990-01-01', managingOrganization },
    Q: { name: [{ family: 'Quinn' }], birthDate: '1980-01-01' },
  })
  const about = (name: string, code: string): Json =>
    observation({
      subject: { reference: `Patient/${people.id(name)}` },
      code: coded({ system: 'http://k', code }),
    })
  const { by, id } = await fixtures('Observation', { A: about('P', 'x'), B: about('Q', 'y') })
  expect(await by('subject.name=peter')).toBe('A')
  expect(await by('subject:Patient.name=peter')).toBe('A')
  expect(await by('subject:Patient.organization.name=xhouse')).toBe('A')
  expect(await by('subject.name=peter&subject.birthdate=1990-01-01')).toBe('A')
  expect(await by('subject.name=peter&subject.birthdate=1980-01-01')).toBe('')
  expect(await people.by('_has:Observation:patient:code=http://k|x')).toBe('P')
  const provenance = { recorded: '2020-01-01T00:00:00Z', agent: [{ who: { display: 'x' } }] }
  const target = [{ reference: `Patient/${people.id('Q')}` }]
  const agentTag = fresh()
  await make({ resourceType: 'Provenance', ...tagged(agentTag), ...provenance, target })
  expect(await people.by(`_has:Provenance:target:_tag=${agentTag}`)).toBe('Q')
  expect(await by(`subject:Patient._has:Provenance:target:_tag=${agentTag}`)).toBe('B')
  expect(await people.by('_has:Observation:patient:subject.name=quinn')).toBe('Q')
  const nestedTag = fresh()
  const about2 = [{ reference: `Observation/${id('A')}` }]
  await make({ resourceType: 'Provenance', ...tagged(nestedTag), ...provenance, target: about2 })
  expect(await people.by(`_has:Observation:patient:_has:Provenance:target:_tag=${nestedTag}`)).toBe('P')
  expect(await people.by(`_has:Observation:patient:_has:Provenance:target:_tag=${agentTag}`)).toBe('')
})

it('ST-30 ST-31 compares addresses exactly, or by their path', async () => {
  const own = fresh()
  const url = `http://example.org/${own}/vs`
  const { by } = await fixtures('ValueSet', {
    A: { url, version: '1', status: 'draft' },
    B: { url: `${url}/sub`, version: '2', status: 'draft' },
    C: { url: `${url}2`, status: 'draft' },
  })
  expect(await by(`url=${url}`)).toBe('A')
  expect(await by(`url=${url}/`)).toBe('')
  expect(await by(`url=${url.toUpperCase()}`)).toBe('')
  expect(await by(`url=http://example.org/${own}`)).toBe('')
  expect(await by(`url=${url}&version=1`)).toBe('A')
  const versioned = (version: string) => `url=${encodeURIComponent(`${url}|${version}`)}`
  expect([await by(versioned('1')), await by(versioned('2'))]).toEqual(['A', ''])
  expect(await by(`url:below=${url}`)).toBe('A B')
  expect(await by(`url:above=${url}/sub/x`)).toBe('A B')
})

it('finds documents by their MIME type, whatever parameters it has', async () => {
  const document = (contentType: string): Json => ({
    status: 'current',
    content: [{ attachment: { contentType } }],
  })
  const { by } = await fixtures('DocumentReference', {
    A: document('text/xml'),
    B: document('text/xml; charset=UTF-8'),
    C: document('text/xml-external-parsed-entity'),
    D: document('application/pdf'),
  })
  expect(await by('contenttype=text/xml')).toBe('A')
  expect(await by('contenttype:below=TEXT/xml')).toBe('A B')
  expect(await by('contenttype:below=text/xml,application/pdf')).toBe('A B D')
})

it('ST-32 finds a profile with and without its version', async () => {
  const url = `http://example.org/${fresh()}`
  const tag = fresh()
  const one = await make({ resourceType: 'Patient', meta: { ...tagOf(tag), profile: [`${url}|1.0`] } })
  const two = await make({ resourceType: 'Patient', meta: { ...tagOf(tag), profile: [url] } })
  const byId = new Map([
    [one.id, 'A'],
    [two.id, 'B'],
  ])
  expect(await names(`/Patient?_tag=${tag}&_profile=${url}`, byId)).toBe('A B')
  expect(await names(`/Patient?_tag=${tag}&_profile=${encodeURIComponent(`${url}|1.0`)}`, byId)).toBe('A')
  expect(await names(`/Patient?_tag=${tag}&_profile:below=${url}`, byId)).toBe('A B')
  expect(await names(`/Patient?_tag=${tag}&_profile:below=${url.slice(0, -1)}`, byId)).toBe('')
})

function tagOf(code: string): Json {
  return tagged(code)['meta'] as Json
}

it('ST-33 ST-34 ST-35 ST-36 ST-37 ST-38 finds quantities by value, unit and precision', async () => {
  const amount = (value: number, unit: Json): Json => observation({ valueQuantity: { value, ...unit } })
  const mg = { system: UCUM, code: 'mg', unit: 'mg' }
  const { by } = await fixtures('Observation', {
    A: amount(5.34, mg),
    B: amount(5.35, mg),
    C: amount(5.4, mg),
    D: amount(5.44, mg),
    E: amount(5.45, mg),
    F: amount(5.4, { unit: 'mg' }),
    G: amount(5.4, { system: UCUM, code: 'kg', unit: 'kg' }),
  })
  expect(await by('value-quantity=5.4')).toBe('B C D F G')
  expect(await by('value-quantity=5.4||')).toBe('B C D F G')
  expect(await by(`value-quantity=5.4|${UCUM}|mg`)).toBe('B C D')
  expect(await by('value-quantity=5.4||mg')).toBe('B C D F')
  expect(await by(`value-quantity=5400|${UCUM}|ug`)).toBe('C')
  // Units of one dimension are compared by amount: 5.4 kg is more than 5.4 mg.
  expect(await by(`value-quantity=gt5.4|${UCUM}|mg`)).toBe('D E G')
  expect(await by(`value-quantity=ap5|${UCUM}|mg`)).toBe('A B C D E')
  expect([await by(`value-quantity=ap4.8|${UCUM}|mg`), await by('value-quantity=ap7')]).toEqual(['', ''])
  expect(await by('value-quantity=gt5.4')).toBe('D E')
  expect(await by('value-quantity=5.4|http://other|mg')).toBe('')
})

it('ST-39 ST-40 keeps the parts of a composite together', async () => {
  const [systolic, diastolic] = [
    coded({ system: LOINC, code: '8480-6' }),
    coded({ system: LOINC, code: '8462-4' }),
  ]
  const value = (amount: number): Json => ({ valueQuantity: { value: amount, unit: 'mmHg' } })
  const { by } = await fixtures('Observation', {
    A: observation({ code: systolic, ...value(150) }),
    B: observation({ code: diastolic, ...value(150) }),
    C: observation({
      component: [
        { code: systolic, ...value(120) },
        { code: diastolic, ...value(150) },
      ],
    }),
    D: observation({ component: [{ code: systolic, ...value(150) }] }),
  })
  expect(await by(`code-value-quantity=${LOINC}|8480-6$gt140`)).toBe('A')
  expect(await by(`component-code-value-quantity=${LOINC}|8480-6$gt140`)).toBe('D')
  expect(await by(`component-code-value-quantity=${LOINC}|8480-6$gt100`)).toBe('C D')
})

it('ST-41 finds places by their distance', async () => {
  const at = (latitude: number, longitude: number): Json => ({ position: { latitude, longitude } })
  const { by } = await fixtures('Location', {
    A: at(15.6, 32.5),
    B: at(15.6, 32.55),
    C: at(19.6, 37.2),
    D: { name: 'nowhere' },
  })
  expect(await by('near=15.6|32.5|5|km')).toBe('A')
  expect(await by('near=15.6|32.5|6000|m')).toBe('A B')
  expect(await by('near=15.6|32.5|1000|km')).toBe('A B C')
  for (const value of [
    '15.6|32.5||m',
    '15.6|32.5|50|',
    '15.6|32.5',
    '15.6|32.5|30|[mi_us]',
    '15.6|32.5|30|[mi_i]',
  ])
    expect(await by(`near=${value}`), value).toBe('A B')
  expect(await by('near=15.6|32.5|5|[mi_us]')).toBe('A B')
  expect(await by('near=15.6|32.5|1|[mi_us]')).toBe('A')
  expect(await by('near=15.6|32.5|1000000|m')).toBe('A B C')
  for (const value of ['15.6', '15.6|32.5|5|kg', 'a|b|1|km', '95|1|1|km', '1|190|1', '1|1|-1', '1|1|1|km|1'])
    expectRefused(await ask('GET', `/Location?near=${value}`), 400)
})

it('ST-42 finds the members of a list', async () => {
  const people = await fixtures('Patient', { A: {}, B: {}, C: {} })
  const entry = ['A', 'B'].map((name) => ({ item: { reference: `Patient/${people.id(name)}` } }))
  const list = await make({ resourceType: 'List', status: 'current', mode: 'working', entry })
  expect(await people.by(`_list=${list.id}`)).toBe('A B')
  expectRefused(await ask('GET', '/Patient?_list=$current-allergies'), 501)
})

it('ST-43 decided: _filter comes later and says so', async () => {
  expectRefused(await ask('GET', `/Patient?_filter=${encodeURIComponent('name eq x')}`), 400)
})

it('says that it does not search inside of Bundles, instead of finding nothing', async () => {
  for (const query of ['composition.type=x', 'composition.patient.name=x', 'message.event=x']) {
    const answer = await ask('GET', `/Bundle?${query}`)
    expectRefused(answer, 501)
    expect(answer.text).toContain('inside of Bundles')
  }
})

it.each(['a', 'é', '漢'])('compares texts of any length to their end, here of "%s"', async (letter) => {
  const code = fresh()
  const long = letter.repeat(1500)
  const byId = new Map<string, string>()
  for (const end of ['x', 'y']) {
    const name = [{ family: `${long}${end}` }]
    byId.set((await make({ resourceType: 'Patient', ...tagged(code), name })).id, end)
  }
  for (const [query, found] of [
    [`family=${long}`, 'x y'],
    [`family=${long}y`, 'y'],
    [`family=${long}z`, ''],
    [`family:exact=${long}x`, 'x'],
    [`family:exact=${long}`, ''],
    [`family:contains=${letter}x`, 'x'],
  ] as const)
    expect(await names(`/Patient?_tag=${code}&${query}`, byId), query.slice(0, 20)).toBe(found)
  const below = `http://a.example/${'b/'.repeat(600)}`
  const valueSet = { resourceType: 'ValueSet', status: 'draft', url: `${below}c/d`, ...tagged(code) }
  byId.set((await make(valueSet)).id, 'd')
  expect(await names(`/ValueSet?_tag=${code}&url:below=${below}c`, byId)).toBe('d')
  expect(await names(`/ValueSet?_tag=${code}&url:below=${below}x`, byId)).toBe('')
})
