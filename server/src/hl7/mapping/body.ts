import { fault } from '../../kernel/fault.ts'
import type { JsonValue } from '../../kernel/json.ts'
import { record, referenceOrigin, valueOf, type Draft, type Origin, type Target } from './draft.ts'
import { compileElement, locate, place, type ElementPath, type Fragment } from './element.ts'
import { FUNCTIONS, type Made, type Tools } from './functions.ts'
import { partOf, sourceOf, textOf, type Node, type Scope } from './node.ts'
import type { FieldName } from './path.ts'
import type { Row, TableRow } from './rules.ts'

/** What rows need of the message that is being mapped. */
export interface Work {
  readonly tools: Tools
  /** Position of the event in the envelope. */
  readonly eventSource: string
  /** The resource that a value becomes by the rows of a data type; `undefined` when it has no identity. */
  refer(datatype: string, node: Node, scope: Scope): Draft | undefined
}

/** Writes what its rows say into the target. @returns how much of it is more than constants */
export type Rows = (scope: Scope, target: Target, work: Work) => number

export interface RowKit {
  /** Rows of a data type, compiled at first use, so that types may contain each other. */
  datatype(name: string): Rows
  hasImage(name: string): boolean
  table(name: string): ReadonlyMap<string, TableRow>
  /** Collects every field that rows read. */
  readonly reads: FieldName[]
}

/** One value of a row on its way to its element. */
interface Step {
  readonly nodes: readonly Node[]
  readonly scope: Scope
  readonly target: Target
  readonly work: Work
  readonly origin: Origin
}

type Body = (step: Step) => number

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
  if (row.table !== undefined) return tableBody(row, element, kit.table(row.table))
  const make = FUNCTIONS[row.fn ?? 'text']
  if (make === undefined) throw new SyntaxError(`"${row.fn ?? ''}" is no function`)
  return (step) => {
    const [first, ...others] = step.nodes
    const made = first === undefined ? undefined : make([first, ...others], step.work.tools)
    return made === undefined ? 0 : write(step, element, made)
  }
}

/** The first row that writes an element wins, so that rows with conditions can be listed by preference. */
function write({ target, origin }: Step, element: ElementPath, made: Made): number {
  const { path: inner, found } = locate(target.holder, element)
  if (found !== undefined) return 0
  const path = join(target.path, inner)
  place(target.holder, element, valueOf(target.draft, path, made))
  record(target.draft, path, origin)
  return 1
}

/** Constants come with other elements, they alone make nothing. */
function constantBody(value: JsonValue, element: ElementPath): Body {
  const leaves = leavesOf(value, '')
  return ({ target, origin }) => {
    const { path, found } = locate(target.holder, element)
    if (found !== undefined) return 0
    place(target.holder, element, copyOf(value))
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
    return write({ ...step, origin: { ...step.origin, source: step.work.eventSource } }, element, value)
  }
}

/** An object is kept only when its rows wrote more than constants. */
function objectBody(rows: Rows, element: ElementPath): Body {
  return ({ nodes, scope, target, work, origin: { also } }) => {
    const [node] = nodes
    const { path, found } = locate(target.holder, element)
    const isNew = typeof found !== 'object' || found === null
    const holder: Fragment = isNew ? {} : (found as Fragment)
    const { trace } = target.draft
    const before = trace.length
    const inner = { holder, path: join(target.path, path), draft: target.draft, ...(also && { also }) }
    const count = rows(node === undefined ? scope : { ...scope, node }, inner, work)
    if (count > 0 && isNew) place(target.holder, element, holder)
    if (count === 0 && isNew) trace.length = before
    return count
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
  return (step) => {
    const [node] = step.nodes
    if (node === undefined) return 0
    const referred = step.work.refer(datatype, node, step.scope)
    const text = showText?.([node], step.work.tools)
    return objectBody((_, target) => {
      const inner = { ...step, target }
      const linked = referred === undefined ? 0 : writeReference(inner, toReference, referred)
      return linked + (text === undefined ? 0 : write(inner, toDisplay, text))
    }, element)(step)
  }
}

function writeReference(step: Step, toReference: ElementPath, referred: Draft): number {
  const { source, also = [], rule } = referenceOrigin(referred, step.origin.rule)
  const others = [...also, ...(step.origin.also ?? [])]
  const origin = { source, ...(others.length > 0 && { also: others }), rule }
  return write({ ...step, origin }, toReference, `#image:${referred.key}`)
}

function tableBody(row: Row, element: ElementPath, table: ReadonlyMap<string, TableRow>): Body {
  const asObject = row.as === 'coding' || row.as === 'concept'
  const sourceSystem = [...table.values()][0]?.system ?? ''
  return (step) => {
    const [node] = step.nodes
    if (node === undefined) return 0
    const code = textOf(node).trim()
    const found = table.get(code)
    const isMapped = found !== undefined && found.to !== ''
    if (!isMapped && code !== '') {
      step.work.tools.unmapped(node, code)
      if (row.onUnmapped === 'error') throw unmappedFault(node)
    }
    if (asObject) {
      const coding = isMapped
        ? { system: found.toSystem, code: found.to, display: found.display }
        : { system: sourceSystem, code, display: partText(node, 2) }
      return objectBody(
        (_, target) => writeCoded({ ...step, target }, coding, row.as === 'concept'),
        element,
      )(step)
    }
    if (isMapped) return write(step, element, found.to)
    return code === '' || row.default === undefined ? 0 : write(step, element, row.default)
  }
}

const CODING = {
  system: compileElement('system'),
  code: compileElement('code'),
  display: compileElement('display'),
}
const FIRST_CODING = {
  system: compileElement('coding[0].system'),
  code: compileElement('coding[0].code'),
  display: compileElement('coding[0].display'),
}
const TEXT = compileElement('text')

function writeCoded(
  step: Step,
  coding: Readonly<Record<keyof typeof CODING, string>>,
  isConcept: boolean,
): number {
  const [node] = step.nodes
  const elements = isConcept ? FIRST_CODING : CODING
  let count = 0
  if (coding.code !== '') {
    if (coding.system !== '') write({ ...step, origin: constantOrigin(step) }, elements.system, coding.system)
    for (const part of ['code', 'display'] as const)
      if (coding[part] !== '') count += write(step, elements[part], coding[part])
  }
  const text = isConcept && node !== undefined ? partText(node, 9) || partText(node, 2) : ''
  return count + (text === '' ? 0 : write(step, TEXT, text))
}

/** The system belongs to the table, not to the value. */
function constantOrigin({ nodes: [node], origin }: Step): Origin {
  if (node === undefined) return origin
  const also = [`${node.label}-${node.field}`, ...(origin.also ?? [])]
  return { source: node.label, also, rule: origin.rule }
}

function partText(node: Node, number: number): string {
  const part = partOf(node, number)
  return part === undefined ? '' : textOf(part).trim()
}

function unmappedFault(node: Node): Error {
  return fault('unprocessable', {
    code: 'code-invalid',
    at: sourceOf(node),
    text: 'The code has no meaning in the record: add it to the code table or correct it',
  })
}

function join(outer: string, inner: string): string {
  return outer === '' ? inner : `${outer}.${inner}`
}
