import { ALIASES, aliasId, type Alias } from '../../fhir/aliases.ts'
import { identifyingAliases } from '../../fhir/write/identifying.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { RecordChange, RecordStore } from '../../store/port.ts'
import { identifiersOf, isKindOf } from '../mapping/compile/other-number.ts'
import type { Identity } from './identity.ts'
import { idOf } from './whole-number.ts'

/** The best number by which the resource is known was its own before a merge: what is said of it is not said of who it is now. */
export function isKnownByOldNumbers({ by }: Identity, resource: JsonObject): boolean {
  const identifiers = identifiersOf(resource)
  const named = by.map(({ system, value }) =>
    identifiers.filter((one) => one['system'] === system && one['value'] === value),
  )
  const [best = []] = named
  const alike = named.filter((ones) => ones.some((one) => best.some((other) => isKindOf(one, other))))
  return best.length > 0 && alike.flat().every(({ use }) => use === 'old')
}

const NO_SYSTEMS: ReadonlySet<string> = new Set()

/** One version of a resource and the next. */
export interface Change {
  readonly id: string
  readonly was: JsonObject
  readonly is: JsonObject
}

/**
 * Numbers that a version brings or drops while another resource is known by them: a laboratory gives several reports one number. The write
 * path would claim or release them, and they stay where they are.
 */
export async function heldByOthers(
  records: RecordStore,
  { id, was, is }: Change,
): Promise<readonly RecordChange[]> {
  const [before, now] = [was, is].map((one) => new Set(numbersOf(one).map(aliasId)))
  const changed = [...(before ?? new Set<string>()).symmetricDifference(now ?? new Set<string>())]
  const found = await Promise.all(changed.map(async (alias) => records.get(ALIASES, alias)))
  return found.flatMap((record): RecordChange[] => {
    const holder = idOf(record)
    if (record === undefined || holder === undefined || holder === id) return []
    return [
      { op: 'replace', collection: ALIASES, id: record.id, value: record.value, revision: record.revision },
    ]
  })
}

/** Numbers of a patient that a version does not name any more: nobody is known by them from then on. */
export function givenUp(was: JsonObject, is: JsonObject): readonly Alias[] {
  if (is['resourceType'] !== 'Patient') return []
  const kept = new Set(numbersOf(is).map(aliasId))
  return numbersOf(was).filter((one) => !kept.has(aliasId(one)))
}

function numbersOf(resource: JsonObject): readonly Alias[] {
  return identifyingAliases(resource, NO_SYSTEMS)
}
