import { fault } from '../../kernel/fault.ts'
import type { Origin, Target } from './draft.ts'
import { compileElement, type ElementPath } from './element.ts'
import { codeSystemNamed } from './functions.ts'
import type { Node } from './node.ts'
import type { Row, TableRow } from './rules.ts'
import { alsoOf, fillObject, write, writeInto, type Body, type RowKit, type Step } from './step.ts'

type Table = ReadonlyMap<string, TableRow>

/** A code by a table. What the table does not know is reported, and refused, replaced or left out, as the row says. */
export function codeBody(row: Row, element: ElementPath, table: Table): Body {
  return (step) => {
    const node = step.nodes[0]
    if (node === undefined) return 0
    const code = node.text.trim()
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
  { nodes, work }: Step,
): TableRow | undefined {
  const node = nodes[0]
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
  return (step) => {
    const node = step.nodes[0]
    if (node === undefined) return 0
    const named = node.partText(3)
    const own = named === '' ? system : codeSystemNamed(named, step.work.tools)
    const code = node.text.trim()
    const isOther = own !== undefined && own !== system
    if (isOther || (code !== '' && named !== '' && own === undefined && !table.has(code)))
      return fillObject(step, element, asSent)
    const found = translate({ row, table }, code, step)
    const coding: Coding = found?.to
      ? { system: found.toSystem, code: found.to, display: found.display }
      : { system, code, display: node.partText(2) }
    const writeIt = isConcept ? writeConcept : writeCoding
    return fillObject(
      step,
      element,
      (scope, target, work) => writeIt({ step, target }, coding) + (others?.(scope, target, work) ?? 0),
    )
  }
}

interface Coding {
  readonly system: string
  readonly code: string
  readonly display: string
}

/** Where the members of a coding go. */
interface CodingElements {
  readonly system: ElementPath
  readonly code: ElementPath
  readonly display: ElementPath
}

const CODING: CodingElements = {
  system: compileElement('system'),
  code: compileElement('code'),
  display: compileElement('display'),
}
const FIRST_CODING: CodingElements = {
  system: compileElement('coding[0].system'),
  code: compileElement('coding[0].code'),
  display: compileElement('coding[0].display'),
}
const TEXT = compileElement('text')

/** What is written into, and the row that says so. */
interface Writing {
  readonly step: Step
  readonly target: Target
}

function writeCoding({ step, target }: Writing, coding: Coding, elements = CODING): number {
  const { system, code, display } = coding
  if (code === '') return 0
  if (system !== '') writeInto(target, elements.system, { made: system, from: () => constantOrigin(step) })
  const count = writeInto(target, elements.code, { made: code, from: step })
  return count + (display === '' ? 0 : writeInto(target, elements.display, { made: display, from: step }))
}

function writeConcept(writing: Writing, coding: Coding): number {
  const { step, target } = writing
  const count = writeCoding(writing, coding, FIRST_CODING)
  const node = step.nodes[0]
  const text = node === undefined ? '' : node.partText(9) || node.partText(2)
  return count + (text === '' ? 0 : writeInto(target, TEXT, { made: text, from: step }))
}

/** The system belongs to the table, not to the value. */
function constantOrigin(step: Step): Origin {
  const node = step.nodes[0]
  const { rule } = step.known
  const also = alsoOf(step) ?? []
  if (node === undefined) return { source: '', also, rule }
  return { source: node.label, also: [`${node.label}-${node.field}`, ...also], rule }
}

function unmappedFault(node: Node): Error {
  return fault('unprocessable', {
    code: 'code-invalid',
    at: node.source,
    text: 'The code has no meaning in the record: add it to the code table or correct it',
  })
}
