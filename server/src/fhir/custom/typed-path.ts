import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { elementRow, propertiesOf, type ElementTable } from '../elements.ts'
import { SUBTYPES } from '../generate/compile-operations.ts'
import type { PathNode } from '../generate/fhirpath-parser.ts'
import { referencedType } from '../keys/references.ts'
import { isResourceOf } from '../validation/collections.ts'
import { hasValue } from '../validation/operators.ts'
import { quantityOf } from '../validation/quantities.ts'
import { computed, isTrue, operated, truthItems } from './computed-items.ts'
import type { Item, Items } from './items.ts'
import type { Walk } from './walk.ts'

export interface Root {
  readonly table: ElementTable
  readonly type: string
  readonly resource: JsonObject
  /** Bounds the work; absent for expressions that only lead down. */
  readonly walk?: Walk
  /** A union keeps what occurs twice: that costs less, and is no matter where keys are made of it. */
  readonly mayRepeat?: true
  /** `%context` and `%rootResource`. */
  readonly variables?: Readonly<Record<string, Items>>
}

type Call = Extract<PathNode, { kind: 'call' }>

/** What a posted expression finds. The tree is walked; nothing is compiled or evaluated as code. @throws BeyondWalk */
export function itemsAt(node: PathNode, root: Root, focus: Items = [rootItem(root)]): Items {
  const found = evaluated(node, root, focus)
  root.walk?.spend(found.length)
  return found
}

/** The same where values are looked for: an extension stands for its value. */
export function valueItemsAt(node: PathNode, root: Root, focus?: Items): Items {
  return itemsAt(node, root, focus).flatMap((item) =>
    item.type === 'Extension' ? step([item], 'value', root) : [item],
  )
}

function evaluated(node: PathNode, root: Root, focus: Items): Items {
  switch (node.kind) {
    case 'literal':
      return [{ type: literalType(node), value: node.value }]
    case 'quantity':
      return [{ type: 'Quantity', value: quantityOf(node.value, node.unit) }]
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
      return variable(node.name, root)
  }
}

/** `$index` and `$total` are nothing where nothing is counted. */
function variable(name: string, root: Root): Items {
  return root.variables?.[name] ?? (name.startsWith('$') ? [] : [rootItem(root)])
}

function binary({ op, left, right }: Extract<PathNode, { kind: 'binary' }>, root: Root, focus: Items): Items {
  const sides = [itemsAt(left, root, focus), itemsAt(right, root, focus)] as const
  return op === '|' && root.mayRepeat ? sides.flat() : operated(op, sides, root.walk)
}

export function literalType({ value, type }: Extract<PathNode, { kind: 'literal' }>): string {
  return type ?? (typeof value === 'number' ? 'integer' : typeof value)
}

function called(node: Call, root: Root, focus: Items): Items {
  const on = node.on ? itemsAt(node.on, root, focus) : focus
  const own = Object.hasOwn(FUNCTIONS, node.name) ? FUNCTIONS[node.name] : undefined
  if (own) return own(on, node, { root, focus })
  const args = node.args.map((each) => itemsAt(each, root, focus))
  return computed(node.name, [on, ...args], root.walk)
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

/** A leading type name stands for what is asked, or for the resource, when it is of that type. */
function first(name: string, root: Root, focus: Items): Items {
  if (isRootName(name, root.type)) return focus.some(({ type }) => type === name) ? focus : [rootItem(root)]
  return /^[A-Z]/.test(name) ? [] : step(focus, name, root)
}

function step(items: Items, name: string, { table }: Root): Items {
  return items.flatMap((item) => {
    const { value, extra } = item
    const object = typeof value === 'object' ? (value as JsonObject) : extra
    if (!object) return []
    const own = ownType(item)
    const properties = object === extra ? [name] : propertiesOf(table, own, name)
    return properties.flatMap((property) => valuesAt(object, property, typeAt(table, own, property)))
  })
}

/** What stands where any resource may is of the type that it says. */
function ownType({ type, value }: Item): string {
  const own = type === 'Resource' ? (value as JsonObject)['resourceType'] : type
  return typeof own === 'string' ? own : type
}

/** Of what stands in `_name` the elements are those of every element. */
function typeAt(table: ElementTable, type: string, property: string): string {
  return elementRow(table, type, property)?.[0] ?? (property === 'extension' ? 'Extension' : 'string')
}

function valuesAt(object: JsonObject, property: string, type: string): Items {
  const extras = listOf(object[`_${property}`])
  return listOf(object[property] ?? extras.map(() => null)).flatMap((value, index) => {
    const extra = extras[index]
    const beside = typeof extra === 'object' && extra !== null ? { extra: extra as JsonObject } : {}
    if (value !== null) return [{ type, value, ...beside }]
    return beside.extra ? [{ type, value: beside.extra, extra: beside.extra }] : []
  })
}

function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  if (value === undefined) return []
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [value]
}

interface Place {
  readonly root: Root
  readonly focus: Items
}

type Function = (items: Items, call: Call, place: Place) => Items

