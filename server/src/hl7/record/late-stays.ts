import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { ImagePart, ListPart } from '../mapping/model/image.ts'
import { isElements, isList } from './exact-json.ts'
import { haveOneKey, withCodes } from './list-parts.ts'
import { isBefore, periodOf, withPeriod } from './stay-periods.ts'

/**
 * What a message that comes late says about where somebody was: since when, behind the one before and until the next one. It takes nobody
 * out of the place of now, and says nothing where it is not known since when he is there.
 *
 * @param said by the message
 * @returns the same object when it says nothing new
 */
export function withLateStays(whole: JsonObject, said: JsonObject, parts: readonly ImagePart[]): JsonObject {
  const lists = parts.flatMap((part) => {
    if (typeof part === 'string' || !('list' in part) || part.merged !== true) return []
    const items = itemsOf(whole[part.list])
    const now = itemsOf(said[part.list]).reduce((known, one) => withLate(known, one, { part, whole }), items)
    return now === items ? [] : [[part.list, now] as const]
  })
  return lists.length === 0 ? whole : { ...whole, ...Object.fromEntries(lists) }
}

interface Place {
  readonly part: ListPart
  readonly whole: JsonObject
}

function withLate(items: readonly JsonObject[], told: JsonObject, place: Place): readonly JsonObject[] {
  const { part, whole } = place
  const { start } = periodOf(told)
  const { end: over } = periodOf({ period: whole[part.ends ?? ''] })
  const isSamePlace = (one: JsonObject) => haveOneKey(part, one, told)
  const isKnown = items.some((one) => isSamePlace(one) && periodOf(one)['start'] === start)
  if (start === undefined || isKnown || (over !== undefined && !isBefore(start, over))) return items
  const next = nextStart(items, start)
  const undated = items.find((one) => isSamePlace(one) && mayBegin(one, { start, next }))
  const around = items.find((one) => one !== undated && lastsOver(one, start))
  const isHere = (one: JsonObject) => next === undefined && goesOn(one, part)
  // Who is elsewhere since before, or since nobody knows when, was told so later.
  const contradicting = undated === undefined ? items : [around].filter((one) => one !== undefined)
  if ((around !== undefined && isSamePlace(around)) || contradicting.some(isHere)) return items
  const times = new Map([
    [undated, (period: JsonObject): JsonObject => ({ start, ...period })],
    [around, (period: JsonObject): JsonObject => ({ ...period, end: start })],
  ])
  const dated = items.map((one) => withPeriod(one, times.get(one)?.(periodOf(one)) ?? periodOf(one)))
  return undated === undefined ? inserted(dated, stayOf(told, part, { start, end: next ?? over })) : dated
}

/** It is over, whatever the message says. */
function stayOf(
  told: JsonObject,
  { kept = {} }: ListPart,
  { start, end }: { readonly start: JsonValue; readonly end: JsonValue | undefined },
): JsonObject {
  return withPeriod(withCodes(told, kept), { start, ...(end !== undefined && { end }) })
}

/** The latest stands first. */
function inserted(items: readonly JsonObject[], stay: JsonObject): readonly JsonObject[] {
  const place = items.findIndex((one) => isBefore(periodOf(one)['start'], periodOf(stay)['start']))
  return items.toSpliced(place === -1 ? items.length : place, 0, stay)
}

function nextStart(items: readonly JsonObject[], start: JsonValue): JsonValue | undefined {
  const later = items.flatMap((one) => {
    const { start: begins } = periodOf(one)
    return typeof begins === 'string' && isBefore(start, begins) ? [begins] : []
  })
  return later.toSorted((one, other) => Date.parse(one) - Date.parse(other))[0]
}

/** It is not known since when it lasts, and nothing says that it was another stay. */
function mayBegin(
  item: JsonObject,
  { start, next }: { readonly start: JsonValue; readonly next: JsonValue | undefined },
): boolean {
  const { start: begins, end } = periodOf(item)
  if (begins !== undefined || (end !== undefined && !isBefore(start, end))) return false
  return next === undefined || (end !== undefined && !isBefore(next, end))
}

function lastsOver(item: JsonObject, time: JsonValue): boolean {
  const { start, end } = periodOf(item)
  return isBefore(start, time) && (end === undefined || isBefore(time, end))
}

/** It has a code that would become another one if somebody left. */
function goesOn(item: JsonObject, { kept = {} }: ListPart): boolean {
  return Object.entries(kept).some(([member, codes]) =>
    Object.keys(codes).some((code) => code === item[member]),
  )
}

function itemsOf(value: JsonValue | undefined): readonly JsonObject[] {
  return isList(value) ? value.filter(isElements) : []
}
