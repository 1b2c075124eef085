import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { ImagePart, ListPart } from '../mapping/model/image.ts'
import { doubleVariants } from './choices.ts'
import { isElements, isLeaf, isList, isSame } from './exact-json.ts'
import { codesOf, withUnsentItems, type PartWords } from './list-parts.ts'
import { soundPeriod } from './stay-periods.ts'

type Maybe = JsonValue | undefined

/** A change of the feed that met a change of somebody else; the other one stays. */
export interface Conflict {
  /** FHIRPath without the type: `name[0].family`. */
  readonly element: string
  readonly current?: JsonValue
  readonly incoming?: JsonValue
}

export interface ThreeWay {
  /** What the feed said last about the resource; `undefined` when this is its first word. */
  readonly base: JsonObject | undefined
  /** What it says now. Top-level elements that are in neither `next` nor `cleared` were not sent and stay as they are. */
  readonly next: JsonObject
  readonly cleared: readonly string[]
  readonly current: JsonObject
}

export interface Merged {
  readonly resource: JsonObject
  readonly conflicts: readonly Conflict[]
}

/**
 * Writes the difference between what a feed said before and what it says now onto the current resource. Where the feed says nothing new,
 * and where somebody else has changed the element since, the current one stays; the latter is a conflict.
 */
export function mergeThreeWay({ base, next, cleared, current }: ThreeWay): Merged {
  const conflicts: Conflict[] = []
  const resource: Record<string, Maybe> = { ...current }
  for (const name of new Set([...Object.keys(next), ...cleared])) {
    const incoming = cleared.includes(name) ? undefined : next[name]
    put(
      resource,
      name,
      mergeElement({ base: base?.[name], next: incoming, current: current[name] }, name, conflicts),
    )
  }
  for (const name of doubleVariants(resource, current)) {
    conflicts.push(conflict(name, undefined, resource[name]))
    delete resource[name]
  }
  return { resource, conflicts }
}

/** The image of a feed after a message: what it had said, with what it says now. */
export function nextImage({ base, next, cleared }: Omit<ThreeWay, 'current'>): JsonObject {
  const image: Record<string, Maybe> = { ...base, ...next }
  for (const name of cleared) delete image[name]
  return image
}

/**
 * Adds what the feed said before of objects whose members come from fields of their own. Of a period that would then end before it begins
 * only what was sent counts.
 *
 * @param parts names of these objects
 * @param cleared top-level elements and members of `parts`; afterwards top-level ones only
 */
export function withUnsentMembers(
  { base, next, cleared, current }: ThreeWay,
  parts: readonly ImagePart[],
): Pick<ThreeWay, 'next' | 'cleared'> {
  if (parts.length === 0) return { next, cleared }
  const whole: Record<string, Maybe> = { ...next }
  const gone = new Set(cleared.filter((path) => !path.includes('.')))
  for (const part of parts) {
    if (typeof part !== 'string' && !('list' in part)) continue
    const name = typeof part === 'string' ? part : part.list
    const deleted = cleared
      .filter((path) => path.startsWith(`${name}.`))
      .map((path) => path.slice(name.length + 1))
    if (gone.has(name) || (next[name] === undefined && deleted.length === 0)) continue
    const words = { before: base?.[name], now: next[name], deleted }
    const all =
      typeof part === 'string'
        ? withMembers(words)
        : withUnsentItems(part, words, {
            was: current,
            is: codesAfter({ base, next: whole, cleared, current }, part),
          })
    put(whole, name, all)
    if (Object.keys(all).length > 0) continue
    delete whole[name]
    gone.add(name)
  }
  return { next: whole, cleared: [...gone] }
}

/** The codes that the resource will have, whoever has said them, as far as they count for a list. */
function codesAfter({ base, next, cleared, current }: ThreeWay, part: ListPart): JsonObject {
  const isOf = (name: string) => codesOf(part).includes(name)
  const codes = Object.fromEntries(Object.entries(next).filter(([name]) => isOf(name)))
  return mergeThreeWay({ base, next: codes, cleared: cleared.filter(isOf), current }).resource
}

function withMembers({ before, now, deleted }: PartWords): JsonObject {
  const [was = {}, is = {}] = [before, now].map((one) => (isElements(one) ? one : undefined))
  const both = Object.fromEntries(
    Object.entries({ ...was, ...is }).filter(([member]) => !deleted.includes(member)),
  )
  return soundPeriod(both, is)
}

interface Versions<T> {
  readonly base: T
  readonly next: T
  readonly current: T
}

function mergeElement({ base, next, current }: Versions<Maybe>, path: string, conflicts: Conflict[]): Maybe {
  if (isSame(base, next) || isSame(current, next)) return current
  if (isSame(base, current)) return next
  if (next === undefined || current === undefined) {
    conflicts.push(conflict(path, current, next))
    return current
  }
  return base === undefined
    ? meet(next, current, { path, conflicts })
    : mergeBelow({ base, next, current }, path, conflicts)
}

