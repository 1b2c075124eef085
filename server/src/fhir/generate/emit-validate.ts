import type { Bindings } from './bindings.ts'
import { isPrimitive } from './compile-path.ts'
import { emitInvariants, type InvariantSource } from './emit-invariants.ts'
import { emitSwitch } from './emit-switch.ts'
import type { Element, ElementType, Type } from './model.ts'
import { QUICK_CHECKS } from './quick-checks.ts'

export interface ValidateSource extends InvariantSource {
  readonly bindings: Bindings
}

/** Name of the generated function that checks a type: `check$Patient$contact`. */
export function checkName(type: string): string {
  return `check$${type.replaceAll('.', '$')}`
}

/**
 * JavaScript of the function that checks one resource, data type or backbone element: one pass over its members. A value that is right
 * costs a comparison or a scan of its characters; only what is not goes on to the methods of `Check`.
 */
export function emitValidate(type: Type, source: ValidateSource): string {
  const elements = [...type.elements.values()]
  const choices = elements.filter(({ choice }) => choice)
  const required = elements.filter((element) => element.required)
  const rules = emitInvariants(type, source)
  const isElement = type.kind !== 'resource'
  const result = RESULTS[type.name]
  const kept = keptIn(result === undefined ? rules : [...rules, result])
  const members = elements.flatMap((element) => cases(element, { required, kept, source, owner: type.name }))
  return [
    `function ${checkName(type.name)}(o, c${type.name === 'Element' ? ', isBeside' : ''}) {`,
    ...(rules.length ? ['const before = c.malformed'] : []),
    ...choices.map((element) => `let ${chosen(element)} = ""`),
    ...(required.length ? ['let seen = 0'] : []),
    ...(isElement ? ['let filled = false'] : []),
    ...elements
      .flatMap(propertiesOf)
      .filter((name) => kept.has(name))
      .map((name) => `let $${name}`),
    'for (const k in o) {',
    'const v = o[k]',
    emitSwitch([...(isElement ? [] : [{ name: 'resourceType', js: 'continue' }]), ...members]),
    ...(isElement ? ['filled = true'] : []),
    '}',
    ...(isElement ? [emptyLine(type)] : []),
    ...(required.length ? requiredLines(required) : []),
    ...(rules.length ? ['if (c.malformed === before) {', ...rules, '}'] : []),
    ...(result === undefined ? [] : [`return ${result}`]),
    '}',
  ].join('\n')
}

/** `_name` may have just an id where it stands beside a value. */
function emptyLine({ name }: Type): string {
  return `if (!filled${name === 'Element' ? ' && !(isBeside && o.id !== undefined)' : ''}) c.empty()`
}

/**
 * What a check gives its caller, who looks at the value further: it has seen the members, and to ask objects of many shapes for them again is
 * slow. Of a reference the text, or something that is no text where there is more to look at.
 */
const RESULTS: Readonly<Record<string, string>> = {
  Extension: '$url',
  Reference: '$type === undefined ? $reference : null',
}

/** The members that lines of code expect in variables. */
function keptIn(lines: readonly string[]): ReadonlySet<string> {
  return new Set(
    lines.flatMap((line) => [...line.matchAll(/(?<![\w$])\$(\w+)/g)].map(([, name = '']) => name)),
  )
}

function propertiesOf({ types }: Element): readonly string[] {
  return types.flatMap(({ property }) => [property, `_${property}`])
}

interface Context {
  /** The type whose elements these are. */
  readonly owner: string
  readonly required: readonly Element[]
  /** Properties whose values go into variables. */
  readonly kept: ReadonlySet<string>
  readonly source: ValidateSource
}

interface Member {
  readonly name: string
  readonly js: string
}

