import { compileBody } from './body.ts'
import type { Draft, Target } from './draft.ts'
import { compileElement, type ElementPath } from './element.ts'
import { compileCondition, type Predicate } from './expression.ts'
import { ALL_THERE, passes, sieveOf, type Needs } from './need.ts'
import type { Node, Scope } from './node.ts'
import { compilePath, type FieldName, type Path } from './path.ts'
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
  const segment = mostNamed(compiled.flatMap(({ needs }) => needs))
  const lines = compiled.map(({ needs, apply }) => ({ needs, sieve: sieveOf(needs, segment), apply }))
  const linesFor = byField(lines, segment)
  return (scope, target, work) => {
    const isOwn = scope.segment.name === segment
    const fields = isOwn ? scope.fields.there(scope.segment) : ALL_THERE
    const parts = scope.node === undefined ? ALL_THERE : scope.node.there
    let count = 0
    for (const { sieve, apply } of isOwn ? linesFor(scope) : lines)
      if (passes(sieve, fields, parts)) count += apply(scope, target, work)
    return count
  }
}

/** A row and what it needs to have anything to say. */
interface Line {
  readonly needs: Needs
  readonly apply: Rows
}

/**
 * Many rows of a segment ask for the same field, such as the type of a value, each for other texts of it: the field is looked at once.
 *
 * @returns those that have something to say, or may have
 */
function byField<T extends Pick<Line, 'needs'>>(
  lines: readonly T[],
  segment: string,
): (scope: Scope) => readonly T[] {
  const picks = lines.map(({ needs }) => needs.filter(({ of, values }) => of === segment && values))
  const field = mostAsked(picks.flat())
  if (field === undefined) return () => lines
  const wanted = picks.map((needs) => needs.find((need) => need.field === field)?.values)
  const linesOf = (text: string | undefined): readonly T[] =>
    lines.filter((_, at) => {
      const values = wanted[at]
      return values === undefined || (text !== undefined && values.has(text))
    })
  const known = new Map<string, readonly T[]>()
  for (const values of wanted) for (const text of values ?? []) known.set(text, linesOf(text))
  const others = linesOf(undefined)
  return ({ fields, segment: here }) => {
    const nodes = fields.of(here, field)
    const [only] = nodes
    return only === undefined || nodes.length > 1 || only.isNull ? lines : (known.get(only.text) ?? others)
  }
}

function mostAsked(needs: Needs): number | undefined {
  const counts = Map.groupBy(needs, ({ field }) => field)
  const [first] = [...counts].toSorted(([, one], [, two]) => two.length - one.length)
  return first === undefined || first[1].length < FEW ? undefined : first[0]
}

/** Fewer questions are asked sooner than looked up. */
const FEW = 3

/** Rows are mostly about one segment. */
function mostNamed(needs: Needs): string {
  const counts = new Map<string, number>()
  for (const { of } of needs) if (of !== '') counts.set(of, (counts.get(of) ?? 0) + 1)
  const [first] = [...counts].toSorted(([, one], [, two]) => two - one)
  return first?.[0] ?? ''
}

/** Where the values of a row are, and when they count. */
function sourceOf({ when, from: path }: Row): {
  readonly condition: Predicate | undefined
  readonly from: Path | undefined
  readonly reads: readonly FieldName[]
  readonly needs: Needs
} {
  const condition = when === undefined ? undefined : compileCondition(when)
  const from = path === undefined ? undefined : compilePath(path)
  const both = [condition, from].filter((one) => one !== undefined)
  return {
    condition,
    from,
    reads: both.flatMap(({ fields }) => fields),
    needs: both.flatMap(({ needs }) => needs),
  }
}

function compileRow(row: Row, file: string, kit: RowKit): Line {
  const { condition, from, reads, needs } = sourceOf(row)
  const element = compileElement(row.to)
  kit.reads.push(...reads)
  if (row.clear === true) return { needs, apply: clearing(row.to, condition) }
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
  return { needs, apply: row.initial === true ? initially(element.top, apply) : apply }
}

/** What the row writes counts only when the resource is created. */
function initially(top: string, apply: Rows): Rows {
  return (scope, target, work) => {
    const { holder, draft } = target
    const isFirst = holder[top] === undefined
    const count = apply(scope, target, work)
    if (isFirst && holder[top] !== undefined) {
      draft.initial ??= new Set()
      draft.initial.add(top)
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
