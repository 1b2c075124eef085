import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { KeyCollector } from './collector.ts'
import { laterParts } from './folding.ts'
import { dateInterval, type Interval } from './intervals.ts'
import { ofTypeForm, tokenForm } from './tokens.ts'
import { canonicalUnit, canonicalValue, UCUM } from './ucum.ts'

/** Puts one value of a FHIR data type into the keys of the current parameter. The value comes from a valid resource. */
export type Extractor = (keys: KeyCollector, value: JsonValue, system?: string) => void

const textOf = (object: JsonObject, name: string) => {
  const value = object[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}
const isObject = (value: JsonValue | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const listOf = (value: JsonValue | undefined): readonly JsonValue[] =>
  Array.isArray(value) ? (value as readonly JsonValue[]) : []

/** An extractor for a complex type: a value that is no object only counts as present. */
const complex =
  (extract: (keys: KeyCollector, value: JsonObject) => void): Extractor =>
  (keys, value) => {
    keys.mark()
    if (isObject(value)) extract(keys, value)
  }

const primitive =
  (extract: (keys: KeyCollector, value: string, system?: string) => void): Extractor =>
  (keys, value, system) => {
    keys.mark()
    if (value !== null && typeof value !== 'object') extract(keys, String(value), system)
  }

function coding(keys: KeyCollector, value: JsonObject): void {
  keys.token(textOf(value, 'code'), textOf(value, 'system'))
  const display = textOf(value, 'display')
  if (display !== undefined) keys.text(display, ':text')
}

function concept(keys: KeyCollector, value: JsonObject): void {
  for (const item of listOf(value['coding'])) if (isObject(item)) coding(keys, item)
  const text = textOf(value, 'text')
  if (text !== undefined) keys.text(text, ':text')
}

function identifier(keys: KeyCollector, value: JsonObject): void {
  const text = textOf(value, 'value')
  keys.token(text, textOf(value, 'system'))
  const { type } = value
  if (!isObject(type) || text === undefined) return
  const name = textOf(type, 'text')
  if (name !== undefined) keys.text(name, ':text')
  for (const item of listOf(type['coding'])) {
    if (isObject(item))
      keys.key(
        ofTypeForm({ system: textOf(item, 'system') ?? '', code: textOf(item, 'code') ?? '', value: text }),
        ':of-type',
      )
  }
}

/** Found by value alone, and with `phone|…` or `home|…` as system. */
function contactPoint(keys: KeyCollector, value: JsonObject): void {
  const text = textOf(value, 'value')
  if (text === undefined) return
  keys.token(text, textOf(value, 'system'))
  const use = textOf(value, 'use')
  if (use !== undefined) keys.key(tokenForm(text, use))
}

export const TOKEN: Readonly<Record<string, Extractor>> = {
  code: primitive((keys, value, system) => keys.token(value, system)),
  Coding: complex(coding),
  CodeableConcept: complex(concept),
  Identifier: complex(identifier),
  ContactPoint: complex(contactPoint),
}

export const REFERENCE: Readonly<Record<string, Extractor>> = {
  Reference: complex((keys, value) => {
    const reference = textOf(value, 'reference')
    if (reference !== undefined) keys.reference(reference)
    const { identifier: logical } = value
    if (isObject(logical)) keys.token(textOf(logical, 'value'), textOf(logical, 'system'), ':identifier')
  }),
  /** A canonical is found with and without its version. */
  canonical: primitive((keys, value) => {
    keys.reference(value)
    const bar = value.indexOf('|')
    if (bar > 0) keys.reference(value.slice(0, bar))
  }),
  Resource: complex((keys, value) => {
    const type = textOf(value, 'resourceType')
    const id = textOf(value, 'id')
    if (type !== undefined && id !== undefined) keys.reference(`${type}/${id}`)
  }),
}

export const URI: Readonly<Record<string, Extractor>> = {
  uri: primitive((keys, value) => keys.uri(value)),
  canonical: primitive((keys, value) => {
    keys.uri(value)
    const bar = value.indexOf('|')
    if (bar > 0) keys.key(value.slice(0, bar))
  }),
}

const NAME_PARTS = ['given', 'prefix', 'suffix', 'text']
const ADDRESS_PARTS = ['text', 'line', 'city', 'district', 'state', 'postalCode', 'country']

function texts(keys: KeyCollector, part: JsonValue | undefined): void {
  if (typeof part === 'string') keys.text(part)
  else for (const item of listOf(part)) if (typeof item === 'string') keys.text(item)
}

const family = primitive((keys, value) => {
  keys.text(value)
  for (const part of laterParts(value)) keys.part(part)
})

export const TEXT: Readonly<Record<string, Extractor>> = {
  string: primitive((keys, value) => keys.text(value)),
  family,
  HumanName: complex((keys, value) => {
    if (typeof value['family'] === 'string') family(keys, value['family'])
    for (const name of NAME_PARTS) texts(keys, value[name])
  }),
  Address: complex((keys, value) => {
    for (const name of ADDRESS_PARTS) texts(keys, value[name])
  }),
}

function periodOf(keys: KeyCollector, value: JsonObject): Interval | undefined {
  const start = dateInterval(textOf(value, 'start') ?? '', keys.zone)
  const end = dateInterval(textOf(value, 'end') ?? '', keys.zone)
  return start || end ? { lo: start?.lo ?? -Infinity, hi: end?.hi ?? Infinity } : undefined
}

/** One interval, from the first to the last time that is named: the outer limits are all that counts (R4, "Search", date). */
function timing(keys: KeyCollector, value: JsonObject): void {
  const { repeat } = value
  const times = listOf(value['event']).map((event) =>
    typeof event === 'string' ? dateInterval(event, keys.zone) : undefined,
  )
  if (isObject(repeat) && isObject(repeat['boundsPeriod'])) times.push(periodOf(keys, repeat['boundsPeriod']))
  const known = times.filter((time) => time !== undefined)
  if (known.length > 0)
    keys.range(Math.min(...known.map(({ lo }) => lo)), Math.max(...known.map(({ hi }) => hi)))
}

export const DATE: Readonly<Record<string, Extractor>> = {
  date: primitive((keys, value) => {
    const interval = dateInterval(value, keys.zone)
    if (interval) keys.range(interval.lo, interval.hi)
  }),
  Period: complex((keys, value) => {
    const period = periodOf(keys, value)
    if (period) keys.range(period.lo, period.hi)
  }),
  Timing: complex(timing),
}

/**
 * How a quantity with this unit is filed: under the parameter with a suffix, as a canonical amount where UCUM knows the unit, else as it is
 * written.
 */
export interface UnitRange {
  /** `|~g1.m-3`: canonical amounts of a dimension; `|http://units.example.org|box`: amounts of a unit as it is; `||mg`: of any system. */
  readonly suffix: string
  readonly amount: (value: number) => number
}

export function unitRange(system: string, code: string): UnitRange {
  const unit = system === UCUM ? canonicalUnit(code) : undefined
  if (!unit) return { suffix: `|${system}|${code}`, amount: (value) => value }
  return { suffix: `|~${unit.dimension}`, amount: (value) => canonicalValue(value, unit) }
}

function quantity(keys: KeyCollector, value: JsonObject): void {
  const { value: number } = value
  if (typeof number !== 'number') return
  const { lo, hi } = compared(number, textOf(value, 'comparator'))
  amount(keys, value, { lo, hi })
}

function amount(keys: KeyCollector, unit: JsonObject, { lo, hi }: { lo: number; hi: number }): void {
  keys.range(lo, hi)
  const currency = textOf(unit, 'currency')
  const code = currency ?? textOf(unit, 'code')
  const system = currency === undefined ? textOf(unit, 'system') : 'urn:iso:std:iso:4217'
  const name = textOf(unit, 'unit')
  if (code !== undefined && system !== undefined) {
    const filed = unitRange(system, code)
    keys.range(filed.amount(lo), filed.amount(hi), filed.suffix)
  }
  if (code !== undefined) keys.range(lo, hi, unitRange('', code).suffix)
  if (name !== undefined && name !== code) keys.range(lo, hi, unitRange('', name).suffix)
}

/** A quantity "less than 5" may be any number below 5. */
function compared(value: number, comparator: string | undefined): { lo: number; hi: number } {
  if (comparator === '<' || comparator === '<=') return { lo: -Infinity, hi: value }
  if (comparator === '>' || comparator === '>=') return { lo: value, hi: Infinity }
  return { lo: value, hi: value }
}

function range(keys: KeyCollector, value: JsonObject): void {
  const { low, high } = value
  const lo = isObject(low) && typeof low['value'] === 'number' ? low['value'] : -Infinity
  const hi = isObject(high) && typeof high['value'] === 'number' ? high['value'] : Infinity
  const unit = isObject(low) ? low : high
  if (isObject(unit)) amount(keys, unit, { lo, hi })
}

export const NUMBER: Readonly<Record<string, Extractor>> = {
  decimal: (keys, value) => {
    keys.mark()
    if (typeof value === 'number') keys.range(value, value)
  },
  Quantity: complex(quantity),
  Range: complex(range),
}

/** Compartment of a Reference, when its literal part names a patient. */
export function patientOf(keys: KeyCollector, value: JsonValue): void {
  const text = isObject(value) ? textOf(value, 'reference') : undefined
  if (text !== undefined) keys.patient(text)
}

/** Only says that a value is there. */
export const PRESENT: Extractor = (keys) => keys.mark()