function cases(element: Element, context: Context): readonly Member[] {
  return element.types.flatMap((type) => {
    const prefix = [seenLine(element, context.required), choiceLine(element, type.property)].join('')
    const keep = (name: string) => (context.kept.has(name) ? `$${name} = v; ` : '')
    const value = {
      name: type.property,
      js: `${keep(type.property)}${prefix}${valueLine(element, type, context)}; ${element.name === 'id' ? 'continue' : 'break'}`,
    }
    // A narrative has no extensions; its id stands in its text.
    if (type.type === 'xhtml' || !isPrimitive(type.type, context.source.model)) return [value]
    return [
      value,
      {
        name: `_${type.property}`,
        js: `${keep(`_${type.property}`)}${prefix}${extraLine(element, type, context.source)}; break`,
      },
    ]
  })
}

function valueLine(element: Element, type: ElementType, context: Context): string {
  const { source, owner } = context
  const name = text(element.name)
  if (type.type === 'Resource')
    return element.name === 'contained' ? `c.contained(${name}, v)` : `c.entry(${name}, v)`
  if (isPrimitive(type.type, source.model))
    return element.repeats
      ? eachItem(element, primitiveItemLine(element, type, source))
      : primitiveLine(element, primitiveOf(owner, element, type), source)
  const inner = (value: string) => {
    const after = afterLines(element, type, { source, value, owner })
    const call = `${checkName(type.type)}(${value}, c)`
    const isAsked = Object.hasOwn(RESULTS, type.type) && after.length > 0
    return `{ ${[isAsked ? `const r = ${call}` : call, ...after, 'c.leave()'].join('; ')} }`
  }
  return element.repeats
    ? eachItem(element, `if (c.item(${name}, i, v[i])) ${inner('v[i]')}`)
    : `if (c.enter(${name}, v)) ${inner('v')}`
}

function eachItem({ name }: Element, js: string): string {
  return `for (let i = 0, n = c.count(${text(name)}, v); i < n; i++) ${js}`
}

/** What is looked at after the elements of a value: its required binding, the types that a reference may point to. */
function afterLines(
  element: Element,
  type: ElementType,
  { source, value, owner }: { source: ValidateSource; value: string; owner: string },
): readonly string[] {
  if (type.type === 'Reference') {
    const targets = type.targets.length ? source.bindings.set(type.targets) : 'c.types'
    return [`if (!isTarget(r, ${targets})) checkReference(${value}, ${targets}, c)`]
  }
  // The parts of an extension have urls that only it knows.
  if (type.type === 'Extension' && owner !== 'Extension')
    return [
      `if (!isAbsolute(r)) c.addAt("url", "value", "The url of an extension is absolute: give that of its definition.")`,
      `else checkExtension(${value}, ${String(element.name === 'modifierExtension')}, c)`,
    ]
  const { binding, outermost } = element
  if (!CODED.has(type.type)) return []
  if (binding !== undefined) {
    const allowed = source.bindings.use(binding)
    return [`if (!isAllowed(${value}, ${allowed})) c.notInSet(${allowed})`]
  }
  if (outermost === undefined) return []
  const allowed = source.bindings.use(outermost)
  return [
    `if (c.warnings && ${value}.coding !== undefined && !isAllowed(${value}, ${allowed})) c.outsideSet(${allowed})`,
  ]
}

/** Types with codes; the other variants of a bound choice have none. */
const CODED: ReadonlySet<string> = new Set(['Coding', 'CodeableConcept', 'Quantity'])

function primitiveLine(
  { name, binding }: Element,
  { type, property }: ElementType,
  source: ValidateSource,
): string {
  if (binding !== undefined && isCode(type)) {
    const allowed = source.bindings.use(binding)
    return `if (!${allowed}.codes.has(v)) checkCode(v, ${allowed}, { check: c, name: ${text(name)} })`
  }
  if (type === 'elementId') return 'checkElementId(v, c)'
  return `${noted(type, property)}if (!${quick(type)}(v)) checkPrimitive(v, PRIMITIVES[${text(type)}], { check: c, name: ${text(name)} })`
}

/** The text of the resource tells whether an integer is written as one. */
function noted(type: string, property: string): string {
  return WHOLE.has(type) ? `(c.integers ??= new Set()).add(${text(property)}); ` : ''
}

