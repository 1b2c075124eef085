import { aliasId, type Alias } from '../../fhir/aliases.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordChange, StoredRecord } from '../../store/port.ts'
import { FLOW } from '../journal/entry.ts'
import type { Image } from '../mapping/model/image.ts'
import { objectsIn } from '../mapping/model/objects.ts'
import { isElements, isList } from './exact-json.ts'
import { referenceOf, type Identities } from './identity.ts'
import type { Step } from './step.ts'

/** What a message could only refer to by its number. */
export interface Waiting {
  readonly image: Omit<Image, 'trace'>
  /** Of the resources that refer to it. */
  readonly references: readonly string[]
  /** Where they say nothing of it, since the number may be their own. */
  readonly unsaid?: Unsaid
}

/** A list of each of the resources, and how many items it had: who has written there since knows better. */
interface Unsaid {
  readonly list: string
  readonly lengths: readonly number[]
}

export function waitingOf({ value }: StoredRecord): Waiting {
  return value as unknown as Waiting
}

interface Told {
  readonly identities: Identities
  /** What the message makes, as it is then, by its reference. */
  readonly made: ReadonlyMap<string, JsonObject>
}

/** Keeps by the number of what is unknown which resources of the message refer to it. */
export function waitFor(
  { message, nowMs }: { readonly message: string; readonly nowMs: number },
  identities: Identities,
  steps: readonly Step[],
): readonly RecordChange[] {
  const made = new Map<string, JsonObject>()
  for (const { is, made: one } of steps) if (is !== undefined) made.set(one.reference, is)
  return [...identities.values()].flatMap(({ image, id }) => {
    const alias = numberOf(image)
    if (image.own !== 'link' || id !== undefined || alias === undefined) return []
    const { key, type, own, aliases, item, whole, resource } = image
    const told = { identities, made }
    const waiters = image.terms?.known === true ? silent(told, key) : naming(told, key, alias)
    return waiters.map((one): RecordChange => {
      const value = { image: { key, type, own, aliases, item, whole, resource }, ...one }
      return {
        op: 'put',
        collection: FLOW.waiting,
        id: [aliasId(alias), message, key, one.unsaid?.list ?? ''].join('|'),
        value: JSON.parse(JSON.stringify(value)) as JsonObject,
        expires: nowMs + (one.unsaid === undefined ? limits.hl7.waitingMs : limits.hl7.waitingOwnMs),
      }
    })
  })
}

/** The number by which an unknown thing is referred to, see `sentOf`. */
function numberOf({ aliases, item }: Pick<Image, 'aliases' | 'item'>): Alias | undefined {
  return aliases.find((one) => one !== item?.alias)
}

type Waiters = Omit<Waiting, 'image'>

/** Those that refer to an image by its number. */
function naming(told: Told, key: string, alias: Alias): readonly Waiters[] {
  const references = referring(told, (resource) => refersTo(resource, key)).filter((reference) =>
    isWaiting(told.made.get(reference), alias),
  )
  return references.length === 0 ? [] : [{ references }]
}

/** Those that would refer to an image, were it known, by the list where they would. */
function silent(told: Told, key: string): readonly Waiters[] {
  const lists = new Set<string>()
  for (const { image } of told.identities.values())
    for (const [name, value] of Object.entries(image.resource)) if (isListOf(value, key)) lists.add(name)
  return [...lists].flatMap((list) => {
    const references = referring(told, (resource) => isListOf(resource[list], key))
    const lengths = references.map((one) => objectsIn(told.made.get(one)?.[list]).length)
    return references.length === 0 ? [] : [{ references, unsaid: { list, lengths } }]
  })
}

function referring(
  { identities, made }: Told,
  isReferring: (resource: JsonObject) => boolean,
): readonly string[] {
  const found = new Set<string>()
  for (const identity of identities.values()) {
    const reference = referenceOf(identity)
    if (reference !== undefined && made.has(reference) && isReferring(identity.image.resource))
      found.add(reference)
  }
  return [...found]
}

function isListOf(value: JsonValue | undefined, key: string): boolean {
  return isList(value) && objectsIn(value).some(({ reference }) => reference === `#image:${key}`)
}

function refersTo(value: JsonValue | undefined, key: string): boolean {
  if (isList(value)) return value.some((one) => refersTo(one, key))
  if (!isElements(value)) return false
  return value['reference'] === `#image:${key}` || Object.values(value).some((one) => refersTo(one, key))
}

/** Whether what waits still refers to nothing but the number. */
export function isOpen(
  { reference, is }: { readonly reference: string; readonly is: JsonObject },
  { references, unsaid }: Waiting,
  alias: Alias,
): boolean {
  if (unsaid === undefined) return isWaiting(is, alias)
  return objectsIn(is[unsaid.list]).length === unsaid.lengths[references.indexOf(reference)]
}

function isLogical({ type, reference, identifier }: JsonObject, alias: Alias): boolean {
  return (
    type === alias.type &&
    reference === undefined &&
    objectsIn(identifier).some(({ system, value }) => system === alias.system && value === alias.value)
  )
}

function isWaiting(value: JsonValue | undefined, alias: Alias): boolean {
  if (isList(value)) return value.some((one) => isWaiting(one, alias))
  if (!isElements(value)) return false
  return isLogical(value, alias) || Object.values(value).some((one) => isWaiting(one, alias))
}

/** The resource with a reference to what it waited for. */
export function answered(
  is: JsonObject,
  { unsaid }: Waiting,
  { alias, id }: { readonly alias: Alias; readonly id: string },
): JsonObject {
  const to = `${alias.type}/${id}`
  if (unsaid !== undefined) {
    const items = objectsIn(is[unsaid.list])
    const isThere = items.some(({ reference }) => reference === to)
    return isThere ? is : { ...is, [unsaid.list]: [...items, { reference: to }] }
  }
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
  return members(is)
}
