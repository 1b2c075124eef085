import { ALIASES, aliasId, claim, type Alias } from '../../fhir/aliases.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { RecordChange } from '../../store/port.ts'
import { ITEMS, MEMBERS } from '../mapping/compile/identity.ts'
import { hasOtherNumber, identifiersOf } from '../mapping/compile/other-number.ts'
import type { Effect, Image, Mapped } from '../mapping/model/image.ts'
import {
  differenceOf,
  movedBy,
  patientsOf,
  RESULTS,
  specimensOf,
  type Difference,
  type Said,
  type SaidSpecimen,
} from './same-thing.ts'
import { sentById } from './sent-by-id.ts'
import { apartFrom, differenceFromStored, type ApartDeps, type Known } from './told-apart.ts'
import { keysWithin, twinMeant, twinsOf, type TwinDesk } from './twins.ts'
import { allOfNumber, holderOf, idsOfNumber, isLeftOut, oneBegunBy } from './whole-number.ts'

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
  /** Aliases that belong to another resource: somebody has to look at it. */
  readonly taken: readonly Taken[]
}

export function referenceOf(identity: Identity | undefined): string | undefined {
  return identity?.id === undefined ? undefined : `${identity.image.type}/${identity.id}`
}

export interface Taken {
  readonly alias: Alias
  /** Id of the resource that is known by it. */
  readonly holder: string
  /** The message would have meant the holder, had it not been somebody else's, or of another number. */
  readonly isOther: boolean
  /** Nobody can tell which of several that look the same it is. */
  readonly isTwin?: boolean
}

export type Identities = ReadonlyMap<string, Identity>

interface Desk extends ApartDeps, TwinDesk {
  readonly newId: () => string
  readonly inMessage: Map<string, Known>
  readonly items: Map<string, string>
  /** What the message so far says of what is known, by id. */
  readonly told: Map<string, Said>
  /** Keys of what belongs to a report that nobody can tell. */
  readonly untold: Set<string>
}

/** Finds the resource of each image by its aliases, the preferred first; what is unknown gets a new id. */
export async function identify(
  deps: Omit<Desk, 'inMessage' | 'items' | 'told' | 'untold' | 'images' | 'effects'>,
  { images, effects = [] }: Pick<Mapped, 'images' | 'effects'>,
): Promise<Identities> {
  const identities = new Map<string, Identity>()
  const own = { inMessage: new Map(), items: new Map(), told: new Map(), untold: new Set<string>() }
  const desk: Desk = { ...deps, images, effects, ...own }
  // What a message moves is not where it goes to yet.
  const moved = movedBy(effects)
  const former = renamedTo(images, effects)
  for (const image of ownersFirst(images)) {
    const patients = moved.has(image.key) ? [] : patientsIn(image.resource, identities)
    const identifiers = [image, ...(former.get(image.key) ?? [])].flatMap(({ resource }) =>
      identifiersOf(resource),
    )
    const said = { image, identifiers, patients, specimens: specimensIn(image, identities) }
    const found = await compared(desk, said, await identityOf(desk, said))
    const all = await allOfNumber(desk, said, found)
    const [{ id } = found] = all
    if (image.own === 'update' && id !== undefined) {
      desk.told.set(id, said)
      if (image.item !== undefined) desk.items.set(id, image.item.alias.value)
    }
    for (const [at, one] of all.entries())
      identities.set(at === 0 ? image.key : `${image.key}&${at + 1}`, one)
  }
  return identities
}

/** By the key of what has a new number: what names the one of before. */
function renamedTo(images: readonly Image[], effects: readonly Effect[]): ReadonlyMap<string, Image[]> {
  const former = new Map<string, Image[]>()
  for (const { kind, image: before, into = '' } of effects)
    if (kind === 'rename')
      former.set(
        into,
        images.filter(({ key }) => key === before),
      )
  return former
}

/** Whose the other things are, and of which specimen, says who they are. */
function ownersFirst(images: readonly Image[]): readonly Image[] {
  return images.toSorted((one, other) => rankOf(one) - rankOf(other))
}

function rankOf({ type }: Image): number {
  if (type === 'Patient') return 0
  return type === 'Specimen' ? 1 : 2
}

