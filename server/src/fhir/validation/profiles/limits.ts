import { counted } from '../../../kernel/counted.ts'
import type { JsonValue } from '../../../kernel/json.ts'
import { isAllowed } from '../bindings.ts'
import type { AllowedCodes } from '../bindings.ts'
import type { Check } from '../check.ts'
import { same } from '../collections.ts'
import { atLeast, atMost } from '../operators.ts'
import { matchesPattern } from './pattern.ts'
import type { ElementPlan, Limits } from './plan.ts'

/** Too few or too many, of an element or of a slice. */
export function checkCount({ name, min, max }: ElementPlan, count: number, check: Check): void {
  if (count < min)
    check.addAt(
      name,
      'required',
      count === 0
        ? 'The profile requires this element: add it.'
        : `The profile requires ${min} of this element at least: add what is missing.`,
    )
  if (count > max)
    check.addAt(
      name,
      'structure',
      max === 0
        ? 'The profile does not allow this element: remove it.'
        : `The profile allows ${max} of this element at most: remove the others.`,
    )
}

/** Fixed values, patterns, bindings and bounds of one value. */
export function checkLimits(limits: Limits, value: JsonValue, check: Check): void {
  const { fixed, pattern, allowed } = limits
  if (fixed !== undefined && !same(value, fixed))
    check.fault('value', `The profile fixes this to ${JSON.stringify(fixed)}.`)
  if (pattern !== undefined && !matchesPattern(value, pattern))
    check.fault('value', `The profile wants this to hold ${JSON.stringify(pattern)}.`)
  if (allowed && !isIn(value, allowed)) check.notInSet(allowed)
  checkBounds(limits, value, check)
}

function isIn(coded: JsonValue, allowed: AllowedCodes): boolean {
  return typeof coded === 'string' ? allowed.has(coded) : isAllowed(coded, allowed)
}

function checkBounds({ maxLength, minValue, maxValue }: Limits, value: JsonValue, check: Check): void {
  if (maxLength !== undefined && typeof value === 'string' && value.length > maxLength)
    check.fault('too-long', `The profile allows ${counted(maxLength, 'character')} here.`)
  if (minValue !== undefined && atLeast([value], [minValue]) === false)
    check.fault('value', `The profile allows nothing below ${JSON.stringify(minValue)} here.`)
  if (maxValue !== undefined && atMost([value], [maxValue]) === false)
    check.fault('value', `The profile allows nothing above ${JSON.stringify(maxValue)} here.`)
}
