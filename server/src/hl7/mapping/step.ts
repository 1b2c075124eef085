import { record, valueOf, type Draft, type Origin, type Target } from './draft.ts'
import { locate, place, type ElementPath, type Fragment } from './element.ts'
import type { Made, Tools } from './functions.ts'
import { partOf, sourceOf, textOf, type Node, type Scope } from './node.ts'
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

/** One value of a row on its way to its element. */
export interface Step {
  readonly nodes: readonly Node[]
  readonly scope: Scope
  readonly target: Target
  readonly work: Work
  readonly known: Known
  /** Where the value comes from, when it is not what `originOf` says. */
  readonly origin?: Origin
}

/** Fields beside the value's own that decided about it. */
function alsoOf({ target, scope, known }: Step): readonly string[] | undefined {
  const { fields } = known
  if (fields.length === 0) return target.also
  const own = fields.map(({ segment, field }) => {
    const label = scope.segment.name === segment ? scope.labels[scope.segment.index] : undefined
    return `${label ?? segment}-${field}`
  })
  return target.also === undefined ? own : [...target.also, ...own]
}

/** Worked out when something is written: most rows write nothing. A constant comes with the segment, and with the value that it is tied to. */
export function originOf(step: Step): Origin {
  if (step.origin !== undefined) return step.origin
  const { known, nodes, scope } = step
  const { rule } = known
  const [node] = nodes
  const also = alsoOf(step)
  if (node !== undefined && !known.isConstant)
    return also === undefined ? { source: sourceOf(node), rule } : { source: sourceOf(node), also, rule }
  const source = scope.labels[scope.segment.index] ?? scope.segment.name
  const tied = node === undefined ? also : [`${node.label}-${node.field}`, ...(also ?? [])]
  return tied === undefined ? { source, rule } : { source, also: tied, rule }
}

export type Body = (step: Step) => number

/** The first row that writes an element wins, so that rows with conditions can be listed by preference. */
export function write(step: Step, element: ElementPath, made: Made): number {
  const { target } = step
  const { path: inner, found } = locate(target.holder, element)
  if (found !== undefined) return 0
  const path = join(target.path, inner)
  place(target.holder, element, valueOf(target.draft, path, made))
  record(target.draft, path, originOf(step))
  return 1
}

/** An object is kept only when its rows wrote more than constants. */
export function objectBody(rows: Rows, element: ElementPath): Body {
  return (step) => {
    const { nodes, scope, target, work, origin } = step
    const also = origin === undefined ? alsoOf(step) : origin.also
    const [node] = nodes
    const { path, found } = locate(target.holder, element)
    const isNew = typeof found !== 'object' || found === null
    const holder: Fragment = isNew ? {} : (found as Fragment)
    const { trace } = target.draft
    const before = trace.length
    const inner: Target = { holder, path: join(target.path, path), draft: target.draft, also }
    const count = rows(node === undefined ? scope : { ...scope, node }, inner, work)
    if (count > 0 && isNew) place(target.holder, element, holder)
    if (count === 0 && isNew) trace.length = before
    return count
  }
}

export function partText(node: Node, number: number): string {
  const part = partOf(node, number)
  return part === undefined ? '' : textOf(part).trim()
}

export function join(outer: string, inner: string): string {
  return outer === '' ? inner : `${outer}.${inner}`
}
