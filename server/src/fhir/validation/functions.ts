import type { JsonValue } from '../../kernel/json.ts'
import { isObject, NONE, one, same, type Collection } from './collections.ts'
import { exact, toText } from './operators.ts'
import { combinedQuantity, quantityDifference, shiftedDate } from './quantities.ts'

/**
 * Functions and operators of FHIRPath that the invariants of R4 do not use, but those of profiles do. What cannot be computed (several
 * items, another type) is empty.
 *
 * @see FHIRPath 2.0, 5 and 6
 */

type Text = (text: string) => string

const onText =
  (change: Text) =>
  (items: Collection): string | undefined =>
    items.length === 1 && typeof items[0] === 'string' ? change(items[0]) : undefined

export const lowerCase = onText((text) => text.toLowerCase())
export const upperCase = onText((text) => text.toUpperCase())
export const trimmed = onText((text) => text.trim())

export function replaced(items: Collection, part: Collection, by: Collection): string | undefined {
  const [[text], [piece], [substitute]] = [items, part, by]
  return typeof text === 'string' && typeof piece === 'string' && typeof substitute === 'string'
    ? text.replaceAll(piece, () => substitute)
    : undefined
}

export function indexOfText(items: Collection, part: Collection): number | undefined {
  const [[text], [piece]] = [items, part]
  return typeof text === 'string' && typeof piece === 'string' ? text.indexOf(piece) : undefined
}

export function split(items: Collection, separator: Collection): Collection {
  const [[text], [by]] = [items, separator]
  return typeof text === 'string' && typeof by === 'string' ? text.split(by) : NONE
}

export function characters(items: Collection): Collection {
  const [text] = items
  return items.length === 1 && typeof text === 'string' ? Array.from(text) : NONE
}

export function joinedBy(items: Collection, separator: Collection = NONE): string | undefined {
  return items.length === 0
    ? undefined
    : items.map((item) => toText([item]) ?? '').join(toText(separator) ?? '')
}

const onNumber =
  (change: (value: number) => number | undefined) =>
  (items: Collection): number | undefined =>
    items.length === 1 && typeof items[0] === 'number' ? change(items[0]) : undefined

const magnitude = onNumber(Math.abs)

export function absolute(items: Collection): JsonValue | undefined {
  const [item] = items
  if (items.length !== 1 || !isObject(item)) return magnitude(items)
  return typeof item['value'] === 'number' ? { ...item, value: Math.abs(item['value']) } : undefined
}

/** What is no number, the logarithm of nothing among it, is empty. */
const finite = (value: number): number | undefined => (Number.isFinite(value) ? exact(value) : undefined)

export const ceiling = onNumber(Math.ceil)
export const exponential = onNumber((value) => finite(Math.exp(value)))
export const naturalLogarithm = onNumber((value) => finite(Math.log(value)))
export const squareRoot = onNumber((value) => finite(Math.sqrt(value)))
export const floor = onNumber(Math.floor)
export const truncated = onNumber(Math.trunc)

const arithmetic =
  (compute: (a: number, b: number) => number) =>
  (a: Collection, b: Collection): number | undefined => {
    const [[left], [right]] = [a, b]
    return typeof left === 'number' && typeof right === 'number' ? finite(compute(left, right)) : undefined
  }

const difference = arithmetic((a, b) => a - b)

export function minus(a: Collection, b: Collection): number | string | undefined {
  const [[left], [right]] = [a, b]
  return typeof left === 'string' && right !== undefined ? shiftedDate(left, right, -1) : difference(a, b)
}

const product = arithmetic((a, b) => a * b)
const quotient = arithmetic((a, b) => a / b)

const onQuantities =
  (numbers: typeof product, op: '.' | '/') =>
  (a: Collection, b: Collection): JsonValue | undefined => {
    const [[left], [right]] = [a, b]
    const isAmount = (isObject(left) || isObject(right)) && left !== undefined && right !== undefined
    return isAmount ? combinedQuantity(left, right, op) : numbers(a, b)
  }

