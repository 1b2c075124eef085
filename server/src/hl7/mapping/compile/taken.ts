import type { Alias } from '../../../fhir/aliases.ts'
import type { Draft } from './draft.ts'
import { hasOtherNumber, identifiersOf } from './other-number.ts'

/** By the values of their identities: a thing that a message names twice is one image. */
export interface Taken {
  add(draft: Draft): void
  /** The last one that has one of the aliases and is not told from the draft by its owner or by a number that counts more. */
  sameAs(draft: Draft, aliases: readonly Alias[]): Draft | undefined
  /** The alias with a number behind it, where the draft would otherwise look like another thing. */
  unique(draft: Draft, alias: Alias): Alias
}

export function createTaken(): Taken {
  const byValue = new Map<string, Draft[]>()
  const sameAs: Taken['sameAs'] = (draft, aliases) => {
    const isOne = (other: Draft, alias: Alias) =>
      other.aliases.some((one) => isAlias(one, alias)) && !isOther(draft, aliases, { alias, other })
    for (const alias of aliases) {
      const found = byValue.get(alias.value)?.findLast((other) => isOne(other, alias))
      if (found !== undefined) return found
    }
    return undefined
  }
  return {
    add(draft) {
      for (const { value } of draft.aliases) {
        const same = byValue.get(value)
        if (same === undefined) byValue.set(value, [draft])
        else same.push(draft)
      }
    },
    sameAs,
    unique(draft, alias) {
      let found = alias
      for (let number = 2; sameAs(draft, [found]) !== undefined; number++) found = twinOf(alias, number)
      return found
    },
  }
}

/** Of what a message has several of that look the same, from the second on. */
export function twinOf(alias: Alias, number: number): Alias {
  return { ...alias, value: `${alias.value}|#${number}` }
}

function isAlias(one: Alias, other: Alias): boolean {
  return one.value === other.value && one.system === other.system && one.type === other.type
}

function isOther(
  { owner, resource, item, marks }: Draft,
  aliases: readonly Alias[],
  { alias, other }: { readonly alias: Alias; readonly other: Draft },
): boolean {
  if (owner !== undefined && other.owner !== undefined && owner !== other.owner) return true
  // What names a service of its own is not all that has the number.
  if (item !== undefined && other.whole !== undefined) return true
  if (item !== undefined && other.item !== undefined && item.alias.value !== other.item.alias.value)
    return true
  if (marks.some((mark, at) => mark !== '' && ![mark, '', undefined].includes(other.marks[at]))) return true
  return hasOtherNumber(
    { aliases, identifiers: identifiersOf(resource) },
    alias,
    identifiersOf(other.resource),
  )
}
