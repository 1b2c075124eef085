import type { Alias } from '../../../fhir/aliases.ts'
import type { JsonObject, JsonValue } from '../../../kernel/json.ts'
import type { Fragment } from '../model/element.ts'
import { objectsIn } from '../model/objects.ts'
import { ITEMS, MEMBERS } from './identity.ts'

interface Numbered {
  /** The preferred first. */
  readonly aliases: readonly Alias[]
  readonly identifiers: readonly JsonObject[]
}

/**
 * Two things share a number, and each has its own of a kind and system that counts more: a newborn with the national number of its mother,
 * two specimens of one laboratory number. They are not one.
 */
export function hasOtherNumber(
  { aliases, identifiers }: Numbered,
  shared: Alias,
  others: readonly JsonObject[],
): boolean {
  for (const { system, value } of aliases) {
    if (system === shared.system && value === shared.value) return false
    const kind = identifiers.find((one) => one['system'] === system && one['value'] === value)
    if (kind === undefined) {
      // What is known by its number and who has it, beside a name: another number is another thing.
      if (isComposed(system) && isComposed(shared.system) && contradicts(identifiers, others)) return true
      continue
    }
    const theirs = valuesLike(others, kind)
    if (theirs.size > 0 && theirs.isDisjointFrom(valuesLike(identifiers, kind))) return true
  }
  return false
}

function isComposed(system: string): boolean {
  return system !== ITEMS && system !== MEMBERS
}

/** The others have a number of a kind that these have, too, and it is another one. */
export function contradicts(identifiers: readonly JsonObject[], others: readonly JsonObject[]): boolean {
  return identifiers.some((one) => {
    const theirs = valuesLike(others, one)
    return theirs.size > 0 && theirs.isDisjointFrom(valuesLike(identifiers, one))
  })
}

function valuesLike(identifiers: readonly JsonObject[], kind: JsonObject): ReadonlySet<unknown> {
  return new Set(identifiers.filter((one) => isKindOf(one, kind)).map(({ value }) => value))
}

/** Of one system and type. */
export function isKindOf(one: JsonObject, other: JsonObject): boolean {
  return one['system'] === other['system'] && kindOf(one) === kindOf(other)
}

/** The code of its type. */
export function kindOf({ type }: JsonObject): JsonValue | undefined {
  const [coding] = objectsIn((type as JsonObject | undefined)?.['coding'])
  return coding?.['code']
}

export function identifiersOf({ identifier }: Fragment): readonly JsonObject[] {
  return objectsIn(identifier)
}
