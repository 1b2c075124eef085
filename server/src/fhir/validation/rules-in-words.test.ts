import { describe, expect, it } from 'vitest'

import type { JsonObject } from '../../kernel/json.ts'
import { loadDefinitions } from '../load-definitions.ts'

type Resource = JsonObject & { readonly resourceType: string }

const definitions = loadDefinitions()

/** Issues by severity, code and element. */
async function found(resource: Resource, warnings = false): Promise<readonly string[]> {
  const module = await definitions.load(resource.resourceType)
  if (!module) throw new Error('no such type')
  const text = JSON.stringify(resource)
  return module
    .validate(resource, 20, { text, warnings })
    .map(({ severity, code, at }) => `${severity === 'error' ? '' : `${severity} `}${code} ${at}`)
}

const patient = (more: JsonObject): Resource => ({ resourceType: 'Patient', ...more })
const named = (id: string): Resource => patient({ id, active: true })
const bundle = (type: string, entry: readonly JsonObject[], more: JsonObject = {}): Resource => ({
  resourceType: 'Bundle',
  type,
  entry,
  ...more,
})
const URN = 'urn:uuid:0b7f6b5c-91b5-4f5e-8f6a-4a4f2c6f2f10'

const codes = (more: JsonObject): Resource => ({
  resourceType: 'CodeSystem',
  status: 'draft',
  content: 'complete',
  concept: [{ code: 'a', concept: [{ code: 'b' }] }, { code: 'c' }],
  ...more,
})

const photo = (size: number) => patient({ photo: [{ contentType: 'text/plain', data: 'aGVsbG8=', size }] })
const composition = (more: JsonObject) => ({
  resourceType: 'Composition',
  status: 'final',
  type: { text: 'x' },
  date: '2024',
  title: 'x',
  author: [{ display: 'A' }],
  ...more,
})
const header = (reference: string) => ({
  resourceType: 'MessageHeader',
  eventUri: 'http://a/event',
  source: { endpoint: 'http://a' },
  focus: [{ reference }],
})
const document = (more: JsonObject) =>
  bundle(
    'document',
    [
      { fullUrl: URN.replace('0b7f', '1b7f'), resource: composition(more) },
      { fullUrl: URN, resource: named('a') },
    ],
    {
      identifier: { system: 'http://a', value: '1' },
      timestamp: '2024-01-01T00:00:00Z',
    },
  )

describe('primitive values to the letter', () => {
  it.each([
    ['an hour of 24', patient({ deceasedDateTime: '2024-02-29T24:00:00Z' }), 'Patient.deceased'],
    ['a zone of 15 hours', patient({ deceasedDateTime: '2024-02-29T10:00:00+15:00' }), 'Patient.deceased'],
    ['a day that its year does not have', patient({ birthDate: '2023-02-29' }), 'Patient.birthDate'],
    ['a 31st of April', patient({ birthDate: '2024-04-31' }), 'Patient.birthDate'],
    ['a time without seconds', patient({ deceasedDateTime: '2024-02-29T10:00Z' }), 'Patient.deceased'],
    ['the year 0', patient({ birthDate: '0000' }), 'Patient.birthDate'],
    ['a control character', patient({ name: [{ text: 'a\u0001' }] }), 'Patient.name[0].text'],
    [
      'a system that is a fragment',
      patient({ identifier: [{ system: '#a' }] }),
      'Patient.identifier[0].system',
    ],
    [
      'a relative url of an extension',
      patient({ extension: [{ url: 'a', valueString: 'b' }] }),
      'Patient.extension[0].url',
    ],
  ])('refuse %s', async (_, resource, at) => {
    expect(await found(resource)).toEqual([`value ${at}`])
  })

  it('accept the last day of a leap year, 14 hours of zone, a leap second and tabs', async () => {
    const moment = { deceasedDateTime: '2016-12-31T23:59:60.5+14:00', birthDate: '2024-02-29' }
    expect(await found(patient({ ...moment, name: [{ text: 'a\tb\n' }] }))).toEqual([])
  })

  it('accept languages by the form of BCP 47', async () => {
    for (const language of ['ar', 'zh-Hant-TW', 'de-CH-1996', 'x-own'])
      expect(await found(patient({ language }))).toEqual([])
    for (const language of ['english-us-', 'en_US'])
      expect(await found(patient({ language }))).toEqual(['code-invalid Patient.language'])
  })

  it('accept relative urls within an extension', async () => {
    const extension = [{ url: 'http://a', extension: [{ url: 'b', valueString: 'c' }] }]
    expect(await found(patient({ extension }))).toEqual([])
  })
})

