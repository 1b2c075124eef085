import type { JsonValue } from '../../kernel/json.ts'
import { RUNTIME } from '../compiled.ts'
import { RUNTIME_FUNCTIONS } from '../generate/compile-functions.ts'
import { TESTS, VALUES } from '../generate/compile-operations.ts'
import { same } from '../validation/collections.ts'
import type { Collection } from '../validation/collections.ts'
import { equivalent, now, timeOfDay, today } from '../validation/functions.ts'
import { and3, equal, implies3, not3, or3, truth, xor3 } from '../validation/operators.ts'
import type { Truth } from '../validation/operators.ts'
import type { Item, Items } from './items.ts'
import { BeyondWalk } from './walk.ts'
import type { Walk } from './walk.ts'

export function isTrue(items: Items): boolean {
  return items.length > 0 && items[0]?.value !== false
}

/** Nothing where FHIRPath says neither true nor false. */
export function truthItems(value: Truth): Items {
  return value === undefined ? [] : [{ type: 'boolean', value }]
}

const LOGIC: Readonly<Record<string, (left: Truth, right: Truth) => Truth>> = {
  and: and3,
  or: or3,
  xor: xor3,
  implies: implies3,
}

const COMPARISONS: Readonly<Record<string, (left: Collection, right: Collection) => Truth>> = {
  '=': equal,
  '!=': (left, right) => not3(equal(left, right)),
  '~': equivalent,
  '!~': (left, right) => !equivalent(left, right),
}

/** The operators of FHIRPath. */
export const OPERATORS: ReadonlySet<string> = new Set([
  '|',
  'contains',
  ...Object.keys({ ...LOGIC, ...COMPARISONS, ...TESTS, ...VALUES }),
])

/** What an operator makes of both sides. Without a walk, whose work is bounded, a union keeps what occurs twice. */
export function operated(op: string, [left, right]: readonly [Items, Items], walk: Walk | undefined): Items {
  if (op === '|') return walk ? distinct([...left, ...right], walk) : [...left, ...right]
  if (op === 'contains') return operated('in', [right, left], walk)
  const [a, b] = [valuesOf(left), valuesOf(right)]
  walk?.spend(weightOf(a) + weightOf(b))
  const logic = LOGIC[op]
  if (logic) return truthItems(logic(truth(a), truth(b)))
  const comparison = COMPARISONS[op]
  if (comparison) return truthItems(comparison(a, b))
  const name = TESTS[op] ?? VALUES[op]
  return name === undefined ? [] : itemsOf(run(name, [a, b]), [])
}

/** What a function that needs no types makes of its collections, the first of which it is asked of. */
export function computed(name: string, lists: readonly Items[], walk: Walk | undefined): Items {
  const own = Object.hasOwn(OWN, name) ? OWN[name] : undefined
  const values = lists.map(valuesOf)
  if (own) return itemsOf(walk && own(values, walk), [], TYPES[name])
  const [runtime] = RUNTIME_FUNCTIONS.get(name) ?? []
  if (runtime === undefined) return []
  walk?.spend(workOf(name, values))
  return itemsOf(run(runtime, values), SELECTING_FUNCTIONS.has(name) ? lists : [], TYPES[name])
}

/** What JSON does not show of what they give. */
const TYPES: Readonly<Record<string, string>> = {
  now: 'dateTime',
  timeOfDay: 'time',
  toDate: 'date',
  toDateTime: 'dateTime',
  toDecimal: 'decimal',
  toTime: 'time',
  today: 'date',
}

/** What they give was there before, with its type. */
const SELECTING_FUNCTIONS: ReadonlySet<string> = new Set([
  'distinct',
  'exclude',
  'getValue',
  'intersect',
  'last',
  'single',
  'skip',
  'take',
  'union',
])

/** Those that are bounded in time, or ask the clock. */
const OWN: Readonly<Record<string, (values: readonly Collection[], walk: Walk) => unknown>> = {
  matches: (values, walk) => onTexts(values, ([text = '', pattern = '']) => walk.matches(text, pattern)),
  matchesFull: (values, walk) =>
    onTexts(values, ([text = '', pattern = '']) => walk.matches(text, `^(?:${pattern})$`)),
  replaceMatches: (values, walk) =>
    onTexts(values, ([text = '', pattern = '', by = '']) => walk.replaceMatches(text, pattern, by)),
  now,
  timeOfDay,
  today,
}

/** @returns `undefined` unless there is one text in each */
function onTexts(values: readonly Collection[], use: (texts: readonly string[]) => unknown): unknown {
  const texts = values.flatMap(([text]) => (typeof text === 'string' ? text : []))
  return texts.length === values.length ? use(texts) : undefined
}

/** Functions that `computed` knows. */
export const COMPUTED_FUNCTIONS: ReadonlySet<string> = new Set([
  ...RUNTIME_FUNCTIONS.keys(),
  ...Object.keys(OWN),
])

function run(name: string, values: readonly Collection[]): unknown {
  const runtime = (RUNTIME as Readonly<Record<string, unknown>>)[name]
  if (typeof runtime !== 'function') throw new BeyondWalk(`${name} is not known`)
  return (runtime as (...lists: readonly Collection[]) => unknown)(...values)
}

/** Some compare each item with each other one, some may put the last text in everywhere. */
function workOf(name: string, values: readonly Collection[]): number {
  const [items = []] = values
  const pairs = values.reduce((product, { length }) => product * Math.max(length, 1), items.length)
  const growth = name === 'replace' || name === 'join' ? growthOf(values) : 0
  return values.reduce((sum, each) => sum + weightOf(each), pairs + growth)
}

/** What looking at values takes beside their number: long texts and whole objects are much. */
function weightOf(values: Collection): number {
  let weight = 0
  for (const value of values) {
    if (typeof value === 'string') weight += value.length / CHARS_A_STEP
    else if (typeof value === 'object') weight += OBJECT_STEPS
  }
  return weight
}

const OBJECT_STEPS = 100

/** The last text may be put in everywhere. */
function growthOf([items = [], ...more]: readonly Collection[]): number {
  const places = items.length + charsIn(items)
  return (places * charsIn(more.at(-1) ?? [])) / CHARS_A_STEP
}

function charsIn(values: Collection): number {
  return values.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 0), 0)
}

const CHARS_A_STEP = 32

function valuesOf(items: Items): Collection {
  return items.map(({ value }) => value)
}

/** @param from items whose types those of the same values have */
function itemsOf(result: unknown, from: readonly Items[], type?: string): Items {
  if (result === undefined) return []
  const values = (Array.isArray(result) ? result : [result]) as Collection
  const known = new Map(from.flat().map((item) => [item.value, item]))
  return values.map((value) => known.get(value) ?? { type: type ?? typeShown(value), value })
}

function typeShown(value: JsonValue): string {
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'decimal'
  return typeof value === 'object' ? 'Quantity' : typeof value
}

function distinct(items: Items, walk: Walk): Items {
  walk.spend(items.length ** 2)
  const seen: Item[] = []
  for (const item of items) if (!seen.some(({ value }) => same(value, item.value))) seen.push(item)
  return seen
}
