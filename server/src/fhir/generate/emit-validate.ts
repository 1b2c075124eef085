import type { Bindings } from './bindings.ts'
import { isPrimitive } from './compile-path.ts'
import { emitInvariants, type InvariantSource } from './emit-invariants.ts'
import type { Element, ElementType, Type } from './model.ts'

export interface ValidateSource extends InvariantSource {
  readonly bindings: Bindings
}

/** Name of the generated function that checks a type: `check$Patient$contact`. */
export function checkName(type: string): string {
  return `check$${type.replaceAll('.', '$')}`
}

/** JavaScript of the function that checks one resource, data type or backbone element. */
export function emitValidate(type: Type, source: ValidateSource): string {
  const elements = [...type.elements.values()]
  const choices = elements.filter(({ choice }) => choice)
  const rules = emitInvariants(type, source)
  return [
    `function ${checkName(type.name)}(o, c) {`,
    ...(rules.length ? ['const before = c.malformed, RESOURCE = c.resource, ROOT = c.root'] : []),
    ...choices.map((element) => `let ${chosen(element)} = ""`),
    'for (const k in o) {',
    'const v = o[k]',
    'switch (k) {',
    ...(type.kind === 'resource' ? ['case "resourceType": break'] : []),
    ...elements.flatMap((element) => cases(element, source)),
    'default: c.unknown(k)',
    '}',
    '}',
    ...elements.filter(({ required }) => required).map(requiredLine),
    ...(rules.length ? ['if (c.malformed === before) {', ...rules, '}'] : []),
    '}',
  ].join('\n')
}

function cases(element: Element, source: ValidateSource): readonly string[] {
  return element.types.flatMap((type) => [
    `case ${text(type.property)}: ${choiceLine(element, type.property)}${valueLine(element, type, source)}; break`,
    ...(isPrimitive(type.type, source.model)
      ? [
          `case ${text(`_${type.property}`)}: ${choiceLine(element, type.property)}${extraLine(element, type)}; break`,
        ]
      : []),
  ])
}

function valueLine(element: Element, type: ElementType, source: ValidateSource): string {
  const lines = [typeLine(element, type, source)]
  if (element.binding !== undefined && !isPrimitiveOfSet(type))
    lines.push(
      `checkBinding(c, ${source.bindings.use(element.binding)}, { name: ${text(element.name)}, value: v })`,
    )
  if (type.type === 'Reference' && !type.property.startsWith('_'))
    lines.push(`c.targets(${text(element.name)}, v, ${JSON.stringify(type.targets)})`)
  return lines.join('; ')
}

function typeLine({ name, repeats }: Element, type: ElementType, source: ValidateSource): string {
  const element = text(name)
  if (type.type === 'Resource')
    return name === 'contained' ? `c.contained(${element}, v)` : `c.entry(${element}, v)`
  if (!isPrimitive(type.type, source.model))
    return `c.${repeats ? 'many' : 'one'}(${element}, v, ${checkName(type.type)})`
  const format = `PRIMITIVES[${text(type.type)}]`
  return repeats
    ? `c.primitives(v, ${format}, { name: ${element}, extras: o[${text(`_${type.property}`)}] })`
    : `c.primitive(${element}, v, ${format})`
}

function extraLine({ name, repeats }: Element, { property }: ElementType): string {
  const check = checkName('Element')
  return repeats
    ? `c.extras(v, ${check}, { name: ${text(name)}, values: o[${text(property)}] })`
    : `c.extra(${text(name)}, v, ${check})`
}

/** Notes which variant of a choice is there, and complains about a second one. */
function choiceLine(element: Element, property: string): string {
  if (!element.choice) return ''
  const seen = chosen(element)
  return `if (${seen} !== "" && ${seen} !== ${text(property)}) c.several(${text(element.name)}, ${seen}, ${text(property)}); ${seen} = ${text(property)}; `
}

function requiredLine(element: Element): string {
  const [first] = element.types
  if (element.choice) return `if (${chosen(element)} === "") c.missing(${text(element.name)})`
  const name = text(first?.property ?? element.name)
  return `if (o[${name}] === undefined && o[${text(`_${element.name}`)}] === undefined) c.missing(${name})`
}

/** Variants of a bound choice that hold no codes (`Reference` beside `CodeableConcept`). */
function isPrimitiveOfSet({ type }: ElementType): boolean {
  return !['code', 'string', 'uri', 'Coding', 'CodeableConcept', 'Quantity'].includes(type)
}

function chosen({ name }: Element): string {
  return `chosen$${name}`
}

function text(value: string): string {
  return JSON.stringify(value)
}
