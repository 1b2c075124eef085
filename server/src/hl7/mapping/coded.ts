import { fault } from '../../kernel/fault.ts'
import type { Origin } from './draft.ts'
import { compileElement, type ElementPath } from './element.ts'
import { codeSystemNamed } from './functions.ts'
import { sourceOf, textOf, type Node } from './node.ts'
import type { Row, TableRow } from './rules.ts'
import {
  objectBody,
  originOf,
  partText,
  write,
  type Body,
  type RowKit,
  type Rows,
  type Step,
} from './step.ts'

type Table = ReadonlyMap<string, TableRow>

/** A code by a table. What the table does not know is reported, and refused, replaced or left out, as the row says. */
export function codeBody(row: Row, element: ElementPath, table: Table): Body {
  return (step) => {
    const [node] = step.nodes
    if (node === undefined) return 0
    const code = textOf(node).trim()
    const found = translate({ row, table }, code, step)
    if (found?.to) return write(step, element, found.to)
    if (code === '' || isSilent(found)) return 0
    if (row.onUnmapped === 'error') throw unmappedFault(node)
    return row.default === undefined ? 0 : write(step, element, row.default)
  }
}

/** The table's row; what has no meaning there is reported, unless we decided that it has none. */
function translate(
  { row, table }: Pick<CodedSource, 'row' | 'table'>,
  code: string,
  { nodes: [node], work }: Step,
): TableRow | undefined {
  const found = table.get(code) ?? table.get(code.replace(/\d+$/, '<integer>'))
  if (node !== undefined && code !== '' && !found?.to && !isSilent(found))
    work.tools.unmapped(node, code, row.table ?? '')
  return found
}

function isSilent(row: TableRow | undefined): boolean {
  return row?.to === '' && row.origin === 'own'
}

interface CodedSource {
  readonly row: Row
  readonly element: ElementPath
  readonly table: Table
}

/** A Coding or CodeableConcept: translated by the table when the value's own system is the table's, else as it was sent. */
export function codedBody({ row, element, table }: CodedSource, kit: RowKit): Body {
  const isConcept = row.as === 'concept'
  const asSent = kit.datatype(isConcept ? kit.coded.concept : kit.coded.coding)
  const others = isConcept ? kit.datatype(kit.coded.others) : undefined
  const system = [...table.values()][0]?.system ?? ''
  return (given) => {
    const [node] = given.nodes
    if (node === undefined) return 0
    const step = { ...given, origin: originOf(given) }
    const named = partText(node, 3)
    const own = named === '' ? system : codeSystemNamed(named, step.work.tools)
    const code = textOf(node).trim()
    const isOther = own !== undefined && own !== system
    if (isOther || (code !== '' && named !== '' && own === undefined && !table.has(code)))
      return objectBody(asSent, element)(step)
    const found = translate({ row, table }, code, step)
    const coding = found?.to
      ? { system: found.toSystem, code: found.to, display: found.display }
      : { system, code, display: partText(node, 2) }
    const rows: Rows = (scope, target, work) =>
      writeCoded({ ...step, target }, coding, isConcept) + (others?.(scope, target, work) ?? 0)
    return objectBody(rows, element)(step)
  }
}

type Traced = Step & { readonly origin: Origin }

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
  step: Traced,
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
function constantOrigin({ nodes: [node], origin }: Traced): Origin {
  if (node === undefined) return origin
  const also = [`${node.label}-${node.field}`, ...(origin.also ?? [])]
  return { source: node.label, also, rule: origin.rule }
}

function unmappedFault(node: Node): Error {
  return fault('unprocessable', {
    code: 'code-invalid',
    at: sourceOf(node),
    text: 'The code has no meaning in the record: add it to the code table or correct it',
  })
}