describe('elements', () => {
  it('have ids of their own in one resource', async () => {
    const same = patient({
      name: [{ id: 'a', family: 'A' }],
      telecom: [{ id: 'a', system: 'phone', value: '1' }],
    })
    expect(await found(same)).toEqual(['value Patient.telecom[0].id'])
    const apart = patient({
      name: [{ id: 'a', family: 'A' }],
      managingOrganization: { reference: '#o' },
      contained: [
        {
          resourceType: 'Organization',
          id: 'o',
          name: 'O',
          telecom: [{ id: 'a', system: 'phone', value: '1' }],
        },
      ],
    })
    expect(await found(apart)).toEqual([])
  })

  it('have as many concepts as they state, and none where they say so', async () => {
    expect(await found(codes({ count: 3 }))).toEqual([])
    expect(await found(codes({ count: 4 }))).toEqual(['value CodeSystem.count'])
    expect(await found(codes({ count: 4, compositional: true }))).toEqual([])
    expect(await found(codes({ count: 4, content: 'fragment' }))).toEqual([])
    expect(await found(codes({ count: 2, content: 'fragment' }))).toEqual(['value CodeSystem.count'])
    expect(await found(codes({ content: 'not-present' }))).toEqual(['value CodeSystem.concept'])
  })

  it('have attachments of the size that they state', async () => {
    expect(await found(photo(5))).toEqual([])
    expect(await found(photo(6))).toEqual(['value Patient.photo[0].size'])
  })

  it('meet their rules at every depth of a questionnaire', async () => {
    const item = { linkId: '1', type: 'group', item: [{ linkId: '2', type: 'display', required: true }] }
    const issues = await found({ resourceType: 'Questionnaire', status: 'draft', item: [item] })
    expect(issues).toEqual(['invariant Questionnaire.item[0].item[0]'])
  })

  it('report what is wrong beside a wrong code, too', async () => {
    const issues = await found(patient({ gender: 'M', contact: [{ gender: 'male' }] }))
    expect(issues).toEqual(['code-invalid Patient.gender', 'invariant Patient.contact[0]'])
  })
})

