import type { Resources } from '../../fhir/resources.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { RecordStore } from '../../store/port.ts'
import { createControlIds } from '../mllp/ack.ts'
import { listenMllp, type Listener } from '../mllp/listener.ts'
import { createApply } from './apply.ts'
import { readFeed, type FlowFeed } from './feed.ts'
import { createIntake, type Intake } from './intake.ts'
import { createJournal, type Journal } from './journal.ts'
import { createParking, type Parking } from './parking.ts'
import { createPartitions, type Partitions } from './partitions.ts'
import { createProcessing, type Processing } from './processing.ts'
import type { FlowMapper } from './settle.ts'
import { createTally, type Tally } from './tally.ts'

export interface FlowDeps {
  readonly records: RecordStore
  readonly resources: Pick<Resources, 'peek' | 'transact'>
  readonly mapper: FlowMapper & {
    /** Feed files by name. */
    readonly feeds: ReadonlyMap<string, object>
    /** `ADT^A01` for each message that has rules. */
    readonly events: ReadonlySet<string>
  }
  readonly clock: Clock
  /** Told once for each thing that went wrong behind the back of a sender; ids only, no clinical content. */
  readonly report: (error: unknown, message: string) => void
}

/** Everything between a frame and the record: the services that listeners and the API share. */
export interface Flow {
  readonly feeds: ReadonlyMap<string, FlowFeed>
  readonly journal: Journal
  readonly processing: Processing
  readonly parking: Parking
  readonly partitions: Partitions
  readonly tally: Tally
  intake(feed: FlowFeed): Intake
}

/** @throws Fault `malformed` when a feed file is wrong */
export function createFlow(deps: FlowDeps): Flow {
  const { records, mapper, clock, report } = deps
  const feeds = new Map([...mapper.feeds].map(([name, file]) => [name, readFeed(name, file)]))
  const journal = createJournal(records, clock)
  const partitions = createPartitions()
  const parking = createParking(records)
  const tally = createTally()
  const apply = createApply({ ...deps, journal })
  const processing = createProcessing({ ...deps, journal, apply, parking, partitions, feeds })
  const controlIds = createControlIds(clock)
  const understands = vocabularyOf(mapper.events)
  return {
    feeds,
    journal,
    processing,
    parking,
    partitions,
    tally,
    intake: (feed) =>
      createIntake({ feed, understands, journal, processing, tally, clock, controlIds, report }),
  }
}

function vocabularyOf(events: ReadonlySet<string>) {
  const types = new Set([...events].map((event) => event.split('^')[0] ?? ''))
  return (type: string, event: string) => {
    if (!types.has(type)) return 'unknown-type'
    return events.has(`${type}^${event}`) ? 'yes' : 'unknown-event'
  }
}

export interface FeedListener {
  readonly feed: FlowFeed
  readonly listener: Listener
}

/** Opens the port of a feed. */
export async function listenFor(
  flow: Flow,
  feed: FlowFeed,
  { host, port }: { host: string; port: number },
): Promise<FeedListener> {
  const listener = await listenMllp({ host, port, frameBytes: feed.frameBytes, ...flow.intake(feed) })
  return { feed, listener }
}
