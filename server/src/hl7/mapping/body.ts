import type { JsonValue } from '../../kernel/json.ts'
import { codeBody, codedBody } from './coded.ts'
import { referenceOrigin, type Draft, type Origin, type Target } from './draft.ts'
import { compileElement, foundAt, pathIn, place, type ElementPath, type Fragment } from './element.ts'
import { FUNCTIONS } from './functions.ts'
import { compilePath } from './path.ts'
import type { Row } from './rules.ts'
import {
  alsoOf,
  fillObject,
  objectBody,
  originOf,
  write,
  writeInto,
  type Body,
  type RowKit,
  type Rows,
  type Step,
} from './step.ts'

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
  if (row.refer !== undefined) return referenceBody(row, { element, kit, object })
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
    const first = step.nodes[0]
    if (first === undefined) return 0
    const found = plus === undefined ? step : { nodes: step.nodes, other: plus.find(step.scope)[0] }
    const made = make(first, step.work.tools, found)
    return made === undefined ? 0 : write(step, element, made)
  }
}

/** Constants come with other elements, they alone make nothing. */
function constantBody(value: JsonValue, element: ElementPath): Body {
  const leaves = leavesOf(value, '')
  const make = makerOf(value)
  const hasEnd = element.isEnd || leaves.some((leaf) => leaf.endsWith('.end'))
  return (step) => {
    const { holder, path: around, draft } = step.target
    if (foundAt(holder, element) !== undefined) return 0
    const path = pathIn(holder, element)
    place(holder, element, make())
    for (const leaf of leaves) draft.written.push({ around, path: path + leaf, from: step })
    if (hasEnd) draft.hasEnd = true
    return 0
  }
}

/** Later rows may write into a constant object, so each resource has its own. */
function makerOf(value: JsonValue): () => JsonValue {
  if (typeof value !== 'object' || value === null) return () => value
  if (Array.isArray(value)) {
    const items = value.map((item: JsonValue) => makerOf(item))
    return () => items.map((make) => make())
  }
  const members = Object.entries(value).map(([name, inner]) => ({ name, make: makerOf(inner as JsonValue) }))
  return () => {
    const made: Fragment = {}
    for (const { name, make } of members) made[name] = make()
    return made
  }
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
    const from = () => ({ ...originOf(step), source: step.work.eventSource })
    return writeInto(step.target, element, { made: value, from })
  }
}

const REFERENCE = compileElement('reference')
const DISPLAY = compileElement('display')

function referenceBody(
  { refer: datatype = '', display }: Row,
  { element, kit, object }: Omit<BodySource, 'row'> & { readonly kit: RowKit },
): Body {
  if (!kit.hasImage(datatype)) throw new SyntaxError(`"${datatype}" makes no resource to refer to`)
  const showText = display === undefined ? undefined : FUNCTIONS[display]
  if (display !== undefined && showText === undefined) throw new SyntaxError(`"${display}" is no function`)
  return (step) => {
    const node = step.nodes[0]
    if (node === undefined) return 0
    const referred = step.work.refer(datatype, node, step.scope)
    const text = showText?.(node, step.work.tools, { nodes: node.alone })
    return fillObject(step, element, (scope, target, work) => {
      const linked = referred === undefined ? 0 : writeReference(step, target, referred)
      const shown = text === undefined ? 0 : writeInto(target, DISPLAY, { made: text, from: step })
      return linked + shown + (object?.(scope, target, work) ?? 0)
    })
  }
}

function writeReference(step: Step, target: Target, referred: Draft): number {
  const from = (): Origin => {
    const { source, also = [], rule } = referenceOrigin(referred, step.known.rule)
    const others = [...also, ...(alsoOf(step) ?? [])]
    return { source, ...(others.length > 0 && { also: others }), rule }
  }
  return writeInto(target, REFERENCE, { made: `#image:${referred.key}`, from })
}
