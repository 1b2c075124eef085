import { compilePath } from './compile-path.ts'
import { testOf, type Compiled } from './compiled-expression.ts'
import type { Corrections } from './corrections.ts'
import { parseFhirPath } from './fhirpath-parser.ts'
import type { Element, Model, Type } from './model.ts'
import type { Constraint } from './specification.ts'

export interface InvariantSource {
  readonly model: Model
  readonly corrections: Corrections
}

/** Checked for every object without an expression: an element without anything in it. */
const BUILT_IN: ReadonlySet<string> = new Set(['ele-1'])

/** One line for each invariant of a type, and for those that its elements have beyond those of their types. */
export function emitInvariants(type: Type, source: InvariantSource): readonly string[] {
  const own = applicable(type.constraints, source).map(
    (rule) => `if (!(${compiled(rule, type.name, { type, source, item: 'o' })})) c.broken(${message(rule)})`,
  )
  return [...own, ...[...type.elements.values()].flatMap((element) => elementRules(type, element, source))]
}

function elementRules(type: Type, element: Element, source: InvariantSource): readonly string[] {
  return element.types.flatMap((variant) => {
    const inherited = new Set(source.model.get(variant.type)?.constraints.map(({ key }) => key))
    return applicable(element.constraints, source)
      .filter(({ key }) => !inherited.has(key))
      .flatMap((rule) => {
        // Of a choice's invariant only the variants count that have the elements it speaks of.
        if (element.choice && !isAbout(rule, variant.type, { type, source })) return []
        const test = compiled(rule, variant.type, { type, source, item: 'e' })
        return [
          `values(o[${JSON.stringify(variant.property)}]).forEach((e, i) => { if (!(${test})) c.broken(${message(rule)}, ${JSON.stringify(element.name)}, ${element.repeats ? 'i' : '-1'}) })`,
        ]
      })
  })
}

interface Place {
  readonly type: Type
  readonly source: InvariantSource
}

function applicable(
  constraints: readonly Constraint[],
  { corrections }: InvariantSource,
): readonly Constraint[] {
  return constraints.filter(({ key, severity, expression }) => {
    if (severity !== 'error' || expression === undefined || BUILT_IN.has(key)) return false
    const correction = corrections.invariants[key]
    return correction === undefined || correction.expression !== undefined
  })
}

function compiled(
  rule: Constraint,
  focusType: string,
  { type, source, item }: Place & { item: string },
): string {
  const root = type.name.split('.')[0] ?? ''
  const resourceType = source.model.get(root)?.kind === 'resource' ? root : '*'
  const focus = single(focusType.startsWith('System.') ? 'string' : focusType, item)
  const expression = source.corrections.invariants[rule.key]?.expression ?? rule.expression ?? ''
  try {
    return testOf(
      compilePath(parseFhirPath(expression), {
        model: source.model,
        focus,
        root,
        variables: {
          context: focus,
          resource: single(resourceType, 'RESOURCE'),
          rootResource: single('*', 'ROOT'),
        },
      }),
    )
  } catch (error) {
    throw new Error(`invariant ${rule.key} of ${type.name} does not compile: ${expression}`, { cause: error })
  }
}

function single(type: string, item: string): Compiled {
  return { kind: 'path', parts: [{ type, js: `[${item}]`, item }] }
}

function isAbout(rule: Constraint, focusType: string, place: Place): boolean {
  try {
    compiled(rule, focusType, { ...place, item: 'e' })
    return true
  } catch {
    return false
  }
}

function message({ key, human }: Constraint): string {
  return JSON.stringify(`${key}: ${human}`)
}