function patientsIn(resource: JsonObject, identities: Identities): readonly string[] {
  return patientsOf(resource).flatMap((reference) => {
    const known = identities.get(reference.slice('#image:'.length))
    return known?.id === undefined || known.image.type !== 'Patient' ? [] : [`Patient/${known.id}`]
  })
}

/** Of results: what is known of the specimens that they are of. */
function specimensIn({ type, resource }: Image, identities: Identities): readonly SaidSpecimen[] {
  if (!RESULTS.has(type)) return []
  return specimensOf(resource).flatMap(({ reference }) => {
    const { id, image } = identities.get(reference.slice('#image:'.length)) ?? {}
    return id === undefined || image === undefined
      ? []
      : [{ reference: `Specimen/${id}`, resource: image.resource }]
  })
}

async function identityOf(desk: Desk, said: Said): Promise<Identity> {
  const { image } = said
  const held = await Promise.all(image.aliases.map(async (alias) => holderIn(desk, said, alias)))
  const near = image.aliases.map((alias) => desk.inMessage.get(aliasId(alias)))
  const found = await meant(desk, said, { held, near })
  const isMade = image.own !== 'link' && !(await isLeftOut(desk, image))
  const id = found.id ?? (isMade ? desk.newId() : undefined)
  const mayClaim = id !== undefined && (image.own === 'update' || found.id === undefined)
  // What names a service speaks for it, also where the number alone was named before.
  const isFree = (one: Known | undefined) =>
    one === undefined || (one.id === id && one.image.whole !== undefined && image.item !== undefined)
  const isNew = (_alias: Alias, at: number) =>
    held[at] === undefined && isFree(near[at]) && !desk.untold.has(image.key)
  const claimed = mayClaim ? [...image.aliases.filter(isNew), ...found.apart] : []
  if (id !== undefined) for (const alias of claimed) desk.inMessage.set(aliasId(alias), { ...said, id })
  const by = image.aliases.filter((_, at) => held[at] !== undefined && held[at] === id)
  return {
    image,
    isKnown: found.isStored,
    by,
    confirms: by.map((alias) => confirm(alias, id ?? '')),
    claims: id === undefined ? [] : claimed.map((alias) => claim(alias, id)),
    taken: takenOf({ image, id, held, near }, found.others),
    ...(id === undefined ? {} : { id }),
  }
}

function takenOf(
  {
    image: { aliases, item, type, resource },
    id,
    held,
    near,
  }: Holders & { readonly image: Image; readonly id: string | undefined },
  others: Meant['others'],
): readonly Taken[] {
  return aliases.flatMap((alias, at): Taken[] => {
    const holder = held[at] ?? near[at]?.id
    if (holder === undefined || holder === id) return []
    // Things that are told apart may share their number, but nothing that they are known by beside it.
    const isShared = RESULTS.has(type) || (item !== undefined && !isBeside(alias, resource))
    if (isShared && !others.has(alias)) return []
    const isTwin = others.get(alias) === 'twin'
    return [{ alias, holder, isOther: others.has(alias), ...(isTwin && { isTwin }) }]
  })
}

function isBeside({ system, value }: Alias, resource: JsonObject): boolean {
  if (system === ITEMS || system === MEMBERS) return false
  return identifiersOf(resource).every((one) => one['value'] !== value)
}

/** A new thing is compared with what is probably the same; of a message that tells several of them the first is the one to compare with. */
async function compared(desk: Desk, said: Said, identity: Identity): Promise<Identity> {
  const { likely, own } = said.image
  const { id, isKnown, claims, taken } = identity
  if (likely === undefined || own === 'link' || isKnown || id === undefined) return identity
  if (likely.isBegun && (taken.length > 0 || desk.untold.has(said.image.key))) return identity
  const holder = likely.isBegun
    ? await oneBegunBy(desk.records, likely)
    : await holderOf(desk.records, likely)
  if (holder !== undefined)
    return { ...identity, taken: [...taken, { alias: likely, holder, isOther: false }] }
  if (likely.isBegun || desk.inMessage.has(aliasId(likely))) return identity
  desk.inMessage.set(aliasId(likely), { ...said, id })
  return { ...identity, claims: [...claims, claim(likely, id)] }
}

