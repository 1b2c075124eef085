import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { Image, While } from '../mapping/model/image.ts'
import { exactNumber, isSame, shortText } from './exact-json.ts'
import type { Identities, Identity } from './identity.ts'
import { hasCode } from './list-parts.ts'
import type { Conflict } from './merge.ts'

type Members = Record<string, JsonValue | undefined>

const WITHIN = '#image:'

/**
 * What an image says, as it is compared and kept: decimals with every digit, long texts by their marks, real references in the place of
 * `#image:<key>`; the unknown stay logical ones, by their preferred identifier.
 *
 * @param vault takes the long texts by their marks.
 */
export function sentOf(
  { resource, literals }: Pick<Image, 'resource' | 'literals'>,
  identities: Identities,
  vault: Map<string, string>,
): JsonObject {
  const visit = (value: JsonValue): JsonValue => {
    if (typeof value === 'string') return shortText(value, vault)
    if (typeof value !== 'object' || value === null) return value
    if (!Array.isArray(value)) return members(value as JsonObject)
    return value
      .filter((item: JsonValue) => !isLeftOut(item, identities))
      .map((item: JsonValue) => visit(item))
  }
  const members = (object: JsonObject): JsonObject => {
    const { reference, url } = object
    if (typeof url === 'string' && url.startsWith(WITHIN)) {
      const { reference: address } = referenceTo(identities.get(url.slice(WITHIN.length)))
      return { ...object, url: address }
    }
    const isWithin = typeof reference === 'string' && reference.startsWith(WITHIN)
    const made: Members = isWithin ? referenceTo(identities.get(reference.slice(WITHIN.length))) : {}
    for (const name of Object.keys(object)) {
      const value = object[name]
      if (value === undefined || (isWithin && name === 'reference')) continue
      const next = visit(value)
      if (!Array.isArray(next) || next.length > 0) made[name] = next
    }
    return made
  }
  const sent = members(resource)
  for (const [path, digits] of literals ?? []) placeNumber(sent, path, digits)
  return sent
}

/** It refers to what counts only where it is known. */
function isLeftOut(value: JsonValue, identities: Identities): boolean {
  const { reference } = typeof value === 'object' && value !== null ? (value as JsonObject) : {}
  if (typeof reference !== 'string' || !reference.startsWith(WITHIN)) return false
  const identity = identities.get(reference.slice(WITHIN.length))
  return identity?.image.terms?.known === true && identity.id === undefined
}

/** What an image deletes: an item of a list by the reference to what it names, if that is known at all. */
export function clearedBy({ cleared = [] }: Pick<Image, 'cleared'>, identities: Identities): string[] {
  return cleared.flatMap((path) => {
    const at = path.indexOf(WITHIN)
    if (at === -1) return [path]
    const { reference } = referenceTo(identities.get(path.slice(at + WITHIN.length)))
    return typeof reference === 'string' ? [path.slice(0, at) + reference] : []
  })
}

interface Words {
  readonly next: JsonObject
  readonly cleared: readonly string[]
}

interface Counted extends Words {
  /** Codes that cannot follow the one that the resource has: somebody has to look. */
  readonly held: readonly Conflict[]
}

/** What an image says of a resource that is there already. @param known codes that it has */
export function countedOf(
  {
    initial = [],
    whiles = [],
    parts = [],
    isLate = false,
  }: Pick<Image, 'initial' | 'whiles' | 'parts'> & { readonly isLate?: boolean },
  { next, cleared }: Words,
  known: JsonObject,
): Counted {
  const isPast = ({ element, codes }: While) => !codes.some((code) => code === known[element])
  const pasts = whiles.filter(isPast)
  const unasked = parts.flatMap((part) => {
    if (typeof part !== 'object' || !('only' in part)) return []
    const isFilled = isLate && part.fills === true
    return isFilled || hasCode(known, part.while) ? [] : part.only
  })
  const past = new Set([...pasts.map(({ path }) => path), ...unasked])
  const counts = ([name]: readonly [string, unknown]) => !initial.includes(name) && !past.has(name)
  return {
    next: Object.fromEntries(Object.entries(next).filter(counts)),
    cleared: cleared.filter((path) => !past.has(path) && !unasked.includes(path.split('.', 1)[0] ?? '')),
    held: pasts.flatMap(({ path, element }) => {
      const [current, incoming] = [known[path], next[path]]
      if (path !== element || current === undefined || incoming === undefined) return []
      return isSame(current, incoming) ? [] : [{ element, current, incoming }]
    }),
  }
}

/** Puts the exact digits where the double stands. @param path `component[0].valueQuantity.value` */
function placeNumber(sent: JsonObject, path: string, digits: string): void {
  const steps = path.split(/[.[\]]+/).filter((step) => step !== '')
  const last = steps.pop() ?? ''
  let here: JsonValue | undefined = sent
  for (const step of steps) here = memberOf(here, step)
  if (typeof memberOf(here, last) === 'number') (here as Members)[last] = exactNumber(digits)
}

/** A member of an object by its name, an item of a list by its number. */
function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return typeof value === 'object' && value !== null ? (value as JsonObject)[name] : undefined
}

function referenceTo(identity: Identity | undefined): Members {
  if (identity === undefined) return {}
  const { image, id } = identity
  if (id !== undefined) return { reference: `${image.type}/${id}` }
  const alias = image.aliases.find((one) => one !== image.item?.alias)
  return alias
    ? { type: image.type, identifier: { system: alias.system, value: alias.value } }
    : { type: image.type }
}
