import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { runInThisContext } from 'node:vm'

import { expect, it } from 'vitest'

import { RUNTIME, RUNTIME_NAMES } from '../../src/fhir/compiled.ts'
import { compilePath } from '../../src/fhir/generate/compile-path.ts'
import { collectionOf, type Compiled } from '../../src/fhir/generate/compiled-expression.ts'
import { readCorrections } from '../../src/fhir/generate/corrections.ts'
import { parseFhirPath } from '../../src/fhir/generate/fhirpath-parser.ts'
import { modelOf } from '../../src/fhir/generate/model.ts'
import { definitionsFolder, readSpecification } from '../../src/fhir/generate/specification.ts'
import type { JsonObject, JsonValue } from '../../src/kernel/json.ts'
import { CORPUS } from './folder.ts'

const FOLDER = join(CORPUS, 'fhir/fhir-test-cases/r4')
const SUITE = join(FOLDER, 'fhirpath/tests-fhir-r4.xml')

/** Where what compiles gives something else than the suite, by the beginning of the name, and why. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'testDateNotEqual testEquality testNEquality': 'a date and a time within it differ',
  'testLessThan testLessOrEqual testGreat': 'what overlaps because precisions differ breaks no rule',
  'testDecimalLiteralToString testToString4': 'decimals are numbers here',
  'testEquivalent testNotEquivalent testQuantity4': 'without the precision of decimals and times',
  testQuantityLiteralWeekToString: 'a week is the unit wk',
  'testIntegerLiteralIsNotDecimal testType testPolymorphismIsA3':
    "FHIR's types and those of FHIRPath are one",
  testDateTimeGreaterThanDate2: 'what overlaps because precisions differ breaks no rule',
  testFHIRPathIsFunction: 'the example in JSON has no such extension',
}

interface Case {
  readonly name: string
  readonly expression: string
  readonly file: string
  readonly isPredicate: boolean
  readonly outputs: readonly string[]
}

const model = modelOf(readSpecification(definitionsFolder(), readCorrections()))

it.skipIf(!existsSync(SUITE))('what compiles of the official FHIRPath suite gives what it says there', () => {
  const known = Object.keys(DIFFERENT).flatMap((names) => names.split(' '))
  const wrong: string[] = []
  let passed = 0
  for (const each of cases(readFileSync(SUITE, 'utf8'))) {
    const resource = example(each.file)
    const result = resource && evaluated(each.expression, resource)
    if (!result) continue
    if (isExpected(result, each)) passed++
    else if (!known.some((name) => each.name.startsWith(name)))
      wrong.push(`${each.name}: ${each.expression} gives ${JSON.stringify(result)}`)
  }
  expect(wrong).toEqual([])
  expect(passed).toBeGreaterThan(740)
})

/** @returns `undefined` for what is outside the part of FHIRPath that compiles */
function evaluated(expression: string, resource: JsonObject): readonly JsonValue[] | undefined {
  const { resourceType } = resource
  const type = typeof resourceType === 'string' ? resourceType : ''
  const focus: Compiled = { kind: 'path', parts: [{ type, js: '[o]', item: 'o', there: 'true' }] }
  const variables = { resource: focus, rootResource: focus, context: focus }
  let js: string
  try {
    js = collectionOf(compilePath(parseFhirPath(expression), { model, focus, root: type, variables }))
  } catch {
    return undefined
  }
  const run = runInThisContext(`(o, ROOT, ${RUNTIME_NAMES.join(', ')}) => ${js}`) as (
    ...args: unknown[]
  ) => readonly JsonValue[]
  return run(resource, resource, ...RUNTIME_NAMES.map((name) => (RUNTIME as Record<string, unknown>)[name]))
}

function isExpected(result: readonly JsonValue[], { isPredicate, outputs }: Case): boolean {
  if (isPredicate) return outputs[0] === String(result.length > 0 && result[0] !== false)
  return (
    result.length === outputs.length &&
    result.every((item, i) => {
      const output = (outputs[i] ?? '').replace(/^@T?/, '')
      return typeof item === 'object' || String(item) === output || Number(output) === item
    })
  )
}

function* cases(xml: string): Generator<Case> {
  const plain = xml.replaceAll(/<!--[\s\S]*?-->/g, '')
  for (const [, name = '', attributes = '', body = ''] of plain.matchAll(
    /<test name="([^"]*)"([^>]*)>([\s\S]*?)<\/test>/g,
  )) {
    const [, marks = '', expression = ''] = /<expression([^>]*)>([\s\S]*?)<\/expression>/.exec(body) ?? []
    if (marks.includes('invalid=')) continue
    yield {
      name,
      expression: text(expression),
      file: /inputfile="([^"]*)"/.exec(attributes)?.[1] ?? 'patient-example.xml',
      isPredicate: attributes.includes('predicate="true"'),
      outputs: [...body.matchAll(/<output[^>]*?(?:\/>|>([\s\S]*?)<\/output>)/g)].map(([, output = '']) =>
        text(output),
      ),
    }
  }
}

function example(file: string): JsonObject | undefined {
  const name = file.replace(/xml$/, 'json')
  const path = [join(FOLDER, 'examples', name), join(FOLDER, name)].find((each) => existsSync(each))
  return path === undefined ? undefined : (JSON.parse(readFileSync(path, 'utf8')) as JsonObject)
}

function text(xml: string): string {
  return xml
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')
}
