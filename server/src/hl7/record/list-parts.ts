import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { Codes, ImagePart, ListPart, NewCodes } from '../mapping/model/image.ts'
import { isElements, isList, isSame } from './exact-json.ts'
import { isBefore, oneBehindTheOther, periodOf, soundPeriod, withPeriod } from './stay-periods.ts'

export interface PartWords {
  /** What the feed said before, and what it says now. */
  readonly before: JsonValue | undefined
  readonly now: JsonValue | undefined
  /** Keys of items that it deletes, or `member=text` of them. */
  readonly deleted: readonly string[]
}

/** The resource before the message and behind it, as far as codes of it count for its lists. */
export interface Whole {
  readonly was: JsonObject
  readonly is: JsonObject
}

/**
 * The list with the items that the feed said before and neither says again nor deletes, behind those that it says now.
 */
export function withUnsentItems(part: ListPart, words: PartWords, { was, is }: Whole): JsonObject[] {
  const { kept = {}, merged } = part
  const paths = pathsOf(part.by)
  const before = itemsOf(words.before)
  const placed = itemsOf(words.now).map((item) => inPlaceOf(item, part, is))
  const now = placed.map((item) => toldLate(item, before, part))
  const isLate = now.some((item, at) => item !== placed[at])
  const said = new Set([...now.flatMap((item) => keysOf(item, paths)), ...words.deleted])
  const again = new Set<JsonObject>()
  const sent = now.map((item) => {
    const twin =
      merged === true
        ? twinOf(item, { part, paths, before, again, reopens: doesReopen(part, was) })
        : undefined
    if (twin !== undefined) again.add(twin)
    return twin === undefined ? item : mergedWith(item, { twin, part, before })
  })
  const others = before.filter((item) => {
    if (again.has(item) || words.deleted.some((one) => hasText(item, one))) return false
    const keys = keysOf(item, paths)
    if (merged === true && isOver(item, kept)) return !keys.some((key) => words.deleted.includes(key))
    // What has no key cannot be told from what is said now.
    return keys.length > 0 && !keys.some((key) => said.has(key))
  })
  if (words.now === undefined) return [...sent, ...others]
  const past = isLate ? others : others.map((item) => left(item, part, { sent: now, is }))
  return part.ends === undefined ? inOrderOf(before, sent, past) : oneBehindTheOther(sent, past)
}

/** A message that repeats some of the items as they were says nothing new: they keep their order. */
function inOrderOf(before: readonly JsonObject[], sent: JsonObject[], past: JsonObject[]): JsonObject[] {
  const items = [...sent, ...past]
  if (past.length === 0 || before.length !== items.length) return items
  const [was, is] = [before, items].map((all) => new Set(all.map((one) => JSON.stringify(one))))
  return is !== undefined && was?.symmetricDifference(is).size === 0 ? [...before] : items
}

/** Who is somewhere since a later time was in this place before: nobody is taken out of the place of now. */
function toldLate(item: JsonObject, before: readonly JsonObject[], part: ListPart): JsonObject {
  const { kept = {}, merged, ends } = part
  if (merged !== true || ends === undefined || isOver(item, kept)) return item
  const begins = periodOf(item)['start']
  const next = before.find(
    (one) => !isOver(one, kept) && isBefore(begins, periodOf(one)['start']) && !haveOneKey(part, item, one),
  )
  return next === undefined ? item : ended(item, withCodes(item, kept), periodOf(next)['start'])
}

/** What becomes of an item that is not sent again. */
function left(
  item: JsonObject,
  part: ListPart,
  { sent, is }: { readonly sent: readonly JsonObject[]; readonly is: JsonObject },
): JsonObject {
  const { kept = {} } = part
  const [begins] = sent.flatMap((one) => (isOver(one, kept) ? [] : (periodOf(one)['start'] ?? [])))
  return ended(item, withCodes(item, kept), part.ends === undefined ? undefined : (begins ?? endOf(is, part)))
}

/** What is over now has the end, unless it has its own. */
function ended(item: JsonObject, now: JsonObject, end: JsonValue | undefined): JsonObject {
  const period = periodOf(now)
  if (end === undefined || period['end'] !== undefined || isSame(item, now)) return now
  return withPeriod(now, soundPeriod({ ...period, end }, period))
}

function endOf(whole: JsonObject, { ends }: ListPart): JsonValue | undefined {
  const period = ends === undefined ? undefined : whole[ends]
  return isElements(period) ? period['end'] : undefined
}

/**
 * Where a code of the whole has changed, items that were not sent follow it, too: nobody is in a bed of a visit that ended without naming
 * it. What ended with the whole does so when that has another end, and the last one goes on with it where nothing else does. Elements go that
 * need a code which the whole does not have any more.
 */
export function inPlace(whole: JsonObject, parts: readonly ImagePart[], codes: Whole): JsonObject {
  const { was, is } = codes
  const changed = parts.flatMap((part): [string, readonly JsonObject[] | undefined][] => {
    if (typeof part === 'string') return []
    if ('needs' in part) return hasCode(is, part.needs) ? [] : [[part.element, undefined]]
    if (!('list' in part)) return []
    const items = whole[part.list]
    const isChanged = codesOf(part).some((element) => !isSame(was[element], is[element]))
    if (!isChanged || !isList(items)) return []
    const isOpen = itemsOf(items).some((item) => !isSame(withCodes(item, part.kept ?? {}), item))
    const last = isOpen ? -1 : itemsOf(items).findIndex((item) => endedWith(was, item, part))
    const all = itemsOf(items).map((item, at) =>
      following(item, { ...part, reopens: at === last && part.reopens === true }, codes),
    )
    return [[part.list, all]]
  })
  if (changed.length === 0) return whole
  const all = Object.entries({ ...whole, ...Object.fromEntries(changed) })
  return Object.fromEntries(all.filter(([, value]) => value !== undefined))
}

