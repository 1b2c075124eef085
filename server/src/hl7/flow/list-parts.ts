import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { ListPart } from '../mapping/image.ts'
import { isElements, isList } from './exact-json.ts'

export interface PartWords {
  /** What the feed said before, and what it says now. */
  readonly before: JsonValue | undefined
  readonly now: JsonValue | undefined
  /** Keys of items that it deletes. */
  readonly deleted: readonly string[]
  /** The whole had ended before, and the message says nothing else about it. */
  readonly isOver: boolean
}

/** The list with the items that the feed said before and neither says again nor deletes, behind those that it says now. */
export function withUnsentItems({ by, kept = {}, merged }: ListPart, words: PartWords): JsonObject[] {
  const paths = by.split('+').map((path) => path.split('.'))
  const [before, now] = [itemsOf(words.before), itemsOf(words.now)]
  const said = new Set([...now.flatMap((item) => keysOf(item, paths)), ...words.deleted])
  // What has no key cannot be told from what is said now.
  const others = before.filter((item) => {
    const keys = keysOf(item, paths)
    return keys.length > 0 && !keys.some((key) => said.has(key))
  })
  const again = merged === true ? now.map((item) => ({ ...twinOf(item, before, paths), ...item })) : now
  const sent = words.isOver ? again.map((item) => leftOf(item, kept)) : again
  return [...sent, ...others.map((item) => leftOf(item, kept))]
}

function leftOf(item: JsonObject, kept: NonNullable<ListPart['kept']>): JsonObject {
  const changes = Object.entries(kept).flatMap(([member, values]) => {
    const value = item[member]
    const now = typeof value === 'string' ? values[value] : undefined
    return now === undefined ? [] : [[member, now] as const]
  })
  return { ...item, ...Object.fromEntries(changes) }
}

function twinOf(item: JsonObject, before: readonly JsonObject[], paths: Paths): JsonObject {
  const keys = keysOf(item, paths)
  return before.find((one) => keysOf(one, paths).some((key) => keys.includes(key))) ?? {}
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
