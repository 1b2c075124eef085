import { ALIASES, aliasId, claim, type Alias } from '../../fhir/aliases.ts'
import { identifyingAliases } from '../../fhir/write/identifying.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { RecordChange, RecordStore } from '../../store/port.ts'
import type { Image } from '../mapping/image.ts'

/** Who an image is. */
export interface Identity {
  readonly image: Image
  /** Absent for what is unknown and only linked to. */
  readonly id?: string
  readonly isKnown: boolean
  /** Aliases by which it is known. */
  readonly by: readonly Alias[]
  /** Aliases that it has already. */
  readonly confirms: readonly RecordChange[]
  /** Aliases that come with the resource for the first time. */
  readonly claims: readonly RecordChange[]
  /** Aliases that belong to another resource already: somebody has to look at it. */
  readonly taken: readonly Alias[]
}

export type Identities = ReadonlyMap<string, Identity>

/** Finds the resource of each image by its aliases, the preferred first; what is unknown gets a new id. */
export async function identify(
  records: RecordStore,
  images: readonly Image[],
  newId: () => string,
): Promise<Identities> {
  const identities = new Map<string, Identity>()
  const inMessage = new Map<string, string>()
  for (const image of images) {
    const held = await Promise.all(image.aliases.map(async (alias) => holderOf(records, alias)))
    const stored = held.find((id) => id !== undefined)
    const known =
      stored ?? image.aliases.map((alias) => inMessage.get(aliasId(alias))).find((id) => id !== undefined)
    const id = known ?? (image.own === 'link' ? undefined : newId())
    const isNew = (alias: Alias, at: number) => held[at] === undefined && !inMessage.has(aliasId(alias))
    const mayClaim = id !== undefined && (image.own === 'update' || known === undefined)
    const claimed = mayClaim ? image.aliases.filter(isNew) : []
    if (id !== undefined) for (const alias of claimed) inMessage.set(aliasId(alias), id)
    const by = image.aliases.filter((_, at) => held[at] !== undefined && held[at] === id)
    identities.set(image.key, {
      image,
      isKnown: stored !== undefined,
      by,
      confirms: by.map((alias) => confirm(alias, id ?? '')),
      claims: id === undefined ? [] : claimed.map((alias) => claim(alias, id)),
      taken: image.aliases.filter((_, at) => held[at] !== undefined && held[at] !== id),
      ...(id === undefined ? {} : { id }),
    })
  }
  return identities
}

/** The same record again: the write path must not claim what the resource has already. */
function confirm(alias: Alias, id: string): RecordChange {
  return { op: 'put', collection: ALIASES, id: aliasId(alias), value: { type: alias.type, id } }
}

async function holderOf(records: RecordStore, alias: Alias): Promise<string | undefined> {
  return idOf(await records.get(ALIASES, aliasId(alias)))
}

function idOf(record: { readonly value: JsonObject | Uint8Array } | undefined): string | undefined {
  if (record === undefined || record.value instanceof Uint8Array) return undefined
  const { id } = record.value
  return typeof id === 'string' ? id : undefined
}

/** The resource is known by numbers alone that were its own before a merge: what is said of them is not said of who it is now. */
export function isKnownByOldNumbers({ by }: Identity, resource: JsonObject): boolean {
  const named = (alias: Alias) =>
    identifiersOf(resource).filter(({ system, value }) => system === alias.system && value === alias.value)
  return (
    by.length > 0 &&
    by.every((alias) => named(alias).length > 0 && named(alias).every(({ use }) => use === 'old'))
  )
}

function identifiersOf({ identifier }: JsonObject): readonly JsonObject[] {
  return Array.isArray(identifier) ? (identifier as readonly JsonObject[]) : []
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
