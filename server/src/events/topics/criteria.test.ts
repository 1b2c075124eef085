import { readFileSync } from 'node:fs'

import { evaluate } from 'fhirpath'
import { describe, expect, it } from 'vitest'

import { compileCriteria, holds } from './criteria.ts'

const critical = JSON.parse(
  readFileSync(new URL('../../../../fhir-profiles/topics/lab.result.critical.json', import.meta.url), 'utf8'),
).resourceTrigger[0].fhirPathCriteria

const observation = {
  resourceType: 'Observation',
  status: 'final',
  valueQuantity: { value: 7.1 },
  interpretation: [{ text: 'high' }, { coding: [{ code: 'H' }, { code: 'HH' }] }],
}

describe('criteria of topics', () => {
  it.each([
    critical,
    'status',
    "status = 'final'",
    "status != 'final'",
    "status = 'draft' or status = 'final'",
    "status = 'draft' or status = 'final' and status = 'amended'",
    "(status = 'draft' or status = 'final') and status.exists()",
    'interpretation.coding.code',
    "interpretation.coding.where(code = 'HH').code",
    "interpretation.coding.code | ('X' | 'HH')",
    'effective.exists()',
    'effective.empty()',
    'effective.exists().not()',
    "effective = 'x'",
    "effective in ('x' | 'y')",
    "'a' in ('b' | 'a')",
  ])('mean what FHIRPath says: %s', (text) => {
    expect(compileCriteria(text)(observation)).toEqual(evaluate(observation, text))
  })

  it('find a choice element by its short name', () => {
    expect(compileCriteria('value')(observation)).toEqual([{ value: 7.1 }])
  })

  it.each(['', 'a.', 'a b', '(a', "'a", 'a.count()', 'a = ', '%x', 'a and'])(
    'are refused when they cannot be read: %s',
    (text) => {
      expect(() => compileCriteria(text)).toThrow('cannot be read')
    },
  )
})

describe('a critical result', () => {
  it.each(['HH', 'LL', 'AA', 'HU', 'LU'])('is one that is interpreted as %s', (code) => {
    expect(isCritical({ ...observation, interpretation: [{ coding: [{ code }] }] })).toBe(true)
  })

  it.each([
    ['high only', { interpretation: [{ coding: [{ code: 'H' }] }] }],
    ['preliminary', { status: 'preliminary' }],
    ['entered in error', { status: 'entered-in-error' }],
    ['not interpreted', { interpretation: [] }],
  ])('is not one that is %s', (_, change) => {
    expect(isCritical({ ...observation, ...change })).toBe(false)
  })
})

function isCritical(resource: Parameters<ReturnType<typeof compileCriteria>>[0]): boolean {
  return holds(compileCriteria(critical)(resource))
}
