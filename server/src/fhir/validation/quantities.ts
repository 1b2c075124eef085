import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { canonicalUnit, canonicalValue, UCUM } from '../keys/ucum.ts'
import { isObject } from './collections.ts'

/** Spans of the calendar that are units of UCUM as well; years and months are not: they differ in length. */
const DEFINITE: Readonly<Record<string, string>> = {
  week: 'wk',
  day: 'd',
  hour: 'h',
  minute: 'min',
  second: 's',
  millisecond: 'ms',
}
const CALENDAR = /^(year|month|week|day|hour|minute|second|millisecond)s?$/

/** The word of a span such as `days`, in the singular. */
export function calendarWord(text: string): string | undefined {
  return CALENDAR.exec(text)?.[1]
}

/** What a literal such as `4 'mg'` or `7 days` stands for. @see FHIRPath 2.0, 4.1.7 */
export function quantityOf(value: number, unit: string): JsonObject {
  const word = calendarWord(unit)
  if (word === 'year' || word === 'month') return { value, unit: word, code: word }
  const code = (word === undefined ? undefined : DEFINITE[word]) ?? unit
  return { value, unit, system: UCUM, code }
}

/**
 * How much larger the first one is.
 *
 * @returns `undefined` for what is no quantity, and for units that do not compare
 */
export function quantityDifference(a: JsonObject, b: JsonObject): number | undefined {
  const [left, right] = [a['value'], b['value']]
  if (typeof left !== 'number' || typeof right !== 'number') return undefined
  if (a['code'] === b['code'] && a['system'] === b['system'] && a['unit'] === b['unit']) return left - right
  const [from, to] = [unitOf(a), unitOf(b)]
  return from && to && from.dimension === to.dimension
    ? canonicalValue(left, from) - canonicalValue(right, to)
    : undefined
}

function unitOf({ system, code }: JsonObject): ReturnType<typeof canonicalUnit> {
  return system === UCUM && typeof code === 'string' ? canonicalUnit(code) : undefined
}

const DATE =
  /^(?<y>\d{4})(?:-(?<mo>\d\d)(?:-(?<d>\d\d)(?:T(?<time>\d\d(?::\d\d(?::\d\d(?:\.\d{1,9})?)?)?)(?<zone>Z|[+-]\d\d:\d\d)?)?)?)?$/
const MILLISECONDS: Readonly<Record<string, number>> = {
  wk: 604_800_000,
  d: 86_400_000,
  h: 3_600_000,
  min: 60_000,
  s: 1000,
  ms: 1,
}
const DAY = 86_400_000

/**
 * A date or time, so much later or, with a negative `sign`, earlier, in its own precision and zone.
 *
 * @returns `undefined` for what is no date, and for spans that have no length in the calendar
 * @see FHIRPath 2.0, 6.6.7
 */
export function shiftedDate(text: string, span: JsonValue, sign: 1 | -1): string | undefined {
  const parts = DATE.exec(text)?.groups
  const { value, code } = isObject(span) ? span : {}
  if (!parts || typeof value !== 'number' || typeof code !== 'string') return undefined
  const amount = Math.trunc(value) * sign
  const word = calendarWord(code)
  if (word === 'year' || word === 'month') return monthsLater(parts, word === 'year' ? amount * 12 : amount)
  const unit = Object.hasOwn(MILLISECONDS, code) ? MILLISECONDS[code] : undefined
  return unit === undefined || parts['d'] === undefined ? undefined : later(parts, amount * unit)
}

/** Of a day alone only whole days count. */
function later(parts: Parts, milliseconds: number): string | undefined {
  const { y = '', mo = '', d = '', time } = parts
  const start = Date.parse(`${y}-${mo}-${d}T${fullTime(time)}Z`)
  return written(parts, start + (time === undefined ? Math.trunc(milliseconds / DAY) * DAY : milliseconds))
}

type Parts = Readonly<Record<string, string | undefined>>

/** The last day of the month where the month has no such day. */
function monthsLater(parts: Parts, months: number): string | undefined {
  const { y = '', mo, d, time } = parts
  // Of a year alone only whole years count.
  const all =
    Number(y) * 12 + Number(mo ?? 1) - 1 + (mo === undefined ? Math.trunc(months / 12) * 12 : months)
  const [year, month] = [Math.floor(all / 12), all % 12]
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  const day = Math.min(Number(d ?? 1), last)
  return written(parts, Date.UTC(year, month, day) + Date.parse(`1970-01-01T${fullTime(time)}Z`))
}

function fullTime(time = '00'): string {
  return time.length < 6 ? `${time}${':00:00'.slice(time.length - 2)}` : time
}

function written({ mo, d, time, zone = '' }: Parts, at: number): string | undefined {
  const date = new Date(at)
  if (!(date.getUTCFullYear() >= 1 && date.getUTCFullYear() <= 9999)) return undefined
  const text = date.toISOString()
  if (time !== undefined) return text.slice(0, 11 + Math.min(time.length, 12)) + zone
  if (d !== undefined) return text.slice(0, 10)
  return text.slice(0, mo === undefined ? 4 : 7)
}

/** The product or quotient of two amounts or numbers, in the unit that comes of theirs. */
export function combinedQuantity(a: JsonValue, b: JsonValue, op: '.' | '/'): JsonObject | undefined {
  const [left, right] = [amountOf(a), amountOf(b)]
  if (!left || !right || (op === '/' && right.value === 0)) return undefined
  const value = op === '.' ? left.value * right.value : left.value / right.value
  return quantityOf(Number(value.toPrecision(15)), `(${left.code})${op}(${right.code})`)
}

function amountOf(item: JsonValue): { readonly value: number; readonly code: string } | undefined {
  if (typeof item === 'number') return { value: item, code: '1' }
  if (!isObject(item)) return undefined
  const { value, code } = item
  return typeof value === 'number' && typeof code === 'string' ? { value, code } : undefined
}

/** `4 'mg'` */
export function quantityText({ value, code, system }: JsonObject): string | undefined {
  if (typeof value !== 'number' || typeof code !== 'string') return undefined
  return `${value} ${system === undefined ? code : `'${code}'`}`
}
