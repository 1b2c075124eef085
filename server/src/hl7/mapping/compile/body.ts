import type { JsonValue } from '../../../kernel/json.ts'
import { compileElement, foundAt, put, type Fragment } from '../model/element.ts'
import { Node } from '../model/node.ts'
import { compilePath, fieldsOf, findNodes, type FieldName } from '../model/path.ts'
import type { Row } from '../rules/rules.ts'
import { codeBody, codedBody } from './coded.ts'
import type { Output, Target } from './draft.ts'
import { FUNCTIONS } from './functions.ts'
import { constantOrigin, eventOrigin, referenceOrigin, valueOrigin } from './origin.ts'
import { fillWhole, objectBody, write, type Body, type RowKit, type Rows } from './target.ts'

export interface BodySource {
  readonly row: Row
  readonly named: Omit<Output, 'origin'>
  /** What fills an object. */
  readonly object: Rows | undefined
}

/** Compiles what a row does with the values that it found. @throws SyntaxError */
export function compileBody(source: BodySource, kit: RowKit): Body {
  const { row, named, object } = source
  const output: Output = { ...named, origin: valueOrigin }
  if (row.warn !== undefined) return warningBody(row, named.fields[0])
  if (row.const !== undefined) return constantBody(row.const, { ...named, origin: constantOrigin })
  if (row.variable !== undefined) return variableBody(row.variable, { ...named, origin: eventOrigin })
  if (row.refer !== undefined) return referenceBody(source, kit)
  if (object !== undefined) return objectBody(object, output, row.whole === true)
  if (row.table === undefined) return functionBody(row, output, kit)
  const table = kit.table(row.table)
  const coded = { row, output, table }
  return row.as === undefined || row.as === 'code' ? codeBody(coded) : codedBody(coded, kit)
}

function functionBody({ fn = 'text', plus }: Row, output: Output, kit: RowKit): Body {
  const make = FUNCTIONS[fn]
  if (make === undefined) throw new SyntaxError(`"${fn}" is no function`)
  const other = plus === undefined ? undefined : compilePath(plus)
  kit.reads.push(...fieldsOf(other))
  return (nodes, target) => {
    const from = nodes[0]
    if (from === undefined) return 0
    const made = make(from, target.work.tools, other === undefined ? nodes : findNodes(other, target))
    return made === undefined ? 0 : write({ output, target, from, path: '' }, made)
  }
}

/** Constants come with other elements, they alone make nothing. */
function constantBody(value: JsonValue, output: Output): Body {
  const { element } = output
  const leaves = leavesOf(value, '')
  const make = makerOf(value)
  const hasEnd = element.isEnd || leaves.some((leaf) => leaf.endsWith('.end'))
  return ([from], target) => {
    const { holder, draft } = target
    if (foundAt(holder, element) !== undefined) return 0
    const path = put(holder, element, make()) ?? ''
    for (const leaf of leaves) draft.written.push({ output, target, from, path: path + leaf })
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

function variableBody(name: string, output: Output): Body {
  return ([from], target) => {
    const value = target.variables[name]
    return value === undefined ? 0 : write({ output, target, from, path: '' }, value)
  }
}

/** Tells what the element will not have, and why. @param asked field that a row without one is about */
function warningBody({ from: path, warn = '' }: Row, asked: FieldName | undefined): Body {
  if (path === undefined && asked === undefined) throw new SyntaxError('a warning is about a field')
  return ([from], { work, fields, segment }) => {
    const node = from ?? (asked && emptyField(asked, { fields, segment }))
    if (node !== undefined) work.tools.flaw(node, warn)
    return 0
  }
}

function emptyField(
  { segment: name, field }: FieldName,
  { fields, segment }: Pick<Target, 'fields' | 'segment'>,
): Node {
  const delimiters = segment.delimitersOf(field)
  // A segment that is missing has no number among its like.
  const label = name === segment.name ? fields.labelOf(segment) : name
  return new Node({ label, field, place: 0, raw: '', delimiters })
}

const REFERENCE = compileElement('reference')
const DISPLAY = compileElement('display')

/** The fields of the row's condition decided about the object, and by that about what is in it. */
function referenceBody({ row, named, object }: BodySource, kit: RowKit): Body {
  const { refer: datatype = '', display } = row
  if (!kit.hasImage(datatype)) throw new SyntaxError(`"${datatype}" makes no resource to refer to`)
  const showText = display === undefined ? undefined : FUNCTIONS[display]
  if (display !== undefined && showText === undefined) throw new SyntaxError(`"${display}" is no function`)
  const inner = { ...named, fields: [] }
  const reference: Output = { ...inner, element: REFERENCE, origin: referenceOrigin }
  const shown: Output = { ...inner, element: DISPLAY, origin: valueOrigin }
  const rows: Rows = (target) => {
    const { node, work } = target
    if (node === undefined) return 0
    const referred = work.refer(datatype, node, target)
    const text = showText?.(node, work.tools, node.alone)
    const made = referred && `#image:${referred.key}`
    const linked =
      made === undefined ? 0 : write({ output: reference, target, from: referred, path: '' }, made)
    const told = text === undefined ? 0 : write({ output: shown, target, from: node, path: '' }, text)
    return linked + told + (object?.(target) ?? 0)
  }
  const whole = { rows, output: { ...named, origin: valueOrigin } }
  return ([node], target) => (node === undefined ? 0 : fillWhole(node, target, whole))
}
