import { expect, it } from 'vitest'

import { expectRefused, fresh, hubForFile, idsOf } from './fhir-peer.ts'
import type { Json } from './fhir-peer.ts'

// FHIRPath as guides write it in SearchParameters: what it finds in a resource is what the resource is found by.
const { ask, make } = hubForFile()

interface Case {
  readonly type: string
  readonly base?: string
  readonly expression: string
  readonly resource: Json
  readonly finds: readonly string[]
  readonly misses?: readonly string[]
}

const RACE = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race'
const LOINC = 'http://loinc.org'
const gene = (code: string, value: string): Json => ({
  code: { coding: [{ system: LOINC, code }] },
  valueCodeableConcept: { coding: [{ system: 'urn:hgnc', code: value }] },
})
const family: Json = { name: [{ family: 'Omar', given: ['Adam', 'Bakri', 'Chol'] }] }
const tree: Json = {
  status: 'active',
  item: [
    {
      linkId: '1',
      type: 'group',
      code: [{ code: 'outer' }],
      item: [{ linkId: '1.1', type: 'string', code: [{ code: 'inner' }] }],
    },
  ],
}
const observed: Json = { status: 'final', code: { text: 'x' } }
const collected: Json = {
  type: 'collection',
  entry: [
    { resourceType: 'Group', id: 'first', type: 'person', actual: true },
    { resourceType: 'Person', id: 'second', identifier: [{ value: 'person' }] },
    { resourceType: 'Substance', id: 'third', identifier: [{ value: 'substance' }], code: { text: 'x' } },
  ].map((resource) => ({
    fullUrl: `http://example.org/fhir/${resource.resourceType}/${resource.id}`,
    resource,
  })),
}

const coded: Json = {
  maritalStatus: { coding: [{ code: 'M' }] },
  contact: [{ name: { text: 'x' }, relationship: [{ coding: [{ code: 'aunt' }] }] }],
  gender: 'female',
}

