import { foundAt, pathIn, place, put, type Fragment } from '../model/element.ts'
import type { Node } from '../model/node.ts'
import type { FieldName } from '../model/path.ts'
import type { TableRow } from '../rules/rules.ts'
import type { Output, Target, Written } from './draft.ts'
import type { Made } from './functions.ts'

/** Writes what its rows say into the target. @returns how much of it is more than constants */
export type Rows = (target: Target) => number

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

/** What a row does with the values that it found: none for a constant. */
export type Body = (nodes: readonly Node[], target: Target) => number

/**
 * The first row that writes an element wins, so that rows with conditions can be listed by preference.
 *
 * @param one its path is found here
 */
export function write(one: Written, made: Made): number {
  const { target, output } = one
  const { draft } = target
  const value = typeof made === 'object' ? Number(made.digits) : made
  const path = put(target.holder, output.element, value)
  if (path === undefined) return 0
  one.path = path
  draft.written.push(one)
  // Digits that a double would not print are kept beside it.
  if (typeof made === 'object' && !PLAIN.test(made.digits) && String(value) !== made.digits) {
    draft.literals ??= new Map()
    draft.literals.set(pathOf(one), made.digits)
  }
  if (output.element.isEnd) draft.hasEnd = true
  return 1
}

/** Most numbers print as they were sent, which is known without printing them. */
const PLAIN = /^[1-9]\d{0,6}(?:\.\d{0,6}[1-9])?$/

/** Of an element, or of an object: without the type. */
export function pathOf({ target, path }: Pick<Written, 'target' | 'path'>): string {
  const { outer, path: around } = target
  return join(outer === undefined ? around : pathOf({ target: outer, path: around }), path)
}

export function join(outer: string, inner: string): string {
  return outer === '' ? inner : `${outer}.${inner}`
}

/** An object is kept only when its rows wrote more than constants. */
export function objectBody(rows: Rows, output: Output, isWhole: boolean): Body {
  const object = { rows, output }
  if (isWhole) return (nodes, target) => fillWhole(nodes[0], target, object)
  return (nodes, target) => fillObject(nodes[0], target, object)
}

interface Filling {
  readonly rows: Rows
  readonly output: Output
}

/** Nothing is added to what stands there: it is about something else. */
export function fillWhole(node: Node | undefined, outer: Target, object: Filling): number {
  return foundAt(outer.holder, object.output.element) === undefined ? fillObject(node, outer, object) : 0
}

export function fillObject(node: Node | undefined, outer: Target, { rows, output }: Filling): number {
  const { element } = output
  const { fields, variables, here, segment, work, draft } = outer
  const { written } = draft
  const found = foundAt(outer.holder, element)
  const isNew = typeof found !== 'object' || found === null
  const holder: Fragment = isNew ? {} : (found as Fragment)
  const path = pathIn(outer.holder, element)
  const before = written.length
  const count = rows({
    fields,
    variables,
    here,
    segment,
    node: node ?? outer.node,
    work,
    draft,
    holder,
    outer,
    by: output,
    path,
  })
  if (!isNew) return count
  if (count > 0) place(outer.holder, element, holder)
  else written.length = before
  return count
}
