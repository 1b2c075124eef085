import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { HistoryPart, ImagePart } from '../mapping/model/image.ts'
import { isElements, isList, isSame } from './exact-json.ts'
import type { Conflict } from './merge.ts'
import { isBefore, periodOf, withPeriod } from './stay-periods.ts'

/** By the name of a history the time at which what a message says of its element began. */
type Times = ReadonlyMap<string, string>

interface Told {
  readonly next: JsonObject
  readonly times: Times
}

/** Takes the times of histories out of what a message says: what was when is worked out from the record. */
export function timesOf(sent: JsonObject, parts: readonly ImagePart[]): Told {
  const histories = historiesOf(parts)
  if (histories.length === 0) return { next: sent, times: NO_TIMES }
  const times = histories.flatMap(({ history }) => {
    const [item] = itemsOf(sent[history])
    const { start } = item === undefined ? {} : periodOf(item)
    return typeof start === 'string' ? [[history, start] as const] : []
  })
  const names = new Set(histories.map(({ history }) => history))
  const next = Object.fromEntries(Object.entries(sent).filter(([name]) => !names.has(name)))
  return { next, times: new Map(times) }
}

const NO_TIMES: Times = new Map()

interface Change {
  readonly parts: readonly ImagePart[]
  readonly times: Times
  /** The resource before; empty when it is new. */
  readonly was: JsonObject
}

/** What a resource was, and is, by the times of its codes: a code that changes ends what was, and begins. */
export function withHistories(is: JsonObject, { parts, times, was }: Change): JsonObject {
  return changed(is, parts, (part) => {
    const { history, of, period, tells } = part
    const [before, now, at] = [was[of], is[of], times.get(history)]
    const items = itemsOf(is[history])
    if (isSame(before, now)) {
      const all = period === undefined ? items : moved(items, { was: was[period], is: is[period] })
      return tells === true && now !== undefined && at !== undefined
        ? inserted(all, { part, code: now, at, whole: is })
        : all
    }
    if (now === undefined || at === undefined) return items
    if (before !== undefined) return entered(items, { part, before, now, at })
    return tells === true ? [itemOf(part, now, { start: at })] : items
  })
}

/** What a message that comes late says of a time before: what holds now stays. @param said by the message */
export function withLate(
  is: JsonObject,
  said: JsonObject,
  { parts, times }: Omit<Change, 'was'>,
): JsonObject {
  return changed(is, parts, (part) => {
    const items = itemsOf(is[part.history])
    const [code, at] = [said[part.of], times.get(part.history)]
    if (part.tells !== true || code === undefined || at === undefined) return items
    return inserted(items, { part, code, at, whole: is })
  })
}

/**
 * What a message that comes late says of a time behind the beginning of what holds now: the one may have ended the other, or was taken back
 * since, which only a person knows.
 *
 * @param said by the message
 */
export function askedLate(
  is: JsonObject,
  said: JsonObject,
  { parts, times }: Omit<Change, 'was'>,
): readonly Conflict[] {
  return historiesOf(parts).flatMap((part) => {
    const { history, of, asks } = part
    const [current, incoming, at] = [is[of], said[of], times.get(history)]
    const last = itemsOf(is[history]).at(-1)
    if (asks !== true || current === undefined || incoming === undefined || last === undefined) return []
    const isBehind = isOf(last, part, current) && isBefore(periodOf(last)['start'], at)
    return isBehind && !isSame(current, incoming) ? [{ element: of, current, incoming }] : []
  })
}

/** What a feed has said, with the histories that its message has changed: so that it is known where they came from. */
export function withOwnHistories(
  image: JsonObject,
  { was, resource }: { readonly was: JsonObject; readonly resource: JsonObject },
  parts: readonly ImagePart[],
): JsonObject {
  const own = historiesOf(parts).flatMap(({ history }) =>
    isSame(was[history], resource[history]) ? [] : [[history, resource[history]] as const],
  )
  return own.length === 0 ? image : { ...image, ...Object.fromEntries(own) }
}

function historiesOf(parts: readonly ImagePart[]): readonly HistoryPart[] {
  return parts.filter((part) => typeof part === 'object' && 'history' in part)
}

function changed(
  whole: JsonObject,
  parts: readonly ImagePart[],
  itemsNow: (part: HistoryPart) => readonly JsonObject[],
): JsonObject {
  const lists = historiesOf(parts).flatMap((part) => {
    const items = itemsNow(part).slice(-limits.hl7.historyItems)
    return isSame(items, itemsOf(whole[part.history])) ? [] : [[part.history, items] as const]
  })
  return lists.length === 0 ? whole : { ...whole, ...Object.fromEntries(lists) }
}

