import type { NameKey, RangeKey } from '../../store/keys.ts'
import { isHit } from './comparison.ts'
import type { Comparator, Interval } from './comparison.ts'

/** One condition of a search in the language of the keys: at least one of its tests holds (none of them when `negated`). */
export interface Clause {
  /** What the caller wrote, for `_explain`. */
  readonly label: string
  readonly anyOf: readonly Test[]
  readonly negated?: boolean
}

export type Test =
  | { readonly by: 'key'; readonly key: string }
  | { readonly by: 'id'; readonly id: string }
  | RangeTest
  | NameTest

export interface RangeTest {
  readonly by: 'range'
  readonly param: string
  readonly comparator: Comparator
  readonly interval: Interval
}

export interface NameTest {
  readonly by: 'name'
  readonly param: string
  readonly how: 'starts' | 'contains' | 'exact'
  /** Folded. */
  readonly text: string
  /** As the caller wrote it, for `exact`. */
  readonly original: string
}

/** What clauses are checked on: a stored row, or the keys of a resource that is about to be stored. */
export interface Subject {
  readonly id: string
  has(key: string): boolean
  ranges(): readonly RangeKey[]
  names(): readonly NameKey[]
  /** Whether a value of the string parameter equals the text, case and accents included. */
  isExactly(param: string, text: string): boolean
}

export function meetsAll(clauses: readonly Clause[], subject: Subject): boolean {
  return clauses.every((clause) => meets(clause, subject))
}

function meets(clause: Clause, subject: Subject): boolean {
  return clause.anyOf.some((test) => passes(test, subject)) !== (clause.negated === true)
}

function passes(test: Test, subject: Subject): boolean {
  if (test.by === 'key') return subject.has(test.key)
  if (test.by === 'id') return subject.id === test.id
  if (test.by === 'range') return passesRange(test, subject)
  return subject.names().some((name) => isName(test, name)) && isExactWhereAsked(test, subject)
}

function passesRange(test: RangeTest, subject: Subject): boolean {
  return subject
    .ranges()
    .some((range) => range.p === test.param && isHit(test.comparator, range, test.interval))
}

function isName(test: NameTest, name: NameKey): boolean {
  if (name.p !== test.param) return false
  if (test.how === 'starts') return name.text.startsWith(test.text)
  return test.how === 'contains' ? name.text.includes(test.text) : name.text === test.text
}

function isExactWhereAsked(test: NameTest, subject: Subject): boolean {
  return test.how !== 'exact' || subject.isExactly(test.param, test.original)
}
