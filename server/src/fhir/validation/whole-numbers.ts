import type { Issue } from '../../kernel/fault.ts'
import { elementRow } from '../elements.ts'
import type { ElementTable } from '../elements.ts'
import { stringIn, treeOf } from '../json/tree.ts'
import type { Tree } from '../json/tree.ts'

/** Behind a name: digits of a value, or of a list up to its first such item, and then a fraction or an exponent. No two ways to read it. */
const DECIMAL = '"\\s{0,99}:[\\d\\s,+[-]*[.eE]'
/** One search for all names (one for each takes three times as long), by these names: resources have few such sets, a hostile sender many. */
const searches = new Map<string, RegExp>()
const SEARCHES_MOST = 256

interface Written {
  /** JSON of a resource that is valid apart from this. */
  readonly text: string
  readonly type: string
  /** Properties of the resource that are integers; others of this name may be none. */
  readonly integers: ReadonlySet<string>
}

/**
 * Integers that are written as decimals, which the text alone can tell: `1.0`, `1e2`.
 *
 * @see FHIR R4, "Data Types", integer: only digits and a sign
 */
export function decimalWriting(
  { text, type, integers }: Written,
  elements: () => ElementTable,
): readonly Issue[] {
  if (!searchFor(integers).test(text)) return []
  const issues: Issue[] = []
  walk(treeOf(text), { type: 'Resource', at: type }, { table: elements(), issues })
  return issues
}

function searchFor(integers: ReadonlySet<string>): RegExp {
  const names = [...integers].join('|')
  const known = searches.get(names)
  if (known !== undefined) return known
  if (searches.size >= SEARCHES_MOST) searches.clear()
  const search = new RegExp(`"(?:${names})${DECIMAL}`)
  searches.set(names, search)
  return search
}

interface Place {
  readonly type: string
  readonly at: string
}

interface Findings {
  readonly table: ElementTable
  readonly issues: Issue[]
}

function walk(tree: Tree, place: Place, findings: Findings): void {
  const { type, at } = place
  if (tree.kind === 'list')
    for (const [i, item] of tree.items.entries()) walk(item, { type, at: `${at}[${String(i)}]` }, findings)
  else if (tree.kind === 'scalar') judge(tree.text, place, findings)
  else {
    const own = type === 'Resource' ? (stringIn(tree.members.get('resourceType')) ?? type) : type
    for (const [name, value] of tree.members) {
      const row = name.startsWith('_') ? (['Element'] as const) : elementRow(findings.table, own, name)
      if (row) walk(value, { type: row[0], at: `${at}.${name}` }, findings)
    }
  }
}

const WHOLE = new Set(['integer', 'unsignedInt', 'positiveInt'])

function judge(text: string, { type, at }: Place, { issues }: Findings): void {
  if (!WHOLE.has(type) || /^-?\d+$/.test(text)) return
  const advice = 'A whole number is written with digits only, without fraction and exponent.'
  issues.push({ severity: 'error', code: 'value', at, text: advice })
}
