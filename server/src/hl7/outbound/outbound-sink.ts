import type { Sink } from '../../events/relay.ts'
import type { Clock } from '../../kernel/clock.ts'
import { Fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { LoggedCommit, Store } from '../../store/port.ts'
import type { Lookup, OutboundRules } from '../rules/outbound-rules.ts'
import type { Destination } from './destination.ts'
import { laneOf } from './lanes.ts'
import { controlIdOf, type Outbox, type OutMessage } from './outbox.ts'
import { recordAsOf, resourcesAt, type PastDeps } from './record-as-of.ts'
import { withDocuments } from './sent-documents.ts'
import { toldOf, type Told } from './told-of.ts'

interface SinkDeps extends Omit<PastDeps, 'later'> {
  readonly log: Pick<Store['log'], 'read'>
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
      const later = laterThan(deps.log, commits)
      for (const commit of commits) await deliverCommit({ ...deps, later }, commit)
    },
    close: () => Promise.resolve(),
  }
}

/** Behind the commits that came together the log is read once, and only when a message asks. */
function laterThan(log: SinkDeps['log'], commits: readonly LoggedCommit[]): PastDeps['later'] {
  let beyond: Promise<readonly LoggedCommit[]> | undefined
  return async (commit) => {
    beyond ??= log.read(commits.at(-1)?.n ?? commit, limits.hl7.laterCommits)
    return [...commits.filter(({ n }) => n > commit), ...(await beyond)]
  }
}

async function deliverCommit(deps: SinkDeps & PastDeps, commit: LoggedCommit): Promise<void> {
  const feeds = feedsOf(commit)
  const lookup = lookupAt(deps, commit)
  for (const destination of deps.destinations()) {
    if (feeds.some((feed) => !destination.fromFeeds.includes(feed))) continue
    const { definitions } = deps.rules.laidOver(destination.overlays)
    const named = destination.messages.map((name) => [name, definitions.get(name)] as const)
    const told = toldOf({ commit, resources: deps.resources, lookup: lookup(false) }, named)
    for await (const one of told)
      await queue(deps, { destination, commit, told: one, lookup: lookup(one.isEnd) })
  }
}

/** @returns a lookup in the record as the commit left it, and as it found it */
function lookupAt(deps: PastDeps, { n }: LoggedCommit): (isEnd: boolean) => Lookup {
  const [at, before] = [recordAsOf(deps, n), recordAsOf(deps, n - 1)]
  return (isEnd) => async (address, when) =>
    resourcesAt(when === 'before' ? before : at, deps.resources, { address, isEnd })
}

interface Job {
  readonly destination: Destination
  readonly commit: LoggedCommit
  readonly told: Told
  readonly lookup: Lookup
}

async function queue(deps: SinkDeps, job: Job): Promise<void> {
  const { destination, commit, told } = job
  const controlId = controlIdOf(`${commit.uuid}|${destination.name}|${told.place}`)
  const built = await build(deps, job, controlId)
  if (built === undefined) return
  const { reference, version, subject } = told
  const message: OutMessage = {
    destination: destination.name,
    definition: told.by,
    reference,
    version,
    controlId,
    subject,
    lane: laneOf(subject, destination.lanes),
    created: deps.clock(),
    changed: deps.clock(),
    attempts: 0,
    ...built,
  }
  await deps.outbox.put(message, told.place)
  deps.onQueued(destination.name)
}

/** What cannot be built is kept as a dead letter with its reason: one resource never holds up the others. */
async function build(
  { rules, records }: SinkDeps,
  { destination, commit, told, lookup }: Job,
  controlId: string,
): Promise<Pick<OutMessage, 'text' | 'state' | 'reason'> | undefined> {
  const { resource, previous, cause } = told
  try {
    const text = await rules.laidOver(destination.overlays).build({
      definition: told.by,
      controlId,
      nowMs: commit.time,
      header: destination,
      resource: await withDocuments(records, resource),
      lookup,
      ...(previous === undefined ? {} : { previous }),
      ...(cause === undefined ? {} : { cause }),
    })
    return text === undefined ? undefined : { text, state: 'queued' }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { text: '', state: 'dead', reason: error.message }
  }
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
