import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { isObject } from '../collections.ts'
import type { ElementPlan } from './plan.ts'

/** One value of an element with its type and its place. */
export interface Item {
  readonly value: JsonValue
  /** What stands in `_name` beside a value. */
  readonly extra: JsonValue | undefined
  readonly type: string
  /** -1 where the element does not repeat. */
  readonly index: number
}

export const NO_ITEMS: readonly Item[] = []

/**
 * What an object has of each element that a plan speaks of, by the position among the children. To go through the members that are there is
 * several times as quick as to ask for each that may be.
 */
export function itemsByChild(
  plan: ElementPlan,
  parent: JsonObject,
): readonly (readonly Item[] | undefined)[] {
  const places = placesOf(plan)
  const found: Item[][] = []
  for (const name in parent) {
    // What stands beside a value belongs to its items.
    if (name.charCodeAt(0) === UNDERSCORE) return plan.children.map((child) => itemsOf(child, parent))
    const place = places.get(name)
    if (place) addValues((found[place.at] ??= []), parent[name], place.type)
  }
  return found
}

const UNDERSCORE = 95

interface Place {
  readonly at: number
  readonly type: string
}

/** Property to the child that it belongs to. */
const known = new WeakMap<ElementPlan, ReadonlyMap<string, Place>>()

function placesOf(plan: ElementPlan): ReadonlyMap<string, Place> {
  const before = known.get(plan)
  if (before) return before
  const places = new Map(
    plan.children.flatMap(({ variants }, at) =>
      variants.map(({ property, type }): [string, Place] => [property, { at, type }]),
    ),
  )
  known.set(plan, places)
  return places
}

/** The values of an element of one object. */
function itemsOf({ variants }: ElementPlan, parent: JsonObject): readonly Item[] {
  let items: Item[] | undefined
  for (const variant of variants) {
    const value = parent[variant.property]
    const extra = variant.extra === undefined ? undefined : parent[variant.extra]
    if (value === undefined && extra === undefined) continue
    items ??= []
    addItems(items, value, { extra, type: variant.type })
  }
  return items ?? NO_ITEMS
}

/** Where nothing stands beside the values. */
function addValues(items: Item[], value: JsonValue | undefined, type: string): void {
  if (!Array.isArray(value)) {
    items.push({ value: value ?? null, extra: undefined, type, index: -1 })
    return
  }
  const values: readonly JsonValue[] = value
  for (let index = 0; index < values.length; index++) {
    const own = values[index] ?? null
    if (own !== null) items.push({ value: own, extra: undefined, type, index })
  }
}

function addItems(
  items: Item[],
  value: JsonValue | undefined,
  { extra, type }: { extra: JsonValue | undefined; type: string },
): void {
  if (!Array.isArray(value) && !Array.isArray(extra)) {
    items.push(itemOf(value ?? null, extra, { type, index: -1 }))
    return
  }
  const values: readonly JsonValue[] = Array.isArray(value) ? (value as readonly JsonValue[]) : []
  const extras: readonly JsonValue[] = Array.isArray(extra) ? (extra as readonly JsonValue[]) : []
  for (let index = 0; index < Math.max(values.length, extras.length); index++) {
    const [own, beside] = [values[index] ?? null, extras[index] ?? null]
    if (own !== null || beside !== null) items.push(itemOf(own, beside, { type, index }))
  }
}

/** Where there is no value, what stands in `_name` is looked at for it. */
function itemOf(
  value: JsonValue,
  extra: JsonValue | undefined,
  { type, index }: Pick<Item, 'type' | 'index'>,
): Item {
  return value === null
    ? { value: extra ?? null, extra: undefined, type, index }
    : { value, extra: extra ?? undefined, type, index }
}

/** The type of a value as far as it shows: of a resource its own. */
export function typeOf({ value, type }: Item): string {
  const own = type === 'Resource' && isObject(value) ? value['resourceType'] : undefined
  return typeof own === 'string' ? own : type
}
