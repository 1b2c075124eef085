import { elementRow, repeats } from '../elements.ts'
import type { ElementRow, ElementTable } from '../elements.ts'
import { isEqual, textOf } from '../json/tree.ts'
import type { ObjectTree, Tree } from '../json/tree.ts'
import { readPairs } from './pairs.ts'
import type { Pair } from './pairs.ts'

/** JSON texts of the operations of a FHIRPath Patch. */
type Operations = readonly string[]

/**
 * The FHIRPath Patch that makes one version of a resource from another one: applied to `before` it gives `after`.
 *
 * @param path where the objects stand: `Patient`, `Patient.contact[0]`.
 */
export function fhirDiff(table: ElementTable, type: string, change: Change): Operations {
  const { path, before, after } = change
  const names = new Set(
    [...before.members.keys(), ...after.members.keys()].map((name) => name.replace(/^_/, '')),
  )
  const own = [...names].filter((name) => path.includes('.') || !NEVER.has(name))
  const elements = own.flatMap((property): readonly Compared[] => {
    const row = elementRow(table, type, property)
    if (!row) return []
    return [
      {
        property,
        row,
        path,
        name: row[2] ?? property,
        a: readPairs(before, property),
        b: readPairs(after, property),
      },
    ]
  })
  // What is added comes first, so that no object is empty on the way.
  return [
    ...elements.flatMap((each) => changed(table, each, elements)),
    ...elements.flatMap((each) => removed(each, elements)),
  ]
}

export interface Change {
  readonly path: string
  readonly before: ObjectTree
  readonly after: ObjectTree
}

interface Compared {
  readonly property: string
  readonly row: ElementRow
  readonly path: string
  readonly name: string
  readonly a: readonly Pair[]
  readonly b: readonly Pair[]
}

/** Of the resource itself: the hub's own; `meta` has `$meta`. */
const NEVER = new Set(['resourceType', 'id', 'meta'])

function changed(table: ElementTable, element: Compared, all: readonly Compared[]): Operations {
  const { row, path, name, a, b } = element
  return b.flatMap((pair, index): Operations => {
    const before = a[index]
    const at = repeats(row) ? `${path}.${name}[${String(index)}]` : `${path}.${name}`
    if (before) return isSame(before, pair) ? [] : replaced(table, { row, at }, [before, pair])
    const isOtherType = all.some(
      (each) => each !== element && each.row[2] !== undefined && each.name === name && each.a.length > 0,
    )
    if (isOtherType) return [operation({ type: 'replace', path: at }, valuePart(table, row, { pair }))]
    return [operation({ type: 'add', path, name }, valuePart(table, row, { pair }))]
  })
}

function replaced(
  table: ElementTable,
  { row, at }: { readonly row: ElementRow; readonly at: string },
  [before, after]: readonly [Pair, Pair],
): Operations {
  if (row[0] !== 'Resource' && before.value?.kind === 'object' && after.value?.kind === 'object')
    return fhirDiff(table, row[0], { path: at, before: before.value, after: after.value })
  return [operation({ type: 'replace', path: at }, valuePart(table, row, { pair: after }))]
}

function removed({ row, path, name, property, a, b }: Compared, all: readonly Compared[]): Operations {
  const isReplaced = all.some((each) => each.property !== property && each.name === name && each.b.length > 0)
  if (row[2] !== undefined && isReplaced) return []
  return a.slice(b.length).map((_, index, gone) => {
    const at = `[${String(b.length + gone.length - 1 - index)}]`
    return operation({ type: 'delete', path: `${path}.${name}${repeats(row) ? at : ''}` })
  })
}

function isSame(a: Pair, b: Pair): boolean {
  return isSameTree(a.value, b.value) && isSameTree(a.beside, b.beside)
}

function isSameTree(a: Tree | undefined, b: Tree | undefined): boolean {
  return a && b ? isEqual(a, b) && textOf(a) === textOf(b) : a === b
}

function operation(parts: Readonly<Record<string, string>>, value?: string): string {
  const own = Object.entries(parts).map(([name, text]) =>
    JSON.stringify({ name, [name === 'type' ? 'valueCode' : 'valueString']: text }),
  )
  return `{"name":"operation","part":[${[...own, ...(value === undefined ? [] : [value])].join(',')}]}`
}

interface Valued {
  readonly pair: Pair
  /** Of the part; `value` when absent. */
  readonly name?: string
}

/** The part with the value: of a data type, a resource, or the parts of a type that has no `value[x]`. */
function valuePart(table: ElementTable, [type]: ElementRow, { pair, name = 'value' }: Valued): string {
  const head = `{"name":${JSON.stringify(name)}`
  if (type === 'Resource') return `${head},"resource":${pair.value ? textOf(pair.value) : '{}'}}`
  if (pair.value?.kind === 'object' && isAnonymous(type))
    return `${head},"part":[${partsOf(table, type, pair.value).join(',')}]}`
  const suffix = suffixOf(type)
  const value = pair.value ? `,"value${suffix}":${textOf(pair.value)}` : ''
  const beside = pair.beside ? `,"_value${suffix}":${textOf(pair.beside)}` : ''
  return `${head}${value}${beside}}`
}

function isAnonymous(type: string): boolean {
  return type.includes('.') || WITHOUT_VALUE.has(type)
}

/** Data types that R4 does not have in `value[x]`. */
const WITHOUT_VALUE = new Set([
  'Extension',
  'Narrative',
  'ElementDefinition',
  'ProdCharacteristic',
  'ProductShelfLife',
  'MarketingStatus',
  'Population',
  'SubstanceAmount',
])

function suffixOf(type: string): string {
  if (type === 'xhtml' || type.startsWith('System.')) return 'String'
  return `${type.charAt(0).toUpperCase()}${type.slice(1)}`
}

function partsOf(table: ElementTable, type: string, object: ObjectTree): Operations {
  const names = new Set([...object.members.keys()].map((name) => name.replace(/^_/, '')))
  return [...names].flatMap((property) => {
    const row = elementRow(table, type, property)
    if (!row) return []
    return readPairs(object, property).map((pair) =>
      valuePart(table, row, { pair, name: row[2] ?? property }),
    )
  })
}
