import { aliasId, type Alias } from '../../fhir/aliases.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordChange, RecordStore, StoredRecord } from '../../store/port.ts'
import { FLOW } from '../journal/entry.ts'
import type { Image } from '../mapping/image.ts'
import { objectsIn } from '../mapping/objects.ts'
import { identifiersOf } from '../mapping/other-number.ts'
import { comparable, isElements, isList, withLongTexts } from './exact-json.ts'
import { referenceOf, type Identities, type Identity } from './identity.ts'
import type { KnownResources } from './read-once.ts'
import { isTheirs, patientsOf, type Said } from './same-thing.ts'
import { draftOf, type Step } from './step.ts'
import { holderOf, meantOf, sharersOf, type Sharer } from './whole-number.ts'
import { takenItems, type WorkItem } from './worklist.ts'

interface Request {
  readonly records: RecordStore
  readonly resources: KnownResources
  readonly feed: string
  readonly message: string
  readonly nowMs: number
}

/** What a message could only refer to by its number. */
interface Waiting {
  readonly image: Omit<Image, 'trace'>
  /** Of the resources that refer to it. */
  readonly references: readonly string[]
}

interface Planned {
  readonly steps: readonly Step[]
  readonly records: readonly RecordChange[]
  readonly conflicts: readonly WorkItem[]
}

/**
 * A result that comes before its order names it by its number alone. That is kept by the number, and the message that brings the order lets what waits
 * for it refer to it, as if the order had been there first.
 */
export async function planWaiting(
  request: Request,
  identities: Identities,
  steps: readonly Step[],
): Promise<Planned> {
  const written = new Set(steps.flatMap(({ draft, made }) => (draft === undefined ? [] : [made.reference])))
  const found: Answer[] = []
  const done = new Set<string>()
  const brought = broughtBy(identities, written)
  const waiting = await Promise.all(brought.map(async (alias) => waitingFor(request, alias)))
  for (const [at, alias] of brought.entries())
    for (const record of waiting[at] ?? []) {
      if (
        done.has(record.id) ||
        written.size + waitingOf(record).references.length > limits.fhir.bundleEntries
      )
        continue
      done.add(record.id)
      const answered = await answer(request, { alias, record, written }, { identities, steps })
      for (const { made } of answered.steps) written.add(made.reference)
      found.push(answered)
    }
  return {
    steps: found.flatMap((one) => one.steps),
    records: [...waitFor(request, identities, steps), ...found.flatMap((one) => one.records ?? [])],
    conflicts: found.flatMap((one) => one.conflicts ?? []),
  }
}

/** The number by which an unknown thing is referred to, see `sentOf`. */
function numberOf({ aliases, item }: Pick<Image, 'aliases' | 'item'>): Alias | undefined {
  return aliases.find((one) => one !== item?.alias)
}

function waitFor(
  { message, nowMs }: Request,
  identities: Identities,
  steps: readonly Step[],
): readonly RecordChange[] {
  const changes: RecordChange[] = []
  for (const { image, id } of identities.values()) {
    const alias = numberOf(image)
    if (image.own !== 'link' || id !== undefined || alias === undefined || image.terms?.known === true)
      continue
    const references = steps.flatMap(({ is, made }) =>
      is !== undefined && isWaiting(is, alias) ? [made.reference] : [],
    )
    if (references.length === 0) continue
    const { key, type, own, aliases, item, whole, resource } = image
    const value = { image: { key, type, own, aliases, item, whole, resource }, references }
    changes.push({
      op: 'put',
      collection: FLOW.waiting,
      id: `${aliasId(alias)}|${message}`,
      value: JSON.parse(JSON.stringify(value)) as JsonObject,
      expires: nowMs + limits.hl7.waitingMs,
    })
  }
  return changes
}

/** Numbers of what the message makes, or gives a number. */
function broughtBy(identities: Identities, written: ReadonlySet<string>): readonly Alias[] {
  const all = [...identities.values()].flatMap((identity) => {
    const { image, claims } = identity
    if (
      claims.length === 0 ||
      image.own !== 'update' ||
      image.type === 'Patient' ||
      !written.has(referenceOf(identity) ?? '')
    )
      return []
    return identifiersOf(image.resource).flatMap(({ system, value }) =>
      typeof system === 'string' && typeof value === 'string' ? [{ type: image.type, system, value }] : [],
    )
  })
  // Services share their numbers.
  return [...new Map(all.map((alias) => [aliasId(alias), alias])).values()]
}

async function waitingFor({ records }: Request, alias: Alias): Promise<readonly StoredRecord[]> {
  const from = `${aliasId(alias)}|`
  return records.range({ collection: FLOW.waiting, from, to: `${from}~`, limit: limits.hl7.waiting })
}

interface Question {
  readonly alias: Alias
  readonly record: StoredRecord
  /** What the message writes anyway. */
  readonly written: ReadonlySet<string>
}

function waitingOf({ value }: StoredRecord): Waiting {
  return value as unknown as Waiting
}

