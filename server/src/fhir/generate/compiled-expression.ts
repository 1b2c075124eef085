import type { PathNode } from './fhirpath-parser.ts'
import type { Model } from './model.ts'

/**
 * A compiled expression. `path`: collections by static type, each as JavaScript that gives an array. `boolean`: JavaScript that gives
 * true, false or (unless `strict`) undefined for FHIRPath's empty. `value`: one string or number, or undefined.
 */
export type Compiled =
  | { readonly kind: 'path'; readonly parts: readonly Part[]; readonly isUnion?: true }
  | Truth
  | { readonly kind: 'value'; readonly js: string }

/** Code for the three values of FHIRPath's boolean, and for the two questions that are asked of it: short where `js` is long. */
export interface Truth {
  readonly kind: 'boolean'
  readonly js: string
  readonly strict: boolean
  /** JavaScript that is true exactly where the expression is true, and where it is false. */
  readonly isTrue: string
  readonly isFalse: string
}

/** A boolean from its JavaScript, and from better code for the two questions where there is some. */
export function truthOf(js: string, strict: boolean, quick?: { isTrue: string; isFalse: string }): Truth {
  const plain = strict
    ? { isTrue: js, isFalse: `!(${js})` }
    : { isTrue: `(${js}) === true`, isFalse: `(${js}) === false` }
  return { kind: 'boolean', js, strict, ...plain, ...quick }
}

export interface Part {
  /** Name of a type of the model; `*` where it is not known before run time. */
  readonly type: string
  /** JavaScript of an array. */
  readonly js: string
  /** JavaScript of the only item, where there is exactly one. */
  readonly item?: string
  /** JavaScript of an array with what stands in `_name`, of a primitive. */
  readonly extras?: string
  /** JavaScript that is true when there is something: cheaper than to build the array. */
  readonly there?: string
  /** JavaScript of the one value of a primitive that does not repeat; `undefined` when there is none. */
  readonly value?: string
  /** The item is that of a generated check, which keeps the members that its rules ask for in variables `$name`, variants of choices in `chosen$name`. */
  readonly inVariables?: true
}

export interface Scope {
  readonly model: Model
  readonly focus: Compiled
  /** `%resource`, `%rootResource` and the like. */
  readonly variables: Readonly<Record<string, Compiled>>
  /** Name of the type that a leading type name such as `Patient.` may stand for. */
  readonly root: string
  readonly compile: (node: PathNode, scope: Scope) => Compiled
  /** Number of enclosing `where` and the like: makes variable names unique. */
  readonly depth: number
}

/** JavaScript of an array with everything that the expression gives. */
export function collectionOf(compiled: Compiled): string {
  if (compiled.kind === 'value') return `one(${compiled.js})`
  if (compiled.kind === 'boolean') return compiled.strict ? `[${compiled.js}]` : `one(${compiled.js})`
  const [first, ...rest] = compiled.parts
  if (!first) return 'NONE'
  return rest.length
    ? `${compiled.isUnion ? 'union' : 'cat'}(${compiled.parts.map(({ js }) => js).join(', ')})`
    : first.js
}

/** JavaScript that is true or false: empty counts as false. */
export function testOf(compiled: Compiled): string {
  return booleanOf(compiled).isTrue
}

/** JavaScript that says whether an expression gives something. */
export function thereOf(compiled: Compiled): string {
  if (compiled.kind !== 'path') return `(${collectionOf(compiled)}).length > 0`
  if (compiled.parts.length === 0) return 'false'
  const tests = new Set(compiled.parts.map(({ there, js }) => there ?? `(${js}).length > 0`))
  return `(${[...tests].join(' || ')})`
}

interface ItemScope {
  readonly name: string
  /** Of the item's number, `$index`. */
  readonly index: string
  readonly scope: Scope
}

export function itemScope(scope: Scope, type: string): ItemScope {
  const name = `t${scope.depth}`
  const focus: Compiled = { kind: 'path', parts: [{ type, js: `one(${name})`, item: name, there: 'true' }] }
  const index = `i${scope.depth}`
  const variables = { ...scope.variables, $index: { kind: 'value', js: index } as const }
  return { name, index, scope: { ...scope, focus, variables, depth: scope.depth + 1 } }
}

/** Reads a compiled expression as a boolean: one item that is no boolean counts as true (FHIRPath, "singleton evaluation"). */
export function booleanOf(compiled: Compiled): Truth {
  return compiled.kind === 'boolean' ? compiled : truthOf(`truth(${collectionOf(compiled)})`, false)
}