/** All three differ: what lies below them may still agree. */
function mergeBelow(
  { base, next, current }: Versions<JsonValue>,
  path: string,
  conflicts: Conflict[],
): JsonValue {
  if (isElements(base) && isElements(next) && isElements(current)) {
    return mergeMembers({ base, next, current }, path, conflicts)
  }
  if (isList(base) && isList(next) && isList(current))
    return mergeLists({ base, next, current }, path, conflicts)
  conflicts.push(conflict(path, current, next))
  return current
}

function mergeMembers(
  { base, next, current }: Versions<JsonObject>,
  path: string,
  conflicts: Conflict[],
): JsonObject {
  const merged: Record<string, Maybe> = { ...current }
  for (const name of new Set([...Object.keys(base), ...Object.keys(next)])) {
    const versions = { base: base[name], next: next[name], current: current[name] }
    put(merged, name, mergeElement(versions, `${path}.${name}`, conflicts))
  }
  return merged
}

/** Lists of one length are compared place by place; otherwise the items that the feed added, removed or changed are found by their content. */
function mergeLists(
  { base, next, current }: Versions<readonly JsonValue[]>,
  path: string,
  conflicts: Conflict[],
): readonly JsonValue[] {
  if (base.length === next.length && base.length === current.length) {
    return current.map((item, at) => {
      const versions = { base: base[at], next: next[at], current: item }
      return mergeElement(versions, `${path}[${String(at)}]`, conflicts) ?? item
    })
  }
  const gone = base.filter((item) => !next.some((other) => isSame(item, other)))
  const added = next.filter((item) => !base.some((other) => isSame(item, other)))
  const merged = [...current]
  for (let at = 0; at < Math.max(gone.length, added.length); at++) {
    const [from, to] = [gone[at], added[at]]
    const place = from === undefined ? -1 : merged.findIndex((item) => isSame(item, from))
    if (place !== -1) merged.splice(place, 1, ...(to === undefined ? [] : [to]))
    else if (to !== undefined && !merged.some((item) => isSame(item, to))) {
      // The item that the feed changes is not as the feed left it: somebody else has changed or removed it.
      if (from === undefined) merged.push(to)
      else conflicts.push(conflict(path, current, next))
    }
  }
  return merged
}

interface Meeting {
  readonly path: string
  readonly conflicts: Conflict[]
}

/** First word of a feed about an element that somebody else has filled: what is missing is added, what differs is a conflict. */
function meet(next: JsonValue, current: JsonValue, { path, conflicts }: Meeting): JsonValue {
  if (isElements(next) && isElements(current)) {
    const merged: Record<string, Maybe> = { ...current }
    for (const [name, value] of Object.entries(next)) {
      if (value === undefined) continue
      const there = current[name]
      merged[name] = there === undefined ? value : meet(value, there, { path: `${path}.${name}`, conflicts })
    }
    return merged
  }
  if (isList(next) && isList(current)) return meetLists(next, current, { path, conflicts })
  if (!isSame(next, current)) conflicts.push(conflict(path, current, next))
  return current
}

function meetLists(
  next: readonly JsonValue[],
  current: readonly JsonValue[],
  meeting: Meeting,
): readonly JsonValue[] {
  const { path, conflicts } = meeting
  const merged = [...current]
  for (const item of next) {
    const place = merged.findIndex((other) => agrees(item, other))
    const there = merged[place]
    if (there !== undefined) merged[place] = meet(item, there, meeting)
    // Identifiers of several systems stand beside each other; a second name or address beside a different one would only be a guess.
    else if (path === 'identifier') merged.push(item)
    else conflicts.push(conflict(path, current, next))
  }
  return merged
}

/** Nothing in the two contradicts. */
function agrees(a: JsonValue, b: JsonValue): boolean {
  if (isElements(a) && isElements(b)) {
    return Object.keys(a).every((name) => {
      const [left, right] = [a[name], b[name]]
      return left === undefined || right === undefined || agrees(left, right)
    })
  }
  if (isList(a) && isList(b)) return a.every((item, at) => b[at] === undefined || agrees(item, b[at]))
  return isLeaf(a) && isLeaf(b) && isSame(a, b)
}

function conflict(element: string, current: Maybe, incoming: Maybe): Conflict {
  return {
    element,
    ...(current === undefined ? {} : { current }),
    ...(incoming === undefined ? {} : { incoming }),
  }
}

function put(target: Record<string, Maybe>, name: string, value: Maybe): void {
  if (value === undefined) delete target[name]
  else target[name] = value
}
