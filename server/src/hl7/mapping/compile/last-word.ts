import type { Alias } from '../../../fhir/aliases.ts'
import type { CompiledImage } from './compile-message.ts'
import type { Draft } from './draft.ts'
import { MEMBERS, type Identified } from './identity.ts'
import { contradicts, identifiersOf } from './other-number.ts'
import { pathOf } from './target.ts'

/**
 * A message makes something and speaks of it again, as of an order that is placed and taken back: what it says last counts. A number alone is about
 * everything that has it.
 *
 * @returns whether `later` is about `earlier`
 */
export function isLaterWord(later: Draft, earlier: Draft): boolean {
  if (later.owner !== earlier.owner || earlier.item === undefined || later.type !== earlier.type) return false
  if (placeOf(earlier) > placeOf(later)) return false
  if (later.whole !== undefined) return !later.whole.isNew && mayBeAbout(later, later.whole.prefix, earlier)
  if (later.item === undefined || later.item.isNew) return false
  if (!earlier.item.isNew && !later.item.isLast) return false
  if (contradicts(identifiersOf(later.resource), identifiersOf(earlier.resource))) return false
  return isOneItem(later.item.alias, earlier.item.alias)
}

/** Of several that look the same each has a number behind its own, see `twinOf`. */
function isOneItem({ value }: Alias, { value: told }: Alias): boolean {
  return told === value || told.startsWith(`${value}|#`)
}

function mayBeAbout(
  { resource }: Draft,
  prefix: string,
  { item, aliases, resource: earlier }: Draft,
): boolean {
  const isOfNumber =
    item?.prefix === prefix ||
    aliases.some(({ system, value }) => system === MEMBERS && value.startsWith(prefix))
  return isOfNumber && !contradicts(identifiersOf(resource), identifiersOf(earlier))
}

function placeOf({ target }: Draft): number {
  return target?.segment.index ?? 0
}

/** @returns the first of those that the message has made and speaks of again */
export function tellLast(drafts: readonly Draft[], later: Draft): Draft | undefined {
  // Most are about nothing but themselves: a message may have very many.
  if (later.whole === undefined && later.item?.isNew !== false) return undefined
  const before = drafts.filter((one) => isLaterWord(later, one))
  for (const one of before) takeLastWord(one, later)
  // Nothing else is made of a number that is of them.
  if (before.length > 0 && later.whole !== undefined) later.terms = { ...later.terms, known: true }
  return before[0]
}

/** Elements of the later word take the place of those before, but for lists that are there; what counts only for what is new was said already. */
function takeLastWord(earlier: Draft, later: Draft): void {
  const names = Object.keys(later.resource).filter(
    (name) => later.initial?.has(name) !== true && !Array.isArray(earlier.resource[name]),
  )
  for (const name of names) {
    earlier.resource[name] = later.resource[name]
    earlier.initial?.delete(name)
  }
  const isTaken = (path: string) => names.includes(path.split(/[.[]/, 1)[0] ?? '')
  const kept = earlier.written.filter((one) => !isTaken(pathOf(one)))
  earlier.written.splice(0, Infinity, ...kept, ...later.written.filter((one) => isTaken(pathOf(one))))
  const digits = [...(earlier.literals ?? [])].filter(([path]) => !isTaken(path))
  const theirs = [...(later.literals ?? [])].filter(([path]) => isTaken(path))
  earlier.literals = digits.length + theirs.length > 0 ? new Map([...digits, ...theirs]) : undefined
}

/** Two drafts of one identity that a message is not meant to tell apart: what it deletes and tells is there. */
export function isOneThing(
  { image, identity: { item, isComposed } }: { readonly image: CompiledImage; readonly identity: Identified },
  known: Draft,
  again: Draft,
): boolean {
  if (item === undefined || known.item?.alias.value !== item.alias.value) return !isComposed
  if (image.own !== 'update' || image.terms?.known === true) return true
  return JSON.stringify(known.resource) === JSON.stringify(again.resource)
}
