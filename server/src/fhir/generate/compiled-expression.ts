import type { PathNode } from './fhirpath-parser.ts'
import type { Model } from './model.ts'

/**
 * A compiled expression. `path`: collections by static type, each as JavaScript that gives an array. `boolean`: JavaScript that gives
 * true, false or (unless `strict`) undefined for FHIRPath's empty. `value`: one string or number, or undefined.
 */
export type Compiled =
  | { readonly kind: 'path'; readonly parts: readonly Part[] }
  | { readonly kind: 'boolean'; readonly js: string; readonly strict: boolean }
  | { readonly kind: 'value'; readonly js: string }

type BooleanCode = Extract<Compiled, { kind: 'boolean' }>

export interface Part {
  /** Name of a type of the model; `*` where it is not known before run time. */
  readonly type: string
  /** JavaScript of an array. */
  readonly js: string
  /** JavaScript of the only item, where there is exactly one. */
  readonly item?: string
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
  return rest.length ? `cat(${compiled.parts.map(({ js }) => js).join(', ')})` : first.js
}

/** JavaScript that is true or false: empty counts as false. */
export function testOf(compiled: Compiled): string {
  const { js, strict } = booleanOf(compiled)
  return strict ? js : `(${js}) === true`
}

export function itemScope(scope: Scope, type: string): { readonly name: string; readonly scope: Scope } {
  const name = `t${scope.depth}`
  const focus: Compiled = { kind: 'path', parts: [{ type, js: `one(${name})`, item: name }] }
  return { name, scope: { ...scope, focus, depth: scope.depth + 1 } }
}

/** Reads a compiled expression as a boolean: one item that is no boolean counts as true (FHIRPath, "singleton evaluation"). */
export function booleanOf(compiled: Compiled): BooleanCode {
  if (compiled.kind === 'boolean') return compiled
  return { kind: 'boolean', js: `truth(${collectionOf(compiled)})`, strict: false }
}
