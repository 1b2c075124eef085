import type { JsonValue } from '../../kernel/json.ts'
import { dateInterval } from '../keys/intervals.ts'
import { isObject, same, type Collection } from './collections.ts'

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
  return a.length === b.length && a.every((item, i) => same(item, b[i]))
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
    (text, source) => text.length <= LONGEST_MATCH && new RegExp(source).test(text),
  )
}

export function substring(items: Collection, start: Collection): string | undefined {
  const [text] = items
  const [from] = start
  return typeof text === 'string' && typeof from === 'number' ? text.slice(from) : undefined
}

export function replaceMatches(items: Collection, pattern: Collection, by: Collection): string | undefined {
  const [text] = items
  const [source] = pattern
  const [replacement] = by
  if (typeof text !== 'string' || typeof source !== 'string' || text.length > LONGEST_MATCH) return undefined
  return text.replace(new RegExp(source, 'g'), typeof replacement === 'string' ? replacement : '')
}

export function toInteger(items: Collection): number | undefined {
  const [value] = items
  if (typeof value === 'number') return Number.isInteger(value) ? value : undefined
  return typeof value === 'string' && /^[+-]?\d{1,10}$/.test(value) ? Number(value) : undefined
}

export function toText(items: Collection): string | undefined {
  const [value] = items
  return value === undefined || typeof value === 'object' ? undefined : String(value)
}

export function joined(a: Collection, b: Collection): string {
  return (toText(a) ?? '') + (toText(b) ?? '')
}

export function plus(a: Collection, b: Collection): string | number | undefined {
  const [left] = a
  const [right] = b
  if (typeof left === 'number' && typeof right === 'number') return left + right
  return typeof left === 'string' && typeof right === 'string' ? left + right : undefined
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
  if (!isObject(a) || !isObject(b)) return undefined
  const left = a['value']
  const right = b['value']
  const sameUnit = a['code'] === b['code'] && a['system'] === b['system'] && a['unit'] === b['unit']
  return sameUnit && typeof left === 'number' && typeof right === 'number'
    ? { lowest: left - right, highest: left - right }
    : undefined
}

function datesOrder(a: string, b: string): Order | undefined {
  if (isSameForm(a, b)) return a === b ? SAME : a < b ? EARLIER : LATER
  const left = dateInterval(a)
  const right = dateInterval(b)
  if (!left || !right) return undefined
  return { lowest: left.lo - (right.hi - 1), highest: left.hi - 1 - right.lo }
}

const SAME: Order = { lowest: 0, highest: 0 }
const EARLIER: Order = { lowest: -1, highest: -1 }
const LATER: Order = { lowest: 1, highest: 1 }

/** Times of one precision in one zone: their order is that of their characters. */
function isSameForm(a: string, b: string): boolean {
  return a.length === b.length && a.length >= 25 && a.endsWith(b.slice(-6)) && a.charCodeAt(10) === 84
}
