import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { AllowedCodes } from './bindings.ts'
import type { Check } from './check.ts'
import { isObject } from './collections.ts'
import { PRIMITIVES, type Format } from './primitives.ts'
import { asIssue, notInSet } from './problems.ts'

/** The second look at values that did not pass the quick check of their type: generated code calls these where something may be wrong. */
interface Place {
  readonly check: Check
  readonly name: string
}

interface ItemPlace extends Place {
  readonly index: number
}

export function checkPrimitive(value: JsonValue | undefined, format: Format, { check, name }: Place): void {
  note(value, check)
  const problem = format(value)
  if (problem !== undefined) check.addAt(name, ...asIssue(value, problem))
  else if (check.warnings) advise(value, format, { check, name, index: -1 })
}

/** @param place `extras`: the value of `_name`, which must speak for each item that is null */
export function checkPrimitiveItem(
  value: JsonValue | undefined,
  format: Format,
  { check, name, index, extras }: ItemPlace & { readonly extras: JsonValue | undefined },
): void {
  note(value, check)
  if (value === null && Array.isArray(extras) && isObject(extras[index] as JsonValue)) return
  const problem = format(value)
  if (problem !== undefined) faultAt({ check, name, index }, ...asIssue(value, problem))
  else if (check.warnings) advise(value, format, { check, name, index })
}

/** A code that is not in its required value set. */
export function checkCode(value: JsonValue | undefined, allowed: AllowedCodes, { check, name }: Place): void {
  const problem = PRIMITIVES.code(value)
  if (problem !== undefined) check.addAt(name, ...asIssue(value, problem))
  else if (!allowed.codes.has(value)) check.addAt(name, 'code-invalid', notInSet(allowed))
}

export function checkCodeItem(value: JsonValue | undefined, allowed: AllowedCodes, place: ItemPlace): void {
  const problem = PRIMITIVES.code(value)
  if (problem !== undefined) faultAt(place, ...asIssue(value, problem))
  else if (!allowed.codes.has(value)) faultAt(place, 'code-invalid', notInSet(allowed))
}

/** The id of an element: unique in its resource. */
export function checkElementId(id: JsonValue | undefined, check: Check): void {
  if (!check.isText(id)) checkPrimitive(id, PRIMITIVES.string, { check, name: 'id' })
  else if (check.ids?.has(id))
    check.addAt('id', 'value', 'Two elements of this resource have this id: change one.')
  check.ids = (check.ids ?? new Set()).add(id)
}

interface ExtrasPlace extends Place {
  readonly values: JsonValue | undefined
  /** What a required binding allows, of codes. */
  readonly allowed?: AllowedCodes
}

/** The check of what `_name` holds. @param isBeside whether there is a value that it belongs to */
type ExtraCheck = (element: JsonObject, check: Check, isBeside: boolean) => void

/** `_name` of an element that repeats: as long as its values, null where there is nothing to say. */
export function checkExtras(
  value: JsonValue | undefined,
  elementCheck: ExtraCheck,
  { check, name, values, allowed }: ExtrasPlace,
): void {
  const count = check.count(name, value)
  if (count === 0) return
  const items = value as readonly JsonValue[]
  if (Array.isArray(values) && values.length !== count)
    check.addAt(
      name,
      'structure',
      `"_${name}" must have as many items as "${name}", null where there is nothing to say.`,
    )
  for (let i = 0; i < count; i++) {
    const item = items[i]
    if (item === null && !Array.isArray(values))
      check.addAt(name, 'structure', `"_${name}" may have null only beside a value in "${name}".`)
    if (item === null || !check.item(name, i, item)) continue
    const isBeside = hasItem(values, i)
    elementCheck(item as JsonObject, check, isBeside)
    if (allowed && !isBeside) check.codeMissing(allowed, item)
    check.leave()
  }
}

function hasItem(values: JsonValue | undefined, index: number): boolean {
  return Array.isArray(values) && values[index] !== null
}

/** What is valid, but not wise. @see FHIR R4, "Data Types", string: "strings SHOULD always contain non-whitespace content" */
function advise(value: JsonValue | undefined, format: Format, { check, name, index }: ItemPlace): void {
  if (typeof value !== 'string') return
  const isRelative = !value.includes(':') && !value.startsWith('#')
  const advice = value.trim() === '' ? BLANK : isRelative ? WANT_SCHEME.get(format) : undefined
  if (advice === undefined) return
  check.step(name, index)
  check.advise('value', advice)
  check.leave()
}

const BLANK = 'A string should hold more than blanks: leave the element out or fill it.'
const SYSTEM =
  'A system should be an absolute URI, that of its definition: others cannot tell which one this is.'
const WANT_SCHEME: ReadonlyMap<Format, string> = new Map([
  [PRIMITIVES.codeSystem, SYSTEM],
  [PRIMITIVES.namespace, SYSTEM],
  [
    PRIMITIVES.canonical,
    'A canonical is the absolute url of a definition (or "#id" of one inside): others cannot tell which one this is.',
  ],
])

function faultAt({ check, name, index }: ItemPlace, ...issue: Parameters<Check['fault']>): void {
  check.step(name, index)
  check.fault(...issue)
  check.leave()
}

/** Anything that begins with "#" may be what refers to a contained resource. */
function note(value: JsonValue | undefined, check: Check): void {
  if (typeof value === 'string' && value.startsWith('#')) check.fragments.push(value)
}