describe('rules of best practice', () => {
  it('want strings with more than blanks, languages of BCP 47, absolute systems', async () => {
    const text = { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">a</div>' }
    const name = [{ family: '  ', given: ['A', '\t'] }]
    const communication = [{ language: { coding: [{ system: 'http://a', code: 'ENGLISH!' }] } }]
    const identifier = [{ system: 'mrn', value: '1', type: { coding: [{ system: 'kinds', code: 'a' }] } }]
    const resource = patient({ text, name, communication, identifier })
    expect(await found(resource)).toEqual([])
    expect(await found(resource, true)).toEqual([
      'warning value Patient.name[0].family',
      'warning value Patient.name[0].given[1]',
      'warning code-invalid Patient.communication[0].language',
      'warning value Patient.identifier[0].system',
      'warning value Patient.identifier[0].type.coding[0].system',
    ])
  })

  it('want canonicals that are absolute, or lead inside', async () => {
    const answers = (questionnaire: string, more: JsonObject = {}) =>
      found({ resourceType: 'QuestionnaireResponse', status: 'completed', ...more, questionnaire }, true)
    const contained = [{ resourceType: 'Questionnaire', id: 'q', status: 'active' }]
    const advice = 'warning value QuestionnaireResponse.questionnaire'
    expect(await answers('#q', { contained })).not.toContain(advice)
    expect(await answers('http://a.org/q')).not.toContain(advice)
    expect(await answers('urn:oid:1.2.3|4')).not.toContain(advice)
    expect(await answers('Questionnaire/q')).toContain(advice)
    const claimed = patient({ meta: { profile: ['StructureDefinition/x'] } })
    expect(await found(claimed, true)).toContain('warning value Patient.meta.profile[0]')
  })

  it('are warnings for those who ask', async () => {
    expect(await found(named('a'))).toEqual([])
    expect(await found(named('a'), true)).toEqual(['warning invariant Patient'])
  })
})

describe('Bundles', () => {
  it.each([
    [
      'an entry without fullUrl',
      bundle('collection', [{ resource: named('a') }]),
      'required Bundle.entry[0].fullUrl',
    ],
    [
      'a fullUrl with the id of another',
      bundle('collection', [{ fullUrl: 'http://a/Patient/b', resource: named('a') }]),
      'value Bundle.entry[0].fullUrl',
    ],
    [
      'a relative fullUrl',
      bundle('collection', [{ fullUrl: 'Patient/a', resource: named('a') }]),
      'value Bundle.entry[0].fullUrl',
    ],
    [
      'two links to the next page',
      bundle('searchset', [], {
        entry: undefined,
        link: ['a', 'b'].map((url) => ({ relation: 'next', url: `http://${url}` })),
      }),
      'structure Bundle.link[1].relation',
    ],
    [
      'a hit without id',
      bundle('searchset', [{ resource: patient({ active: true }), search: { mode: 'match' } }]),
      'required Bundle.entry[0].resource',
    ],
    [
      'a hit of another type than was searched for',
      bundle('searchset', [{ resource: named('a'), search: { mode: 'match' } }], {
        link: [{ relation: 'self', url: 'http://a/fhir/Observation?code=b' }],
      }),
      'structure Bundle.entry[0].resource',
    ],
    [
      'an outcome that is none',
      bundle('searchset', [{ resource: named('a'), search: { mode: 'outcome' } }]),
      'structure Bundle.entry[0].resource',
    ],
    [
      'an update without resource',
      bundle('transaction', [{ request: { method: 'PUT', url: 'Patient/a' } }]),
      'required Bundle.entry[0].resource',
    ],
  ])('refuse %s', async (_, resource, issue) => {
    expect(await found(JSON.parse(JSON.stringify(resource)) as Resource)).toEqual([issue])
  })
})

describe('Bundles with one resource in front', () => {
  it('that are documents hold what their Composition is about', async () => {
    expect(await found(document({ subject: { reference: URN } }))).toEqual([])
    expect(await found(document({ section: [{ title: 'x', entry: [{ reference: 'Patient/a' }] }] }))).toEqual(
      [],
    )
    expect(await found(document({ subject: { reference: 'Patient/b' } }))).toEqual([
      'not-found Bundle.entry[0].resource.subject.reference',
    ])
    expect(
      await found(document({ section: [{ title: 'x', entry: [{ reference: 'Patient/a/_history/2' }] }] })),
    ).toEqual(['not-found Bundle.entry[0].resource.section[0].entry[0].reference'])
  })

  it('that are messages hold what their header focuses on', async () => {
    const message = (reference: string) =>
      bundle('message', [
        { fullUrl: URN.replace('0b7f', '1b7f'), resource: header(reference) },
        { fullUrl: URN, resource: named('a') },
      ])
    expect(await found(message(URN))).toEqual([])
    expect(await found(message('Patient/b'))).toEqual([
      'not-found Bundle.entry[0].resource.focus[0].reference',
    ])
  })
})
