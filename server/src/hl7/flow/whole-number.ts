import { ALIASES, aliasId, type Alias } from '../../fhir/aliases.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { RecordStore } from '../../store/port.ts'
import { ITEMS, MEMBERS } from '../mapping/identity.ts'
import { contradicts, identifiersOf } from '../mapping/other-number.ts'
import type { Identity } from './identity.ts'
import { isTheirs, patientsOf, type Said, type SameThingDeps } from './same-thing.ts'

/** Services that one number may stand for. */
const MOST = 1000

/** Of all things that are told apart under a number. @param prefix see `Shared` */
export async function idsOfNumber(
  records: RecordStore,
  { type, prefix }: { readonly type: string; readonly prefix: string },
): Promise<readonly string[]> {
  const found = await Promise.all(
    [ITEMS, MEMBERS].map(async (system) => {
      const from = aliasId({ type, system, value: prefix })
      return records.range({ collection: ALIASES, from, to: `${from}~`, limit: MOST })
    }),
  )
  const ids = found.flat().map(({ value }) => (value instanceof Uint8Array ? undefined : value['id']))
  return [...new Set(ids)].filter((id) => typeof id === 'string')
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
  const { whole, type, own } = said.image
  if (whole === undefined || own !== 'update') return [found]
  const known = await idsOfNumber(deps.records, { type, prefix: whole.prefix })
  const ids = [...new Set([...(found.isKnown && found.id !== undefined ? [found.id] : []), ...known])]
  const sharers = await ofPatient(deps, said, ids)
  const [first] = sharers
  if (first === undefined || (sharers.length === 1 && first.id === found.id)) return [found]
  const meant = whole.isNew
    ? []
    : sharers.filter(({ resource }) => !contradicts(said.identifiers, identifiersOf(resource)))
  const { image } = found
  if (meant.length > 0)
    return meant.map(({ id }) => ({ image, id, isKnown: true, by: [], confirms: [], claims: [], taken: [] }))
  const taken = image.aliases.map((alias) => ({ alias, holder: first.id, isOther: true }))
  return [{ image, isKnown: false, by: [], confirms: [], claims: [], taken }]
}

interface Sharer {
  readonly id: string
  readonly resource: JsonObject
}

/** What has gone, or belongs to somebody else, is not meant. */
async function ofPatient(
  deps: SameThingDeps,
  { image: { type }, patients }: Said,
  ids: readonly string[],
): Promise<readonly Sharer[]> {
  const sharers: Sharer[] = []
  for (const id of ids) {
    const stored = await deps.resources.peek(type, id)
    if (stored === undefined) continue
    const resource = JSON.parse(Buffer.from(stored.bytes).toString('utf8')) as JsonObject
    const theirs = patientsOf(resource)
    const owned = { alias: { type }, id, patients: theirs }
    if (patients.length === 0 || theirs.length === 0 || (await isTheirs(deps, owned, patients)))
      sharers.push({ id, resource })
  }
  return sharers
}

export async function holderOf(records: RecordStore, alias: Alias): Promise<string | undefined> {
  return idOf(await records.get(ALIASES, aliasId(alias)))
}

export function idOf(record: { readonly value: JsonObject | Uint8Array } | undefined): string | undefined {
  if (record === undefined || record.value instanceof Uint8Array) return undefined
  const { id } = record.value
  return typeof id === 'string' ? id : undefined
}
