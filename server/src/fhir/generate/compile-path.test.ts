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
