import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { isElements } from './exact-json.ts'

/** Of an item that lasts for some time. */
export function periodOf({ period }: JsonObject): JsonObject {
  return isElements(period) ? period : {}
}

export function withPeriod({ period: _period, ...item }: JsonObject, period: JsonObject): JsonObject {
  return Object.keys(period).length > 0 ? { ...item, period } : item
}

/** Of a period that would end before it begins only what was sent counts. */
export function soundPeriod(both: JsonObject, sent: JsonObject): JsonObject {
  return isBefore(both['end'], both['start']) ? sent : both
}

/** Of two times that are known. */
export function isBefore(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  return typeof one === 'string' && typeof other === 'string' && Date.parse(one) < Date.parse(other)
}

/** Stays that are told may lie between others: each ends when the next one begins, which may have been told late. */
export function oneBehindTheOther(sent: readonly JsonObject[], others: readonly JsonObject[]): JsonObject[] {
  const [told, known] = [startsOf(sent), startsOf(others)]
  const dated = sent.map((one) => (periodOf(one)['start'] === undefined ? one : untilNext(one, known)))
  return [...dated, ...others.map((one) => untilNext(one, told))]
}

function startsOf(items: readonly JsonObject[]): readonly string[] {
  return items.flatMap((one) => {
    const { start } = periodOf(one)
    return typeof start === 'string' ? [start] : []
  })
}

function untilNext(item: JsonObject, starts: readonly string[]): JsonObject {
  const period = periodOf(item)
  const { start, end } = period
  const within = starts.filter((one) => isBefore(one, end) && (start === undefined || isBefore(start, one)))
  const [next] = within.toSorted((one, other) => Date.parse(one) - Date.parse(other))
  return next === undefined ? item : withPeriod(item, { ...period, end: next })
}
