import type { JsonObject } from '../../kernel/json.ts'
import type { NameKey, RangeKey } from '../../store/keys.ts'
import type { Row } from '../../store/port.ts'
import { mayBeCut } from '../keys/bounded.ts'
import { isHit } from './comparison.ts'
import type { Comparator, Interval } from './comparison.ts'

/** One condition of a search in the language of the keys: at least one of its tests holds (none of them when `negated`). */
export interface Clause {
  /** What the caller wrote, for `_explain`. */
  readonly label: string
  readonly anyOf: readonly Test[]
  readonly negated?: boolean
  /** What is asked of the rows that meet everything else, in place of the tests. */
  readonly join?: Join
}

/** A condition on other resources that are too many to be listed: looked up for some rows at a time. */
export interface Join {
  /** For each row whether the condition holds for it. */
  keep(rows: readonly Row[]): Promise<readonly boolean[]>
}

export type Test =
  | { readonly by: 'key'; readonly key: string }
  | { readonly by: 'id'; readonly id: string }
  | RangeTest
  | NameTest
  | PartsTest
  | BodyTest

export interface RangeTest {
  readonly by: 'range'
  readonly param: string
  readonly comparator: Comparator
  readonly interval: Interval
}

export interface NameTest {
  readonly by: 'name'
  readonly param: string
  /** `below`: the text itself, or an address under it. */
  readonly how: 'starts' | 'contains' | 'exact' | 'below'
  /** In the form of the keys, but whole: folded, addresses as they are. */
  readonly text: string
  /** As the caller wrote it, for `exact`. */
  readonly original: string
}

/** The parts of a composite, all of them met by the resource, and by one of its elements where these repeat. */
export interface PartsTest {
  readonly by: 'parts'
  readonly composite: string
  readonly parts: readonly Test[]
  readonly perElement: boolean
}

/** What keys cannot say. */
export interface BodyTest {
  readonly by: 'body'
  /** A key that every hit has. */
  readonly key: string
  holds(resource: JsonObject, subject: Subject): boolean
}

/** What clauses are checked on: a stored row, or the keys of a resource that is about to be stored. */
export interface Subject {
  readonly id: string
  has(key: string): boolean
  ranges(): readonly RangeKey[]
  names(): readonly NameKey[]
  /** The names again, without the bound of keys: read from the resource. */
  wholeNames(): readonly NameKey[]
  /** Whether a value of the string parameter equals the text, case and accents included. */
  isExactly(param: string, text: string): boolean
  /** The elements that a composite is asked of. */
  elements(composite: string): readonly Subject[]
  body(): JsonObject
}

/** Everything but the joins. */
export function meetsAll(clauses: readonly Clause[], subject: Subject): boolean {
  for (const clause of clauses) if (!meets(clause, subject)) return false
  return true
}

function meets({ anyOf, negated, join }: Clause, subject: Subject): boolean {
  if (join !== undefined) return true
  for (const test of anyOf) if (passes(test, subject)) return negated !== true
  return negated === true
}

function passes(test: Test, subject: Subject): boolean {
  switch (test.by) {
    case 'key':
      return subject.has(test.key)
    case 'id':
      return subject.id === test.id
    case 'range':
      return passesRange(test, subject)
    case 'name':
      return passesName(test, subject) && isExactWhereAsked(test, subject)
    case 'parts':
      return passesParts(test, subject)
    case 'body':
    default:
      return subject.has(test.key) && test.holds(subject.body(), subject)
  }
}

function passesRange({ param, comparator, interval }: RangeTest, subject: Subject): boolean {
  for (const range of subject.ranges())
    if (range.p === param && isHit(comparator, range, interval)) return true
  return false
}

function passesParts({ composite, parts, perElement }: PartsTest, subject: Subject): boolean {
  if (!parts.every((part) => passes(part, subject))) return false
  return (
    !perElement || subject.elements(composite).some((element) => parts.every((part) => passes(part, element)))
  )
}

function passesName(test: NameTest, subject: Subject): boolean {
  let isCut = false
  for (const name of subject.names()) {
    if (isName(test, name)) return true
    isCut ||= name.p === test.param && mayBeCut(name.text)
  }
  return isCut && subject.wholeNames().some((name) => isName(test, name))
}

function isName({ param, how, text }: NameTest, name: NameKey): boolean {
  if (name.p !== param) return false
  if (how === 'starts') return name.text.startsWith(text)
  if (how === 'contains') return name.text.includes(text)
  return name.text === text || (how === 'below' && isUnder(name.text, text))
}

/** By whole segments of the path, or as a version of what has none. */
function isUnder(address: string, above: string): boolean {
  if (!address.startsWith(above)) return false
  const next = address.charAt(above.length)
  return above.endsWith('/') || next === '/' || (next === '|' && !above.includes('|'))
}

function isExactWhereAsked(test: NameTest, subject: Subject): boolean {
  return test.how !== 'exact' || subject.isExactly(test.param, test.original)
}
