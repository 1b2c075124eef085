import type { Resources } from '../../fhir/resources.ts'
import type { Clock } from '../../kernel/clock.ts'
import { limits } from '../../kernel/limits.ts'
import type { RecordStore } from '../../store/port.ts'
import { createAhead, type Ahead } from '../journal/ahead.ts'
import { readFeeds, type FlowFeed } from '../journal/feed.ts'
import { createJournal, type Journal } from '../journal/journal.ts'
import { createMessageIndex, type MessageIndex } from '../journal/message-index.ts'
import { createRetention, type Retention } from '../journal/retention.ts'
import { createTally, type Tally } from '../journal/tally.ts'
import type { RuleFiles } from '../mapping/rules/rules.ts'
import { createControlIds } from '../mllp/control-ids.ts'
import { createReturnLines, type ReturnLines } from '../mllp/return-lines.ts'
import { recordsBehind } from '../record/behind.ts'
import { createApply } from './apply.ts'
import { ALL_FEEDS, createFeedLeases, type FeedLeases } from './feed-leases.ts'
import { createFeedModes, type FeedMode, type FeedModes } from './feed-modes.ts'
import { createIntake, type Intake, type IntakeDeps } from './intake.ts'
import { createParking, type Parking } from './parking.ts'
import { createPartitions, type Partitions } from './partitions.ts'
import { createProcessing, type Processing } from './processing.ts'
import { createReplays, type Replays } from './replays.ts'
import { createSequence } from './sequence.ts'
import type { FlowMapper } from './settle.ts'

export interface FlowDeps {
  readonly records: RecordStore
  readonly resources: Pick<Resources, 'peek' | 'transact'>
  readonly mapper: FlowMapper & {
    /** Feed files by name. */
    readonly feeds: ReadonlyMap<string, object>
    /** `ADT^A01` for each message that has rules for the feed now. */
    eventsOf(feed: string): ReadonlySet<string>
    /** The rules of one feed as its files say them. */
    filesOf(feed: string): RuleFiles
    /** Version of the rules in force. */
    readonly rules: string
    /** Why newer rules are not in force. */
    readonly problems: readonly string[]
  }
  readonly clock: Clock
  /** Takes acknowledgements that answer what the hub has sent. */
  readonly answers?: IntakeDeps['answers']
  readonly queries?: IntakeDeps['queries']
  /** Other processes work on the same store. */
  readonly isShared?: boolean
  /** Where lines of the journal are kept until the store has them; not for a store that is shared. */
  readonly folder?: string
  /** Told once for each thing that went wrong behind the back of a sender; ids only, no clinical content. */
  readonly report: (error: unknown, message: string) => void
}

/** Everything between a frame and the record: the services that listeners and the API share. */
export interface Flow {
  /** The records of the store, with everything that was journaled. */
  readonly records: RecordStore
  readonly feeds: ReadonlyMap<string, FlowFeed>
  readonly journal: Journal
  readonly processing: Processing
  readonly parking: Parking
  readonly partitions: Partitions
  readonly tally: Tally
  readonly index: MessageIndex
  readonly modes: FeedModes
  readonly replays: Replays
  readonly retention: Retention
  readonly mapper: FlowDeps['mapper']
  intake(feed: FlowFeed): Intake
  /** The feed runs, and this process is the one that works on it. */
  isOpen(feed: string): boolean
  /** Takes other feeds, or feeds with other settings, from the next message on. */
  follow(feeds: ReadonlyMap<string, FlowFeed>): void
  /** Sets how a feed runs from now on. */
  setMode(feed: string, mode: FeedMode): Promise<void>
  /** Goes on with what waits in the journal. @param onModes told when another process has set how a feed runs */
  start(onModes?: () => void): Promise<void>
  /** Lets what is being committed finish; the rest stays in the journal. */
  stop(): Promise<void>
}

