import { ALIASES, aliasId, type Alias } from '../../fhir/aliases.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { RecordStore } from '../../store/port.ts'
import { ITEMS, MEMBERS } from '../mapping/compile/identity.ts'
import { contradicts, identifiersOf } from '../mapping/compile/other-number.ts'
import type { Image } from '../mapping/model/image.ts'
import { objectsIn } from '../mapping/model/objects.ts'
import type { Identity } from './identity.ts'
import { haveOneCode, isTheirs, patientsOf, type Said, type SameThingDeps } from './same-thing.ts'

/** Services that one number may stand for. */
const MOST = 1000

interface Holding {
  /** Id of an alias. */
  readonly key: string
  readonly id: string
}

/** Of all things that are told apart under a number. @param prefix see `Shared` */
async function holdingsOf(
  records: RecordStore,
  { type, prefix }: { readonly type: string; readonly prefix: string },
): Promise<readonly Holding[]> {
  const found = await Promise.all(
    [ITEMS, MEMBERS].map(async (system) => {
      const from = aliasId({ type, system, value: prefix })
      return records.range({ collection: ALIASES, from, to: `${from}~`, limit: MOST })
    }),
  )
  return found.flat().flatMap((record) => {
    const id = idOf(record)
    return id === undefined ? [] : [{ key: record.id, id }]
  })
}

/** @returns one of those whose alias begins so */
export async function oneBegunBy(records: RecordStore, begin: Alias): Promise<string | undefined> {
  const from = aliasId(begin)
  const [found] = await records.range({ collection: ALIASES, from, to: `${from}~`, limit: 1 })
  return found && idOf(found)
}

/** @param prefix see `Shared` */
export async function idsOfNumber(
  records: RecordStore,
  number: { readonly type: string; readonly prefix: string },
): Promise<readonly string[]> {
  return [...new Set((await holdingsOf(records, number)).map(({ id }) => id))]
}

/**
 * A message that names nothing but a number, as a cancel without OBR, is about everything that has it: what has another number of its own beside
 * it is not meant. When nothing is left, or the message tells of a new thing, nobody can tell what it is about: nothing is changed, and somebody
 * has to look at it.
 *
 * @param found as a number of one thing finds it
 * @see HL7 v2.5.1, 4.5.1.1 (ORC-1), 4.5.1.4 (ORC-4)
 */
export async function allOfNumber(
  deps: SameThingDeps,
  said: Said,
  found: Identity,
): Promise<readonly Identity[]> {
  const { whole, own } = said.image
  if (own === 'link') return [await onlyOfNumber(deps, said, found)]
  if (whole === undefined || own !== 'update') return [found]
  const sharers = await sharersOf(deps, said, { prefix: whole.prefix, found })
  const [first] = sharers
  if (first === undefined || (sharers.length === 1 && first.id === found.id)) return [found]
  const meant = whole.isNew ? [] : sharers.filter((one) => mayBe(one, said))
  const { image } = found
  return meant.length > 0 ? meant.map((one) => knownAs(image, one)) : [unclear(image, first)]
}

/**
 * A result, a dispense or a dose is of one order. Of several orders of the patient with its number it is that of its service, else the only one
 * that has another number or a code of the message. When none is, or several are, nobody can tell: the number alone is referred to, and somebody
 * has to look at it.
 */
async function onlyOfNumber(deps: SameThingDeps, said: Said, found: Identity): Promise<Identity> {
  const { image } = said
  const prefix = (image.item ?? image.whole)?.prefix
  if (prefix === undefined) return found
  const sharers = await sharersOf(deps, said, { prefix, found })
  const [first, ...others] = sharers
  if (first === undefined) return found
  const meant = meantOf(sharers, said)
  if (meant !== undefined) return meant.id === found.id ? found : knownAs(image, meant)
  return others.length === 0 ? found : unclear(image, first)
}

/** Of those that have the number. */
export function meantOf(sharers: readonly Sharer[], said: Said): Sharer | undefined {
  const left = sharers.filter((one) => mayBe(one, said))
  return sharers.length === 1 ? left[0] : onlyOf(left, said)
}

/** It has no other number of its own, and is of no other group. */
export function mayBe({ resource }: Pick<Sharer, 'resource'>, { image, identifiers }: Said): boolean {
  if (contradicts(identifiers, identifiersOf(resource))) return false
  return GROUPS.every((name) => {
    const [mine, theirs] = [objectsIn(image.resource[name]), objectsIn(resource[name])]
    return (
      mine.length === 0 || theirs.length === 0 || theirs.some((one) => mine.some((own) => isNamed(own, one)))
    )
  })
}

