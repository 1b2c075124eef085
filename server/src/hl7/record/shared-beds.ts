import { createHash } from 'node:crypto'

import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordChange, StoredRecord } from '../../store/port.ts'
import { FLOW } from '../journal/entry.ts'
import { objectsIn } from '../mapping/model/objects.ts'
import { isElements } from './exact-json.ts'
import { referenceOf, type Identities } from './identity.ts'
import { patientsOf } from './same-thing.ts'
import type { Step } from './step.ts'
import type { RecordRequest } from './waiting.ts'
import type { WorkItem } from './worklist.ts'

interface Planned {
  readonly records: readonly RecordChange[]
  readonly conflicts: readonly WorkItem[]
}

/** Who comes into a bed or leaves it by a message, as the visits are then. */
interface Move {
  readonly came: Map<string, JsonObject>
  readonly left: Set<string>
}

/**
 * Two patients in one bed are an item of the worklist until one leaves it: a discharge may be late, or a bed wrong, and no message says which.
 * Who is in a bed is kept by the bed: a search would go through all visits that it ever had.
 */
export async function planBeds(
  request: RecordRequest,
  identities: Identities,
  steps: readonly Step[],
): Promise<Planned> {
  const planned: Planned[] = []
  for (const [place, move] of movesOf(steps))
    if (await isBed(request, identities, place)) planned.push(await planBed(request, place, move))
  return {
    records: planned.flatMap(({ records }) => records),
    conflicts: planned.flatMap(({ conflicts }) => conflicts),
  }
}

function movesOf(steps: readonly Step[]): ReadonlyMap<string, Move> {
  const moves = new Map<string, Move>()
  const moveOf = (place: string): Move => {
    const move = moves.get(place) ?? { came: new Map(), left: new Set() }
    moves.set(place, move)
    return move
  }
  for (const { draft, was = {}, is = {}, made } of steps) {
    if (draft?.type !== 'Encounter') continue
    const [before, after] = [placesOf(was), placesOf(is)]
    for (const place of after) if (!before.has(place)) moveOf(place).came.set(made.reference, is)
    for (const place of before) if (!after.has(place)) moveOf(place).left.add(made.reference)
  }
  return moves
}

const OVER: ReadonlySet<unknown> = new Set(['finished', 'cancelled', 'entered-in-error'])

/** Where the patient of a visit is now. */
function placesOf({ status, location }: JsonObject): ReadonlySet<string> {
  const items = OVER.has(status) ? [] : objectsIn(location)
  return new Set(
    items.flatMap((one) => {
      const place = isElements(one['location']) ? one['location']['reference'] : undefined
      return one['status'] === 'active' && typeof place === 'string' ? [place] : []
    }),
  )
}

async function isBed({ resources }: RecordRequest, identities: Identities, place: string): Promise<boolean> {
  const [type = '', id = ''] = place.split('/')
  if (type !== 'Location') return false
  const named = [...identities.values()].find((one) => referenceOf(one) === place)
  const { physicalType } = named?.image.resource ?? (await resources.read(type, id)) ?? {}
  return isElements(physicalType) && objectsIn(physicalType['coding']).some(({ code }) => code === 'bd')
}

async function planBed(request: RecordRequest, place: string, { came, left }: Move): Promise<Planned> {
  const known = await request.records.get(FLOW.beds, place)
  const visits = known === undefined ? [] : visitsOf(known)
  // So many in one place are in no bed: it is a hall, or a name for having none.
  if (visits.length > limits.hl7.bedVisits) return { records: [], conflicts: [] }
  const lying = await lyingIn(
    request,
    place,
    visits.filter((visit) => !left.has(visit)),
  )
  for (const [visit, is] of came) lying.set(visit, is)
  const patients = peopleIn(lying)
  const [newcomer] = came.keys()
  const isShared = patients.size > 1
  const over: readonly RecordChange[] =
    isShared || visits.length < 2 ? [] : [{ op: 'delete', collection: FLOW.worklist, id: itemId(place) }]
  return {
    records: [...keep(known, place, [...lying.keys()]), ...over],
    conflicts: isShared && newcomer !== undefined ? [sharing(request, place, { newcomer, lying })] : [],
  }
}

/** Who has left by another way than a message is not there any more, either. */
async function lyingIn(
  { resources }: Pick<RecordRequest, 'resources'>,
  place: string,
  visits: readonly string[],
): Promise<Map<string, JsonObject>> {
  const lying = new Map<string, JsonObject>()
  for (const visit of visits) {
    const is = await resources.read('Encounter', idOf(visit))
    if (is !== undefined && placesOf(is).has(place)) lying.set(visit, is)
  }
  return lying
}

function peopleIn(lying: ReadonlyMap<string, JsonObject>): ReadonlySet<string> {
  return new Set([...lying].map(([visit, is]) => patientsOf(is)[0] ?? visit))
}

/** Whether an item about a bed, or any other, still needs somebody. */
export async function isOpen(
  { records, resources }: Pick<RecordRequest, 'records' | 'resources'>,
  { kind, incoming = '[]' }: WorkItem,
): Promise<boolean> {
  if (kind !== 'place') return true
  const [{ reference: place = '' } = {}] = JSON.parse(incoming) as { readonly reference?: string }[]
  const known = await records.get(FLOW.beds, place)
  const lying = await lyingIn({ resources }, place, known === undefined ? [] : visitsOf(known))
  return peopleIn(lying).size > 1
}

function visitsOf({ value }: StoredRecord): readonly string[] {
  return (value as unknown as { readonly visits: readonly string[] }).visits
}

function idOf(reference: string): string {
  return reference.slice(reference.indexOf('/') + 1)
}

/** Two messages that put somebody into one bed at once are planned one behind the other. */
function keep(
  known: StoredRecord | undefined,
  place: string,
  lying: readonly string[],
): readonly RecordChange[] {
  const visits = lying.slice(0, limits.hl7.bedVisits + 1)
  const about = { collection: FLOW.beds, id: place, value: { visits } } as const
  if (known === undefined) return visits.length === 0 ? [] : [{ op: 'insert', ...about }]
  const { revision } = known
  if (visits.length === 0) return [{ op: 'delete', collection: FLOW.beds, id: place, revision }]
  return [{ op: 'replace', revision, ...about }]
}

interface Sharing {
  readonly newcomer: string
  /** By the visit. */
  readonly lying: ReadonlyMap<string, JsonObject>
}

function sharing(
  { feed, message, nowMs }: RecordRequest,
  place: string,
  { newcomer, lying }: Sharing,
): WorkItem {
  const [who = newcomer] = patientsOf(lying.get(newcomer) ?? {})
  const others = [...peopleIn(lying)].filter((one) => one !== who)
  const incoming = JSON.stringify([place, ...others].map((reference) => ({ reference })))
  const about = { kind: 'place', element: 'location', incoming, why: 'bed' } as const
  return { id: itemId(place), feed, message, time: nowMs, reference: newcomer, ...about }
}

/** A bed is one item, however many are in it. */
function itemId(place: string): string {
  return createHash('sha256')
    .update(JSON.stringify(['place', place]))
    .digest('base64url')
}
