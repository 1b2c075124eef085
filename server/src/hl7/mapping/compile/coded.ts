import { fault } from '../../../kernel/fault.ts'
import { compileElement } from '../model/element.ts'
import type { Node } from '../model/node.ts'
import type { Row, TableRow } from '../rules/rules.ts'
import type { Output, Target, Work } from './draft.ts'
import { codeSystemNamed } from './functions.ts'
import { tableOrigin, valueOrigin } from './origin.ts'
import { fillObject, write, type Body, type RowKit, type Rows } from './target.ts'

interface CodedSource {
  readonly row: Row
  readonly output: Output
  readonly table: ReadonlyMap<string, TableRow>
}

/** A code by a table. What the table does not know is reported, and refused, replaced or left out, as the row says. */
export function codeBody({ row, output, table }: CodedSource): Body {
  return ([from], target) => {
    if (from === undefined) return 0
    const one = { output, target, from, path: '' }
    const found = translate({ row, table }, from, target.work)
    if (found?.to) return write(one, found.to)
    if (from.text.trim() === '' || isSilent(found)) return 0
    if (row.onUnmapped === 'error') throw unmappedFault(from)
    return row.default === undefined ? 0 : write(one, row.default)
  }
}

/** The table's row; what has no meaning there is reported, unless we decided that it has none. */
function translate(
  { row, table }: Pick<CodedSource, 'row' | 'table'>,
  node: Node,
  { tools }: Work,
): TableRow | undefined {
  const code = node.text.trim()
  const found = table.get(code) ?? table.get(code.replace(/\d+$/, '<integer>'))
  if (code !== '' && !found?.to && !isSilent(found)) tools.unmapped(node, code, row.table ?? '')
  return found
}

function isSilent(row: TableRow | undefined): boolean {
  return row?.to === '' && row.origin === 'own'
}

/** A Coding or CodeableConcept: translated by the table when the value's own system is the table's, else as it was sent. */
export function codedBody({ row, output, table }: CodedSource, kit: RowKit): Body {
  const isConcept = row.as === 'concept'
  const asSent = { rows: kit.datatype(isConcept ? kit.coded.concept : kit.coded.coding), output }
  const others = isConcept ? kit.datatype(kit.coded.others) : undefined
  const system = [...table.values()][0]?.system ?? ''
  const writeCoding = codingWriter(output, isConcept ? 'coding[0].' : '')
  return ([node], target) => {
    if (node === undefined) return 0
    if (isOfOthers(node, { system, table }, target.work)) return fillObject(node, target, asSent)
    const found = translate({ row, table }, node, target.work)
    const display = node.partText(2)
    const coding = found?.to
      ? { system: found.toSystem, code: found.to, display: found.display }
      : { system, code: node.text.trim(), display }
    const text = isConcept ? node.partText(9) || display : ''
    const rows: Rows = (inner) => writeCoding({ ...coding, text }, inner, node) + (others?.(inner) ?? 0)
    return fillObject(node, target, { rows, output })
  }
}

/** The value names a code system that is not the table's, or one that nobody knows with a code that the table does not have. */
function isOfOthers(
  node: Node,
  { system, table }: Pick<CodedSource, 'table'> & { readonly system: string },
  { tools }: Work,
): boolean {
  const named = node.partText(3)
  if (named === '') return false
  const own = codeSystemNamed(named, tools)
  const code = node.text.trim()
  return own === undefined ? code !== '' && !table.has(code) : own !== system
}

interface Coding {
  readonly system: string
  readonly code: string
  readonly display: string
  /** Of the concept around it. */
  readonly text: string
}

/** The fields of the row's condition decided about the object, and by that about what is in it. */
function codingWriter(
  { rule }: Output,
  within: string,
): (coding: Coding, target: Target, from: Node) => number {
  const outputOf = (element: string, origin: Output['origin'] = valueOrigin): Output => ({
    element: compileElement(element),
    rule,
    fields: [],
    origin,
  })
  const outputs = {
    system: outputOf(`${within}system`, tableOrigin),
    code: outputOf(`${within}code`),
    display: outputOf(`${within}display`),
    text: outputOf('text'),
  }
  return ({ system, code, display, text }, target, from) => {
    const writeIt = (output: Output, made: string): number =>
      made === '' ? 0 : write({ output, target, from, path: '' }, made)
    if (code !== '') writeIt(outputs.system, system)
    const coded = code === '' ? 0 : writeIt(outputs.code, code) + writeIt(outputs.display, display)
    return coded + writeIt(outputs.text, text)
  }
}

function unmappedFault(node: Node): Error {
  return fault('unprocessable', {
    code: 'code-invalid',
    at: node.source,
    text: 'The code has no meaning in the record: add it to the code table or correct it',
  })
}