function itemOf({ of }: HistoryPart, code: JsonValue, period: JsonObject): JsonObject {
  return { [of]: code, period }
}

interface Entry {
  readonly part: HistoryPart
  readonly before: JsonValue
  readonly now: JsonValue
  readonly at: string
}

/** What was ends, and what is now begins; never before what was began. */
function entered(items: readonly JsonObject[], { part, before, now, at }: Entry): readonly JsonObject[] {
  const last = items.at(-1)
  const { start } = last === undefined ? {} : periodOf(last)
  const time = typeof start === 'string' && isBefore(at, start) ? start : at
  const past = items.map((one) =>
    one === last && periodOf(one)['end'] === undefined
      ? withPeriod(one, { ...periodOf(one), end: time })
      : one,
  )
  // Somebody else has changed it meanwhile, or it was there before its history: when that began is not known.
  const unknown = last === undefined || !isOf(last, part, before) ? [itemOf(part, before, { end: time })] : []
  return [...past, ...unknown, itemOf(part, now, { start: time })]
}

interface Late {
  readonly part: HistoryPart
  readonly code: JsonValue
  readonly at: string
  readonly whole: JsonObject
}

/**
 * What was told of a time before takes its place between what is known. It says nothing of what holds now, nor where the same begins or ends
 * with the whole: that was corrected since. The same message again changes nothing.
 */
function inserted(items: readonly JsonObject[], late: Late): readonly JsonObject[] {
  const { part, code, at } = late
  const isCode = (one: JsonObject | undefined) => one !== undefined && isOf(one, part, code)
  if (items.some((one) => isCode(one) && periodOf(one)['start'] === at)) return items
  const place = items.findLastIndex((one) => !isBefore(at, periodOf(one)['start']))
  const [around, next] = [items[place], items[place + 1]]
  if (around === undefined) return inFront(items, late)
  const { start, end } = periodOf(around)
  if (isCode(around))
    return start === undefined
      ? items.with(place, withPeriod(around, { start: at, ...periodOf(around) }))
      : items
  if (!isBefore(at, end)) return items
  const before = withPeriod(around, { ...periodOf(around), end: at })
  if (next !== undefined && isCode(next))
    return isFixed(next, late) ? items : items.toSpliced(place, 2, before, sinceThen(next, at))
  const now = itemOf(part, code, { start: at, ...(end !== undefined && { end }) })
  return items.toSpliced(place, 1, before, now)
}

/** Behind what is told now stands what began later. */
function inFront(items: readonly JsonObject[], late: Late): readonly JsonObject[] {
  const { part, code, at, whole } = late
  const [first] = items
  if (first === undefined) return isSame(whole[part.of], code) ? [itemOf(part, code, { start: at })] : items
  const { start, end } = periodOf(first)
  if (isOf(first, part, code)) return isFixed(first, late) ? items : items.with(0, sinceThen(first, at))
  // What lasted for no time was told behind what it had become.
  if (start === undefined || start === end) return items
  return [itemOf(part, code, { start: at, end: start }), ...items]
}

/** It begins when the whole begins or ends, which was told by itself. */
function isFixed(one: JsonObject, { part: { period = '' }, whole }: Late): boolean {
  return Object.values(periodOf({ period: whole[period] })).includes(periodOf(one)['start'])
}

function sinceThen(one: JsonObject, at: string): JsonObject {
  return withPeriod(one, { ...periodOf(one), start: at })
}

function isOf(one: JsonObject, { of }: HistoryPart, code: JsonValue): boolean {
  return isSame(one[of], code)
}

interface Periods {
  readonly was: JsonValue | undefined
  readonly is: JsonValue | undefined
}

/** What began or ended with the whole goes along when the time of that is corrected. */
function moved(items: readonly JsonObject[], { was, is }: Periods): readonly JsonObject[] {
  const [before, now] = [periodOf({ period: was }), periodOf({ period: is })]
  const timeNow = (time: JsonValue | undefined) => {
    const member = (['start', 'end'] as const).find((one) => time !== undefined && before[one] === time)
    return (member === undefined ? undefined : now[member]) ?? time
  }
  const all = items.map((one) => {
    const members = Object.entries(periodOf(one)).map(([member, time]) => [member, timeNow(time)] as const)
    return withPeriod(one, Object.fromEntries(members))
  })
  const isTurned = all.some((one) => isBefore(periodOf(one)['end'], periodOf(one)['start']))
  return isTurned ? items : all
}

function itemsOf(value: JsonValue | undefined): readonly JsonObject[] {
  return isList(value) ? value.filter(isElements) : []
}
