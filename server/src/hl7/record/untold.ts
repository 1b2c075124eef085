import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { ImagePart, LatePart, ListPart } from '../mapping/model/image.ts'
import { choiceOf } from './choices.ts'
import { isElements, isList, isSame, leavesOf } from './exact-json.ts'
import type { LastImage } from './last-image.ts'
import { hasDeleted, haveOneKey } from './list-parts.ts'
import { isBefore } from './stay-periods.ts'

type Known = Pick<LastImage, 'image' | 'deleted'>

/**
 * What a message that comes late says and its feed has neither told nor deleted: elements, members of objects and items of lists that come
 * from fields of their own. The stays of a list follow each other, see `withLateStays`.
 *
 * @returns `undefined` when it says nothing
 */
export function untoldOf(
  { image, deleted = [] }: Known,
  next: JsonObject,
  parts: readonly ImagePart[],
): JsonObject | undefined {
  const part = lateIn(parts)
  if (part?.late !== 'fills') return undefined
  const isCompleted = (name: string, value: JsonValue) =>
    part.completes?.includes(name) === true && isPartOf(value, next[name])
  const isTold = ([name, value]: readonly [string, JsonValue | undefined]) =>
    value !== undefined && !isSame(part.unknown?.[name], value) && !isCompleted(name, value)
  const names = Object.entries(image)
    .filter(isTold)
    .map(([name]) => name)
  const told = new Set([...names, ...deleted].map(choiceOf))
  if (part.together?.some((name) => told.has(name)) === true) for (const name of part.together) told.add(name)
  const untold = Object.entries(next).flatMap(([name, value]) => {
    const rest =
      isList(value) || isElements(value) ? restOf({ image, deleted }, [name, value], parts) : undefined
    if (rest !== undefined) return Object.keys(rest).length === 0 ? [] : [[name, rest] as const]
    return told.has(choiceOf(name)) ? [] : [[name, value] as const]
  })
  return untold.length === 0 ? undefined : Object.fromEntries(untold)
}

/** Whether the one agrees with all that the other says. */
function isPartOf(told: JsonValue, said: JsonValue | undefined): boolean {
  const all: ReadonlyMap<string, JsonValue> = said === undefined ? new Map() : leavesOf(said)
  return [...leavesOf(told)].every(([path, value]) => isSame(all.get(path), value))
}

/** What a feed has deleted, as long as it does not say it again; where nothing fills what was never told nobody asks. */
export function deletedSince(
  before: Known | undefined,
  cleared: readonly string[],
  { image, parts }: { readonly image: JsonObject; readonly parts: readonly ImagePart[] },
): readonly string[] {
  if (lateIn(parts) === undefined) return []
  return [...new Set([...(before?.deleted ?? []), ...cleared])].filter((path) => {
    const [name = '', ...rest] = path.split('.')
    const [value, member] = [image[name], rest.join('.')]
    if (value === undefined) return true
    if (member === '') return false
    const list = listIn(parts, name)
    if (list !== undefined) return !(isList(value) && value.some((item) => hasDeleted(list, item, member)))
    return isElements(value) && value[member] === undefined
  })
}

function lateIn(parts: readonly ImagePart[]): LatePart | undefined {
  return parts.find((part): part is LatePart => typeof part === 'object' && 'late' in part)
}

function listIn(parts: readonly ImagePart[], name: string): ListPart | undefined {
  return parts.find(
    (part): part is ListPart => typeof part === 'object' && 'list' in part && part.list === name,
  )
}

/** @returns `undefined` when the element counts as a whole */
function restOf(
  { image, deleted = [] }: Known,
  [name, value]: readonly [string, JsonValue],
  parts: readonly ImagePart[],
): JsonObject | readonly JsonValue[] | undefined {
  const was = image[name]
  const gone = deleted.flatMap((path) => (path.startsWith(`${name}.`) ? [path.slice(name.length + 1)] : []))
  if (isElements(value) && parts.includes(name)) {
    if (deleted.includes(name)) return {}
    const known = isElements(was) ? was : {}
    const isNew = ([member]: readonly [string, unknown]) =>
      known[member] === undefined && !gone.includes(member)
    const rest = Object.fromEntries(Object.entries(value).filter(isNew))
    const both = { ...known, ...rest }
    return isBefore(both['end'], both['start']) ? {} : rest
  }
  const list = listIn(parts, name)
  if (list === undefined || !isList(value)) return undefined
  if (list.merged === true || deleted.includes(name)) return []
  const known = isList(was) ? was : []
  return value.filter(
    (item) =>
      !known.some((one) => haveOneKey(list, item, one)) && !gone.some((one) => hasDeleted(list, item, one)),
  )
}
