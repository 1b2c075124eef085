import type { Alias } from '../../fhir/aliases.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { RecordStore } from '../../store/port.ts'
import { contradicts, hasOtherNumber, identifiersOf } from '../mapping/compile/other-number.ts'
import type { Effect, Image } from '../mapping/model/image.ts'
import { objectsIn } from '../mapping/model/objects.ts'
import { mergeOf, MERGING } from './merge-record.ts'
import type { KnownResources } from './read-once.ts'

export interface SameThingDeps {
  readonly records: RecordStore
  readonly resources: KnownResources
}

/** What a message says about a thing, and of whom. */
export interface Said {
  readonly image: Image
  /** Its numbers, and those of before that the message gives it new ones for. */
  readonly identifiers: readonly JsonObject[]
  /** References of the patients that it is about; none: nobody, or it does not matter. */
  readonly patients: readonly string[]
  /** Of results: those that the message names. */
  readonly specimens: readonly SaidSpecimen[]
}

export interface SaidSpecimen {
  /** `Specimen/id` */
  readonly reference: string
  /** What the message says of it; of those in the record their version. */
  readonly resource?: JsonObject
}

/** `twin`: nobody can tell which of those that look the same it is. */
export type Difference = 'number' | 'patient' | 'specimen' | 'item' | 'twin'

/**
 * Numbers are given twice: a report number comes again the next year, a national number is that of the mother. What is known by the alias is
 * another thing when it has another number that counts more, belongs to somebody else, or is the result of another specimen.
 *
 * @param other as it is known
 */
export async function differenceOf(
  deps: SameThingDeps,
  { image: { aliases, item }, identifiers, patients, specimens }: Said,
  other: Omit<Said, 'image'> & { readonly alias: Alias; readonly id: string; readonly image?: Image },
): Promise<Difference | undefined> {
  if (hasOtherNumber({ aliases, identifiers }, other.alias, other.identifiers)) return 'number'
  const isOfOther =
    patients.length > 0 && other.patients.length > 0 && !(await isTheirs(deps, other, patients))
  if (isOfOther) return 'patient'
  if (await areOtherSpecimens(deps, specimens, other)) return 'specimen'
  if (item === undefined || other.image === undefined) return undefined
  const { item: near, whole } = other.image
  const isOther =
    near === undefined ? whole !== undefined && item.isNew : near.alias.value !== item.alias.value
  return isOther ? 'item' : undefined
}

const CODES = ['code', 'medicationCodeableConcept', 'vaccineCode', 'type'] as const

/** Types of what is known by the number of an order, which may have several specimens. */
export const RESULTS: ReadonlySet<string> = new Set(['DiagnosticReport', 'Observation'])

/** Specimens of a message are told from each other already; in the record they are others by their numbers, or else by what they are. */
async function areOtherSpecimens(
  { resources }: SameThingDeps,
  mine: Said['specimens'],
  { image, specimens: theirs }: Pick<Said, 'specimens'> & { readonly image?: Image },
): Promise<boolean> {
  if (mine.length === 0 || theirs.length === 0) return false
  const known = new Set(mine.map(({ reference }) => reference))
  if (theirs.some(({ reference }) => known.has(reference))) return false
  if (image !== undefined) return true
  for (const { reference } of theirs) {
    const other = await resources.read('Specimen', reference.slice('Specimen/'.length))
    if (other === undefined) return false
    if (mine.some(({ resource = {} }) => !isOtherSpecimen(resource, other))) return false
  }
  return true
}

/** Of two that are told apart: they may share a number, which senders give to all specimens of an order. */
function isOtherSpecimen(one: JsonObject, other: JsonObject): boolean {
  return contradicts(identifiersOf(one), identifiersOf(other)) || haveOtherCodes(one, other)
}

