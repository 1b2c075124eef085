import { compileElement } from '../model/element.ts'
import type { Node } from '../model/node.ts'
import { compilePath, fieldsOf, findNodes, type Path } from '../model/path.ts'
import { compileCondition, type Predicate } from '../rules/expression.ts'
import type { Row } from '../rules/rules.ts'
import { compileBody } from './body.ts'
import type { Draft, Target } from './draft.ts'
import type { Body, RowKit, Rows } from './target.ts'

/** @throws SyntaxError that names the row */
export function compileRows(rows: readonly Row[], file: string, kit: RowKit): Rows {
  const compiled = rows.map((row) => {
    try {
      return compileRow(row, file, kit)
    } catch (error) {
      throw new SyntaxError(`row ${row.id}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      })
    }
  })
  const rowsFor = byText(compiled)
  return (target) => {
    let count = 0
    for (const row of rowsFor(target)) count += apply(row, target)
    return count
  }
}

/** Fewer questions are asked sooner than looked up. */
const FEW = 3

/**
 * Many rows of a segment ask for the same field, such as the type of a value, each for other texts of it: it is looked at once.
 *
 * @returns those that have something to say, or may have
 */
function byText(rows: readonly CompiledRow[]): (target: Target) => readonly CompiledRow[] {
  const asking = Map.groupBy(
    rows.filter(({ asks }) => asks !== undefined),
    ({ asks }) => JSON.stringify(asks?.path),
  )
  const [most = []] = [...asking.values()].toSorted((one, two) => two.length - one.length)
  const path = most[0]?.asks?.path
  if (path === undefined || most.length < FEW) return () => rows
  const rowsOf = (text?: string) =>
    rows.filter((row) => !most.includes(row) || (text !== undefined && row.asks?.texts.has(text)))
  const known = new Map<string, readonly CompiledRow[]>()
  for (const { asks } of most) for (const text of asks?.texts ?? []) known.set(text, rowsOf(text))
  const others = rowsOf()
  return (target) => {
    const found = findNodes(path, target)
    const first = found[0]
    if (first === undefined) return others
    return found.length === 1 && !first.isNull ? (known.get(first.text) ?? others) : rows
  }
}

/** Rows are many and small: as plain data that one function reads they take less room and time than as functions that call each other. */
interface CompiledRow {
  readonly from: Path | undefined
  readonly holds: Predicate['holds'] | undefined
  readonly asks: Predicate['asks']
  readonly body: Body
  /** What the null of HL7 deletes. */
  readonly deleted: string
}

function compileRow(row: Row, file: string, kit: RowKit): CompiledRow {
  const condition = row.when === undefined ? undefined : compileCondition(row.when)
  const from = row.from === undefined ? undefined : compilePath(row.from)
  const fields = condition?.fields ?? []
  kit.reads.push(...fields, ...fieldsOf(from))
  const element = compileElement(row.to)
  const { top, member } = element
  const source = {
    from,
    holds: condition?.holds,
    asks: condition?.asks,
    deleted: row.part === undefined ? member : `${top}.${row.part}`,
  }
  if (row.clear !== undefined) return { ...source, body: meanwhile(row, clearing(row, row.clear)) }
  const named = { element, rule: `${file}/${row.id}`, fields }
  const one = compileBody({ row, named, object: objectRows(row, file, kit) }, kit)
  const body = row.to.includes('[+]') && row.fn !== 'lines' ? forEach(one) : one
  return { ...source, body: meanwhile(row, row.initial === true ? initially(top, body) : body) }
}

const NONE: readonly Node[] = []

/** Most fields are empty: a row without values is left before its condition is asked. A row without a field has no values, which is not nothing. */
function apply(row: CompiledRow, target: Target): number {
  const { from, holds, body } = row
  if (from === undefined) return holds === undefined || holds(target) ? body(NONE, target) : 0
  const found = findNodes(from, target)
  const first = found[0]
  if (first === undefined) return 0
  if (first.isNull && found.every((node) => node.isNull)) return applyNull(row, target)
  if (holds !== undefined && !holds(target)) return 0
  return body(found.length === 1 ? found : found.filter((node) => !node.isNull), target)
}

function applyNull({ holds, deleted }: CompiledRow, target: Target): number {
  const isAbout = holds === undefined || holds(target) || holds({ ...target, asksOfNull: true })
  if (isAbout && target.outer === undefined && target.path === '') clear(target.draft, deleted)
  return 0
}

function forEach(body: Body): Body {
  return (nodes, target) => {
    if (nodes.length < 2) return body(nodes, target)
    let count = 0
    for (const node of nodes) count += body(node.alone, target)
    return count
  }
}

/** What the row writes counts only when the resource is created. */
function initially(top: string, body: Body): Body {
  return (nodes, target) => {
    const { holder, draft } = target
    const isFirst = holder[top] === undefined
    const count = body(nodes, target)
    if (isFirst && holder[top] !== undefined) {
      draft.initial ??= new Set()
      draft.initial.add(top)
    }
    return count
  }
}

/** What the row says or deletes counts only while the resource has a certain code. @throws SyntaxError */
function meanwhile({ to, while: states }: Row, body: Body): Body {
  if (states === undefined) return body
  const [first, ...others] = Object.entries(states)
  if (first === undefined || others.length > 0 || /[[\]]/.test(to))
    throw new SyntaxError('`while` names one element, and is about one')
  const [element, codes] = first
  return (nodes, target) => {
    const { holder, draft } = target
    const said = holder[to]
    const deleted = draft.cleared?.size ?? 0
    const count = body(nodes, target)
    const { cleared = [] } = draft
    const paths = [...cleared].slice(deleted)
    if (said === undefined && holder[to] !== undefined) paths.push(to)
    for (const path of paths) (draft.whiles ??= []).push({ path, element, codes })
    return count
  }
}

/** Deletes the element, as the null of HL7 in the field of a row does, or items of a list. */
function clearing(row: Row, what: NonNullable<Row['clear']>): Body {
  if (row.from !== undefined) return forEach(clearingItem(row))
  const paths =
    what === true ? [row.to] : Object.entries(what).map(([member, text]) => `${row.to}.${member}=${text}`)
  return (_, { draft }) => {
    for (const path of paths) clear(draft, path)
    return 0
  }
}

/** Deletes the item of a list that has the value, or the reference to what the value names, as its key. */
function clearingItem({ to, refer }: Row): Body {
  return ([node], target) => {
    if (node === undefined) return 0
    const referred = refer === undefined ? undefined : target.work.refer(refer, node, target)
    const key = refer === undefined ? node.text : referred && `#image:${referred.key}`
    if (key !== undefined) clear(target.draft, `${to}.${key}`)
    return 0
  }
}

function clear(draft: Draft, path: string): void {
  draft.cleared ??= new Set()
  draft.cleared.add(path)
}

/** Rows of the data type first, then the row's own. */
function objectRows(row: Row, file: string, kit: RowKit): Rows | undefined {
  if (row.type === undefined && row.rows === undefined) return undefined
  const typed = row.type === undefined ? undefined : kit.datatype(row.type)
  const own = row.rows === undefined ? undefined : compileRows(row.rows, file, kit)
  if (typed === undefined || own === undefined) return typed ?? own
  return (target) => typed(target) + own(target)
}
