import type { JsonValue } from '../../kernel/json.ts'
import { codeBody, codedBody } from './coded.ts'
import { record, referenceOrigin, type Draft, type Origin } from './draft.ts'
import { compileElement, locate, place, type ElementPath, type Fragment } from './element.ts'
import { FUNCTIONS } from './functions.ts'
import { compilePath } from './path.ts'
import type { Row } from './rules.ts'
import { join, objectBody, originOf, write, type Body, type RowKit, type Rows, type Step } from './step.ts'

interface BodySource {
  readonly row: Row
  readonly element: ElementPath
  /** What fills an object. */
  readonly object: Rows | undefined
}

/** Compiles what a row does with the values that it found. @throws SyntaxError */
export function compileBody({ row, element, object }: BodySource, kit: RowKit): Body {
  if (row.const !== undefined) return constantBody(row.const, element)
  if (row.variable !== undefined) return variableBody(row.variable, element)
  if (row.refer !== undefined) return referenceBody(row.refer, row.display, { element, kit })
  if (object !== undefined) return objectBody(object, element)
  if (row.table !== undefined)
    return row.as === undefined || row.as === 'code'
      ? codeBody(row, element, kit.table(row.table))
      : codedBody({ row, element, table: kit.table(row.table) }, kit)
  return functionBody(row, element, kit)
}

function functionBody(row: Row, element: ElementPath, kit: RowKit): Body {
  const make = FUNCTIONS[row.fn ?? 'text']
  if (make === undefined) throw new SyntaxError(`"${row.fn ?? ''}" is no function`)
  const plus = row.plus === undefined ? undefined : compilePath(row.plus)
  kit.reads.push(...(plus?.fields ?? []))
  return (step) => {
    const [first, ...others] = step.nodes
    const made =
      first === undefined ? undefined : make([first, ...others], step.work.tools, plus?.find(step.scope)[0])
    return made === undefined ? 0 : write(step, element, made)
  }
}

/** Constants come with other elements, they alone make nothing. */
function constantBody(value: JsonValue, element: ElementPath): Body {
  const leaves = leavesOf(value, '')
  return (step) => {
    const { target } = step
    const { path, found } = locate(target.holder, element)
    if (found !== undefined) return 0
    place(target.holder, element, copyOf(value))
    const origin = originOf(step)
    for (const leaf of leaves) record(target.draft, join(target.path, path) + leaf, origin)
    return 0
  }
}

/** Later rows may write into a constant object, so each resource has its own. */
function copyOf(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item: JsonValue) => copyOf(item))
  const copy: Fragment = {}
  for (const [name, inner] of Object.entries(value)) copy[name] = copyOf(inner as JsonValue)
  return copy
}

function leavesOf(value: JsonValue | undefined, path: string): readonly string[] {
  if (typeof value !== 'object' || value === null) return [path]
  if (Array.isArray(value))
    return value.flatMap((item: JsonValue, index) => leavesOf(item, `${path}[${index}]`))
  return Object.entries(value).flatMap(([name, inner]) => leavesOf(inner as JsonValue, `${path}.${name}`))
}

function variableBody(name: string, element: ElementPath): Body {
  return (step) => {
    const value = step.scope.variables[name]
    if (value === undefined) return 0
    return write({ ...step, origin: { ...originOf(step), source: step.work.eventSource } }, element, value)
  }
}

function referenceBody(
  datatype: string,
  display: string | undefined,
  { element, kit }: { readonly element: ElementPath; readonly kit: RowKit },
): Body {
  if (!kit.hasImage(datatype)) throw new SyntaxError(`"${datatype}" makes no resource to refer to`)
  const showText = display === undefined ? undefined : FUNCTIONS[display]
  if (display !== undefined && showText === undefined) throw new SyntaxError(`"${display}" is no function`)
  const toReference = compileElement('reference')
  const toDisplay = compileElement('display')
  return (given) => {
    const [node] = given.nodes
    if (node === undefined) return 0
    const step = { ...given, origin: originOf(given) }
    const referred = step.work.refer(datatype, node, step.scope)
    const text = showText?.([node], step.work.tools)
    return objectBody((_, target) => {
      const inner = { ...step, target }
      const linked = referred === undefined ? 0 : writeReference(inner, toReference, referred)
      return linked + (text === undefined ? 0 : write(inner, toDisplay, text))
    }, element)(step)
  }
}

function writeReference(
  step: Step & { readonly origin: Origin },
  toReference: ElementPath,
  referred: Draft,
): number {
  const { source, also = [], rule } = referenceOrigin(referred, step.origin.rule)
  const others = [...also, ...(step.origin.also ?? [])]
  const origin = { source, ...(others.length > 0 && { also: others }), rule }
  return write({ ...step, origin }, toReference, `#image:${referred.key}`)
}
