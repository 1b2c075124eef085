import { aliasId, type Alias } from '../../fhir/aliases.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordChange, RecordStore, StoredRecord } from '../../store/port.ts'
import { FLOW } from '../journal/entry.ts'
import { identifiersOf } from '../mapping/compile/other-number.ts'
import { comparable, isSame, withLongTexts } from './exact-json.ts'
import { referenceOf, type Identities, type Identity } from './identity.ts'
import type { KnownResources } from './read-once.ts'
import { isTheirs, patientsOf, type Said } from './same-thing.ts'
import { draftOf, type Step } from './step.ts'
import { answered, isOpen, waitFor, waitingOf } from './wait-for.ts'
import { holderOf, meantOf, sharersOf, type Sharer } from './whole-number.ts'
import { takenItems, type WorkItem } from './worklist.ts'

/** What a plan about the record is made with. */
export interface RecordRequest {
  readonly records: RecordStore
  readonly resources: KnownResources
  readonly feed: string
  readonly message: string
  readonly nowMs: number
}

interface Planned {
  readonly steps: readonly Step[]
  readonly records: readonly RecordChange[]
  readonly conflicts: readonly WorkItem[]
}

/**
 * A result that comes before its order names it by its number alone, or not at all where the number may be its own. That is kept by the number, and
 * the message that brings the order lets what waits for it refer to it, as if the order had been there first.
 */
export async function planWaiting(
  request: RecordRequest,
  identities: Identities,
  steps: readonly Step[],
): Promise<Planned> {
  const written = new Set(steps.flatMap(({ draft, made }) => (draft === undefined ? [] : [made.reference])))
  const desk: Desk = { ...request, identities, steps, written, opened: new Map() }
  const found: Answer[] = []
  const done = new Set<string>()
  const brought = broughtBy(identities, steps)
  const waiting = await Promise.all(brought.map(async (alias) => waitingFor(request, alias)))
  for (const [at, alias] of brought.entries())
    for (const record of waiting[at] ?? []) {
      const many = written.size + desk.opened.size + waitingOf(record).references.length
      if (done.has(record.id) || many > limits.fhir.bundleEntries) continue
      done.add(record.id)
      found.push(await answer(desk, alias, record))
    }
  return {
    steps: [...desk.opened.values()].flatMap(stepsOf),
    records: [...waitFor(request, identities, steps), ...found.flatMap((one) => one.records ?? [])],
    conflicts: found.flatMap((one) => one.conflicts ?? []),
  }
}

/** Numbers of what the message makes, and those that it gives. */
function broughtBy(identities: Identities, steps: readonly Step[]): readonly Alias[] {
  const written = new Map(steps.map((step) => [step.made.reference, step]))
  const all = [...identities.values()].flatMap((identity) => {
    const { image, claims } = identity
    const { draft, was = {} } = written.get(referenceOf(identity) ?? '') ?? {}
    if (draft === undefined || image.own !== 'update' || image.type === 'Patient') return []
    const had = claims.length > 0 ? [] : identifiersOf(was)
    return identifiersOf(image.resource).flatMap(({ system, value }) =>
      typeof system === 'string' &&
      typeof value === 'string' &&
      !had.some((one) => one['system'] === system && one['value'] === value)
        ? [{ type: image.type, system, value }]
        : [],
    )
  })
  // Services share their numbers.
  return [...new Map(all.map((alias) => [aliasId(alias), alias])).values()]
}

async function waitingFor({ records }: RecordRequest, alias: Alias): Promise<readonly StoredRecord[]> {
  const from = `${aliasId(alias)}|`
  return records.range({ collection: FLOW.waiting, from, to: `${from}~`, limit: limits.hl7.waiting })
}

interface Desk extends RecordRequest {
  readonly identities: Identities
  readonly steps: readonly Step[]
  /** What the message writes anyway. */
  readonly written: ReadonlySet<string>
  /** What waited and is answered, by its reference. */
  readonly opened: Map<string, Open>
}