const CASES: readonly Case[] = [
  {
    type: 'token',
    expression: 'Patient.descendants().where($this is Coding).code',
    resource: coded,
    finds: ['M', 'aunt'],
    misses: ['female'],
  },
  {
    type: 'token',
    expression: 'Patient.children().ofType(CodeableConcept)',
    resource: coded,
    finds: ['M'],
    misses: ['aunt'],
  },
  {
    type: 'token',
    expression: 'FHIR.Patient.gender | %context.maritalStatus | %rootResource.contact.relationship',
    resource: coded,
    finds: ['female', 'M', 'aunt'],
  },
  {
    type: 'token',
    base: 'Bundle',
    expression: 'Bundle.entry.resource.where($this is FHIR.Group).type',
    resource: collected,
    finds: ['person'],
    misses: ['substance'],
  },
  {
    type: 'token',
    expression: `Patient.extension.where(url = '${RACE}').extension.value.code`,
    resource: {
      extension: [{ url: RACE, extension: [{ url: 'ombCategory', valueCoding: { code: '2106-3' } }] }],
    },
    finds: ['2106-3'],
  },
  {
    type: 'token',
    base: 'Observation',
    expression: `Observation.component.where(code.coding.exists(system = '${LOINC}' and code = '48018-6')).value.ofType(CodeableConcept)`,
    resource: { ...observed, component: [gene('48018-6', 'HGNC:1100'), gene('48004-6', 'HGNC:9')] },
    finds: ['HGNC:1100'],
    misses: ['HGNC:9'],
  },
  {
    type: 'token',
    base: 'Questionnaire',
    expression: 'Questionnaire.repeat(item).code',
    resource: tree,
    finds: ['outer', 'inner'],
    misses: ['active'],
  },
  {
    type: 'string',
    expression: "Patient.name.repeat('always')",
    resource: family,
    finds: ['always'],
    misses: ['never'],
  },
  {
    type: 'string',
    expression: "Patient.name.select(given.first() & ' ' & family)",
    resource: family,
    finds: ['Adam Omar'],
    misses: ['Bakri'],
  },
  {
    type: 'string',
    expression: 'Patient.name.given.last() | Patient.name.given.skip(1).take(1)',
    resource: family,
    finds: ['Chol', 'Bakri'],
    misses: ['Adam'],
  },
  {
    type: 'string',
    expression: 'Patient.name.given.tail()',
    resource: family,
    finds: ['Bakri'],
    misses: ['Adam'],
  },
  {
    type: 'token',
    expression: "Patient.telecom.where(system in ('phone' | 'sms')).value",
    resource: {
      telecom: [
        { system: 'phone', value: '1' },
        { system: 'email', value: '2' },
      ],
    },
    finds: ['1'],
    misses: ['2'],
  },
  {
    type: 'token',
    base: 'Observation',
    expression: 'Observation.where(value.ofType(Quantity).value >= 5).code',
    resource: { ...observed, code: { coding: [{ code: 'high' }] }, valueQuantity: { value: 5 } },
    finds: ['high'],
  },
  {
    type: 'token',
    base: 'Observation',
    expression: 'Observation.where(value.ofType(Quantity).value > 5).code',
    resource: { ...observed, code: { coding: [{ code: 'high' }] }, valueQuantity: { value: 5 } },
    finds: [],
    misses: ['high'],
  },
  {
    type: 'string',
    expression: 'iif(Patient.active, Patient.name.family, Patient.name.given)',
    resource: { ...family, active: true },
    finds: ['Omar'],
    misses: ['Adam'],
  },
  {
    type: 'token',
    expression: "Patient.identifier.where(type.coding.code.startsWith('MR')).value",
    resource: {
      identifier: [
        { value: 'a', type: { coding: [{ code: 'MRT' }] } },
        { value: 'b', type: { coding: [{ code: 'DL' }] } },
      ],
    },
    finds: ['a'],
    misses: ['b'],
  },
  {
    type: 'date',
    expression: 'Patient.birthDate.union(Patient.birthDate).single()',
    resource: { birthDate: '1990-05' },
    finds: ['1990', 'lt1991'],
  },
  {
    type: 'date',
    expression: 'Patient.deceased.ofType(dateTime).toDate()',
    resource: { deceasedDateTime: '2015-02-14T13:42:00+10:00' },
    finds: ['2015-02-14', 'eq2015-02'],
    misses: ['gt2015-02-14'],
  },
  {
    type: 'quantity',
    expression: "Patient.extension('http://example.org/weight').value.ofType(string).toQuantity('g')",
    resource: { extension: [{ url: 'http://example.org/weight', valueString: "3.2 'kg'" }] },
    finds: ['3.2|http://unitsofmeasure.org|kg', 'gt3000|http://unitsofmeasure.org|g'],
    misses: ['lt3|http://unitsofmeasure.org|kg'],
  },
  {
    type: 'string',
    expression: 'Patient.name.where($index = 1).family',
    resource: { name: [{ family: 'Adam' }, { family: 'Bakri' }] },
    finds: ['Bakri'],
    misses: ['Adam'],
  },
  {
    type: 'number',
    expression: 'Patient.multipleBirth.ofType(integer) * 2',
    resource: { multipleBirthInteger: 3 },
    finds: ['6'],
    misses: ['3'],
  },
  {
    type: 'token',
    expression: 'Patient.name.exists(family.hasValue() and given.count() > 2)',
    resource: family,
    finds: ['true'],
  },
  {
    type: 'reference',
    base: 'Observation',
    expression: "Observation.trace('x').subject.where(resolve() is Group)",
    resource: { ...observed, subject: { reference: 'Group/g' } },
    finds: ['Group/g'],
  },
  ...['ofType(Person)', 'as(Person)', 'where($this is Person).ofType(Person)'].map((choice): Case => ({
    type: 'token',
    base: 'Bundle',
    expression: `Bundle.entry.resource.${choice}.identifier`,
    resource: collected,
    finds: ['person'],
    misses: ['substance'],
  })),
  {
    type: 'reference',
    base: 'Bundle',
    expression: '(Bundle.entry[0].resource as Group)',
    resource: collected,
    finds: ['Group/first'],
    misses: ['Person/second'],
  },
  {
    type: 'token',
    base: 'Observation',
    expression: 'Observation.contained.ofType(Specimen).type',
    resource: {
      ...observed,
      contained: [{ resourceType: 'Specimen', id: 's', type: { coding: [{ code: 'blood' }] } }],
      specimen: { reference: '#s' },
    },
    finds: ['blood'],
    misses: ['final'],
  },
]

