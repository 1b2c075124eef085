import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import { isObject } from '../collections.ts'
import type { ElementPlan } from './plan.ts'

/** One value of an element with its type and its place; `extra` is what stands in `_name`. */
export interface Item {
  readonly value: JsonValue
  readonly type: string
  /** -1 where the element does not repeat. */
  readonly index: number
}

const NO_ITEMS: readonly Item[] = []

/** The values of an element of one object. */
export function itemsOf({ variants }: ElementPlan, parent: JsonObject): readonly Item[] {
  let items: Item[] | undefined
  for (const variant of variants) {
    const value = parent[variant.property]
    const extra = variant.extra === undefined ? undefined : parent[variant.extra]
    if (value === undefined && extra === undefined) continue
    items ??= []
    if (Array.isArray(value) || Array.isArray(extra)) addItems(items, value, { extra, type: variant.type })
    else items.push({ value: value ?? extra ?? null, type: variant.type, index: -1 })
  }
  return items ?? NO_ITEMS
}

function addItems(
  items: Item[],
  value: JsonValue | undefined,
  { extra, type }: { extra: JsonValue | undefined; type: string },
): void {
  const values: readonly JsonValue[] = Array.isArray(value) ? (value as readonly JsonValue[]) : []
  const extras: readonly JsonValue[] = Array.isArray(extra) ? (extra as readonly JsonValue[]) : []
  for (let index = 0; index < Math.max(values.length, extras.length); index++) {
    const item = values[index] ?? extras[index] ?? null
    if (item !== null) items.push({ value: item, type, index })
  }
}

/** The type of a value as far as it shows: of a resource its own. */
export function typeOf({ value, type }: Item): string {
  const own = type === 'Resource' && isObject(value) ? value['resourceType'] : undefined
  return typeof own === 'string' ? own : type
}
