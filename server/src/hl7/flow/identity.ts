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

/** A number of a patient in whose place another one of its kind came. */
export interface Replaced {
  readonly number: Alias
  readonly by: Alias
}

/**
 * Numbers that a version brings or drops and that stay where they are, whatever the write path would claim or release: those by which another
 * resource is known (a laboratory gives several reports one number), and those of a patient that are only left out. A number in whose place
 * another one came is given up: it may be the next patient's.
 */
export async function standingNumbers(
  records: RecordStore,
  { id, was, is }: Change,
): Promise<readonly RecordChange[]> {
  const [before, now] = [was, is].map((one) => new Set(numbersOf(one).map(aliasId)))
  if (before === undefined || now === undefined) return []
  const givenUp = new Set(replacedNumbers(was, is).map(({ number }) => aliasId(number)))
  const found = await Promise.all(
    [...before.symmetricDifference(now)].map(async (alias) => records.get(ALIASES, alias)),
  )
  return found.flatMap((record): RecordChange[] => {
    const holder = idOf(record)
    if (record === undefined || holder === undefined) return []
    const isLeftOut = is['resourceType'] === 'Patient' && !now.has(record.id) && !givenUp.has(record.id)
    if (holder === id && !isLeftOut) return []
    return [
      { op: 'replace', collection: ALIASES, id: record.id, value: record.value, revision: record.revision },
    ]
  })
}

/** Numbers of a patient in whose place a version has another one of the same system and type. */
export function replacedNumbers(was: JsonObject, is: JsonObject): readonly Replaced[] {
  if (is['resourceType'] !== 'Patient') return []
  const [before, now] = [numbersOf(was), numbersOf(is)]
  const added = lacking(now, before)
  return lacking(before, now).flatMap((number) => {
    const by = added.find((one) => one.system === number.system && typeOf(is, one) === typeOf(was, number))
    return by === undefined ? [] : [{ number, by }]
  })
}

function numbersOf(resource: JsonObject): readonly Alias[] {
  return identifyingAliases(resource, NO_SYSTEMS)
}

function lacking(numbers: readonly Alias[], others: readonly Alias[]): readonly Alias[] {
  const known = new Set(others.map(aliasId))
  return numbers.filter((one) => !known.has(aliasId(one)))
}

function typeOf(resource: JsonObject, { system, value }: Alias): string {
  const found = identifiersOf(resource).find((one) => one['system'] === system && one['value'] === value)
  return JSON.stringify(found?.['type'])
}
