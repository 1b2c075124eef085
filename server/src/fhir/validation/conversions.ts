import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { dateInterval } from '../keys/intervals.ts'
import { canonicalUnit, canonicalValue } from '../keys/ucum.ts'
import { isObject, one, type Collection } from './collections.ts'
import { toInteger, toText, type Truth } from './operators.ts'
import { calendarWord, quantityOf, quantityText } from './quantities.ts'

/**
 * Conversions between the types of FHIRPath. What cannot be converted is empty.
 *
 * @see FHIRPath N1, 5.5
 */

export function toDecimal(items: Collection): number | undefined {
  const [value] = items
  if (typeof value === 'number') return value
  if (typeof value === 'boolean') return Number(value)
  return typeof value === 'string' && /^[+-]?\d{1,40}(?:\.\d{1,40})?$/.test(value) ? Number(value) : undefined
}

const TRUE: ReadonlySet<JsonValue | undefined> = new Set(['true', 't', 'yes', 'y', '1', '1.0'])
const FALSE: ReadonlySet<JsonValue | undefined> = new Set(['false', 'f', 'no', 'n', '0', '0.0'])

export function toBoolean(items: Collection): Truth {
  const text = toText(items)?.toLowerCase()
  if (TRUE.has(text)) return true
  return FALSE.has(text) ? false : undefined
}

const TIME = /^(?:[01]\d|2[0-3])(?::[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?)?$/

export function toTime([value]: Collection): string | undefined {
  return typeof value === 'string' && TIME.test(value) ? value : undefined
}

/** Dates are times of less precision. */
export function toDateTime([value]: Collection): string | undefined {
  return typeof value === 'string' && dateInterval(value) ? value : undefined
}

/** Of a time it is the day. */
export function toDate(items: Collection): string | undefined {
  return toDateTime(items)?.split('T')[0]
}

const QUANTITY =
  /^(?<value>[+-]?\d{1,40}(?:\.\d{1,40})?)(?:\s*'(?<unit>[^']{1,200})'|\s+(?<word>[a-z]{1,20}))?$/

export function toQuantity(items: Collection, unit?: Collection): Collection {
  return one(quantityFrom(items, unit))
}

/** @param unit that the amount is wanted in: empty where it has none of that kind */
function quantityFrom([item]: Collection, unit?: Collection): JsonObject | undefined {
  const amount = amountOf(item)
  const wanted = unit?.[0]
  return amount && typeof wanted === 'string' ? inUnit(amount, wanted) : amount
}

function amountOf(item: JsonValue | undefined): JsonObject | undefined {
  if (typeof item === 'string') return amountIn(item)
  if (typeof item === 'number' || typeof item === 'boolean') return quantityOf(Number(item), '1')
  return isObject(item) && quantityText(item) !== undefined ? item : undefined
}

/** `4`, `4 'mg'`, `7 days` */
function amountIn(text: string): JsonObject | undefined {
  const { value, unit, word } = QUANTITY.exec(text)?.groups ?? {}
  if (value === undefined || (word !== undefined && calendarWord(word) === undefined)) return undefined
  return quantityOf(Number(value), unit ?? word ?? '1')
}

function inUnit({ value, code }: JsonObject, wanted: string): JsonObject | undefined {
  const asked = quantityOf(0, wanted)
  if (code === asked['code']) return { ...asked, value: value as number }
  const [from, to] = [code, asked['code']].map((each) =>
    typeof each === 'string' ? canonicalUnit(each) : undefined,
  )
  if (!from || !to || from.dimension !== to.dimension) return undefined
  const amount = (canonicalValue(value as number, from) - to.offset) / to.factor
  // Twelve digits, as everywhere that units are converted.
  return { ...asked, value: Number(amount.toPrecision(12)) }
}

const converts =
  (convert: (items: Collection, unit?: Collection) => unknown) => (items: Collection, unit?: Collection) =>
    items.length === 0 ? undefined : items.length === 1 && convert(items, unit) !== undefined

export const convertsToBoolean = converts(toBoolean)
export const convertsToDate = converts(toDate)
export const convertsToDateTime = converts(toDateTime)
export const convertsToDecimal = converts(toDecimal)
export const convertsToInteger = converts(toInteger)
export const convertsToQuantity = converts(quantityFrom)
export const convertsToString = converts(toText)
export const convertsToTime = converts(toTime)