type Answer = Partial<Pick<Planned, 'records' | 'conflicts'>>

async function answer(desk: Desk, alias: Alias, record: StoredRecord): Promise<Answer> {
  const waiting = waitingOf(record)
  const open = (await Promise.all(waiting.references.map(async (one) => readOpen(desk, one)))).filter(
    (one) => one !== undefined && isOpen(one, waiting, alias),
  ) as readonly Open[]
  const over = { op: 'delete', collection: FLOW.waiting, id: record.id } as const
  const [first] = open
  if (first === undefined) return { records: [over] }
  const { image } = waiting
  const said = {
    image: { ...image, trace: [] },
    identifiers: identifiersOf(image.resource),
    patients: patientsOf(first.is),
    specimens: [],
  }
  const sharers = await sharersNow(desk, { alias, said })
  const meant = meantOf(sharers, said)
  if (meant === undefined) {
    const about = { ...desk, reference: `${alias.type}/${sharers[0]?.id ?? ''}` }
    return sharers.length === 0 ? {} : { conflicts: takenItems(about, [alias], 'several') }
  }
  for (const one of open)
    if (!desk.written.has(one.reference))
      desk.opened.set(one.reference, { ...one, is: answered(one.is, waiting, { alias, id: meant.id }) })
  return { records: [over] }
}

interface Named {
  readonly alias: Alias
  readonly said: Said
}

/** What has the number, with what the message itself says of it. */
async function sharersNow(desk: Desk, { alias, said }: Named): Promise<readonly Sharer[]> {
  const near = await sharersWithin(desk, { alias, said })
  const prefix = (said.image.item ?? said.image.whole)?.prefix
  if (prefix === undefined) return near
  const holder = await holderOf(desk.records, alias)
  const found = holder === undefined ? {} : { found: { id: holder, isKnown: true } }
  const stored = await sharersOf(desk, said, { prefix, ...found })
  const ids = new Set(near.map(({ id }) => id))
  return [...stored.filter(({ id }) => !ids.has(id)), ...near]
}

async function sharersWithin(desk: Desk, { alias, said }: Named): Promise<readonly Sharer[]> {
  const { identities, steps } = desk
  const made = new Map(steps.map((step) => [step.made.reference, step.is]))
  const near: Sharer[] = []
  for (const identity of identities.values()) {
    const { id, image } = identity
    const resource = made.get(referenceOf(identity) ?? '')
    if (id === undefined || resource === undefined || !hasNumber(identity, alias)) continue
    const patients = patientsOf(resource)
    const isAnyones = patients.length === 0 || said.patients.length === 0
    if (isAnyones || (await isTheirs(desk, { alias, id, patients }, said.patients)))
      near.push({ id, resource, keys: image.aliases.map(aliasId) })
  }
  return near
}

function hasNumber({ image: { type, resource } }: Identity, alias: Alias): boolean {
  const isNumber = ({ system, value }: JsonObject) => system === alias.system && value === alias.value
  return type === alias.type && identifiersOf(resource).some(isNumber)
}

interface Open {
  readonly reference: string
  readonly was: JsonObject
  readonly is: JsonObject
  readonly version: number
  readonly vault: Map<string, string>
}

async function readOpen({ resources, opened }: Desk, reference: string): Promise<Open | undefined> {
  const known = opened.get(reference)
  if (known !== undefined) return known
  const [type = '', id = ''] = reference.split('/')
  const stored = await resources.peek(type, id)
  if (stored === undefined) return undefined
  const vault = new Map<string, string>()
  const was = comparable(Buffer.from(stored.bytes).toString('utf8'), vault)
  return { reference, was, is: was, version: stored.version, vault }
}

function stepsOf({ reference, was, is, version, vault }: Open): readonly Step[] {
  if (isSame(was, is)) return []
  const [type = '', id = ''] = reference.split('/')
  const draft = draftOf({ type, id }, withLongTexts(is, vault), { method: 'PUT', expected: version })
  return [{ made: { reference, action: 'updated' }, trace: '', draft, was, is }]
}
