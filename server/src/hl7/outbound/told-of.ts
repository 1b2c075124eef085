import { isDeepStrictEqual } from 'node:util'

import type { JsonObject } from '../../kernel/json.ts'
import type { LoggedChange, LoggedCommit, Store } from '../../store/port.ts'
import { parseForText } from '../mapping/values/written-numbers.ts'
import type { Lookup, OutboundDefinition } from '../rules/outbound-rules.ts'

/** What a message is about. */
export interface Told {
  /** Name of the definition. */
  readonly by: string
  /** Orders the messages of a destination, and tells each from all others. */
  readonly place: string
  /** `Patient/1`. */
  readonly reference: string
  readonly version: number
  /** Whose messages keep their order. */
  readonly subject: string
  readonly resource: JsonObject
  /** The version before; the same one when something else has changed. */
  readonly previous?: JsonObject
  /** Type of what has changed, when it is not the resource itself. */
  readonly cause?: string
  /** It is deleted. */
  readonly isEnd: boolean
}

interface Commit {
  readonly commit: LoggedCommit
  readonly resources: Store['resources']
  readonly lookup: Lookup
}

/** Definitions by their names, in the order of the destination; `undefined` where there is none of the name. */
export type Definitions = readonly (readonly [name: string, definition: OutboundDefinition | undefined])[]

interface Telling extends Commit {
  readonly name: string
  readonly definition: OutboundDefinition
  /** Number of the definition in its destination. */
  readonly at: number
  /** What the commit tells of already by this definition. */
  readonly known: Set<string>
}

/**
 * What a commit says by some definitions: of each resource that it changed, and, once each, of those that are told again because of others.
 * They come in the order of their places, as they are sent.
 */
export async function* toldOf(commit: Commit, definitions: Definitions): AsyncGenerator<Told> {
  const { changes } = commit.commit
  const all = definitions.flatMap(([name, definition], at): readonly Telling[] => {
    if (definition === undefined) return []
    const own = changes.filter(({ type }) => type === definition.type)
    return [{ ...commit, name, definition, at, known: new Set(own.map(({ type, id }) => `${type}/${id}`)) }]
  })
  for (const [index, change] of changes.entries())
    for (const telling of all) {
      if (change.type === telling.definition.type) yield* toldOfItself(telling, change, index)
      else yield* toldAgain(telling, change, index)
    }
}

async function* toldOfItself(telling: Telling, change: LoggedChange, index: number): AsyncGenerator<Told> {
  const versions = await versionsOf(telling.resources, change, telling.definition.deleted)
  if (versions === undefined) return
  const { type, id, version, deleted, patients } = change
  const reference = `${type}/${id}`
  yield {
    by: telling.name,
    place: placeOf(telling, index),
    reference,
    version,
    subject: patients[0] ?? reference,
    isEnd: deleted,
    ...versions,
  }
}

async function* toldAgain(telling: Telling, change: LoggedChange, index: number): AsyncGenerator<Told> {
  const { definition, resources, lookup, known } = telling
  const leads = definition.causes?.get(change.type)
  if (leads === undefined) return
  const before = await versionBefore(resources, change)
  const now = change.deleted ? undefined : parseForText(change.bytes)
  for (const version of [now, before]) {
    if (version === undefined) continue
    for (const resource of await leads(version, lookup)) {
      const { resourceType, id } = resource
      const reference = `${definition.type}/${id as string}`
      if (resourceType !== definition.type || typeof id !== 'string' || known.has(reference)) continue
      known.add(reference)
      const [row] = await resources.fetch(definition.type, [id])
      yield {
        by: telling.name,
        place: `${placeOf(telling, index)}.${number(known.size)}`,
        reference,
        version: versionIn(resource),
        subject: row?.patients()[0] ?? reference,
        resource,
        previous: resource,
        cause: change.type,
        isEnd: false,
      }
    }
  }
}

function versionIn({ meta }: JsonObject): number {
  return Number((meta as JsonObject | undefined)?.['versionId'] ?? 1)
}

function placeOf({ commit, at }: Pick<Telling, 'commit' | 'at'>, index: number): string {
  return [String(commit.n).padStart(14, '0'), number(index), number(at)].join('.')
}

function number(value: number): string {
  return String(value).padStart(4, '0')
}

/**
 * What is deleted has its last version again, changed as the definition says: who was told of an order has to hear that it is none any more.
 *
 * @returns `undefined` when there is nothing to tell
 */
async function versionsOf(
  resources: Store['resources'],
  change: LoggedChange,
  atEnd: JsonObject | undefined,
): Promise<Pick<Told, 'resource' | 'previous'> | undefined> {
  const { deleted, bytes } = change
  if (deleted && atEnd === undefined) return undefined
  const previous = await versionBefore(resources, change)
  if (!deleted) return { resource: parseForText(bytes), ...(previous && { previous }) }
  if (previous === undefined || isMatch(previous, atEnd)) return undefined
  return { resource: { ...previous, ...atEnd }, previous }
}

async function versionBefore(
  resources: Store['resources'],
  { type, id, version }: LoggedChange,
): Promise<JsonObject | undefined> {
  const before = version > 1 ? await resources.vread(type, id, version - 1) : undefined
  return before === undefined || before.deleted ? undefined : parseForText(before.bytes)
}

function isMatch(resource: JsonObject, elements: JsonObject | undefined): boolean {
  return Object.entries(elements ?? {}).every(([name, value]) => isDeepStrictEqual(resource[name], value))
}