function parameter(
  code: string,
  { type, base = 'Patient', expression }: Pick<Case, 'type' | 'base' | 'expression'>,
): Json {
  return {
    resourceType: 'SearchParameter',
    url: `http://example.org/SearchParameter/${code}`,
    name: 'Own',
    status: 'active',
    description: 'Of a test.',
    code,
    base: [base],
    type,
    expression,
    ...(type === 'reference' ? { target: ['Group'] } : {}),
  }
}

it.each(CASES.map((each) => [each.expression, each] as const))('finds by %s', async (_expression, each) => {
  const { base = 'Patient', resource, finds, misses = [] } = each
  const code = fresh()
  await make(parameter(code, each))
  const { id } = await make({ resourceType: base, ...resource })
  for (const [values, found] of [
    [finds, [id]],
    [misses, []],
  ] as const)
    for (const value of values) {
      // What other cases stored is found as well, once the index of this one is built.
      const answer = await ask('GET', `/${base}?_id=${id}&${code}=${encodeURIComponent(value)}`)
      expect([answer.status, idsOf(answer)], `${value}: ${answer.text.slice(0, 400)}`).toEqual([200, found])
    }
})

it.each([
  ['matches', "Patient.name.family.matches('a+')"],
  ['today', 'Patient.birthDate.where($this < today())'],
  ['skip() takes 1 argument, not 0', 'Patient.name.given.skip()'],
  ['replace() takes 2 arguments', "Patient.name.family.replace('a')"],
  ['where() takes 1', 'Patient.name.where().family'],
  ['substring() takes 1 to 2', 'Patient.name.family.substring()'],
  ['parentheses', `${'('.repeat(500)}Patient.name${')'.repeat(500)}.family`],
  ['lowBoundary', 'Patient.birthDate.lowBoundary()'],
  ['aggregate', "Patient.name.given.aggregate($total & $this, '')"],
  ['$total', 'Patient.name.where($total = 1).family'],
  ['nothing', 'Patient.name.select(nothing)'],
  ['nothing', 'Patient.repeat(nothing)'],
  ['dates', "Patient.birthDate + 1 'a'"],
  ['resolved', 'Patient.managingOrganization.resolve()'],
  ['resolved', 'Patient.managingOrganization.resolve().name'],
  ['finds nothing', 'Patient.managingOrganization.resolve().ofType(Organization).name'],
])('says of %s that it cannot be searched by', async (named, expression) => {
  const answer = await ask('POST', '/SearchParameter', {
    body: parameter(fresh(), { type: 'string', expression }),
  })
  expectRefused(answer, 422)
  expect(answer.at('issue.0.expression.0')).toBe('SearchParameter.expression')
  expect(answer.text).toContain(named)
})

it('refuses a resource in which an expression never comes to its end, and says which', async () => {
  const code = fresh()
  const expression = 'Patient.name.where(%resource.name.where(%resource.name.count() > 5000).exists()).family'
  await make(parameter(code, { type: 'string', expression }))
  const answer = await ask('POST', '/Patient', {
    body: { resourceType: 'Patient', name: Array.from({ length: 2000 }, () => ({ family: 'A' })) },
  })
  expectRefused(answer, 422)
  expect(answer.text).toContain(code)
})