const FUNCTIONS: Readonly<Record<string, Function>> = {
  where,
  exists: (items, call, place) =>
    truthItems((call.args.length > 0 ? where(items, call, place) : items).length > 0),
  empty: (items) => truthItems(items.length === 0),
  not: (items) => (items.length === 0 ? [] : truthItems(!isTrue(items))),
  all: (items, call, place) => truthItems(where(items, call, place).length === items.length),
  count: (items) => [{ type: 'integer', value: items.length }],
  first: (items) => items.slice(0, 1),
  tail: (items) => items.slice(1),
  trace: (items) => items,
  combine: (items, { args: [other] }, { root, focus }) => [
    ...items,
    ...(other ? itemsAt(other, root, focus) : []),
  ],
  select: (items, { args: [projection] }, { root }) =>
    projection ? ofEach(items, projection, root).flat() : [],
  aggregate: (items, { args: [next, start] }, { root, focus }) => {
    let total = start ? itemsAt(start, root, focus) : []
    if (!next) return total
    for (const [index, item] of items.entries()) {
      const variables = { ...root.variables, $total: total, $index: [{ type: 'integer', value: index }] }
      total = itemsAt(next, { ...root, variables }, [item])
    }
    return total
  },
  repeat: (items, { args: [projection] }, { root }) => {
    const found = new Map<JsonValue, Item>()
    if (!projection) return []
    for (let level = items; level.length > 0;) {
      const next = level.flatMap((item) => itemsAt(projection, root, [item]))
      // What was there before, values that are no part of the resource among it, leads to nothing new.
      level = next.filter(({ value }) => !found.has(value))
      for (const item of level) found.set(item.value, item)
    }
    return [...found.values()]
  },
  children: (items, _call, { root }) => childrenOf(items, root),
  descendants: (items, _call, { root }) =>
    levels(childrenOf(items, root), (level) => childrenOf(level, root)),
  iif: (items, { args: [condition, yes, no] }, { root }) => {
    const branch = condition && isTrue(itemsAt(condition, root, items)) ? yes : no
    return branch ? itemsAt(branch, root, items) : []
  },
  hasValue: (items) => truthItems(hasValue(items.map(({ value }) => value))),
  as: narrowed,
  ofType: narrowed,
  is: (items, { args: [type] }, { root }) =>
    truthItems(items.length === 1 && items.some((item) => isOf(item, type, root))),
  extension: (items, { args: [url] }, { root }) =>
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

/** Functions that are walked here. */
export const WALKED_FUNCTIONS: ReadonlySet<string> = new Set(Object.keys(FUNCTIONS))

function levels(start: Items, next: (level: Items) => Items): Items {
  const found: Item[] = []
  for (let level = start; level.length > 0; level = next(level)) found.push(...level)
  return found
}

function where(items: Items, { args: [condition] }: Call, { root }: Place): Items {
  if (!condition) return items
  const found = ofEach(items, condition, root)
  return items.filter((_item, index) => isTrue(found[index] ?? []))
}

/** What an expression finds at each of them. */
function ofEach(items: Items, node: PathNode, root: Root): readonly Items[] {
  if (!counts(node)) return items.map((item) => itemsAt(node, root, [item]))
  return items.map((item, index) => {
    const variables = { ...root.variables, $index: [{ type: 'integer', value: index }] }
    return itemsAt(node, { ...root, variables }, [item])
  })
}

const COUNTING = new WeakMap<PathNode, boolean>()

/** Whether an expression asks for the number of the item that it looks at. */
function counts(node: PathNode): boolean {
  const known = COUNTING.get(node)
  if (known !== undefined) return known
  const found = node.kind === 'variable' ? node.name === '$index' : partsOf(node).some(counts)
  COUNTING.set(node, found)
  return found
}

function partsOf(node: PathNode): readonly PathNode[] {
  if (node.kind === 'binary') return [node.left, node.right]
  if (node.kind === 'index') return [node.on]
  const on = node.kind === 'call' || node.kind === 'member' ? node.on : undefined
  return [...(on ? [on] : []), ...(node.kind === 'call' ? node.args : [])]
}

function childrenOf(items: Items, root: Root): Items {
  const found = items.flatMap((item) =>
    typeof item.value === 'object' && item.value !== item.extra
      ? Object.keys(item.value as JsonObject).flatMap((name) => childrenAt(item, name, root))
      : [],
  )
  root.walk?.spend(found.length)
  return found
}

function childrenAt(item: Item, name: string, { table }: Root): Items {
  const object = item.value as JsonObject
  if (name.startsWith('_') || name === 'resourceType') return []
  const own = typeof object['resourceType'] === 'string' ? object['resourceType'] : item.type
  return valuesAt(object, name, typeAt(table, own, name))
}

function narrowed(items: Items, { args: [type] }: Call, { root }: Place): Items {
  if (type?.kind !== 'member') return []
  const wanted = dataType(type.name)
  return items.filter((item) => item.type === wanted || isMadeFrom(ownType(item), wanted, root))
}

/** Also of the types that are made from it. */
function isOf(item: Item, wanted: PathNode | undefined, root: Root): boolean {
  if (wanted?.kind !== 'member') return false
  const { type } = item
  const name = dataType(wanted.name)
  return type === name || isMadeFrom(ownType(item), name, root) || SUBTYPES[name]?.includes(type) === true
}

/** Whether a type is the other one, or that is abstract and what this is made from. */
function isMadeFrom(type: string, other: string, { table }: Root): boolean {
  // Only resources have this element.
  const isResource = elementRow(table, type, 'implicitRules') !== undefined
  if (other === 'Element') return !isResource
  if (other === 'BackboneElement') return type.includes('.')
  return type === other || (isResource && isResourceOf(type, other))
}

/** FHIRPath's own names of primitives begin with a capital. */
export function dataType(name: string): string {
  return /^(?:Boolean|String|Integer|Decimal|Date|DateTime|Time)$/.test(name)
    ? name.charAt(0).toLowerCase() + name.slice(1)
    : name
}
