import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { compile } from 'fhirpath'
import r4 from 'fhirpath/fhir-context/r4'
import { expect, it } from 'vitest'

import { readCorrections } from '../../src/fhir/generate/corrections.ts'
import { modelOf } from '../../src/fhir/generate/model.ts'
import { definitionsFolder, readSpecification } from '../../src/fhir/generate/specification.ts'
import { loadDefinitions } from '../../src/fhir/load-definitions.ts'
import type { JsonObject, JsonValue } from '../../src/kernel/json.ts'
import { randomOf } from '../long/random.ts'
import { CORPUS } from './folder.ts'

const FOLDER = join(CORPUS, 'fhir/r4-spec-examples')
const ROUNDS = 20
const MOST_CHARS = 20_000

/**
 * Part of the structure check, about what references lead to (ctm-1), with a pattern that fhirpath.js cannot read (eld-16, eld-19), or with
 * the Boolean of FHIRPath where R4 means its own (que-7).
 */
const BUILT_IN = new Set('ele-1 ref-1 txt-1 txt-2 dom-3 dom-6 ctm-1 eld-16 eld-19 que-7'.split(' '))

const corrections = readCorrections()
const model = modelOf(readSpecification(definitionsFolder(), corrections))
const definitions = loadDefinitions()
const compiled = new Map<string, ReturnType<typeof compile>>()

interface Spot {
  readonly value: JsonObject
  readonly type: string
  readonly at: string
}

it.skipIf(!existsSync(FOLDER))(
  'compiled invariants say what fhirpath.js says, of examples and of what random deletions leave of them',
  { timeout: 300_000 },
  async () => {
    const results: Compared[] = []
    const random = randomOf(20_261_125)
    for (const name of readdirSync(FOLDER)) {
      const example = JSON.parse(readFileSync(join(FOLDER, name), 'utf8')) as JsonObject
      const variants = Array.from({ length: ROUNDS }, (_, round) =>
        round === 0 ? example : withoutSome(example, random),
      )
      for (const resource of variants) results.push(...(await compared(resource)))
    }
    const different = results.filter(({ ours, theirs }) => ours !== theirs)
    const held = results.filter(({ theirs }) => theirs).length
    const broken = results.length - held
    expect(different.slice(0, 20)).toEqual([])
    expect(held).toBeGreaterThan(10_000)
    expect(broken).toBeGreaterThan(250)
  },
)

interface Compared {
  readonly at: string
  readonly key: string
  readonly ours: boolean
  readonly theirs: boolean
}

async function compared(resource: JsonObject): Promise<readonly Compared[]> {
  const { resourceType } = resource
  const module = typeof resourceType === 'string' ? await definitions.load(resourceType) : undefined
  if (!module || JSON.stringify(resource).length > MOST_CHARS) return []
  const issues = module.validate(resource, 1000)
  // Invariants of what is no R4 are not evaluated.
  if (issues.some(({ code }) => code === 'structure' || code === 'too-long')) return []
  const broken = new Set(issues.map(({ at, text }) => `${String(at)} ${text.split(':', 1)[0] ?? ''}`))
  return [...spotsOf({ value: resource, type: module.type, at: module.type })].flatMap((spot) =>
    rulesOf(spot.type)
      .filter(isAsked(resource))
      .map(({ key, expression }) => ({
        at: spot.at,
        key,
        ours: !broken.has(`${spot.at} ${key}`),
        theirs: isTrue(expression, spot, resource),
      })),
  )
}

/** A Bundle without type is told that, not what its type would ask for. */
function isAsked({ resourceType, type }: JsonObject): (rule: { expression: string }) => boolean {
  const isTypeless = resourceType === 'Bundle' && type === undefined
  return ({ expression }) => !(isTypeless && expression.includes('type'))
}

function rulesOf(type: string): readonly { key: string; expression: string }[] {
  return (model.get(type)?.constraints ?? []).flatMap(({ key, severity, expression }) => {
    const corrected = corrections.invariants[key]
    const used = corrected ? corrected.expression : expression
    return severity === 'error' && used !== undefined && !BUILT_IN.has(key) ? [{ key, expression: used }] : []
  })
}

function isTrue(expression: string, { value, type }: Spot, resource: JsonObject): boolean {
  const quiet = expression.replaceAll(/\.trace\('[^']*'\)/g, '')
  const known = compiled.get(`${type} ${quiet}`)
  const run =
    known ?? compile(type === resource['resourceType'] ? quiet : { base: type, expression: quiet }, r4)
  compiled.set(`${type} ${quiet}`, run)
  const variables = { resource, rootResource: resource, context: value, ucum: 'http://unitsofmeasure.org' }
  const result = run(value, variables) as readonly unknown[]
  return result.length === 1 && result[0] !== false
}

/** Every object of the resource with its type; contained resources and entries are other resources and left out. */
function* spotsOf(spot: Spot): Generator<Spot> {
  yield spot
  for (const element of model.get(spot.type)?.elements.values() ?? []) {
    const complex = element.types.filter(({ type }) => model.get(type)?.kind === 'complex')
    for (const { type, property } of complex) {
      const at = `${spot.at}.${element.name}`
      for (const [value, index] of objectsOf(spot.value[property]))
        yield* spotsOf({ value, type, at: at + index })
    }
  }
}

function objectsOf(value: JsonValue | undefined): readonly (readonly [JsonObject, string])[] {
  if (typeof value !== 'object' || value === null) return []
  return Array.isArray(value)
    ? (value as readonly JsonObject[]).map((item, i) => [item, `[${String(i)}]`] as const)
    : [[value as JsonObject, '']]
}

/** A copy without one to three members or items somewhere. */
function withoutSome(example: JsonObject, random: () => number): JsonObject {
  const copy = structuredClone(example)
  for (let i = 0; i <= Math.floor(random() * 3); i++) removeOne(copy, random)
  return copy
}

function removeOne(from: Record<string, unknown> | unknown[], random: () => number): void {
  const names = Object.keys(from).filter((name) => name !== 'resourceType')
  const name = names[Math.floor(random() * names.length)]
  if (name === undefined) return
  const value = (from as Record<string, unknown>)[name]
  if (typeof value === 'object' && value !== null && random() < 0.7)
    removeOne(value as Record<string, unknown>, random)
  else if (!Array.isArray(from)) delete from[name]
  else if (from.length > 1) from.splice(Number(name), 1)
}
