import { collectionOf, truthOf, type Compiled, type Scope } from './compiled-expression.ts'
import type { PathNode } from './fhirpath-parser.ts'

/** JavaScript of one function of FHIRPath. */
export type Compiler = (on: Compiled, args: readonly PathNode[], scope: Scope) => Compiled

export const test = (js: string, strict = true): Compiled => truthOf(js, strict)
export const list = (type: string, js: string): Compiled => ({ kind: 'path', parts: [{ type, js }] })

/** @throws Error where the author of the expression left it out */
export function needed(node: PathNode | undefined): PathNode {
  if (!node) throw new Error('an argument is missing')
  return node
}

/** A function of the run time that takes the collection and the argument's collections. */
function plain(name: string, kind: 'strict' | 'boolean' | 'value' | 'list'): Compiler {
  return (on, args, scope) => {
    const js = `${name}(${[on, ...args.map((arg) => scope.compile(arg, scope))].map(collectionOf).join(', ')})`
    if (kind === 'value') return { kind, js }
    return kind === 'list' ? list('*', js) : test(js, kind === 'strict')
  }
}

const strict = (name: string) => plain(name, 'strict')
const truth = (name: string) => plain(name, 'boolean')
const value = (name: string) => plain(name, 'value')
const items = (name: string) => plain(name, 'list')

/** Functions that are one of the run time; their arguments are evaluated where they stand. */
export const PLAIN_FUNCTIONS: Readonly<Record<string, Compiler>> = {
  abs: value('absolute'),
  allFalse: strict('allFalse'),
  allTrue: strict('allTrue'),
  anyFalse: strict('anyFalse'),
  anyTrue: strict('anyTrue'),
  ceiling: value('ceiling'),
  children: items('children'),
  contains: truth('containsText'),
  convertsToBoolean: truth('convertsToBoolean'),
  convertsToDecimal: truth('convertsToDecimal'),
  convertsToInteger: truth('convertsToInteger'),
  convertsToString: truth('convertsToString'),
  descendants: items('descendants'),
  distinct: items('distinct'),
  endsWith: truth('endsWith'),
  exclude: items('exclude'),
  floor: value('floor'),
  htmlChecks: () => test('true'),
  indexOf: value('indexOfText'),
  intersect: items('intersect'),
  isDistinct: strict('isDistinct'),
  join: value('joinedBy'),
  last: items('last'),
  length: value('lengthOf'),
  lower: value('lowerCase'),
  matches: truth('matches'),
  matchesFull: truth('matchesFull'),
  now: () => ({ kind: 'value', js: 'now()' }),
  replace: value('replaced'),
  replaceMatches: value('replaceMatches'),
  round: value('rounded'),
  single: items('single'),
  skip: items('skipped'),
  split: items('split'),
  startsWith: truth('startsWith'),
  subsetOf: strict('subsetOf'),
  substring: value('substring'),
  supersetOf: strict('supersetOf'),
  take: items('taken'),
  toBoolean: truth('toBoolean'),
  toDecimal: value('toDecimal'),
  toInteger: value('toInteger'),
  toString: value('toText'),
  today: () => ({ kind: 'value', js: 'today()' }),
  trim: value('trimmed'),
  truncate: value('truncated'),
  union: items('union'),
  upper: value('upperCase'),
}
