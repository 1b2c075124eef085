/**
 * What a message must have before a path finds a value or a condition holds: one of some fields of a segment, or of some parts of the value
 * that a data type works on (`of` is empty). Bits stand for numbers; 33 shares that of 1, so "there" may be wrong, "missing" never.
 */
export interface Need {
  readonly of: string
  readonly bits: number
  /** Number of the field that is read as a whole. */
  readonly field?: number
  /** What its only text must be one of. */
  readonly values?: ReadonlySet<string>
}

/** Needs that must all be met; those of a condition or a path. */
export type Needs = readonly Need[]

export const NO_NEEDS: Needs = []
/** Nothing is known to be missing. */
export const ALL_THERE = -1

export function bitOf(number: number): number {
  return 1 << number
}

/** Of alternatives one is enough: what can be said of both together. */
export function eitherOf(one: Needs, two: Needs): Needs {
  for (const need of one) {
    const { of, bits } = need
    const same = two.find((other) => other.of === of)
    if (same === undefined) continue
    const { field, values } = need
    if (field === undefined || field !== same.field || !values || !same.values)
      return [{ of, bits: bits | same.bits }]
    return [{ of, bits, field, values: values.union(same.values) }]
  }
  return NO_NEEDS
}

/** The needs of a comparison: a field as a whole must have one of these texts. */
export function withValues(needs: Needs, values: ReadonlySet<string>): Needs {
  const [only] = needs
  return only?.field === undefined || needs.length > 1 ? needs : [{ ...only, values }]
}

/** The needs of a rule, for a test that takes no time. */
export interface Sieve {
  /** Fields of the segment that must all be there. */
  readonly fields: number
  /** One of these, too, unless there are none. */
  readonly oneField: number
  /** The same for parts of the value. */
  readonly parts: number
  readonly onePart: number
}

/** @param segment name of the segment that the rule works on */
export function sieveOf(needs: Needs, segment: string): Sieve {
  const [fields, oneField] = bitsOf(needs, segment)
  const [parts, onePart] = bitsOf(needs, '')
  return { fields, oneField, parts, onePart }
}

function bitsOf(needs: Needs, of: string): readonly [number, number] {
  let [all, one] = [0, 0]
  for (const need of needs) {
    if (need.of !== of) continue
    if ((need.bits & (need.bits - 1)) === 0) all |= need.bits
    else one = need.bits
  }
  return [all, one]
}

/** @returns false when the rule has nothing to say for certain */
export function passes(sieve: Sieve, fields: number, parts: number): boolean {
  return (
    (fields & sieve.fields) === sieve.fields &&
    (parts & sieve.parts) === sieve.parts &&
    (sieve.oneField === 0 || (fields & sieve.oneField) !== 0) &&
    (sieve.onePart === 0 || (parts & sieve.onePart) !== 0)
  )
}
