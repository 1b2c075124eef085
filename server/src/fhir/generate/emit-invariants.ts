import { compilePath } from './compile-path.ts'
import { testOf, type Compiled } from './compiled-expression.ts'
import type { Corrections } from './corrections.ts'
import { parseFhirPath } from './fhirpath-parser.ts'
import type { Element, Model, Type } from './model.ts'
import type { Constraint } from './structure-definition.ts'

export interface InvariantSource {
  readonly model: Model
  readonly corrections: Corrections
}

/** Part of the structure check: an element without anything in it, fragments, narratives. */
const BUILT_IN: ReadonlySet<string> = new Set(['ele-1', 'ref-1', 'txt-1', 'txt-2'])

/** Functions of the run time that stand for an expression, because they see in one pass what it looks for in many. */
const NATIVE: Readonly<Record<string, string>> = {
  'dom-3': 'if ($contained !== undefined && !c.inContained) checkContained(o, c)',
}

/** Rules of types that R4 says in words only. */
const WORDS: Readonly<Record<string, string>> = {
  Bundle: 'checkBundle(o, c)',
  Age: 'if ($code !== undefined) checkUnit(o, "s1", c)',
  Duration: 'if ($code !== undefined) checkUnit(o, "s1", c)',
  Distance: 'if ($code !== undefined) checkUnit(o, "m1", c)',
  Coding: 'if (c.warnings && $code !== undefined) checkCoding(o, c)',
  Quantity: 'if (c.warnings && $code !== undefined) adviseOnUnit(o, c)',
  CodeSystem: 'if ($count !== undefined || $content === "not-present") checkConcepts(o, c)',
  Attachment: 'if ($size !== undefined) checkAttachment(o, c)',
}

/** One line for each invariant of a type, and for those that its elements have beyond those of their types. Members are in variables `$name`. */
export function emitInvariants(type: Type, source: InvariantSource): readonly string[] {
  const own = applicable(type.constraints, source).map((rule) => ownRule(rule, type, source))
  const elements = [...type.elements.values()].flatMap((element) => elementRules(type, element, source))
  const words = Object.hasOwn(WORDS, type.name) ? [WORDS[type.name] ?? ''] : []
  const lines = [...own, ...elements, ...words]
  const names = { RESOURCE: 'c.resource', ROOT: 'c.root' }
  const used = Object.entries(names).filter(([name]) => lines.some((line) => line.includes(name)))
  return [...used.map(([name, js]) => `const ${name} = ${js}`), ...lines]
}

function ownRule(rule: Constraint, type: Type, source: InvariantSource): string {
  const native = Object.hasOwn(NATIVE, rule.key) ? NATIVE[rule.key] : undefined
  if (native !== undefined) return native
  const test = compiledRule(rule, type.name, { owner: type.name, source, item: 'o' })
  return rule.severity === 'warning'
    ? `if (c.warnings && !(${test})) c.advise("invariant", ${message(rule)})`
    : `if (${premise(rule, type)}!(${test})) c.broken(${message(rule)})`
}

/** Where a Bundle has no type, that is what is wrong with it. */
function premise({ expression = '' }: Constraint, { name }: Type): string {
  return name === 'Bundle' && expression.includes('type') ? '$type !== undefined && ' : ''
}

function elementRules(type: Type, element: Element, source: InvariantSource): readonly string[] {
  return element.types.flatMap((variant) => {
    const inherited = new Set(source.model.get(variant.type)?.constraints.map(({ key }) => key))
    return applicable(element.constraints, source)
      .filter(({ key, severity }) => severity === 'error' && !inherited.has(key))
      .flatMap((rule) => {
        // Of a choice's invariant only the variants count that have the elements it speaks of.
        if (element.choice && !isAbout(rule, variant.type, { owner: type.name, source })) return []
        const test = compiledRule(rule, variant.type, { owner: type.name, source, item: 'e' })
        const at = `${JSON.stringify(element.name)}, ${element.repeats ? 'i' : '-1'}`
        const each = `if (!(${test})) c.broken(${message(rule)}, ${at})`
        const value = `$${variant.property}`
        return [
          `if (${value} !== undefined) { const list = values(${value}); for (let i = 0; i < list.length; i++) { const e = list[i]; ${each} } }`,
        ]
      })
  })
}

interface Place {
  /** The resource or data type, or the path of a backbone element, that the rule belongs to. */
  readonly owner: string
  readonly source: InvariantSource
}

function applicable(
  constraints: readonly Constraint[],
  { corrections }: InvariantSource,
): readonly Constraint[] {
  return constraints.filter(({ key, expression }) => {
    if (expression === undefined || BUILT_IN.has(key)) return false
    const correction = corrections.invariants[key]
    return correction === undefined || correction.expression !== undefined
  })
}

/** JavaScript that says whether a rule holds for the value in the variable `item`. @throws Error naming the rule */
export function compiledRule(
  rule: Constraint,
  focusType: string,
  { owner, source, item }: Place & { item: string },
): string {
  const root = owner.split('.')[0] ?? ''
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
    throw new Error(`invariant ${rule.key} of ${owner} does not compile: ${expression}`, { cause: error })
  }
}

function single(type: string, item: string): Compiled {
  const noted = item === 'o' ? { inVariables: true as const } : {}
  return { kind: 'path', parts: [{ type, js: `[${item}]`, item, there: 'true', ...noted }] }
}

function isAbout(rule: Constraint, focusType: string, place: Place): boolean {
  try {
    compiledRule(rule, focusType, { ...place, item: 'e' })
    return true
  } catch {
    return false
  }
}

function message({ key, human }: Constraint): string {
  return JSON.stringify(`${key}: ${human}`)
}