/** Specimens that a result is of. */
export function specimensOf({ specimen }: JsonObject): readonly SaidSpecimen[] {
  return objectsIn(specimen).flatMap(({ reference }) => {
    return typeof reference === 'string' && /^(?:Specimen\/|#image:)/.test(reference) ? [{ reference }] : []
  })
}

/** Both have codes for what they are, and none of them is the same. */
export function haveOtherCodes(one: JsonObject, other: JsonObject): boolean {
  const [mine, theirs] = [codesOf(one), codesOf(other)]
  return mine.size > 0 && theirs.size > 0 && mine.isDisjointFrom(theirs)
}

export function haveOneCode(one: JsonObject, other: JsonObject): boolean {
  return !codesOf(one).isDisjointFrom(codesOf(other))
}

function codesOf(resource: JsonObject): ReadonlySet<JsonValue> {
  const concepts = CODES.flatMap((name) => objectsIn(resource[name]))
  const codings = concepts.flatMap(({ coding }) => objectsIn(coding))
  return new Set(codings.flatMap(({ code }) => code ?? []))
}

/** References of the patients that a resource is about. */
export function patientsOf(resource: JsonObject): readonly string[] {
  const { subject, patient, beneficiary, participant } = resource
  const actors = objectsIn(participant).map(({ actor }) => actor)
  return [subject, patient, beneficiary, ...actors].flatMap(objectsIn).flatMap(({ reference }) => {
    return typeof reference === 'string' && /^(?:Patient\/|#image:)/.test(reference) ? [reference] : []
  })
}

/** The thing is of one of the patients, or was until it was moved. */
export async function isTheirs(
  deps: SameThingDeps,
  {
    alias: { type },
    id,
    patients: theirs,
  }: {
    readonly alias: Pick<Alias, 'type'>
    readonly id: string
    readonly patients: readonly string[]
  },
  patients: readonly string[],
): Promise<boolean> {
  if (await areOnePerson(deps, theirs, patients)) return true
  for (const { from } of await movesFrom(deps.records, `${type}/${id}`))
    if (await areOnePerson(deps, [from], patients)) return true
  return false
}

/** Keys of images that a message takes to another place, or makes one of. */
export function movedBy(effects: readonly Effect[]): ReadonlySet<string> {
  const moving = effects.filter(({ kind }) => kind !== 'snapshot' && kind !== 'end')
  const own = moving.flatMap(({ image, into = '' }) => [image, into])
  return new Set(own.concat(moving.flatMap(({ of = [] }) => of)))
}

/** The patients from whom a thing was moved (A44, A45), with the event time of the move. */
export async function movesFrom(
  records: RecordStore,
  reference: string,
): Promise<readonly { readonly from: string; readonly time?: number }[]> {
  const from = `${reference}|`
  const found = await records.range({ collection: MERGING.moved, from, to: `${from}~`, limit: MOST_LINKS })
  return found.map(({ id, value }) => {
    const time = value instanceof Uint8Array ? undefined : value['time']
    const patient = id.slice(from.length)
    return typeof time === 'number' ? { from: patient, time } : { from: patient }
  })
}

/** They were merged or linked, or what the one has is on its way to the other. */
export async function areOnePerson(
  deps: SameThingDeps,
  theirs: readonly string[],
  patients: readonly string[],
): Promise<boolean> {
  if (theirs.some((one) => patients.includes(one))) return true
  const open = await deps.records.range({ collection: MERGING.pending, limit: 1000 })
  const merges = await Promise.all(open.map(async ({ id }) => deps.records.get(MERGING.merges, id)))
  const ways = merges.flatMap((record) => (record === undefined ? [] : [mergeOf(record)]))
  if (ways.some(({ from, to }) => theirs.includes(from) && patients.includes(to))) return true
  const known = new Set(theirs)
  // A set is walked with what is added to it on the way: a chain of merges.
  for (const reference of known) {
    if (known.size > MOST_LINKS) break
    for (const linked of await linksOf(deps, reference)) known.add(linked)
  }
  return patients.some((one) => known.has(one))
}

const MOST_LINKS = 32

async function linksOf({ resources }: SameThingDeps, reference: string): Promise<readonly string[]> {
  const [type = '', id = ''] = reference.split('/')
  const { link } = (await resources.read(type, id)) ?? {}
  const others = objectsIn(link).flatMap(({ other }) => objectsIn(other))
  return others.flatMap(({ reference: other }) => (typeof other === 'string' ? [other] : []))
}