/** By number and what tells it apart it may be known under another number of its own. */
async function holderIn(desk: Desk, said: Said, alias: Alias): Promise<string | undefined> {
  const { records } = desk
  const { own, item } = said.image
  const id = (await holderOf(records, alias)) ?? (await sentById(desk, said, alias))
  if (id !== undefined || own !== 'update' || alias !== item?.alias) return id
  const [only, ...others] = await idsOfNumber(records, { type: alias.type, prefix: `${alias.value}|` })
  return others.length === 0 ? only : undefined
}

interface Holders {
  /** For each alias who has it in the record, and which image of the message. */
  readonly held: readonly (string | undefined)[]
  readonly near: readonly (Known | undefined)[]
}

interface Meant {
  readonly id?: string
  readonly isStored: boolean
  /** Aliases whose holder is another thing. */
  readonly others: ReadonlyMap<Alias, Difference>
  /** The alias by which it is told apart from the holder of its own. */
  readonly apart: readonly Alias[]
}

async function meant(desk: Desk, said: Said, { held, near }: Holders): Promise<Meant> {
  const { aliases, key } = said.image
  const others = new Map<Alias, Difference>()
  if (desk.untold.has(key)) {
    const all = new Map(aliases.map((alias) => [alias, 'specimen'] as const))
    return { ...(await apartFrom(desk, said, all)), others }
  }
  for (const [at, alias] of aliases.entries()) {
    const holder = held[at]
    if (holder === undefined) continue
    const { alike, difference } = await alikeOf(desk, said, { alias, holder })
    const [id, ...more] = alike
    if (id !== undefined && more.length === 0) return { id, isStored: true, others, apart: [] }
    if (id === undefined && difference !== undefined) others.set(alias, difference)
  }
  const within = new Map<Alias, Difference>()
  for (const [at, alias] of aliases.entries()) {
    const other = near[at]
    if (other === undefined) continue
    const difference = await differenceOf(desk, said, { alias, ...other })
    if (difference === undefined) return { id: other.id, isStored: false, others, apart: [] }
    within.set(alias, difference)
  }
  const found = await apartFrom(desk, said, new Map([...within, ...others]))
  // A message that gives several things one number says itself which is which, as do specimens that are known.
  const unclear = [
    ...[...others].filter(([, one]) => one !== 'specimen' || found.id === undefined),
    ...[...within].filter(([, one]) => one === 'number' || one === 'patient'),
  ]
  return { ...found, others: new Map(unclear) }
}

interface Held {
  readonly alias: Alias
  readonly holder: string
}

interface Alike {
  /** What may be meant: of several nobody can tell which. */
  readonly alike: readonly string[]
  /** How the message means another thing than the holder. */
  readonly difference?: Difference
}

/** What looks like several that came without a number, as a message told them, is the one that has none of its own yet. */
async function alikeOf(desk: Desk, said: Said, { alias, holder }: Held): Promise<Alike> {
  const { identifiers, image } = said
  const { aliases, own } = image
  const difference = await differenceFromStored(desk, said, { alias, id: holder })
  if (alias === aliases[0] || own !== 'update')
    return difference === undefined ? oneOfTwins(desk, said, { alias, holder }) : { alike: [], difference }
  const alike: string[] = []
  for (const id of [holder, ...(await twinsOf(desk.records, alias))]) {
    const told = desk.told.get(id)?.identifiers ?? []
    if (hasOtherNumber({ aliases, identifiers }, alias, told)) continue
    if ((await differenceFromStored(desk, said, { alias, id })) === undefined) alike.push(id)
  }
  return { alike, difference: difference ?? 'number' }
}

async function oneOfTwins(desk: Desk, said: Said, held: Held): Promise<Alike> {
  const { image } = said
  const { id, isUnclear } = await twinMeant(desk, said, held)
  if (!isUnclear) return { alike: [id] }
  for (const key of keysWithin(image)) desk.untold.add(key)
  return { alike: [], difference: 'twin' }
}

/** The same record again: the write path must not claim what the resource has already. */
function confirm(alias: Alias, id: string): RecordChange {
  return { op: 'put', collection: ALIASES, id: aliasId(alias), value: { type: alias.type, id } }
}