const WHOLE: ReadonlySet<string> = new Set(['integer', 'unsignedInt', 'positiveInt'])

function primitiveItemLine(
  { name, binding }: Element,
  { type, property }: ElementType,
  source: ValidateSource,
): string {
  const place = `check: c, name: ${text(name)}, index: i, extras: o[${text(`_${property}`)}]`
  const format = `checkPrimitiveItem(v[i], PRIMITIVES[${text(type)}], { ${place} })`
  if (binding === undefined || !isCode(type))
    return `{ ${noted(type, property)}if (!${quick(type)}(v[i])) ${format} }`
  const allowed = source.bindings.use(binding)
  return `if (v[i] === null) ${format}; else if (!${allowed}.codes.has(v[i])) checkCodeItem(v[i], ${allowed}, { ${place} })`
}

/**
 * The systems of codes are no value sets and no fragments, urls of definitions are absolute; ids of elements are unique in a resource, but for those of
 * element definitions, which stand in two views.
 */
function primitiveOf(owner: string, { name }: Element, type: ElementType): ElementType {
  const system = SYSTEMS[`${owner}.${name}`]
  if (system !== undefined) return { ...type, type: system }
  // R4 says that it is a string, and its text that it is a uri; parts of an extension have relative ones.
  if (name === 'url' && owner === 'Extension') return { ...type, type: 'uri' }
  if (name === 'url' && type.type === 'uri' && !owner.includes('.')) return { ...type, type: 'absolute' }
  // The element that holds the Reference looks at the text.
  if (name === 'reference' && owner === 'Reference') return { ...type, type: 'referenceText' }
  if (name === 'id' && owner !== 'ElementDefinition' && type.type !== 'System.Id')
    return { ...type, type: 'elementId' }
  return type
}

const SYSTEMS: Readonly<Record<string, string>> = {
  'Coding.system': 'codeSystem',
  'Identifier.system': 'namespace',
  'ValueSet.compose.include.system': 'absolute',
}

function isCode(type: string): boolean {
  return type === 'code' || type === 'string' || type === 'uri'
}

function quick(type: string): string {
  const name = QUICK_CHECKS[type]
  if (name === undefined) throw new Error(`no quick check for ${type}`)
  return name
}

/** What has only an extension has no code of the value set that binds it. */
function extraLine(
  { name, repeats, binding }: Element,
  { type, property }: ElementType,
  source: ValidateSource,
): string {
  const check = checkName('Element')
  const allowed = binding !== undefined && type === 'code' ? source.bindings.use(binding) : undefined
  const value = `o[${text(property)}]`
  if (repeats) {
    const bound = allowed === undefined ? '' : `, allowed: ${allowed}`
    return `checkExtras(v, ${check}, { check: c, name: ${text(name)}, values: ${value}${bound} })`
  }
  const missing = allowed === undefined ? '' : `if (${value} === undefined) c.codeMissing(${allowed}, v); `
  return `if (c.enter(${text(name)}, v)) { ${check}(v, c, ${value} !== undefined); ${missing}c.leave() }`
}

/** Notes which variant of a choice is there, and complains about a second one. */
function choiceLine(element: Element, property: string): string {
  if (!element.choice) return ''
  const seen = chosen(element)
  return `if (${seen} !== "" && ${seen} !== ${text(property)}) c.several(${text(element.name)}, ${seen}, ${text(property)}); ${seen} = ${text(property)}; `
}

function seenLine(element: Element, required: readonly Element[]): string {
  const at = required.indexOf(element)
  return at === -1 ? '' : `seen |= ${2 ** at}; `
}

function requiredLines(required: readonly Element[]): readonly string[] {
  const lines = required.map(({ name }, i) => `if ((seen & ${2 ** i}) === 0) c.missing(${text(name)})`)
  return [`if (seen !== ${2 ** required.length - 1}) {`, ...lines, '}']
}

function chosen({ name }: Element): string {
  return `chosen$${name}`
}

function text(value: string): string {
  return JSON.stringify(value)
}
