import { valueOf, type Draft, type Origin, type Target } from './draft.ts'
import { foundAt, pathIn, place, type ElementPath, type Fragment } from './element.ts'
import type { Made, Tools } from './functions.ts'
import type { Node, Scope } from './node.ts'
import type { FieldName } from './path.ts'
import type { TableRow } from './rules.ts'

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
  /** Data type maps for coded values that a code table does not speak about. */
  readonly coded: { readonly concept: string; readonly coding: string; readonly others: string }
  /** Collects every field that rows read. */
  readonly reads: FieldName[]
}

/** What a row is, for the trace. */
export interface Known {
  readonly rule: string
  readonly isConstant: boolean
  /** Fields of its condition. */
  readonly fields: readonly FieldName[]
}

/** The values of a row on their way to their element. */
export interface Step {
  readonly nodes: readonly Node[]
  readonly scope: Scope
  readonly target: Target
  readonly work: Work
  readonly known: Known
}

/** Fields beside the value's own that decided about it, and about the objects that it is in. */
export function alsoOf({ target, scope, known }: Step): readonly string[] | undefined {
  const around = target.by === undefined ? undefined : alsoOf(target.by)
  const { fields } = known
  if (fields.length === 0) return around
  const own = fields.map(({ segment, field }) => {
    const label = scope.segment.name === segment ? scope.fields.labelOf(scope.segment) : segment
    return `${label}-${field}`
  })
  return around === undefined ? own : [...around, ...own]
}

/** A constant comes with the segment, and with the value that it is tied to. */
export function originOf(step: Step): Origin {
  const { known, nodes, scope } = step
  const { rule } = known
  const [node] = nodes
  const also = alsoOf(step)
  if (node !== undefined && !known.isConstant)
    return also === undefined ? { source: node.source, rule } : { source: node.source, also, rule }
  const source = scope.fields.labelOf(scope.segment)
  const tied = node === undefined ? also : [`${node.label}-${node.field}`, ...(also ?? [])]
  return tied === undefined ? { source, rule } : { source, also: tied, rule }
}

export type Body = (step: Step) => number

/** The first row that writes an element wins, so that rows with conditions can be listed by preference. */
export function write(step: Step, element: ElementPath, made: Made): number {
  return writeInto(step.target, element, { made, from: step })
}

/** What is written, and where it comes from. */
interface Value {
  readonly made: Made
  readonly from: Step | (() => Origin)
}

/** The same into another object than that of the row. */
export function writeInto(target: Target, element: ElementPath, { made, from }: Value): number {
  const { holder, draft } = target
  if (foundAt(holder, element) !== undefined) return 0
  const path = pathIn(holder, element)
  const value = typeof made === 'string' ? made : valueOf(draft, join(target.path, path), made)
  place(holder, element, value)
  draft.written.push({ around: target.path, path, from })
  if (element.isEnd) draft.hasEnd = true
  return 1
}

/** An object is kept only when its rows wrote more than constants. */
export function objectBody(rows: Rows, element: ElementPath): Body {
  return (step) => fillObject(step, element, rows)
}

export function fillObject(step: Step, element: ElementPath, rows: Rows): number {
  const { nodes, scope, target, work } = step
  const { written } = target.draft
  const found = foundAt(target.holder, element)
  const isNew = typeof found !== 'object' || found === null
  const holder: Fragment = isNew ? {} : (found as Fragment)
  const path = join(target.path, pathIn(target.holder, element))
  const before = written.length
  const inner: Target = { holder, path, draft: target.draft, by: step }
  const count = rows(about(nodes[0], scope), inner, work)
  if (!isNew) return count
  if (count > 0) place(target.holder, element, holder)
  else written.length = before
  return count
}

/** The scope in which a value is what rows work on. */
function about(node: Node | undefined, scope: Scope): Scope {
  if (node === undefined) return scope
  const { fields, variables, here, segment } = scope
  return { fields, variables, here, segment, node }
}

export function join(outer: string, inner: string): string {
  return outer === '' ? inner : `${outer}.${inner}`
}
