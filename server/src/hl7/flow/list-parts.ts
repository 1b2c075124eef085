import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { ListPart, NewCodes } from '../mapping/image.ts'
import { isElements, isList } from './exact-json.ts'

export interface PartWords {
  /** What the feed said before, and what it says now. */
  readonly before: JsonValue | undefined
  readonly now: JsonValue | undefined
  /** Keys of items that it deletes, or `member=text` of them. */
  readonly deleted: readonly string[]
}

/** What the feed has said of the resource until before, and until now. */
export interface Whole {
  readonly was: JsonObject
  readonly is: JsonObject
}

/**
 * The list with the items that the feed said before and neither says again nor deletes, behind those that it says now.
 */
export function withUnsentItems(part: ListPart, words: PartWords, { was, is }: Whole): JsonObject[] {
  const { kept = {}, merged } = part
  const paths = part.by.split('+').map((path) => path.split('.'))
  const before = itemsOf(words.before)
  const now = itemsOf(words.now).map((item) => inPlaceOf(item, part, is))
  const said = new Set([...now.flatMap((item) => keysOf(item, paths)), ...words.deleted])
  const again = new Set<JsonObject>()
  const sent = now.map((item) => {
    const twin =
      merged === true
        ? twinOf(item, { part, paths, before, again, reopens: doesReopen(part, was) })
        : undefined
    if (twin !== undefined) again.add(twin)
    return twin === undefined ? item : mergedWith(item, twin, part)
  })
  const others = before.filter((item) => {
    if (again.has(item) || words.deleted.some((one) => hasText(item, one))) return false
    const keys = keysOf(item, paths)
    if (merged === true && isOver(item, kept)) return !keys.some((key) => words.deleted.includes(key))
    // What has no key cannot be told from what is said now.
    return keys.length > 0 && !keys.some((key) => said.has(key))
  })
  return [...sent, ...(words.now === undefined ? others : others.map((item) => withCodes(item, kept)))]
}

/** @param one `member=text` */
function hasText(item: JsonObject, one: string): boolean {
  const [member = '', text] = one.split('=', 2)
  return text !== undefined && item[member] === text
}

/** A visit that is over has nobody in its beds. */
function inPlaceOf(item: JsonObject, { within = {} }: ListPart, whole: JsonObject): JsonObject {
  return Object.entries(within).reduce((made, [element, byCode]) => {
    const code = whole[element]
    return typeof code === 'string' ? withCodes(made, byCode[code] ?? {}) : made
  }, item)
}

function withCodes(item: JsonObject, codes: NewCodes): JsonObject {
  const changes = Object.entries(codes).flatMap(([member, values]) => {
    const value = item[member]
    const now = typeof value === 'string' ? values[value] : undefined
    return now === undefined ? [] : [[member, now] as const]
  })
  return { ...item, ...Object.fromEntries(changes) }
}

/** It has what items become that are not sent again. */
function isOver(item: JsonObject, kept: NewCodes): boolean {
  return Object.entries(kept).some(([member, codes]) =>
    Object.values(codes).some((code) => code === item[member]),
  )
}

interface Search {
  readonly part: ListPart
  readonly paths: Paths
  readonly before: readonly JsonObject[]
  /** Items of before that were said already. */
  readonly again: ReadonlySet<JsonObject>
  readonly reopens: boolean
}

function doesReopen({ reopens = {} }: ListPart, was: JsonObject): boolean {
  if (typeof reopens === 'boolean') return reopens
  return Object.entries(reopens).some(([element, codes]) => codes.some((code) => code === was[element]))
}

/** The item of before that is meant: one that is not over, else the latest that is, if it may be that one. */
function twinOf(item: JsonObject, { part, paths, before, again, reopens }: Search): JsonObject | undefined {
  const { kept = {} } = part
  const keys = keysOf(item, paths)
  const alike = before.filter(
    (one) => !again.has(one) && keysOf(one, paths).some((key) => keys.includes(key)),
  )
  const open = alike.find((one) => !isOver(one, kept))
  return open ?? (reopens || isOver(item, kept) ? alike[0] : undefined)
}

/** Members of objects in it, too: a stay that ends keeps its start. One that goes on has no end. */
function mergedWith(item: JsonObject, twin: JsonObject, { kept = {} }: ListPart): JsonObject {
  const isReopened = isOver(twin, kept) && !isOver(item, kept)
  const { period, ...others } = twin
  const was = isElements(period) ? period : {}
  const { end: _end, ...open } = was
  const is = isElements(item['period']) ? item['period'] : {}
  const both = { ...(isReopened ? open : was), ...is }
  return { ...others, ...item, ...(Object.keys(both).length > 0 ? { period: soundPeriod(both, is) } : {}) }
}

/** Of a period that would end before it begins only what was sent counts. */
export function soundPeriod(both: JsonObject, sent: JsonObject): JsonObject {
  const { start, end } = both
  const isTurnedRound =
    typeof start === 'string' && typeof end === 'string' && Date.parse(end) < Date.parse(start)
  return isTurnedRound ? sent : both
}

function itemsOf(value: JsonValue | undefined): readonly JsonObject[] {
  return isList(value) ? value.filter(isElements) : []
}

type Paths = readonly (readonly string[])[]

/** Keys of several paths are joined; of these an item may lack all but the first. */
function keysOf(item: JsonObject, [first = [], ...others]: Paths): readonly string[] {
  const ends = others.map((path) => valuesAt(item, path).join(' '))
  return valuesAt(item, first).map((value) => [value, ...ends].join('+'))
}

function valuesAt(value: JsonValue | undefined, path: readonly string[]): readonly string[] {
  const [name, ...rest] = path
  if (isList(value)) return value.flatMap((one) => valuesAt(one, path))
  if (name === undefined) return typeof value === 'string' ? [value] : []
  return isElements(value) ? valuesAt(value[name], rest) : []
}
