import { isDeepStrictEqual } from 'node:util'

import type { Sink } from '../../events/relay.ts'
import type { Clock } from '../../kernel/clock.ts'
import { Fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { LoggedChange, LoggedCommit, Store } from '../../store/port.ts'
import type { Destination } from './destination.ts'
import { laneOf } from './lanes.ts'
import type { OutboundRules } from './outbound-rules.ts'
import { controlIdOf, type Outbox, type OutMessage } from './outbox.ts'
import { withDocuments } from './sent-documents.ts'
import { parseForText } from './written-numbers.ts'

interface SinkDeps {
  readonly resources: Store['resources']
  readonly records: Store['records']
  readonly outbox: Outbox
  readonly rules: OutboundRules
  /** As they are when a commit comes. */
  readonly destinations: () => Iterable<Destination>
  readonly clock: Clock
  /** Something new waits for the destination. */
  readonly onQueued: (destination: string) => void
}

/** Makes the messages that commits of the record call for. The same commit again makes the same messages, which are known then. */
export function createOutboundSink(deps: SinkDeps): Sink {
  return {
    name: 'hl7-outbound',
    async deliver(commits) {
      for (const commit of commits) await deliverCommit(deps, commit)
    },
    close: () => Promise.resolve(),
  }
}

async function deliverCommit(deps: SinkDeps, commit: LoggedCommit): Promise<void> {
  const feeds = feedsOf(commit)
  for (const destination of deps.destinations()) {
    if (feeds.some((feed) => !destination.fromFeeds.includes(feed))) continue
    for (const job of jobsOf(deps.rules, destination, commit)) await queue(deps, job)
  }
}

function jobsOf(rules: OutboundRules, destination: Destination, commit: LoggedCommit): readonly Job[] {
  const { definitions } = rules.laidOver(destination.overlays)
  return commit.changes.flatMap((change, index) =>
    destination.messages
      .filter((definition) => definitions.get(definition)?.type === change.type)
      .map((definition) => ({ destination, definition, commit, index, change })),
  )
}

interface Job {
  readonly destination: Destination
  readonly definition: string
  readonly commit: LoggedCommit
  readonly index: number
  readonly change: LoggedChange
}

async function queue(deps: SinkDeps, job: Job): Promise<void> {
  const { destination, definition, commit, index, change } = job
  const place = [commit.n, index, destination.messages.indexOf(definition)]
    .map((number, at) => String(number).padStart(at === 0 ? 14 : 4, '0'))
    .join('.')
  const controlId = controlIdOf(`${commit.uuid}|${destination.name}|${place}`)
  const built = await build(deps, job, controlId)
  if (built === undefined) return
  const reference = `${change.type}/${change.id}`
  const subject = change.patients[0] ?? reference
  const message: OutMessage = {
    destination: destination.name,
    definition,
    reference,
    version: change.version,
    controlId,
    subject,
    lane: laneOf(subject, destination.lanes),
    created: deps.clock(),
    changed: deps.clock(),
    attempts: 0,
    ...built,
  }
  await deps.outbox.put(message, place)
  deps.onQueued(destination.name)
}

/** What cannot be built is kept as a dead letter with its reason: one resource never holds up the others. */
async function build(
  { rules, resources, records }: SinkDeps,
  { destination, definition, commit, change }: Job,
  controlId: string,
): Promise<Pick<OutMessage, 'text' | 'state' | 'reason'> | undefined> {
  const laidOver = rules.laidOver(destination.overlays)
  const versions = await versionsOf(resources, change, laidOver.definitions.get(definition)?.deleted)
  if (versions === undefined) return undefined
  const { resource, previous } = versions
  try {
    const text = await laidOver.build({
      definition,
      controlId,
      nowMs: commit.time,
      header: destination,
      resource: await withDocuments(records, resource),
      lookup: async (address) => lookup(resources, address, change.deleted),
      ...(previous === undefined ? {} : { previous }),
    })
    return text === undefined ? undefined : { text, state: 'queued' }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { text: '', state: 'dead', reason: error.message }
  }
}

interface Versions {
  readonly resource: JsonObject
  /** The version before. */
  readonly previous?: JsonObject
}

/**
 * What is deleted has its last version again, changed as the definition says: who was told of an order has to hear that it is none any more.
 *
 * @returns `undefined` when there is nothing to tell
 */
async function versionsOf(
  resources: SinkDeps['resources'],
  { type, id, version, deleted, bytes }: LoggedChange,
  atEnd: JsonObject | undefined,
): Promise<Versions | undefined> {
  if (deleted && atEnd === undefined) return undefined
  const before = version > 1 ? await resources.vread(type, id, version - 1) : undefined
  const previous = before === undefined || before.deleted ? undefined : parseForText(before.bytes)
  if (!deleted) return { resource: parseForText(bytes), ...(previous && { previous }) }
  if (previous === undefined || isMatch(previous, atEnd)) return undefined
  return { resource: { ...previous, ...atEnd }, previous }
}

function isMatch(resource: JsonObject, elements: JsonObject | undefined): boolean {
  return Object.entries(elements ?? {}).every(([name, value]) => isDeepStrictEqual(resource[name], value))
}

/** @param isEnd what is told of is deleted: what it refers to may be, too, and has its last version */
async function lookup(
  resources: Store['resources'],
  address: string,
  isEnd: boolean,
): Promise<readonly JsonObject[]> {
  const [type = '', key] = address.split('?')
  if (key === undefined) {
    const [of = '', id = ''] = address.split('/').slice(-2)
    const found = await resources.read(of, id)
    const kept = isEnd && found?.deleted ? await resources.vread(of, id, found.version - 1) : found
    return kept === undefined || kept.deleted ? [] : [parseForText(kept.bytes)]
  }
  const limit = limits.hl7.referringMost
  const places = await resources.scan({ type, key, order: 'updated', direction: 'asc', limit })
  const ids = places.map(({ id }) => id)
  return (await resources.fetch(type, ids)).flatMap((row) =>
    row === undefined ? [] : [parseForText(row.bytes)],
  )
}

function parsed(bytes: Uint8Array): JsonObject {
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as JsonObject
}

const FEED = 'https://mogran.org/fhir/feed'

/** The HL7 feeds that a commit came from, as its Provenance says. */
function feedsOf({ changes }: LoggedCommit): readonly string[] {
  return changes
    .filter(({ type, deleted }) => type === 'Provenance' && !deleted)
    .flatMap(({ bytes }) => {
      const { agent = [] } = parsed(bytes) as {
        readonly agent?: readonly { who?: { identifier?: { system?: string; value?: string } } }[]
      }
      return agent.flatMap(({ who }) =>
        who?.identifier?.system === FEED ? [who.identifier.value ?? ''] : [],
      )
    })
}
