import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { referencedType } from '../keys/references.ts'

/**
 * FHIRPath collections over plain JSON, for the compiled expressions. An item is a JSON value; of a primitive that has only extensions
 * it is the object of `_name`. Collections are never changed once they are made.
 */
export type Collection = readonly JsonValue[]

export const NONE: Collection = []

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function one(value: JsonValue | undefined): Collection {
  return value === undefined || value === null ? NONE : [value]
}

/** The values of one element. @param extras what stands in `_name`; left out for elements that are no primitives */
export function values(value: JsonValue | undefined, extras?: JsonValue): Collection {
  if (value === undefined) return extras === undefined ? NONE : listOf(extras)
  if (!Array.isArray(value)) return one(value)
  return extras !== undefined && value.includes(null)
    ? withExtras(value as Collection, extras)
    : (value as Collection)
}

/** One element of all items. @param beside `_name`, for primitives */
export function step(items: Collection, name: string, beside?: string): Collection {
  if (items.length === 0) return NONE
  const [only] = items
  return items.length === 1 && only !== undefined
    ? elementOf(only, name, beside)
    : items.flatMap((item) => elementOf(item, name, beside))
}

/** A step on items whose type is only known now: finds `valueQuantity` for `value`, too. */
export function stepAny(items: Collection, name: string): Collection {
  return items.flatMap((item) => {
    if (!isObject(item)) return NONE
    const beside = `_${name}`
    if (item[name] !== undefined || item[beside] !== undefined) return values(item[name], item[beside])
    const variant = Object.keys(item).find((key) => isVariant(key, name))
    return variant === undefined ? NONE : values(item[variant], item[`_${variant}`])
  })
}

export function cat(...lists: readonly Collection[]): Collection {
  return lists.flat()
}

/** The extensions with one url, of objects and of the `_name` of primitives that have nothing else. */
export function extensionsOf(items: Collection, urls: Collection): Collection {
  return step(items, 'extension').filter((each) => isObject(each) && each['url'] === urls[0])
}

export function at(items: Collection, index: number): Collection {
  return one(items[index])
}

export function children(items: Collection): Collection {
  return items.flatMap((item) =>
    isObject(item)
      ? Object.keys(item).flatMap((name) => (name.startsWith('_') ? NONE : listOf(item[name])))
      : NONE,
  )
}

/** Every item below, at any depth (the validator has bounded the depth before). */
export function descendants(items: Collection): Collection {
  const found: JsonValue[] = []
  for (let level = children(items); level.length > 0; level = children(level)) found.push(...level)
  return found
}

/** The targets of references as far as the text tells: objects that have only `resourceType` (contained resources whole). */
export function resolved(references: Collection, root: JsonObject): Collection {
  return references.flatMap((reference) => {
    const text = isObject(reference) ? reference['reference'] : reference
    if (typeof text === 'string' && text.startsWith('#'))
      return listOf(root['contained']).filter((each) => isObject(each) && each['id'] === text.slice(1))
    const type = (typeof text === 'string' ? referencedType(text) : undefined) ?? declaredType(reference)
    return type === undefined ? NONE : [{ resourceType: type }]
  })
}

const TEXTS: ReadonlySet<string> = new Set([
  'string',
  'uri',
  'url',
  'canonical',
  'code',
  'id',
  'markdown',
  'oid',
  'uuid',
])

/** As far as JSON shows: resources by their type, primitives by how they stand in JSON. */
export function isType(item: JsonValue, type: string): boolean {
  if (isObject(item))
    return typeof item['resourceType'] === 'string'
      ? isResourceOf(item['resourceType'], type)
      : isComplex(type)
  if (typeof item === 'boolean') return type === 'boolean'
  if (typeof item === 'number') return type === 'decimal' || (type === 'integer' && Number.isInteger(item))
  return typeof item === 'string' && (TEXTS.has(type) || FORMS[type]?.test(item) === true)
}

/** @param elements whether the element is an object, by its name */
export function hasOnly(item: JsonValue, elements: Readonly<Record<string, boolean>>): boolean {
  return (
    isObject(item) &&
    Object.keys(item).every((name) =>
      name.startsWith('_')
        ? Object.hasOwn(elements, name.slice(1))
        : elements[name] === isObject(listOf(item[name])[0]),
    )
  )
}

/** Also of the abstract types. */
export function isResourceOf(name: string, type: string): boolean {
  return name === type || type === 'Resource' || (type === 'DomainResource' && !NO_DOMAIN.has(name))
}

const NO_DOMAIN: ReadonlySet<string> = new Set(['Binary', 'Bundle', 'Parameters'])

/** Dates and times are known by their form. */
const FORMS: Readonly<Record<string, RegExp>> = {
  date: /^\d{4}(?:-\d\d){0,2}$/,
  dateTime: /^\d{4}(?:-\d\d){0,2}(?:T[\d:.]{2,40}(?:Z|[+-]\d\d:\d\d)?)?$/,
  instant: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,40})?(?:Z|[+-]\d\d:\d\d)$/,
  time: /^\d\d(?::\d\d){0,2}(?:\.\d{1,40})?$/,
}

export function isIn(item: Collection, items: Collection): boolean | undefined {
  const [value] = item
  return value === undefined ? undefined : items.some((each) => same(each, value))
}

export function intersect(a: Collection, b: Collection): Collection {
  if (b.length === 0) return NONE
  const common = a.filter((item) => b.some((other) => same(item, other)))
  return common.filter((item, i) => !common.slice(0, i).some((earlier) => same(earlier, item)))
}

export function isDistinct(items: Collection): boolean {
  const seen = new Set(items.map((item) => (typeof item === 'object' ? JSON.stringify(item) : item)))
  return seen.size === items.length
}

/** Equal with all that is below, whatever the order of the properties. */
export function same(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => same(item as JsonValue, b[i] as JsonValue))
  if (!isObject(a) || !isObject(b)) return false
  const names = Object.keys(a)
  return names.length === Object.keys(b).length && names.every((name) => same(a[name], b[name]))
}

function elementOf(item: JsonValue, name: string, beside: string | undefined): Collection {
  if (!isObject(item)) return NONE
  return values(item[name], beside === undefined ? undefined : item[beside])
}

function listOf(value: JsonValue | undefined): Collection {
  if (Array.isArray(value)) return (value as Collection).filter((item) => item !== null)
  return one(value)
}

/** Items of a primitive array that are null stand in `_name`. */
function withExtras(items: Collection, extras: JsonValue | undefined): Collection {
  const beside = Array.isArray(extras) ? (extras as Collection) : NONE
  return items.flatMap((value, i) => (value === null ? one(beside[i]) : [value]))
}

function isVariant(key: string, name: string): boolean {
  const next = key.charCodeAt(name.length)
  return key.startsWith(name) && next >= 65 && next <= 90
}

function declaredType(reference: JsonValue): string | undefined {
  const type = isObject(reference) ? reference['type'] : undefined
  return typeof type === 'string' ? type : undefined
}

function isComplex(type: string): boolean {
  return type.charCodeAt(0) <= 90
}
