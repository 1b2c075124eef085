import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { propertiesOf, type ElementTable } from '../elements.ts'
import type { PathNode } from '../generate/fhirpath-parser.ts'
import { referencedType } from '../keys/references.ts'

/** A value that a path finds, with its FHIR type; a value that was computed has the type `boolean`. */
export interface Item {
  readonly type: string
  readonly value: JsonValue
}

export interface Root {
  readonly table: ElementTable
  readonly type: string
  readonly resource: JsonObject
}

type Items = readonly Item[]
type Call = Extract<PathNode, { kind: 'call' }>

/** What an expression of a posted SearchParameter finds. The tree is walked; nothing is compiled or evaluated as code. */
export function itemsAt(node: PathNode, root: Root, focus: Items = [rootItem(root)]): Items {
  switch (node.kind) {
    case 'literal':
      return [{ type: typeof node.value, value: node.value }]
    case 'empty':
      return []
    case 'this':
      return focus
    case 'member':
      return member(node, root, focus)
    case 'index':
      return itemsAt(node.on, root, focus).slice(node.at, node.at + 1)
    case 'binary':
      return binary(node, root, focus)
    case 'call':
      return called(node, root, focus)
    case 'variable':
    default:
      return [rootItem(root)]
  }
}

function called(node: Call, root: Root, focus: Items): Items {
  const on = node.on ? itemsAt(node.on, root, focus) : focus
  return FUNCTIONS[node.name]?.(on, node, root) ?? []
}

function rootItem({ type, resource }: Root): Item {
  return { type, value: resource }
}

export function isRootName(name: string, type: string): boolean {
  return name === type || name === 'Resource' || name === 'DomainResource'
}

function member(node: Extract<PathNode, { kind: 'member' }>, root: Root, focus: Items): Items {
  return node.on ? step(itemsAt(node.on, root, focus), node.name, root) : first(node.name, root, focus)
}

/** A leading type name stands for the resource, when it is of that type. */
function first(name: string, root: Root, focus: Items): Items {
  if (isRootName(name, root.type)) return [rootItem(root)]
  return /^[A-Z]/.test(name) ? [] : step(focus, name, root)
}

function step(items: Items, name: string, { table }: Root): Items {
  return items.flatMap(({ type, value }) => {
    if (typeof value !== 'object' || value === null) return []
    const object = value as JsonObject
    const own =
      type === 'Resource' && typeof object['resourceType'] === 'string' ? object['resourceType'] : type
    return propertiesOf(table, own, name).flatMap((property) => {
      const [found = ''] = table[own]?.[property] ?? []
      return listOf(object[property]).map((each) => ({ type: found, value: each }))
    })
  })
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  const list = Array.isArray(value) ? (value as readonly JsonValue[]) : value === undefined ? [] : [value]
  return list.filter((each) => each !== null)
}

function binary(node: Extract<PathNode, { kind: 'binary' }>, root: Root, focus: Items): Items {
  const left = itemsAt(node.left, root, focus)
  const right = itemsAt(node.right, root, focus)
  switch (node.op) {
    case '|':
      return [...left, ...right]
    case '=':
    case '!=': {
      if (left.length === 0 || right.length === 0) return []
      const isEqual = left[0]?.value === right[0]?.value && left.length === right.length
      return truth(isEqual === (node.op === '='))
    }
    default:
      return truth(LOGIC[node.op]?.(isTrue(left), isTrue(right)) === true)
  }
}

const LOGIC: Readonly<Record<string, (left: boolean, right: boolean) => boolean>> = {
  and: (left, right) => left && right,
  or: (left, right) => left || right,
  xor: (left, right) => left !== right,
  implies: (left, right) => !left || right,
}

/** What `binary` knows. */
export const OPERATORS: ReadonlySet<string> = new Set(['|', '=', '!=', ...Object.keys(LOGIC)])

function truth(value: boolean): Items {
  return [{ type: 'boolean', value }]
}

export function isTrue(items: Items): boolean {
  return items.length > 0 && items[0]?.value !== false
}

type Function = (items: Items, call: Call, root: Root) => Items

const FUNCTIONS: Readonly<Record<string, Function>> = {
  where,
  exists: (items, call, root) => truth((call.args.length > 0 ? where(items, call, root) : items).length > 0),
  empty: (items) => truth(items.length === 0),
  not: (items) => (items.length === 0 ? [] : truth(!isTrue(items))),
  first: (items) => items.slice(0, 1),
  as: narrowed,
  ofType: narrowed,
  is: (items, call) => truth(narrowed(items, call).length > 0),
  extension: (items, { args: [url] }, root) =>
    step(items, 'extension', root).filter(
      ({ value }) => url?.kind === 'literal' && (value as JsonObject)['url'] === url.value,
    ),
  resolve: (items) =>
    items.flatMap(({ value }) => {
      const text = typeof value === 'string' ? value : (value as JsonObject)['reference']
      const type = typeof text === 'string' ? referencedType(text) : undefined
      return type === undefined ? [] : [{ type, value: { resourceType: type } }]
    }),
}

/** The names of all functions that an expression may use. */
export const FUNCTION_NAMES: ReadonlySet<string> = new Set(Object.keys(FUNCTIONS))

function where(items: Items, { args: [condition] }: Call, root: Root): Items {
  return condition ? items.filter((item) => isTrue(itemsAt(condition, root, [item]))) : items
}

function narrowed(items: Items, { args: [type] }: Call): Items {
  return items.filter((item) => type?.kind === 'member' && item.type === dataType(type.name))
}

/** FHIRPath's own names of primitives begin with a capital. */
export function dataType(name: string): string {
  return /^(?:Boolean|String|Integer|Decimal|Date|DateTime)$/.test(name)
    ? name.charAt(0).toLowerCase() + name.slice(1)
    : name
}