export const times = onQuantities(product, '.')
export const dividedBy = onQuantities(quotient, '/')
export const wholes = arithmetic((a, b) => Math.trunc(a / b))
export const rest = arithmetic((a, b) => a % b)
export const power = arithmetic((a, b) => a ** b)
export const logarithm = arithmetic((value, base) => Math.log(value) / Math.log(base))

const DIGITS_MOST = 15

export function rounded(items: Collection, [digits = 0]: Collection = NONE): number | undefined {
  const places = typeof digits === 'number' ? Math.min(Math.max(digits, 0), DIGITS_MOST) : 0
  return onNumber((value) => Number(`${Math.round(Number(`${value}e${places}`))}e-${places}`))(items)
}

export function distinct(items: Collection): Collection {
  return items.filter((item, i) => !items.slice(0, i).some((earlier) => same(earlier, item)))
}

export function union(...lists: readonly Collection[]): Collection {
  return distinct(lists.flat())
}

export function exclude(a: Collection, b: Collection): Collection {
  return a.filter((item) => !b.some((other) => same(item, other)))
}

export function subsetOf(a: Collection, b: Collection): boolean {
  return exclude(a, b).length === 0
}

export function supersetOf(a: Collection, b: Collection): boolean {
  return subsetOf(b, a)
}

export const allTrue = (items: Collection): boolean => items.every((item) => item === true)
export const anyTrue = (items: Collection): boolean => items.includes(true)
export const anyFalse = (items: Collection): boolean => items.includes(false)

export const last = (items: Collection): Collection => one(items.at(-1))
export const single = (items: Collection): Collection => (items.length === 1 ? items : NONE)
export const skipped = (items: Collection, count: Collection): Collection => items.slice(countOf(count))
export const taken = (items: Collection, count: Collection): Collection => items.slice(0, countOf(count))

function countOf([count]: Collection): number {
  return typeof count === 'number' && count > 0 ? count : 0
}

const MOST_REPEATED = 10_000

/** What the projection gives, again and again, each item once. */
export function repeated(items: Collection, next: (item: JsonValue) => Collection): Collection {
  const found: JsonValue[] = []
  for (let level = items.flatMap(next); level.length > 0 && found.length < MOST_REPEATED;) {
    const fresh = distinct(exclude(level, found))
    found.push(...fresh)
    level = fresh.flatMap(next)
  }
  return found
}

/** @param next what becomes of the total with an item, the first of all being the first one's */
export function aggregated(
  items: Collection,
  next: (item: JsonValue, total: Collection, index: number) => Collection,
  start: Collection = NONE,
): Collection {
  return items.reduce<Collection>((total, item, index) => next(item, total, index), start)
}

/** The value of a primitive element that has one. */
export const valueOf = (items: Collection): Collection =>
  items.length === 1 && typeof items[0] !== 'object' ? items : NONE

/** The same in any order, texts without case and with blanks as one; nothing is like nothing. */
export function equivalent(a: Collection, b: Collection): boolean {
  if (a.length !== b.length) return false
  const left = b.map(plainText)
  return a.every((item) => {
    const at = left.findIndex((other) => same(plainText(item), other) || isSameAmount(item, other))
    if (at >= 0) left.splice(at, 1)
    return at >= 0
  })
}

function isSameAmount(a: JsonValue, b: JsonValue): boolean {
  return isObject(a) && isObject(b) && quantityDifference(a, b) === 0
}

function plainText(item: JsonValue): JsonValue {
  return typeof item === 'string' ? item.toLowerCase().replaceAll(/\s+/g, ' ') : item
}

/** Of today in UTC. */
export const today = (): string => now().slice(0, 10)
export const now = (): string => new Date().toISOString()
export const timeOfDay = (): string => now().slice(11, 23)