const GROUPS = ['requisition', 'groupIdentifier'] as const

function onlyOf(sharers: readonly Sharer[], said: Said): Sharer | undefined {
  let left = sharers
  for (const isMeant of [isOfItem, hasOtherNumberOf, hasCodeOf]) {
    const fitting = left.filter((one) => isMeant(one, said))
    if (fitting.length === 1) return fitting[0]
    if (fitting.length > 1) left = fitting
  }
  return undefined
}

function isOfItem({ keys }: Sharer, { image: { item } }: Said): boolean {
  if (item === undefined) return false
  // Those of one service have a number behind it, or the patient.
  const own = [ITEMS, MEMBERS].map((system) => `${aliasId({ ...item.alias, system })}${BAR}`)
  return keys.some((key) => own.some((one) => `${key}${BAR}`.startsWith(one)))
}

const BAR = encodeURIComponent('|')

export function hasOtherNumberOf(
  { resource }: Pick<Sharer, 'resource'>,
  { image: { aliases }, identifiers }: Said,
): boolean {
  const others = identifiers.filter((one) => !aliases.some((alias) => isNamed(alias, one)))
  return identifiersOf(resource).some((one) => others.some((other) => isNamed(other, one)))
}

function isNamed(one: JsonObject | Alias, { system, value }: JsonObject): boolean {
  return one.system === system && one.value === value
}

function hasCodeOf({ resource }: Sharer, { image }: Said): boolean {
  return haveOneCode(resource, image.resource)
}

export interface Sharer {
  readonly id: string
  readonly resource: JsonObject
  /** Ids of its aliases under the number. */
  readonly keys: readonly string[]
}

/**
 * Things of the patient that have a number: what has gone, or belongs to somebody else, does not count.
 *
 * @param found one of them, as it was found
 */
export async function sharersOf(
  deps: SameThingDeps,
  { image: { type }, patients }: Said,
  { prefix, found }: { readonly prefix: string; readonly found?: Pick<Identity, 'id' | 'isKnown'> },
): Promise<readonly Sharer[]> {
  const first = found?.isKnown === true && found.id !== undefined ? [{ key: '', id: found.id }] : []
  const holdings = [...first, ...(await holdingsOf(deps.records, { type, prefix }))]
  const sharers: Sharer[] = []
  for (const [id, keys] of Map.groupBy(holdings, (one) => one.id)) {
    const resource = await deps.resources.read(type, id)
    if (resource === undefined) continue
    const theirs = patientsOf(resource)
    const owned = { alias: { type }, id, patients: theirs }
    if (patients.length === 0 || theirs.length === 0 || (await isTheirs(deps, owned, patients)))
      sharers.push({ id, resource, keys: keys.map(({ key }) => key) })
  }
  return sharers
}

function knownAs(image: Image, { id }: Sharer): Identity {
  return { image, id, isKnown: true, by: [], confirms: [], claims: [], taken: [] }
}

/** Somebody has to look at it. @param first of those that may be meant */
function unclear(image: Image, first: Sharer): Identity {
  const taken = image.aliases.map((alias) => ({ alias, holder: first.id, isOther: true }))
  return { image, isKnown: false, by: [], confirms: [], claims: [], taken }
}

export async function holderOf(records: RecordStore, alias: Alias): Promise<string | undefined> {
  return idOf(await records.get(ALIASES, aliasId(alias)))
}

export function idOf(record: { readonly value: JsonObject | Uint8Array } | undefined): string | undefined {
  if (record === undefined || record.value instanceof Uint8Array) return undefined
  const { id } = record.value
  return typeof id === 'string' ? id : undefined
}

interface Naming {
  readonly records: RecordStore
  /** Of the message. */
  readonly images: readonly Image[]
}

/** What is unknown and by its rule is nothing then. */
export async function isLeftOut({ records, images }: Naming, { terms, aliases }: Image): Promise<boolean> {
  if (terms === undefined || terms.known) return terms?.known === true
  const { yields: type = '' } = terms
  const hasOne = (others: readonly Alias[]) =>
    others.some(({ system, value }) => aliases.some((one) => one.system === system && one.value === value))
  if (images.some((one) => one.type === type && one.terms?.known !== true && hasOne(one.aliases))) return true
  const holders = await Promise.all(aliases.map(async (alias) => holderOf(records, { ...alias, type })))
  return holders.some((id) => id !== undefined)
}
