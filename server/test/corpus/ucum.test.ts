import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, it } from 'vitest'

import { BASE_UNITS } from '../../src/fhir/keys/ucum-units.ts'
import { canonicalUnit } from '../../src/fhir/keys/ucum.ts'
import { hasUnusualUnit } from '../../src/fhir/validation/unusual-units.ts'
import { CORPUS } from './folder.ts'

const ESSENCE = join(CORPUS, 'fhir/fhir-test-cases/ucum/ucum-essence.xml')

/** Where our table decides otherwise: light has no direction in it. Counts and arbitrary units are base units of ours. */
const DECIDED: ReadonlySet<string> = new Set(['lm'])

interface Unit {
  readonly code: string
  readonly isMetric: boolean
  readonly isSpecial: boolean
  readonly value: number
  readonly definition: string
}

it.skipIf(!existsSync(ESSENCE))('every unit that we know is worth what UCUM says', () => {
  const wrong: string[] = []
  let compared = 0
  for (const { code, isMetric, isSpecial, value, definition } of unitsOf(readFileSync(ESSENCE, 'utf8'))) {
    const ours = canonicalUnit(code)
    if (!ours || isSpecial || BASE_UNITS.has(code) || DECIDED.has(code)) continue
    if (!isMetric && canonicalUnit(`k${code}`)) wrong.push(`${code} takes no prefix`)
    const defined = canonicalUnit(definition)
    if (!defined) continue
    compared++
    const isSame = defined.dimension === ours.dimension
    const ratio = (defined.factor * value) / ours.factor
    if (!isSame || Math.abs(ratio - 1) > 1e-9) wrong.push(`${code} is ${value} ${definition}`)
  }
  expect(wrong).toEqual([])
  expect(compared).toBeGreaterThan(90)
})

it.skipIf(!existsSync(ESSENCE))('we know of every unit that UCUM has', () => {
  const codes = [...unitsOf(readFileSync(ESSENCE, 'utf8'))].map(({ code }) => code)
  expect(codes.filter((code) => !canonicalUnit(code) && !hasUnusualUnit(code))).toEqual([])
})

function* unitsOf(xml: string): Generator<Unit> {
  for (const [, attributes = '', body = ''] of xml.matchAll(/<unit\b([^>]*)>([\s\S]*?)<\/unit>/g)) {
    const value = /<value\b([^>]*)>/.exec(body)?.[1] ?? ''
    yield {
      code: attribute(attributes, 'Code'),
      isMetric: attribute(attributes, 'isMetric') === 'yes',
      isSpecial: attribute(attributes, 'isSpecial') === 'yes',
      value: Number(attribute(value, 'value')),
      definition: attribute(value, 'Unit'),
    }
  }
}

function attribute(text: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1] ?? ''
  return value.replaceAll('&quot;', '"').replaceAll('&apos;', "'")
}
