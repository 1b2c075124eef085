import type { SearchParam } from '../definitions.ts'
import type { PathNode } from '../generate/fhirpath-parser.ts'
import type { KeyCollector } from '../keys/collector.ts'
import type { Item } from './items.ts'
import { bounded, extractorOf, pathOf, readableTypes, unusable } from './posted-path.ts'
import { fingerprintOf } from './posted.ts'
import type { CustomParameter, Posted, Vocabulary } from './posted.ts'
import { itemsAt, valueItemsAt } from './typed-path.ts'
import type { Root } from './typed-path.ts'

interface Part {
  /** The parameter that says how values of the part are written and compared. */
  readonly known: SearchParam
  readonly node: PathNode
  /** What the keys of the part stand under: `reaction-and-date$2`. */
  readonly code: string
}

/**
 * A posted composite: its expression finds elements, the expressions of its components the parts of each. The parts have keys of their own,
 * which find candidates; one element must then meet all parts.
 *
 * @throws Fault `unprocessable` that says where and why the hub can not search by it
 */
export function compositeParameter(
  posted: Posted,
  types: readonly string[],
  vocabulary: Vocabulary,
): CustomParameter {
  const { id, url, code, expression, component = [] } = posted
  const { table, walkHash } = vocabulary
  const node = pathOf(expression, 'expression')
  if (component.length < 2) throw unusable('component', 'A composite needs at least two components.')
  const parts = component.map((_, index) => partOf(posted, index, { ...vocabulary, types }))
  for (const root of types) checkParts({ node, parts, root, table })
  const fill = (root: Root, element: Item, keys: KeyCollector): void => {
    for (const part of parts) {
      keys.begin(part.code)
      for (const item of valueItemsAt(part.node, root, [element]))
        extractorOf(part.known.type, item.type)?.(keys, item.value)
    }
  }
  return {
    id,
    types,
    param: {
      code,
      type: 'composite',
      url,
      components: parts.map(({ known }) => known.code),
      parts: parts.map(({ known: { type: kind, url: of }, code: own }) => ({
        code: own,
        type: kind,
        url: of,
      })),
      perElement: true,
    },
    fingerprint: fingerprintOf([code, 'composite', types, expression, component, walkHash]),
    collect: (type, resource, keys) => {
      bounded(code, { table, type, resource }, (root) => {
        for (const element of itemsAt(node, root)) fill(root, element, keys)
      })
    },
    elements: (type, resource, collector) =>
      bounded(code, { table, type, resource }, (root) =>
        itemsAt(node, root).map((element) => {
          const keys = collector()
          fill(root, element, keys)
          return keys.finish()
        }),
      ),
  }
}

function partOf({ code, component = [] }: Posted, index: number, { types, parameterAt }: Vocabulary): Part {
  const { definition = '', expression } = component[index] ?? {}
  const at = `component[${String(index)}]`
  const [url = ''] = definition.split('|')
  const [known, ...others] = types.map((type) => parameterAt(type, url))
  if (!known || others.some((other) => other?.type !== known.type))
    throw unusable(`${at}.definition`, `This server knows no such parameter of ${types.join(', ')}.`)
  if (known.type === 'composite' || known.type === 'special')
    throw unusable(`${at}.definition`, `A ${known.type} parameter cannot be a part of a composite.`)
  return { known, node: pathOf(expression, `${at}.expression`), code: `${code}$${String(index + 1)}` }
}

function checkParts({
  node,
  parts,
  root,
  table,
}: Pick<Vocabulary, 'table'> & { node: PathNode; parts: readonly Part[]; root: string }): void {
  const elements = readableTypes(node, { table, root, at: 'expression' })
  for (const [index, { node: part, known }] of parts.entries()) {
    const at = `component[${String(index)}].expression`
    for (const element of elements) readableTypes(part, { table, root: element, type: known.type, at })
  }
}
