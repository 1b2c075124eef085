import type { Alias } from '../../fhir/aliases.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { RecordStore } from '../../store/port.ts'
import type { Effect, Image } from '../mapping/image.ts'
import { objectsIn } from '../mapping/other-number.ts'
import { twinOf } from '../mapping/taken.ts'
import { isSame } from './exact-json.ts'
import type { Said, SameThingDeps } from './same-thing.ts'
import { holderOf } from './whole-number.ts'

export interface TwinDesk extends SameThingDeps {
  /** Of the message. */
  readonly images: readonly Image[]
  readonly effects: readonly Effect[]
}

/**
 * A message may tell several results that nothing but their order tells apart (two OBX of a code without OBX-4). One that tells fewer of them than
 * the record has does not say by its order which it is about, unless it says that the others were withdrawn. One that says what is known of one of
 * them already is about that.
 */
export async function twinMeant(
  desk: TwinDesk,
  { image: { type, resource } }: Said,
  { alias, holder }: { readonly alias: Alias; readonly holder: string },
): Promise<{ readonly id: string; readonly isUnclear: boolean }> {
  const known = { id: holder, isUnclear: false }
  if (desk.effects.some(({ kind }) => kind === 'snapshot')) return known
  const first = { ...alias, value: alias.value.replace(/\|#\d+$/, '') }
  let told = 1
  while (hasAlias(desk.images, twinOf(first, told + 1))) told++
  if ((await holderOf(desk.records, twinOf(first, told + 1))) === undefined) return known
  const alike: string[] = []
  for (const id of [await holderOf(desk.records, first), ...(await twinsOf(desk.records, first))]) {
    const one = id === undefined ? undefined : await desk.resources.read(type, id)
    if (id !== undefined && one !== undefined && saysNothingNew(resource, one)) alike.push(id)
  }
  const [id = holder, ...others] = alike
  return { id, isUnclear: alike.length === 0 || others.length > 0 }
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
