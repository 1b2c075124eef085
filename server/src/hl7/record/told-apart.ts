import { createHash } from 'node:crypto'

import { ALIASES, aliasId, type Alias } from '../../fhir/aliases.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { identifiersOf } from '../mapping/compile/other-number.ts'
import {
  differenceOf,
  haveOtherCodes,
  patientsOf,
  RESULTS,
  specimensOf,
  type Difference,
  type Said,
  type SameThingDeps,
} from './same-thing.ts'
import { holderOf, idOf, sharersOf } from './whole-number.ts'

export interface ApartDeps extends SameThingDeps {
  /** Images of the message so far, by the ids of their aliases. */
  readonly inMessage: ReadonlyMap<string, Known>
  /** Of what the message so far told apart from others of its number: the value of that alias, by id. */
  readonly items: ReadonlyMap<string, string>
}

export interface Known extends Said {
  readonly id: string
}

interface Apart {
  readonly id?: string
  readonly isStored: boolean
  /** The aliases by which it is told apart from the holders of its own. */
  readonly apart: readonly Alias[]
}

/**
 * Numbers that another thing has already, of somebody else or of another specimen: this one is known by number and patient, and specimen.
 *
 * @param aliases how this one differs from what has them
 */
export async function apartFrom(
  desk: ApartDeps,
  said: Said,
  aliases: ReadonlyMap<Alias, Difference>,
): Promise<Apart> {
  const apart: Alias[] = []
  for (const [alias, difference] of aliases) {
    if (difference === 'number' || difference === 'item') continue
    const keys = keysOf(said, alias)
    const known = await apartOf(desk, alias)
    const found = (await storedApart(desk, said, { alias, known })) ?? (await nearApart(desk, said, alias))
    if (found !== undefined) return { ...found, apart: [] }
    const isFree = (key: Alias) =>
      !desk.inMessage.has(aliasId(key)) && known.every((one) => one.key !== aliasId(key))
    const own = difference !== 'patient' || !isFree(keys.patient) ? keys.specimen : keys.patient
    if (isFree(own)) apart.push(own)
  }
  return { isStored: false, apart }
}

type Found = Omit<Apart, 'apart'>

async function storedApart(
  desk: ApartDeps,
  said: Said,
  { alias, known }: { readonly alias: Alias; readonly known: readonly Holding[] },
): Promise<Found | undefined> {
  const unknown = aliasId(keysOf(said, alias).unknown)
  for (const { key, id } of known) {
    // What names no specimen, while several have the number, is nobody's.
    if (key === unknown && said.specimens.length > 0) continue
    if ((await differenceFromStored(desk, said, { alias, id })) === undefined) return { id, isStored: true }
  }
  return undefined
}

async function nearApart(desk: ApartDeps, said: Said, alias: Alias): Promise<Found | undefined> {
  const { patient, specimen } = keysOf(said, alias)
  for (const key of [patient, specimen]) {
    const near = desk.inMessage.get(aliasId(key))
    if (near !== undefined && (await differenceOf(desk, said, { alias, ...near })) === undefined)
      return { id: near.id, isStored: false }
  }
  return undefined
}

interface Holding {
  /** Id of the alias. */
  readonly key: string
  readonly id: string
}

function keysOf(
  { patients, specimens }: Said,
  alias: Alias,
): Record<'patient' | 'specimen' | 'unknown', Alias> {
  const patient = patients[0]?.slice('Patient/'.length) ?? ''
  const specimen = specimens[0]?.reference.slice('Specimen/'.length) ?? 'none'
  const of = (text: string): Alias => ({ ...alias, value: `${stemOf(alias)}|@${text}` })
  return { patient: of(patient), specimen: of(`${patient}.${specimen}`), unknown: of(`${patient}.none`) }
}

const STEM_MOST = 200

/** What all that has the number begins with; short enough for what comes behind it. */
function stemOf(alias: Alias): string {
  const id = aliasId(alias)
  return id.length <= STEM_MOST ? alias.value : createHash('sha256').update(id).digest('base64url')
}

/** What has the number of another thing, too. */
async function apartOf({ records }: ApartDeps, alias: Alias): Promise<readonly Holding[]> {
  const from = aliasId({ ...alias, value: `${stemOf(alias)}|@` })
  const known = await records.range({ collection: ALIASES, from, to: `${from}~`, limit: 1000 })
  return known.flatMap((record) => {
    const id = idOf(record)
    return id === undefined ? [] : [{ key: record.id, id }]
  })
}

export async function differenceFromStored(
  desk: ApartDeps,
  said: Said,
  { alias, id }: { readonly alias: Alias; readonly id: string },
): Promise<Difference | undefined> {
  const { type, aliases } = said.image
  // Nothing counts more than the first number, and who belongs to nobody is nobody else's.
  if (said.patients.length === 0 && alias === aliases[0] && !RESULTS.has(type)) return undefined
  const resource = await desk.resources.read(type, id)
  if (resource === undefined) return undefined
  const specimens = RESULTS.has(type) ? specimensOf(resource) : []
  const other = { alias, id, identifiers: identifiersOf(resource), patients: patientsOf(resource), specimens }
  const difference = await differenceOf(desk, said, other)
  if (difference !== undefined) return difference
  if (specimens.length > 0 && said.specimens.length === 0 && (await isOfSeveral(desk, said, { alias, id })))
    return 'specimen'
  return itemDifference(desk, said, { alias, id, resource })
}

/** Results of several specimens have the number, and the message does not say which it is about. */
async function isOfSeveral(
  desk: ApartDeps,
  said: Said,
  { alias, id }: { readonly alias: Alias; readonly id: string },
): Promise<boolean> {
  const first = await holderOf(desk.records, alias)
  for (const other of new Set([first, ...(await apartOf(desk, alias)).map((one) => one.id)])) {
    if (other === undefined || other === id) continue
    const resource = await desk.resources.read(said.image.type, other)
    if (resource === undefined) continue
    const theirs = { alias, id: other, identifiers: [], patients: patientsOf(resource), specimens: [] }
    if ((await differenceOf(desk, said, theirs)) === undefined) return true
  }
  return false
}

/** Of several things with one number the message means another one, or nobody can tell which. */
async function itemDifference(
  desk: ApartDeps,
  said: Said,
  other: { readonly alias: Alias; readonly id: string; readonly resource: JsonObject },
): Promise<'item' | undefined> {
  const { own, item, resource } = said.image
  if (item === undefined || own === 'link' || aliasId(item.alias) === aliasId(other.alias)) return undefined
  if (item.isNew && haveOtherCodes(resource, other.resource)) return 'item'
  // Another part of the message is about that one.
  if ((desk.items.get(other.id) ?? item.alias.value) !== item.alias.value) return 'item'
  const sharers = await sharersOf(desk, said, { prefix: item.prefix })
  return sharers.some(({ id }) => id !== other.id) ? 'item' : undefined
}
