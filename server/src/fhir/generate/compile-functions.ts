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

/** Whether a function of the run time gives a boolean that is never empty, one that may be, one value, or a collection. */
export type ResultKind = 'strict' | 'boolean' | 'value' | 'list'

/** Functions that are one of the run time, by their name in FHIRPath: its name, and what it gives. Arguments are evaluated where they stand. */
export const RUNTIME_FUNCTIONS = new Map<string, readonly [name: string, kind: ResultKind]>([
  ['abs', ['absolute', 'value']],
  ['allFalse', ['allFalse', 'strict']],
  ['allTrue', ['allTrue', 'strict']],
  ['anyFalse', ['anyFalse', 'strict']],
  ['anyTrue', ['anyTrue', 'strict']],
  ['ceiling', ['ceiling', 'value']],
  ['children', ['children', 'list']],
  ['contains', ['containsText', 'boolean']],
  ['convertsToBoolean', ['convertsToBoolean', 'boolean']],
  ['convertsToDate', ['convertsToDate', 'boolean']],
  ['convertsToDateTime', ['convertsToDateTime', 'boolean']],
  ['convertsToDecimal', ['convertsToDecimal', 'boolean']],
  ['convertsToInteger', ['convertsToInteger', 'boolean']],
  ['convertsToQuantity', ['convertsToQuantity', 'boolean']],
  ['convertsToString', ['convertsToString', 'boolean']],
  ['convertsToTime', ['convertsToTime', 'boolean']],
  ['descendants', ['descendants', 'list']],
  ['distinct', ['distinct', 'list']],
  ['endsWith', ['endsWith', 'boolean']],
  ['exclude', ['exclude', 'list']],
  ['exp', ['exponential', 'value']],
  ['floor', ['floor', 'value']],
  ['getValue', ['valueOf', 'list']],
  ['indexOf', ['indexOfText', 'value']],
  ['intersect', ['intersect', 'list']],
  ['isDistinct', ['isDistinct', 'strict']],
  ['join', ['joinedBy', 'value']],
  ['last', ['last', 'list']],
  ['length', ['lengthOf', 'value']],
  ['ln', ['naturalLogarithm', 'value']],
  ['log', ['logarithm', 'value']],
  ['lower', ['lowerCase', 'value']],
  ['matches', ['matches', 'boolean']],
  ['matchesFull', ['matchesFull', 'boolean']],
  ['power', ['power', 'value']],
  ['replace', ['replaced', 'value']],
  ['replaceMatches', ['replaceMatches', 'value']],
  ['round', ['rounded', 'value']],
  ['single', ['single', 'list']],
  ['skip', ['skipped', 'list']],
  ['split', ['split', 'list']],
  ['sqrt', ['squareRoot', 'value']],
  ['startsWith', ['startsWith', 'boolean']],
  ['subsetOf', ['subsetOf', 'strict']],
  ['substring', ['substring', 'value']],
  ['supersetOf', ['supersetOf', 'strict']],
  ['take', ['taken', 'list']],
  ['toBoolean', ['toBoolean', 'boolean']],
  ['toChars', ['characters', 'list']],
  ['toDate', ['toDate', 'value']],
  ['toDateTime', ['toDateTime', 'value']],
  ['toDecimal', ['toDecimal', 'value']],
  ['toInteger', ['toInteger', 'value']],
  ['toQuantity', ['toQuantity', 'list']],
  ['toString', ['toText', 'value']],
  ['toTime', ['toTime', 'value']],
  ['trim', ['trimmed', 'value']],
  ['truncate', ['truncated', 'value']],
  ['union', ['union', 'list']],
  ['upper', ['upperCase', 'value']],
])

function plain([name, kind]: readonly [string, ResultKind]): Compiler {
  return (on, args, scope) => {
    const js = `${name}(${[on, ...args.map((arg) => scope.compile(arg, scope))].map(collectionOf).join(', ')})`
    if (kind === 'value') return { kind, js }
    return kind === 'list' ? list('*', js) : test(js, kind === 'strict')
  }
}

export const PLAIN_FUNCTIONS: Readonly<Record<string, Compiler>> = {
  ...Object.fromEntries(
    RUNTIME_FUNCTIONS.entries().map(([name, row]): [string, Compiler] => [name, plain(row)]),
  ),
  htmlChecks: () => test('true'),
  now: () => ({ kind: 'value', js: 'now()' }),
  timeOfDay: () => ({ kind: 'value', js: 'timeOfDay()' }),
  today: () => ({ kind: 'value', js: 'today()' }),
}
