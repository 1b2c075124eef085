import { quantityOf } from '../validation/quantities.ts'
import { callFunction, operation } from './compile-operations.ts'
import { collectionOf, truthOf, type Compiled, type Part, type Scope } from './compiled-expression.ts'
import type { PathNode } from './fhirpath-parser.ts'
import type { Element, ElementType, Model } from './model.ts'

/** Compiles a FHIRPath tree to JavaScript. @throws Error naming what is outside the supported part */
export function compilePath(node: PathNode, scope: Omit<Scope, 'compile' | 'depth'>): Compiled {
  return compile(node, { ...scope, compile, depth: 0 })
}

function compile(node: PathNode, scope: Scope): Compiled {
  switch (node.kind) {
    case 'literal':
      return typeof node.value === 'boolean'
        ? truthOf(String(node.value), true)
        : { kind: 'value', js: JSON.stringify(node.value) }
    case 'quantity':
      return { kind: 'value', js: JSON.stringify(quantityOf(node.value, node.unit)) }
    case 'empty':
      return { kind: 'path', parts: [] }
    case 'this':
      return scope.focus
    case 'variable':
      return variable(node.name, scope)
    case 'member':
      return member(node.on ? scope.compile(node.on, scope) : undefined, node.name, scope)
    case 'index':
      return indexed(scope.compile(node.on, scope), node.at)
    case 'binary':
      return operation(node, scope)
    case 'call':
    default:
      return callFunction(node, scope)
  }
}

function variable(name: string, { variables }: Scope): Compiled {
  const found = variables[name]
  if (!found) throw new Error(`%${name} is not known`)
  return found
}

function member(on: Compiled | undefined, name: string, scope: Scope): Compiled {
  if (!on && (name === scope.root || name === 'Resource' || name === 'DomainResource')) return scope.focus
  const from = on ?? scope.focus
  if (from.kind !== 'path') throw new Error(`.${name} on something that has no elements`)
  const parts = from.parts.flatMap((part) => step(part, name, scope.model))
  if (!parts.length && !from.parts.some(({ type }) => type === '*')) {
    const types = from.parts.map(({ type }) => type).join(', ')
    throw new Error(`${types || 'nothing'} has no element ${name}`)
  }
  return { kind: 'path', parts }
}

function step(part: Part, name: string, model: Model): readonly Part[] {
  const text = JSON.stringify(name)
  if (part.extras !== undefined && (name === 'extension' || name === 'id'))
    return step({ type: 'Element', js: part.extras }, name, model)
  if (part.type === '*' || part.type === 'Resource') {
    const js = `stepAny(${part.js}, ${text})`
    return [{ type: '*', js, ...belowSomething(part, js) }]
  }
  const element = elementOf(model, part.type, name)
  if (!element) return []
  return element.types.map((type) => elementPart(part, element, { ...type, model }))
}

function elementPart(
  part: Part,
  { name, choice, repeats }: Element,
  { type, property, model }: ElementType & { model: Model },
): Part {
  const key = JSON.stringify(property)
  const beside = isPrimitive(type, model) ? JSON.stringify(`_${property}`) : undefined
  const js = stepCode(part, key, beside)
  const questions =
    part.item === undefined ? belowSomething(part, js) : ofItem(part, { key, beside, repeats })
  const noted = part.inVariables && choice ? { there: `(chosen$${name} !== "")` } : {}
  return { type: baseType(type), js, ...extras(part, beside), ...questions, ...noted }
}

function extras(part: Part, beside: string | undefined): Pick<Part, 'extras'> {
  if (beside === undefined) return {}
  return {
    extras: part.item === undefined ? `step(${part.js}, ${beside})` : `values(${memberOf(part, beside)})`,
  }
}

/** @param key name of a property, in quotes */
function memberOf({ item, inVariables }: Part, key: string): string {
  return inVariables ? `$${JSON.parse(key)}` : `${item}[${key}]`
}

/** Nothing is below nothing: the array is not built. */
function belowSomething({ there }: Part, js: string): Pick<Part, 'there'> {
  return there === undefined ? {} : { there: `(${there} && (${js}).length > 0)` }
}

/** What can be asked of an element of one object without building an array. */
function ofItem(
  part: Part,
  { key, beside, repeats }: { key: string; beside: string | undefined; repeats: boolean },
): Pick<Part, 'there' | 'value'> {
  const value = memberOf(part, key)
  const there = `${value} !== undefined`
  if (beside === undefined) return { there: `(${there})` }
  return {
    there: `(${there} || ${memberOf(part, beside)} !== undefined)`,
    ...(repeats ? {} : { value }),
  }
}

function stepCode(part: Part, key: string, beside: string | undefined): string {
  const { js, item } = part
  if (item === undefined) return `step(${js}, ${key}${beside === undefined ? '' : `, ${beside}`})`
  return `values(${memberOf(part, key)}${beside === undefined ? '' : `, ${memberOf(part, beside)}`})`
}

/** Whether `_name` may stand beside the element. */
export function isPrimitive(type: string, model: Model): boolean {
  return type.startsWith('System.') || model.get(type)?.kind === 'primitive'
}

function elementOf(model: Model, type: string, name: string): Element | undefined {
  const known = model.get(type)
  if (!known) throw new Error(`${type} is no known type`)
  return known.elements.get(name)
}

function baseType(type: string): string {
  return type.startsWith('System.') ? 'string' : type
}

function indexed(on: Compiled, at: number): Compiled {
  if (on.kind !== 'path') throw new Error('[ ] on something that is no collection')
  const [only, ...rest] = on.parts
  if (!only || rest.length)
    return { kind: 'path', parts: [{ type: '*', js: `at(${collectionOf(on)}, ${at})` }] }
  return { kind: 'path', parts: [{ type: only.type, js: `at(${only.js}, ${at})` }] }
}