function following(of: JsonObject, part: ListPart, { was, is }: Whole): JsonObject {
  const item = begunWith(of, part, { was, is })
  if (!endedWith(was, item, part)) return inPlaceOf(item, part, is)
  const end = endOf(is, part)
  const { end: _was, ...open } = periodOf(item)
  if (end !== undefined) return withPeriod(item, { ...open, end })
  return part.reopens === true ? inPlaceOf(withPeriod(withFormer(item, part), open), part, is) : item
}

/** What began with the whole does so when the time of that is corrected; where its code changes it may be another beginning. */
function begunWith(item: JsonObject, { ends = '', within = {} }: ListPart, { was, is }: Whole): JsonObject {
  if (Object.keys(within).some((element) => !isSame(was[element], is[element]))) return item
  const [{ start: before }, { start }] = [periodOf({ period: was[ends] }), periodOf({ period: is[ends] })]
  const period = periodOf(item)
  if (before === undefined || start === undefined || period['start'] !== before) return item
  return withPeriod(item, soundPeriod({ ...period, start }, period))
}

function endedWith(whole: JsonObject, item: JsonObject, part: ListPart): boolean {
  const end = endOf(whole, part)
  return end !== undefined && periodOf(item)['end'] === end
}

/** An item that is over as it was before. */
function withFormer(item: JsonObject, { kept = {} }: ListPart): JsonObject {
  const former = Object.entries(kept).map(([member, codes]) => {
    const turned = Object.entries(codes).map(([code, next]) => [next, code] as const)
    return [member, Object.fromEntries(turned)] as const
  })
  return withCodes(item, Object.fromEntries(former))
}

/** Elements of the whole that count for the items. */
export function codesOf({ within = {}, ends }: ListPart): readonly string[] {
  return [...Object.keys(within), ...(ends === undefined ? [] : [ends])]
}

/** The whole has one of the codes. */
export function hasCode(whole: JsonObject, codes: Codes): boolean {
  return Object.entries(codes).some(([element, texts]) => texts.some((text) => text === whole[element]))
}

/** @param one what a message deletes of the list: the key of items, or `member=text` */
export function hasDeleted({ by }: ListPart, item: JsonValue, one: string): boolean {
  return isElements(item) && (keysOf(item, pathsOf(by)).includes(one) || hasText(item, one))
}

/** @param one `member=text` */
function hasText(item: JsonObject, one: string): boolean {
  const [member = '', text] = one.split('=', 2)
  return text !== undefined && item[member] === text
}

function inPlaceOf(item: JsonObject, part: ListPart, whole: JsonObject): JsonObject {
  const { within = {} } = part
  const now = Object.entries(within).reduce((made, [element, byCode]) => {
    const code = whole[element]
    return typeof code === 'string' ? withCodes(made, byCode[code] ?? {}) : made
  }, item)
  return ended(item, now, endOf(whole, part))
}

export function withCodes(item: JsonObject, codes: NewCodes): JsonObject {
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
  return typeof reopens === 'boolean' ? reopens : hasCode(was, reopens)
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

interface Twin {
  readonly twin: JsonObject
  readonly part: ListPart
  readonly before: readonly JsonObject[]
}

/** Members of objects in it, too: a stay that ends, or is told again, keeps its start, unless it began earlier. */
function mergedWith(item: JsonObject, { twin, part: { kept = {} }, before }: Twin): JsonObject {
  const [was, is] = [periodOf(twin), periodOf(item)]
  const period = isOver(twin, kept)
    ? periodAgain(was, is, isOver(item, kept))
    : soundPeriod({ ...was, ...is, ...startOfBoth(was, is, before) }, is)
  return withPeriod({ ...twin, ...item }, period)
}

/** The earlier one, unless somebody was elsewhere between the two. */
function startOfBoth(
  { start: was }: JsonObject,
  { start: is }: JsonObject,
  stays: readonly JsonObject[],
): JsonObject {
  if (was === undefined || is === undefined) return {}
  const isElsewhere = stays.some((one) => {
    const { start } = periodOf(one)
    return start !== undefined && !isBefore(start, is) && isBefore(start, was)
  })
  return isBefore(was, is) || isElsewhere ? { start: was } : {}
}

/** What goes on has no end. What was over keeps its times; one that was missing is added where both are known then. */
function periodAgain(was: JsonObject, is: JsonObject, isOverNow: boolean): JsonObject {
  const { end: _end, ...open } = was
  if (!isOverNow) return { ...open, ...is }
  const both = { ...is, ...was }
  return was['start'] === undefined && both['end'] === undefined ? was : soundPeriod(both, was)
}

function itemsOf(value: JsonValue | undefined): readonly JsonObject[] {
  return isList(value) ? value.filter(isElements) : []
}

/** Items of the list that have a key in common are one, or one after the other. */
export function haveOneKey({ by }: ListPart, one: JsonValue, other: JsonValue): boolean {
  const paths = pathsOf(by)
  const [mine = [], theirs = []] = [one, other].map((item) => (isElements(item) ? keysOf(item, paths) : []))
  return mine.some((key) => theirs.includes(key))
}

type Paths = readonly (readonly string[])[]

function pathsOf(by: string): Paths {
  return by.split('+').map((path) => path.split('.'))
}

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
