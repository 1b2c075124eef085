import { ALIASES, aliasId, claim, type Alias } from '../../fhir/aliases.ts'
import type { Draft } from '../../fhir/resources.ts'
import { identifyingAliases } from '../../fhir/write/identifying.ts'
import { fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { RecordChange, RecordStore } from '../../store/port.ts'
import type { Effect, Mapped } from '../mapping/model/image.ts'
import { objectsIn } from '../mapping/model/objects.ts'
import type { Changed } from '../record/element-changes.ts'
import { referenceOf, type Identities, type Identity } from '../record/identity.ts'
import { MERGING, putMerge, putMoved, undoneId, type MergeRecord } from '../record/merge-record.ts'
import { isKnownByOldNumbers } from '../record/numbers.ts'
import type { KnownResources } from '../record/read-once.ts'
import { areOnePerson, patientsOf } from '../record/same-thing.ts'
import { takenItems, type WorkItem } from '../record/worklist.ts'
import { createDraftBook } from './draft-book.ts'
import type { EffectDesk } from './effect-desk.ts'
import { endWith } from './end-with.ts'
import {
  mergedInto,
  mergedSurvivor,
  withIdentifiers,
  withLink,
  withNewNumbers,
  withoutLink,
} from './merged-resources.ts'
import { snapshot } from './snapshots.ts'
import { tieBoth } from './tie-both.ts'

export interface EffectsRequest {
  readonly records: RecordStore
  readonly resources: KnownResources
  readonly mapped: Mapped
  readonly feed: string
  readonly message: string
  readonly nowMs: number
  readonly newId: () => string
}

export interface EffectsPlan {
  readonly drafts: readonly Draft[]
  readonly records: readonly RecordChange[]
  readonly items: readonly WorkItem[]
  /** What they change, beside what the images say. */
  readonly changed: readonly Changed[]
}

type Desk = EffectDesk & EffectsRequest

/**
 * What a message means beyond its images, in the same commit: merged things get their links and give up their aliases, and the job that
 * repoints references is noted. Done twice it does nothing.
 */
export async function planEffects(
  request: EffectsRequest,
  identities: Identities,
  drafts: readonly Draft[],
): Promise<EffectsPlan> {
  const { effects = [] } = request.mapped
  const book = createDraftBook(request.resources, drafts)
  const desk: Desk = { ...request, identities, book, changes: [], items: [] }
  for (const effect of effects) await KINDS[effect.kind](desk, effect)
  return { drafts: book.drafts(), records: desk.changes, items: desk.items, changed: book.changed() }
}

const KINDS: Readonly<Record<Effect['kind'], (desk: Desk, effect: Effect) => Promise<void>>> = {
  merge: becomeOne,
  number: moveNumber,
  rename: becomeOne,
  move,
  link: async (desk, effect) => tieBoth(desk, effect, withLink),
  unlink: untie,
  snapshot,
  end: endWith,
}

async function becomeOne(desk: Desk, { image, into }: Effect): Promise<void> {
  const [loser, survivor] = [desk.identities.get(image), desk.identities.get(into ?? '')]
  const [from, to] = [referenceOf(loser), referenceOf(survivor)]
  if (loser === undefined || survivor === undefined || to === undefined) return
  if (from === to) return rename(desk, to, { loser, survivor })
  if (from !== undefined && (await wasTakenBack(desk, { from, to }))) return
  const old =
    from === undefined ? objectsIn(loser.image.resource['identifier']) : await identifiersOf(desk, from)
  const before = await identifiersOf(desk, to)
  await desk.book.change(to, (resource) => mergedSurvivor(resource, { from, identifiers: old }))
  const after = await identifiersOf(desk, to)
  if (from === undefined) {
    // Nobody knows the other one: whoever speaks of it from now on means the survivor.
    desk.changes.push(...loser.image.aliases.map((alias) => claim(alias, survivor.id ?? '')))
    return
  }
  await refuseOther(desk, from, to)
  const wasActive = (await desk.book.read(from))?.['active'] !== false
  await desk.book.change(from, (resource) => mergedInto(resource, to))
  const aliases = await moveAliases(desk, knownBy(loser, old), { from, to })
  note(desk, {
    kind: 'merge',
    from,
    to,
    aliases,
    wasActive,
    identifiers: after.slice(before.length).map((one) => JSON.stringify(one)),
  })
}

async function identifiersOf({ book }: Desk, reference: string): Promise<readonly JsonObject[]> {
  return objectsIn((await book.read(reference))?.['identifier'])
}

/** What the message only refers to has its new number from here: a visit (A50). */
async function rename(
  { book }: Desk,
  to: string,
  { loser, survivor }: Readonly<Record<'loser' | 'survivor', Identity>>,
): Promise<void> {
  const identifiers = objectsIn(loser.image.resource['identifier'])
  const own = objectsIn(survivor.image.resource['identifier'])
  await book.change(to, (resource) =>
    mergedSurvivor(withNewNumbers(resource, own, identifiers), {
      from: undefined,
      identifiers,
    }),
  )
}

/** A person has said that it was wrong. The same message says nothing against that when it comes again; another one does. */
async function wasTakenBack(
  { records, message }: Desk,
  { from, to }: Pick<MergeRecord, 'from' | 'to'>,
): Promise<boolean> {
  return (await records.get(MERGING.undone, undoneId({ message, from, to }))) !== undefined
}

/** Visits and accounts of two people are no one, unless the message says that these are one person, or that the things move. */
async function refuseOther(desk: Desk, from: string, to: string): Promise<void> {
  const { book, mapped } = desk
  const [type = ''] = from.split('/')
  if (type === 'Patient' || mapped.effects?.some(({ kind }) => kind === 'move')) return
  const [theirs = [], own = []] = [await book.read(from), await book.read(to)].map(
    (one) => one && patientsOf(one),
  )
  if (theirs.length === 0 || own.length === 0 || (await areOnePerson(desk, theirs, own))) return
  if (areMergedNow(desk, theirs, own)) return
  const [thing, at] = type === 'Account' ? ['account', 'MRG-3'] : ['visit', 'MRG-5']
  const text = `The ${thing} in ${at} belongs to another patient than that in PID; move it, or merge the patients first.`
  throw fault('not-found', { code: 'not-found', at, text })
}

function areMergedNow(
  { identities, mapped: { effects = [] } }: Desk,
  theirs: readonly string[],
  own: readonly string[],
) {
  const isOneOf = (references: readonly string[], key = '') =>
    references.includes(referenceOf(identities.get(key)) ?? '')
  return effects.some(
    ({ kind, image, into }) => kind === 'merge' && isOneOf(theirs, image) && isOneOf(own, into),
  )
}

/**
 * A number was filed under the wrong patient. When he has no other one, all that he has was filed wrongly, and he becomes the right one; else
 * the number alone moves, and a person has to say what of his belongs to it.
 *
 * @see HL7 v2.5.1, 3.3.43 (A43)
 */
async function moveNumber(desk: Desk, effect: Effect): Promise<void> {
  const [holder, target] = [desk.identities.get(effect.image), desk.identities.get(effect.into ?? '')]
  const [from, to] = [referenceOf(holder), referenceOf(target)]
  const record = from === undefined || from === to ? undefined : await desk.book.read(from)
  if (
    holder === undefined ||
    target === undefined ||
    from === undefined ||
    to === undefined ||
    record === undefined
  )
    return becomeOne(desk, effect)
  const named = new Set(
    [holder, target].flatMap(({ image: { type, resource } }) =>
      aliasesOf({ ...resource, resourceType: type }).map(aliasId),
    ),
  )
  if (identifyingAliases(record, new Set()).every((one) => named.has(aliasId(one))))
    return becomeOne(desk, effect)
  const own = objectsIn(record['identifier'])
  const moved = own.filter((one) => holder.image.aliases.some((alias) => isOf(one, alias)))
  await desk.book.change(from, (resource) => ({
    ...resource,
    identifier: own.filter((one) => !moved.includes(one)),
  }))
  await desk.book.change(to, (resource) => withIdentifiers(resource, moved))
  await moveAliases(desk, holder.image.aliases, { from, to })
  desk.items.push(...takenItems({ ...desk, reference: from }, holder.image.aliases, 'given'))
}

function isOf({ system, value }: JsonObject, alias: Alias): boolean {
  return system === alias.system && value === alias.value
}

/** By the identifiers of the record and those of the message: composed ones have no identifier. */
function knownBy({ image }: Identity, identifiers: readonly JsonObject[]): readonly Alias[] {
  return [...aliasesOf({ resourceType: image.type, identifier: identifiers }), ...image.aliases]
}

function aliasesOf({ resourceType, identifier }: JsonObject): readonly Alias[] {
  const type = typeof resourceType === 'string' ? resourceType : ''
  return objectsIn(identifier).flatMap(({ system, value }) =>
    typeof system === 'string' && typeof value === 'string' ? [{ type, system, value }] : [],
  )
}

async function moveAliases(
  { records, changes }: Desk,
  aliases: readonly Alias[],
  { from, to }: { readonly from: string; readonly to: string },
): Promise<readonly string[]> {
  const moved: string[] = []
  const [type = '', id = ''] = to.split('/')
  for (const alias of new Set(aliases.map(aliasId))) {
    const record = await records.get(ALIASES, alias)
    const holder = record === undefined || record.value instanceof Uint8Array ? undefined : record.value['id']
    if (record === undefined || typeof holder !== 'string' || `${type}/${holder}` !== from) continue
    moved.push(alias)
    changes.push({
      op: 'replace',
      revision: record.revision,
      collection: ALIASES,
      id: alias,
      value: { type, id },
    })
  }
  return moved
}

/** What `of` names belongs to another one from now on, with everything that refers to it. */
async function move(desk: Desk, { image, into, of = [] }: Effect): Promise<void> {
  const from = referenceOf(desk.identities.get(image))
  const to = referenceOf(desk.identities.get(into ?? ''))
  const scope = of.flatMap((key) => referenceOf(desk.identities.get(key)) ?? [])
  if (from === undefined || to === undefined || from === to || scope.length === 0) return
  if (await wasTakenBack(desk, { from, to })) return
  note(desk, { kind: 'move', from, to, scope })
}

function note(
  { changes, feed, message, nowMs, newId, mapped: { eventTime } }: Desk,
  merge: Pick<MergeRecord, 'kind' | 'from' | 'to'> & Partial<MergeRecord>,
): void {
  const open = {
    state: 'pending',
    scope: [],
    aliases: [],
    identifiers: [],
    left: [],
    wasActive: true,
    moved: 0,
  } as const
  const of = { feed, message, time: nowMs, ...(eventTime === undefined ? {} : { eventTime }) }
  const noted = { id: newId(), ...of, ...open, ...merge }
  changes.push(...putMerge(noted), ...noted.scope.flatMap((reference) => putMoved(noted, reference)))
}

/** Who was merged is one, and stays so until a person takes the merge back. */
async function untie(desk: Desk, effect: Effect): Promise<void> {
  const [one, two] = [effect.image, effect.into ?? ''].map((key) => desk.identities.get(key))
  const reference = referenceOf(one)
  if (reference === undefined || reference !== referenceOf(two)) return tieBoth(desk, effect, withoutLink)
  const resource = (await desk.book.read(reference)) ?? {}
  const former = [one, two].flatMap((same) =>
    same !== undefined && isKnownByOldNumbers(same, resource) ? same.by.slice(0, 1) : [],
  )
  desk.items.push(...takenItems({ ...desk, reference }, former, 'former'))
}
