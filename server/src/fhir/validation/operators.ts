import type { JsonValue } from '../../kernel/json.ts'
import { dateInterval } from '../keys/intervals.ts'
import { isObject, same, type Collection } from './collections.ts'
import { quantityDifference, quantityText, shiftedDate } from './quantities.ts'

/** FHIRPath's boolean: `undefined` stands for empty. */
export type Truth = boolean | undefined

export const not3 = (a: Truth): Truth => (a === undefined ? undefined : !a)
export const xor3 = (a: Truth, b: Truth): Truth => (a === undefined || b === undefined ? undefined : a !== b)
export const implies3 = (a: Truth, b: Truth): Truth => or3(not3(a), b)

export function and3(a: Truth, b: Truth): Truth {
  if (a === false || b === false) return false
  return a === undefined || b === undefined ? undefined : true
}

export function or3(a: Truth, b: Truth): Truth {
  if (a === true || b === true) return true
  return a === undefined || b === undefined ? undefined : false
}

/** One item as a boolean; anything that is no boolean counts as true. */
export function truth(items: Collection): Truth {
  if (items.length === 0) return undefined
  return items.length > 1 || items[0] !== false
}

export function equal(a: Collection, b: Collection): Truth {
  if (a.length === 0 || b.length === 0) return undefined
  if (a.length === 1 && b.length === 1 && isMoment(a[0]) && isMoment(b[0])) return sameMoment(a[0], b[0])
  if (a.length === b.length && a.every((item, i) => same(item, b[i]))) return true
  return a.length > 1 || b.length > 1 ? false : sameQuantity(a[0], b[0])
}

/** Of two amounts, whatever their units; those of other kinds of units do not compare. */
function sameQuantity(a: JsonValue | undefined, b: JsonValue | undefined): Truth {
  if (!isObject(a) || !isObject(b) || typeof a['code'] !== 'string' || typeof b['code'] !== 'string')
    return false
  const difference = quantityDifference(a, b)
  return difference === undefined ? undefined : difference === 0
}

function isMoment(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value.charCodeAt(10) === 84 && value.length > 16
}

/** Times are the same in every zone. */
function sameMoment(a: string, b: string): Truth {
  const order = a === b ? SAME : datesOrder(a, b)
  if (!order) return false
  return order.lowest <= 0 && order.highest >= 0 && order.lowest !== order.highest
    ? undefined
    : order.lowest === 0
}

export const less = (a: Collection, b: Collection): Truth => compared(a, b, (order) => order.lowest < 0)
export const atMost = (a: Collection, b: Collection): Truth => compared(a, b, (order) => order.lowest <= 0)
export const more = (a: Collection, b: Collection): Truth => compared(a, b, (order) => order.highest > 0)
export const atLeast = (a: Collection, b: Collection): Truth => compared(a, b, (order) => order.highest >= 0)

export function hasValue(items: Collection): boolean {
  return items.length === 1 && typeof items[0] !== 'object'
}

export function allFalse(items: Collection): boolean {
  return items.every((item) => item === false)
}

export function startsWith(items: Collection, start: Collection): Truth {
  return withTexts(items, start, (text, prefix) => text.startsWith(prefix))
}

export function endsWith(items: Collection, end: Collection): Truth {
  return withTexts(items, end, (text, suffix) => text.endsWith(suffix))
}

export function lengthOf(items: Collection): number | undefined {
  const [text] = items
  return typeof text === 'string' ? text.length : undefined
}

export function containsText(items: Collection, part: Collection): Truth {
  return withTexts(items, part, (text, piece) => text.includes(piece))
}

/** Texts that the invariants of R4 match are names and paths. */
const LONGEST_MATCH = 4096

/** The patterns are those of the specification, never of a user. */
export function matches(items: Collection, pattern: Collection): Truth {
  return withTexts(
    items,
    pattern,
    (text, source) => text.length <= LONGEST_MATCH && new RegExp(source, 's').test(text),
  )
}

export function matchesFull(items: Collection, [pattern]: Collection): Truth {
  return typeof pattern === 'string' ? matches(items, [`^(?:${pattern})$`]) : undefined
}

