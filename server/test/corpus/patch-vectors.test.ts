import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { elementRow } from '../../src/fhir/elements.ts'
import { parseObject } from '../../src/fhir/json/parse.ts'
import { stringIn, textOf, treeOf } from '../../src/fhir/json/tree.ts'
import type { ObjectTree } from '../../src/fhir/json/tree.ts'
import { loadDefinitions } from '../../src/fhir/load-definitions.ts'
import { fhirDiff } from '../../src/fhir/patch/fhir-diff.ts'
import { applyFhirPatch, readFhirPatch } from '../../src/fhir/patch/fhir-patch.ts'
import { applyJsonPatch, readJsonPatch } from '../../src/fhir/patch/json-patch.ts'
import { Fault } from '../../src/kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../src/kernel/json.ts'
import type { Soon } from '../../src/kernel/soon.ts'
import { readXml, resourceOfXml, sameMarkup } from './fhir-xml.ts'
import type { XmlElement } from './fhir-xml.ts'
import { CORPUS } from './folder.ts'

const FOLDER = join(CORPUS, 'fhir/fhir-test-cases/r4/patch')
const isHere = existsSync(FOLDER)

const table = loadDefinitions().elements()

interface JsonVector {
  readonly comment: string
  readonly doc: JsonValue
  readonly patch: JsonValue
  readonly expected?: JsonValue
}

it.skipIf(!isHere)('JSON patches give what the vectors expect', async () => {
  const vectors = JSON.parse(read('json-patch-tests.json')) as readonly JsonVector[]
  const results: unknown[] = []
  for (const { comment, doc, patch } of vectors)
    results.push([
      comment,
      await outcome(
        () => applyJsonPatch(treeOf(JSON.stringify(doc)), readJsonPatch(JSON.stringify(patch))),
        (tree) => JSON.parse(textOf(tree)) as JsonValue,
      ),
    ])
  expect(results).toEqual(vectors.map(({ comment, expected }) => [comment, expected ?? 'refused']))
  expect(vectors.length).toBeGreaterThan(15)
})

it.skipIf(!isHere)('FHIRPath patches give what the vectors expect', async () => {
  const cases = fhirCases()
  const results: unknown[] = []
  for (const { name, input, diff } of cases) results.push([name, await patched(input, diff)])
  expect(results).toEqual(cases.map(({ name, output }) => [name, output ?? 'refused']))
  expect(cases.length).toBeGreaterThan(30)
})

it.skipIf(!isHere)(
  'our diff between both sides of a vector leads from one to the other, and back',
  async () => {
    const cases = fhirCases().flatMap(({ name, input, output }) => (output ? [{ name, input, output }] : []))
    const results: unknown[] = []
    for (const { name, input, output } of cases)
      results.push([
        name,
        await patched(input, between(input, output)),
        await patched(output, between(output, input)),
      ])
    expect(results).toEqual(cases.map(({ name, input, output }) => [name, output, input]))
  },
)

function read(name: string): string {
  return readFileSync(join(FOLDER, name), 'utf8')
}

interface FhirCase {
  readonly name: string
  readonly input: JsonObject
  readonly diff: JsonObject
  /** Absent: the patch is to be refused. */
  readonly output?: JsonObject
}

function fhirCases(): readonly FhirCase[] {
  return readXml(read('fhir-patch-tests.xml')).children.map((each) => {
    const output = resourceIn(each, 'output')
    const [input, diff] = [resourceIn(each, 'input'), resourceIn(each, 'diff')]
    if (!input || !diff) throw new Error(`${String(each.attributes['name'])} has no input or no diff`)
    return Object.assign({ name: each.attributes['name'] ?? '', input, diff }, output && { output })
  })
}

function resourceIn({ children }: XmlElement, name: string): JsonObject | undefined {
  const resource = children.find((child) => child.name === name)?.children[0]
  return resource && resourceOfXml(table, resource)
}

async function patched(input: JsonObject, patch: JsonObject): Promise<JsonValue> {
  return outcome(
    () => applyFhirPatch(table, treeOf(JSON.stringify(input)), readFhirPatch(JSON.stringify(patch))),
    (tree) =>
      JSON.parse(textOf(tree), (name, value: JsonValue) =>
        name === 'div' && typeof value === 'string' ? sameMarkup(value) : value,
      ) as JsonValue,
  )
}

async function outcome<T>(run: () => Soon<T>, show: (result: T) => JsonValue): Promise<JsonValue> {
  try {
    return show(await run())
  } catch (error) {
    if (error instanceof Fault) return 'refused'
    throw error
  }
}

function between(before: JsonObject, after: JsonObject): JsonObject {
  const [a, b] = [treeOf(JSON.stringify(before)), treeOf(JSON.stringify(after))] as ObjectTree[]
  const type = stringIn(a?.members.get('resourceType')) ?? ''
  if (!a || !b || !elementRow(table, type, 'id')) throw new Error(`${type} is no resource`)
  const operations = fhirDiff(table, type, { path: type, before: a, after: b })
  return parseObject(`{"resourceType":"Parameters","parameter":[${operations.join(',')}]}`)
}
