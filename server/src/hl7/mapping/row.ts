import { compileBody } from './body.ts'
import type { Draft, Target } from './draft.ts'
import { compileElement, type ElementPath } from './element.ts'
import { compileCondition, type Predicate } from './expression.ts'
import type { Node, Scope } from './node.ts'
import { compilePath, type Path } from './path.ts'
import type { Row } from './rules.ts'
import type { Known, RowKit, Rows, Work } from './step.ts'

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
  return (scope, target, work) => {
    let count = 0
    for (const apply of compiled) count += apply(scope, target, work)
    return count
  }
}

function compileRow(row: Row, file: string, kit: RowKit): Rows {
  const condition = row.when === undefined ? undefined : compileCondition(row.when)
  const from = row.from === undefined ? undefined : compilePath(row.from)
  const element = compileElement(row.to)
  kit.reads.push(...(condition?.fields ?? []), ...(from?.fields ?? []))
  if (row.clear === true) return clearing(row.to, condition)
  const body = compileBody({ row, element, object: objectRows(row, file, kit) }, kit)
  const isEach = row.to.includes('[+]') && row.fn !== 'lines'
  const known: Known = {
    rule: `${file}/${row.id}`,
    isConstant: row.const !== undefined,
    fields: condition?.fields ?? [],
  }
  const find = findNodes(from, condition)
  const deleted = deletedBy(row, element)
  const apply = (scope: Scope, target: Target, work: Work): number => {
    const found = find(scope)
    const nodes = found && valuesOf(found, target, deleted)
    if (nodes === undefined) return 0
    if (!isEach || nodes.length < 2) return body({ nodes, scope, target, work, known })
    let count = 0
    for (const node of nodes) count += body({ nodes: node.alone, scope, target, work, known })
    return count
  }
  if (row.initial !== true) return apply
  return (scope, target, work) => {
    const { holder, draft } = target
    const isFirst = holder[element.top] === undefined
    const count = apply(scope, target, work)
    if (isFirst && holder[element.top] !== undefined) {
      draft.initial ??= new Set()
      draft.initial.add(element.top)
    }
    return count
  }
}

/** What the null of HL7 deletes. */
function deletedBy({ part }: Row, { member, top }: ElementPath): string {
  return part === undefined ? member : `${top}.${part}`
}

/** Deletes the element, as the null of HL7 in the field of a row does. */
function clearing(path: string, condition: Predicate | undefined): Rows {
  return (scope, { draft }) => {
    if (condition?.holds(scope) !== false) clear(draft, path)
    return 0
  }
}

/** Most fields are empty: a row without values is left before its condition is asked. A row without a field has no values, which is not nothing. */
function findNodes(
  from: Path | undefined,
  condition: Predicate | undefined,
): (scope: Scope) => readonly Node[] | undefined {
  if (from === undefined)
    return condition === undefined
      ? () => CONSTANT
      : (scope) => (condition.holds(scope) ? CONSTANT : undefined)
  return (scope) => {
    const found = from.find(scope)
    return found.length === 0 || condition?.holds(scope) === false ? undefined : found
  }
}

const CONSTANT: readonly Node[] = []

/** Values that are not null; null alone deletes the element. @returns `undefined` when there is nothing to map */
function valuesOf(
  found: readonly Node[],
  { path, draft }: Target,
  deleted: string,
): readonly Node[] | undefined {
  if (found === CONSTANT) return found
  const only = found[0]
  if (found.length === 1 && only !== undefined && !only.isNull) return found
  const nodes = found.filter((node) => !node.isNull)
  if (nodes.length > 0) return nodes.length === found.length ? found : nodes
  if (found.length > 0 && path === '') clear(draft, deleted)
  return undefined
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
  return (scope, target, work) => (typed?.(scope, target, work) ?? 0) + (own?.(scope, target, work) ?? 0)
}