export function substring(items: Collection, start: Collection, length?: Collection): string | undefined {
  const [[text], [from], count] = [items, start, length?.[0]]
  if (typeof text !== 'string' || typeof from !== 'number' || from < 0 || from >= text.length)
    return undefined
  return typeof count === 'number' ? text.slice(from, from + Math.max(count, 0)) : text.slice(from)
}

export function replaceMatches(items: Collection, pattern: Collection, by: Collection): string | undefined {
  const [text] = items
  const [source] = pattern
  const [replacement] = by
  if (typeof text !== 'string' || typeof source !== 'string' || typeof replacement !== 'string')
    return undefined
  if (text.length > LONGEST_MATCH) return undefined
  return source === '' ? text : text.replace(new RegExp(source, 'g'), replacement)
}

export function toInteger(items: Collection): number | undefined {
  const [value] = items
  if (typeof value === 'number') return Number.isInteger(value) ? value : undefined
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'string' && /^[+-]?\d{1,10}$/.test(value) ? Number(value) : undefined
}

export function toText(items: Collection): string | undefined {
  const [value] = items
  if (isObject(value)) return quantityText(value)
  return value === undefined || typeof value === 'object' ? undefined : String(value)
}

export function joined(a: Collection, b: Collection): string {
  return (toText(a) ?? '') + (toText(b) ?? '')
}

export function plus(a: Collection, b: Collection): string | number | undefined {
  const [left] = a
  const [right] = b
  if (typeof left === 'number' && typeof right === 'number') return exact(left + right)
  if (typeof left !== 'string' || right === undefined) return undefined
  return typeof right === 'string' ? left + right : shiftedDate(left, right, 1)
}

/** Fifteen digits: what binary arithmetic adds behind them is no part of a decimal. */
export function exact(value: number): number {
  return Number(value.toPrecision(15))
}

function withTexts(
  items: Collection,
  argument: Collection,
  test: (text: string, other: string) => boolean,
): Truth {
  const [text] = items
  const [other] = argument
  return typeof text === 'string' && typeof other === 'string' ? test(text, other) : undefined
}

interface Order {
  /** Sign of the difference when the first value is taken as early and the second as late as their precision allows. */
  readonly lowest: number
  readonly highest: number
}

/** Values that can not be compared (other units, unknown forms) break no rule. */
function compared(a: Collection, b: Collection, test: (order: Order) => boolean): Truth {
  const [left] = a
  const [right] = b
  if (left === undefined || right === undefined) return undefined
  const order = orderOf(left, right)
  return order ? test(order) : true
}

function orderOf(a: JsonValue, b: JsonValue): Order | undefined {
  if (typeof a === 'number' && typeof b === 'number') return { lowest: a - b, highest: a - b }
  if (typeof a === 'string' && typeof b === 'string') return datesOrder(a, b)
  const difference = isObject(a) && isObject(b) ? quantityDifference(a, b) : undefined
  return difference === undefined ? undefined : { lowest: difference, highest: difference }
}

function datesOrder(a: string, b: string): Order | undefined {
  if (isSameForm(a, b)) return textsOrder(a, b)
  const left = dateInterval(a)
  const right = dateInterval(b)
  if (!left && !right) return textsOrder(a, b)
  if (!left || !right) return undefined
  if (a === b) return SAME
  // Seconds and their fractions are one precision.
  if (hasSeconds(a) && hasSeconds(b)) return { lowest: left.lo - right.lo, highest: left.lo - right.lo }
  return { lowest: left.lo - (right.hi - 1), highest: left.hi - 1 - right.lo }
}

function hasSeconds(text: string): boolean {
  return text.length >= 19 && text.charCodeAt(16) === 58
}

function textsOrder(a: string, b: string): Order {
  if (a === b) return SAME
  return a < b ? EARLIER : LATER
}

const SAME: Order = { lowest: 0, highest: 0 }
const EARLIER: Order = { lowest: -1, highest: -1 }
const LATER: Order = { lowest: 1, highest: 1 }

/** Times of one precision in one zone: their order is that of their characters. */
function isSameForm(a: string, b: string): boolean {
  return a.length === b.length && a.length >= 25 && a.endsWith(b.slice(-6)) && a.charCodeAt(10) === 84
}
