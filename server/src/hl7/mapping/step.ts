import { record, valueOf, type Draft, type Origin, type Target } from './draft.ts'
import { locate, place, type ElementPath, type Fragment } from './element.ts'
import type { Made, Tools } from './functions.ts'
import { partOf, textOf, type Node, type Scope } from './node.ts'
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

/** One value of a row on its way to its element. */
export interface Step {
  readonly nodes: readonly Node[]
  readonly scope: Scope
  readonly target: Target
  readonly work: Work
  readonly origin: Origin
}

export type Body = (step: Step) => number

/** The first row that writes an element wins, so that rows with conditions can be listed by preference. */
export function write({ target, origin }: Step, element: ElementPath, made: Made): number {
  const { path: inner, found } = locate(target.holder, element)
  if (found !== undefined) return 0
  const path = join(target.path, inner)
  place(target.holder, element, valueOf(target.draft, path, made))
  record(target.draft, path, origin)
  return 1
}

/** An object is kept only when its rows wrote more than constants. */
export function objectBody(rows: Rows, element: ElementPath): Body {
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

export function partText(node: Node, number: number): string {
  const part = partOf(node, number)
  return part === undefined ? '' : textOf(part).trim()
}

export function join(outer: string, inner: string): string {
  return outer === '' ? inner : `${outer}.${inner}`
}