type Answer = Pick<Planned, 'steps'> & Partial<Planned>

interface Told {
  readonly identities: Identities
  readonly steps: readonly Step[]
}

async function answer(request: Request, { alias, record, written }: Question, told: Told): Promise<Answer> {
  const { image, references } = waitingOf(record)
  const open = (await Promise.all(references.map(async (one) => readOpen(request, one)))).filter(
    (one) => one !== undefined && isWaiting(one.resource, alias),
  ) as readonly Open[]
  const over = { op: 'delete', collection: FLOW.waiting, id: record.id } as const
  const [first] = open
  if (first === undefined) return { steps: [], records: [over] }
  const said = {
    image: { ...image, trace: [] },
    identifiers: identifiersOf(image.resource),
    patients: patientsOf(first.resource),
    specimens: [],
  }
  const sharers = await sharersNow(request, { alias, said }, told)
  const [one] = sharers
  const meant = meantOf(sharers, said)
  if (meant !== undefined) {
    const steps = open
      .filter(({ reference }) => !written.has(reference))
      .map((waiter) => referred(waiter, alias, `${alias.type}/${meant.id}`))
    return { steps, records: [over] }
  }
  const about = { ...request, reference: `${alias.type}/${one?.id ?? ''}` }
  return { steps: [], conflicts: one === undefined ? [] : takenItems(about, [alias], 'several') }
}

interface Named {
  readonly alias: Alias
  readonly said: Said
}

/** What has the number, with what the message itself says of it. */
async function sharersNow(request: Request, { alias, said }: Named, told: Told): Promise<readonly Sharer[]> {
  const near = await sharersWithin(request, { alias, said }, told)
  const prefix = (said.image.item ?? said.image.whole)?.prefix
  if (prefix === undefined) return near
  const holder = await holderOf(request.records, alias)
  const found = holder === undefined ? {} : { found: { id: holder, isKnown: true } }
  const stored = await sharersOf(request, said, { prefix, ...found })
  const ids = new Set(near.map(({ id }) => id))
  return [...stored.filter(({ id }) => !ids.has(id)), ...near]
}

async function sharersWithin(
  request: Request,
  { alias, said }: Named,
  { identities, steps }: Told,
): Promise<readonly Sharer[]> {
  const made = new Map(steps.map((step) => [step.made.reference, step.is]))
  const near: Sharer[] = []
  for (const identity of identities.values()) {
    const { id, image } = identity
    const resource = made.get(referenceOf(identity) ?? '')
    if (id === undefined || resource === undefined || !hasNumber(identity, alias)) continue
    const patients = patientsOf(resource)
    const isAnyones = patients.length === 0 || said.patients.length === 0
    if (isAnyones || (await isTheirs(request, { alias, id, patients }, said.patients)))
      near.push({ id, resource, keys: image.aliases.map(aliasId) })
  }
  return near
}

function hasNumber({ image: { type, resource } }: Identity, alias: Alias): boolean {
  return type === alias.type && identifiersOf(resource).some((one) => isNumber(one, alias))
}

function isNumber({ system, value }: JsonObject, alias: Alias): boolean {
  return system === alias.system && value === alias.value
}

interface Open {
  readonly reference: string
  readonly resource: JsonObject
  readonly version: number
  readonly vault: Map<string, string>
}

async function readOpen({ resources }: Request, reference: string): Promise<Open | undefined> {
  const [type = '', id = ''] = reference.split('/')
  const stored = await resources.peek(type, id)
  if (stored === undefined) return undefined
  const vault = new Map<string, string>()
  const resource = comparable(Buffer.from(stored.bytes).toString('utf8'), vault)
  return { reference, resource, version: stored.version, vault }
}

function isLogical({ type, reference, identifier }: JsonObject, alias: Alias): boolean {
  return (
    type === alias.type &&
    reference === undefined &&
    objectsIn(identifier).some((one) => isNumber(one, alias))
  )
}

function isWaiting(value: JsonValue | undefined, alias: Alias): boolean {
  if (isList(value)) return value.some((one) => isWaiting(one, alias))
  if (!isElements(value)) return false
  return isLogical(value, alias) || Object.values(value).some((one) => isWaiting(one, alias))
}

function referred({ reference, resource, version, vault }: Open, alias: Alias, to: string): Step {
  const visit = (value: JsonValue): JsonValue => {
    if (isList(value)) return value.map(visit)
    if (!isElements(value)) return value
    if (isLogical(value, alias)) {
      const { type: _type, identifier: _identifier, ...rest } = value
      return { reference: to, ...rest }
    }
    return members(value)
  }
  const members = (object: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(object).map(([name, one]) => [name, one === undefined ? one : visit(one)]),
    )
  const is = members(resource)
  const [type = '', id = ''] = reference.split('/')
  const draft = draftOf({ type, id }, withLongTexts(is, vault), { method: 'PUT', expected: version })
  return { made: { reference, action: 'updated' }, trace: '', draft, was: resource, is }
}
