import { runInThisContext } from 'node:vm'

import { describe, expect, it } from 'vitest'

import { RUNTIME, RUNTIME_NAMES } from '../compiled.ts'
import { compilePath } from './compile-path.ts'
import { collectionOf } from './compiled-expression.ts'
import { readCorrections } from './corrections.ts'
import { parseFhirPath } from './fhirpath-parser.ts'
import { modelOf } from './model.ts'
import { definitionsFolder, readSpecification } from './specification.ts'

const model = modelOf(readSpecification(definitionsFolder(), readCorrections()))

function code(expression: string): string {
  const focus = { kind: 'path', parts: [{ type: 'Patient', js: '[o]', item: 'o' }] } as const
  return collectionOf(
    compilePath(parseFhirPath(expression), { model, focus, variables: {}, root: 'Patient' }),
  )
}

function evaluate(expression: string, resource: unknown): unknown {
  // Run as the generated files are run.
  const run = runInThisContext(`(o, ROOT, ${RUNTIME_NAMES.join(', ')}) => ${code(expression)}`) as (
    ...args: unknown[]
  ) => unknown
  return run(resource, resource, ...RUNTIME_NAMES.map((name) => (RUNTIME as Record<string, unknown>)[name]))
}

const patient = {
  resourceType: 'Patient',
  active: true,
  deceasedDateTime: '2024-01-01',
  name: [
    { use: 'official', family: 'A', given: ['B', 'C'] },
    { use: 'usual', family: 'D' },
  ],
}

describe('compilePath', () => {
  it.each<[string, unknown]>([
    ['Patient.name.given', ['B', 'C']],
    ["name.where(use = 'usual').family", ['D']],
    ['name[1].family', ['D']],
    ['name.first().family | active', ['A', true]],
    ['name.count() > 1 and active', [true]],
    ['name.all(family.exists())', [true]],
    ["name.family contains 'A'", [true]],
    ["'Z' in name.family", [false]],
    ['deceased.ofType(dateTime)', ['2024-01-01']],
    ['deceased is boolean', [false]],
    ['(deceased as dateTime) > birthDate', []],
    ['birthDate.exists() implies active.not()', [true]],
    ['name.select(family).isDistinct()', [true]],
    ["name.family.first() & 'x'", ['Ax']],
    ["name.family.first().matches('^[A-C]$')", [true]],
    ['active xor deceased.exists()', [false]],
  ])('evaluates %s', (expression, result) => {
    expect(evaluate(expression, patient)).toEqual(result)
  })
})

it('knows what is below abstract types', () => {
  const truths = ['name.first() is Element', 'Patient is DomainResource', 'Patient is Resource']
  const lies = ['Patient is Element', 'name.first() is Resource', 'name.first() is BackboneElement']
  for (const each of truths) expect(evaluate(each, patient)).toEqual([true])
  for (const each of lies) expect(evaluate(each, patient)).toEqual([false])
  const withContact = { ...patient, contact: [{ gender: 'male' }] }
  expect(evaluate('contact.first() is BackboneElement', withContact)).toEqual([true])
})

it('tells data types apart where only the resource shows them', () => {
  const one = { ...patient, link: [{ other: { reference: 'Patient/2' }, type: 'refer' }] }
  expect(evaluate('children().ofType(HumanName).family', one)).toEqual(['A', 'D'])
  expect(evaluate('descendants().where($this is Reference).reference', one)).toEqual(['Patient/2'])
  expect(evaluate('name.select($this).ofType(Coding)', one)).toEqual([])
  const coded = { ...patient, maritalStatus: { coding: [{ code: 'M' }] }, contact: [{ code: { text: 'x' } }] }
  expect(evaluate('descendants().ofType(Coding).code', coded)).toEqual(['M'])
})

describe('the part of FHIRPath that compiles', () => {
  it.each<[string, unknown]>([
    ["iif(active, 'yes', 'no')", ['yes']],
    ["iif(birthDate.exists(), 'yes')", []],
    ['(name.family | name.family).count()', [2]],
    ['name.given.combine(name.given).distinct().count()', [2]],
    ["'a' < 'b' and 'b' > 'a' and ('b' <= 'a').not()", [true]],
    ['@2024-01-01 < @2024-01-01', [false]],
    ['@2024-01-01T10:00:00+02:00 = @2024-01-01T08:00:00Z', [true]],
    ['deceased > @2023', [true]],
    ["'12345'.substring(2, 2) + 'LogicalModel'.substring(0, 7)", ['34Logical']],
    ["'abc'.substring(9).empty()", [true]],
    ["name.family.first().lower() & 'B'.upper() & ' c '.trim()", ['aBc']],
    ["'a,b'.split(',').join('-')", ['a-b']],
    ["'a.b'.replace('.', '').length() = 'abc'.indexOf('c')", [true]],
    ["'AB'.matchesFull('A') or 'AB'.matches('^A.$').not()", [false]],
    ['-(1 + 2) * 3 div 2 + 7 mod 4', [-1]],
    ['1.8 - 1.2 = 0.6 and 1 / 0 = {}', []],
    ['name.given.skip(1) = name.given.last() and name.take(1).single().exists()', [true]],
    ['name.given.subsetOf(name.given | name.family) and name.family.supersetOf(name.given).not()', [true]],
    ["name.given.exclude('B') ~ 'c' and 'x' !~ 'y'", [true]],
    ['name.use is code and name.use.first() is string and active is FHIR.boolean', [true]],
    ['birthDate.extension("").empty() // a comment\n or /* another */ false'.replaceAll('"', "'"), [true]],
    ["name.family.extension('http://a').value", [1]],
    ["name.repeat(given).count() + ('2.5').toDecimal() + true.toInteger()", [5.5]],
    ['(0.125).round(2)', [0.13]],
    ['today() <= now() and today() > @2024', [true]],
    ['%loinc & %sct', ['http://loinc.orghttp://snomed.info/sct']],
    ["'P\\u0041'", ['PA']],
    ['@2024-01-31 + 1 month', ['2024-02-29']],
    ['@2024-03-01T00:30:00+02:00 - 1 hour', ['2024-02-29T23:30:00+02:00']],
    ['@2024-02 + 12 months | @2024 - 2 years', ['2025-02', '2022']],
    ["@2024-01-01 + 1 'mo'", []],
    ["4 'g' = 4000 'mg' and 7 days < 2 weeks and -1 'Cel' < 0 'Cel'", [true]],
    ["1 'm' = 1 's'", []],
    ["2 'cm' * 2 'm' = 0.04 'm2' and 4 'g' / 2 = 2 'g' and (-4 'g').abs() ~ 4 'g'", [true]],
  ])('evaluates what profiles may say: %s', (expression, result) => {
    const family = { extension: [{ url: 'http://a', valueInteger: 1 }] }
    const [first, second] = patient.name
    expect(evaluate(expression, { ...patient, name: [{ ...first, _family: family }, second] })).toEqual(
      result,
    )
  })

  it.each([
    ['Patient.nickname', 'no element nickname'],
    ['name.lowBoundary()', 'lowBoundary() is not supported'],
    ['%factory', '%factory is not known'],
    ['name family', 'unexpected "family"'],
    ['name.where(use = "official")', 'unexpected character'],
  ])('refuses %s', (expression, message) => {
    expect(() => code(expression)).toThrow(message)
  })

  it('never lets text of an expression become code', () => {
    const text = "\\'); process.exit(1); (\\'"
    expect(evaluate(`name.where(use = '${text}').family`, patient)).toEqual([])
    expect(code(`name.where(use = '${text}')`)).toContain(JSON.stringify("'); process.exit(1); ('"))
  })
})
