import type { JsonObject } from '../../kernel/json.ts'
import { canonicalUnit, UCUM } from '../keys/ucum.ts'
import type { Check } from './check.ts'
import { hasUnusualUnit } from './unusual-units.ts'

/** What units of a dimension are called, with some of them. */
const DIMENSIONS: Readonly<Record<string, string>> = {
  s1: 'time, such as min, h, d, wk, mo or a',
  m1: 'length, such as mm, cm, m or km',
}

/**
 * Ages and durations are in units of time, distances in those of length: the outermost value sets of their codes.
 *
 * @param dimension as in `CanonicalUnit`
 * @see FHIR R4, "Data Types", Age, Duration, Distance
 */
export function checkUnit({ code, system }: JsonObject, dimension: string, check: Check): void {
  if (typeof code !== 'string' || system !== UCUM || canonicalUnit(code)?.dimension === dimension) return
  check.addAt('code', 'code-invalid', `Use a UCUM unit of ${DIMENSIONS[dimension] ?? dimension}.`)
}

/** Advice on an amount whose unit UCUM does not have, or writes otherwise: it compares with no other. */
export function adviseOnUnit({ code, system }: JsonObject, check: Check): void {
  if (typeof code !== 'string' || system !== UCUM || canonicalUnit(code) || hasUnusualUnit(code)) return
  check.step('code', -1)
  check.advise('code-invalid', 'UCUM has no such unit: mend the code, or leave system and code out.')
  check.leave()
}
