import type { Alias } from '../../fhir/aliases.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { RecordStore } from '../../store/port.ts'
import { twinOf } from '../mapping/compile/taken.ts'
import type { Effect, Image } from '../mapping/model/image.ts'
import { objectsIn } from '../mapping/model/objects.ts'
import { isSame } from './exact-json.ts'
import { RESULTS, type Said, type SameThingDeps } from './same-thing.ts'
import { hasOtherNumberOf, holderOf, mayBe } from './whole-number.ts'

export interface TwinDesk extends SameThingDeps {
  /** Of the message. */
  readonly images: readonly Image[]
  readonly effects: readonly Effect[]
  /** What the message so far has spoken of, by id. */
  readonly told: ReadonlyMap<string, Said>
}

interface Held {
  readonly alias: Alias
  readonly holder: string
}

interface Twin {
  readonly id: string
  readonly resource: JsonObject
}

/**
 * A message may tell several things that nothing but their order tells apart: two OBX of a code without OBX-4, two orders of a service under one
 * number. One that tells fewer of them than the record has does not say by its order which it is about. A result is the one of which it says what
 * is known already, an order the one with another number of the message, else the only one that has not ended.
 */
export async function twinMeant(
  desk: TwinDesk,
  said: Said,
  { alias, holder }: Held,
): Promise<{ readonly id: string; readonly isUnclear: boolean }> {
  const { image } = said
  const known = { id: holder, isUnclear: false }
  const mayHaveTwins = RESULTS.has(image.type) || image.item?.alias === alias
  if (image.own !== 'update' || !mayHaveTwins) return known
  const first = { ...alias, value: alias.value.replace(/\|#\d+$/, '') }
  const others = await twinsOf(desk.records, first)
  if (others.length === 0) return known
  const twins = await readAll(desk, image.type, [await holderOf(desk.records, first), ...others])
  const isWhole = hasAlias(desk.images, twinOf(first, others.length + 1)) || isWithdrawn(desk)
  const told = isWhole ? holder : undefined
  const meant = RESULTS.has(image.type)
    ? (told ?? only(twins, ({ resource }) => saysNothingNew(image.resource, resource)))
    : orderMeant(desk, said, { twins, told })
  return { id: meant ?? holder, isUnclear: meant === undefined }
}

async function readAll(
  { resources }: TwinDesk,
  type: string,
  ids: readonly (string | undefined)[],
): Promise<readonly Twin[]> {
  const twins: Twin[] = []
  for (const id of ids) {
    const resource = id === undefined ? undefined : await resources.read(type, id)
    if (id !== undefined && resource !== undefined) twins.push({ id, resource })
  }
  return twins
}

/** What a whole report leaves out was withdrawn. */
function isWithdrawn({ effects }: TwinDesk): boolean {
  return effects.some(({ kind }) => kind === 'snapshot')
}

/** @param told the one that the message means by its order, when it tells all of them */
function orderMeant(
  desk: TwinDesk,
  said: Said,
  { twins, told }: { readonly twins: readonly Twin[]; readonly told: string | undefined },
): string | undefined {
  const left = twins.filter(({ id }) => !desk.told.has(id))
  const numbered = only(left, (one) => hasOtherNumberOf(one, said))
  const may = left.filter((one) => mayBe(one, said))
  return (
    numbered ??
    may.find(({ id }) => id === told)?.id ??
    only(may, ({ resource: { status } }) => !ENDED.has(status))
  )
}

const ENDED: ReadonlySet<JsonValue | undefined> = new Set([
  'revoked',
  'completed',
  'entered-in-error',
  'cancelled',
  'stopped',
])

function only(twins: readonly Twin[], isMeant: (one: Twin) => boolean): string | undefined {
  const [one, ...more] = twins.filter(isMeant)
  return more.length === 0 ? one?.id : undefined
}

function hasAlias(images: readonly Image[], { system, value }: Alias): boolean {
  return images.some(({ aliases }) => aliases.some((one) => one.value === value && one.system === system))
}

/** What looks the same, from the second on. */
export async function twinsOf(records: RecordStore, first: Alias): Promise<readonly string[]> {
  const twins: string[] = []
  for (let number = 2; number < MOST_TWINS; number++) {
    const twin = await holderOf(records, twinOf(first, number))
    if (twin === undefined) break
    twins.push(twin)
  }
  return twins
}

const MOST_TWINS = 100

/** The same state and value once more; reports have no value. */
function saysNothingNew(resource: JsonObject, known: JsonObject): boolean {
  const values = Object.entries(resource).filter(([name]) => name.startsWith('value'))
  const isAgain = values.every(([name, value]) => isSame(value, known[name]))
  return values.length > 0 && isAgain && isSame(resource['status'], known['status'])
}

/** Keys of what a report has. */
export function keysWithin({ resource }: Image): readonly string[] {
  return objectsIn(resource['result']).flatMap(({ reference }) =>
    typeof reference === 'string' ? [reference.slice('#image:'.length)] : [],
  )
}
