import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { isElements, isList, isSame, leavesOf } from './exact-json.ts'

/** Whether two items of a list may be one: by what tells items apart, where that is known. */
type MayBeOne = (list: string, one: JsonValue, other: JsonValue) => boolean

/** By the name of a list: the number of an item in one version, by its number in the other. */
type Places = ReadonlyMap<string, ReadonlyMap<number, number>>

/**
 * Where the elements of one version of a resource stand in another: items of lists come and go, and their numbers change. The same item is
 * found again as it is, else as the one that has most in common with it.
 *
 * @returns the path in `other` of a path in `one`; `undefined` for what stands in an item that the other does not have
 */
export function pathsBetween(
  one: JsonObject,
  other: JsonObject,
  mayBeOne: MayBeOne = () => true,
): (path: string) => string | undefined {
  const places: Places = new Map(
    Object.entries(one).flatMap(([name, items]) => {
      const others = other[name]
      if (!isList(items)) return []
      return [[name, placesOf(items, isList(others) ? others : [], (a, b) => mayBeOne(name, a, b))] as const]
    }),
  )
  return (path) => {
    const [, name = '', number = '', rest = ''] = ITEM.exec(path) ?? []
    if (!places.has(name)) return path
    const place = places.get(name)?.get(Number(number))
    return place === undefined ? undefined : `${name}[${String(place)}]${rest}`
  }
}

const ITEM = /^(\w+)\[(\d+)\](.*)$/

function placesOf(
  items: readonly JsonValue[],
  others: readonly JsonValue[],
  mayBeOne: (one: JsonValue, other: JsonValue) => boolean,
): ReadonlyMap<number, number> {
  const places = new Map<number, number>()
  const taken = new Set<number>()
  const take = ({ from, to }: Pair) => {
    if (places.has(from) || taken.has(to)) return
    places.set(from, to)
    taken.add(to)
  }
  for (const [at, item] of items.entries()) if (isSame(item, others[at])) take({ from: at, to: at })
  const left = [...items.keys()].filter((from) => !places.has(from))
  const free = [...others.keys()].filter((to) => !taken.has(to))
  const isShort = left.length * free.length <= MOST_PAIRS
  // Of very long lists those count that stand where they were.
  if (!isShort) for (const at of left) if (at < others.length) take({ from: at, to: at })
  const pairs = (isShort ? left : []).flatMap((from) =>
    free.map((to) => ({ from, to, alike: likeness(items[from], others[to], mayBeOne) })),
  )
  pairs.sort((a, b) => b.alike - a.alike || distance(a) - distance(b))
  for (const pair of pairs) if (pair.alike > 0) take(pair)
  return places
}

const MOST_PAIRS = 2500

interface Pair {
  readonly from: number
  readonly to: number
}

function distance({ from, to }: Pair): number {
  return Math.abs(from - to)
}

/** 0: not one; else the more, the more they have in common. */
function likeness(
  item: JsonValue | undefined,
  other: JsonValue | undefined,
  mayBeOne: (one: JsonValue, other: JsonValue) => boolean,
): number {
  if (isSame(item, other)) return Number.POSITIVE_INFINITY
  if (!isElements(item) || !isElements(other) || !mayBeOne(item, other)) return 0
  const [mine, theirs] = [leavesOf(item), leavesOf(other)]
  return [...mine].filter(([path, value]) => isSame(theirs.get(path), value)).length
}