/** @throws Fault `malformed` when a feed file is wrong */
export function createFlow(given: FlowDeps): Flow {
  const { mapper, clock, report, isShared = false } = given
  const { ahead, records } = withAhead(given)
  const deps = { ...given, records }
  const feeds = new Map(readFeeds(mapper.feeds))
  const index = createMessageIndex(records, report)
  const journal = createJournal({ records: given.records, clock, index, ...(ahead && { ahead }) })
  const partitions = createPartitions()
  const parking = createParking(records)
  const tally = createTally(clock)
  const modes = createFeedModes(records)
  const onTaken = () => processing.resume()
  const leases = isShared
    ? createFeedLeases({ records, clock, report, feeds: () => feeds.keys(), onTaken })
    : ALL_FEEDS
  const gate = { isShared, isOpen: (feed: string) => modes.of(feed) !== 'paused' && leases.holds(feed) }
  const apply = createApply({ ...deps, stored: given.records, journal, ...(ahead && { ahead }) })
  const work = { ...deps, journal, index, apply, parking, partitions, feeds, tally, gate }
  const processing = createProcessing({ ...work, flush: () => ahead?.flush() })
  const replays = createReplays({ records, clock, processing, gate, report })
  const retention = createRetention({ records, index, clock, feeds, report })
  const controlIds = createControlIds(clock)
  const wire = { sequence: createSequence(given.records), returns: createReturnLines(report) }
  const { answers = async () => undefined, queries } = deps
  const asked = queries && { queries }
  const parts = {
    records,
    feeds,
    journal,
    processing,
    parking,
    partitions,
    tally,
    index,
    modes,
    replays,
    mapper,
  }
  return {
    ...parts,
    isOpen: (feed) => modes.of(feed) === 'running' && gate.isOpen(feed),
    intake: (feed) => intakeFor(feed, { ...parts, clock, report, controlIds, ...wire, answers, ...asked }),
    retention,
    ...runningOf({ ...parts, ...wire, ...(ahead && { ahead }), retention, leases, isShared, report }),
    ...changesOf({ feeds, modes, processing }),
  }
}

interface IntakeParts extends Omit<IntakeDeps, 'feed' | 'understands'> {
  readonly feeds: ReadonlyMap<string, FlowFeed>
  readonly mapper: FlowDeps['mapper']
}

function intakeFor(feed: FlowFeed, { feeds, mapper, ...parts }: IntakeParts): Intake {
  return createIntake({
    ...parts,
    // As its file says when a message comes, not when its port was opened.
    get feed() {
      return feeds.get(feed.name) ?? feed
    },
    understands: vocabularyOf(mapper, feed),
  })
}

interface Changed {
  readonly feeds: Map<string, FlowFeed>
  readonly modes: FeedModes
  readonly processing: Processing
}

function changesOf({ feeds, modes, processing }: Changed): Pick<Flow, 'follow' | 'setMode'> {
  return {
    follow(next) {
      feeds.clear()
      for (const [name, feed] of next) feeds.set(name, feed)
      processing.resume()
    },
    async setMode(feed, mode) {
      await modes.set(feed, mode)
      processing.resume()
    },
  }
}

function withAhead({ records, folder, report, isShared = false }: FlowDeps): {
  readonly ahead?: Ahead
  readonly records: RecordStore
} {
  if (folder === undefined || isShared) return { records }
  const ahead = createAhead({ records, folder, report })
  return { ahead, records: recordsBehind(records, ahead) }
}

type Parts = Pick<Flow, 'processing' | 'index' | 'modes' | 'replays' | 'retention'> &
  Pick<FlowDeps, 'report'> & {
    readonly leases: FeedLeases
    readonly isShared: boolean
    readonly returns: ReturnLines
    readonly ahead?: Ahead
  }

function runningOf(parts: Parts): Pick<Flow, 'start' | 'stop'> {
  const { processing, index, modes, replays, retention, leases, isShared, ahead, returns, report } = parts
  let timer: NodeJS.Timeout | undefined
  const look = async (onModes: () => void) => {
    if (!(await modes.load())) return
    processing.resume()
    onModes()
  }
  return {
    async start(onModes = () => undefined) {
      await ahead?.start()
      await modes.load()
      await index.start()
      await leases.start()
      await processing.start()
      replays.start()
      retention.start()
      const lookSoon = () => void look(onModes).catch((error: unknown) => report(error, 'modes'))
      if (isShared) timer = setInterval(lookSoon, limits.hl7.modesMs).unref()
    },
    async stop() {
      clearInterval(timer)
      returns.close()
      await retention.stop()
      await replays.stop()
      await processing.stop()
      await leases.stop()
      await index.stop()
      await ahead?.stop()
    },
  }
}

/** What the feed takes: its own overlays count, and the rules of now. */
function vocabularyOf(mapper: FlowDeps['mapper'], { name }: FlowFeed): IntakeDeps['understands'] {
  return (type, event) => {
    const events = mapper.eventsOf(name)
    if (events.has(`${type}^${event}`)) return 'yes'
    return [...events].some((one) => one.startsWith(`${type}^`)) ? 'unknown-event' : 'unknown-type'
  }
}
