import { startRelay } from '../../events/relay.ts'
import type { Clock } from '../../kernel/clock.ts'
import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { Store, StoredVersion } from '../../store/port.ts'
import { ALL_FEEDS, createFeedLeases, type FeedLeases } from '../flow/feed-leases.ts'
import { createFeedModes, type FeedMode, type FeedModes } from '../flow/feed-modes.ts'
import type { OutboundRules } from '../rules/outbound-rules.ts'
import { createAnswerBook, type AnswerBook, type AnswerTaker } from './answer-book.ts'
import { createDeliveries, type Deliveries } from './deliveries.ts'
import type { Destination } from './destination.ts'
import { createLateAnswers, type LateAnswers } from './late-answers.ts'
import { createOutboundSink } from './outbound-sink.ts'
import { createOutbox, hasText, type Outbox, type OutState, type StoredOut } from './outbox.ts'
import type { SentRate } from './sent-rate.ts'
import { createSentRetention } from './sent-retention.ts'

export interface OutboundDeps {
  readonly store: Store
  /** Whether a search by this key (`beneficiary=Patient/1`) would have found a version. */
  readonly isFoundBy: (version: StoredVersion, key: string) => Promise<boolean>
  readonly rules: OutboundRules
  readonly destinations: readonly Destination[]
  readonly clock: Clock
  readonly isShared: boolean
  /** Takes every answer to a message of ours into the record. */
  readonly taker?: AnswerTaker
  readonly report: (error: unknown, message: string) => void
}

/** The way from the record to other systems. */
export interface Outbound {
  readonly destinations: ReadonlyMap<string, Destination>
  readonly outbox: Outbox
  modeOf(destination: string): FeedMode
  /** `paused`: what waits stays; `stopped` is the same. */
  setMode(destination: string, mode: FeedMode): Promise<void>
  failuresOf(destination: string): number
  /** When the next attempt is made, while one is waited for; milliseconds UTC. */
  nextTryOf(destination: string): number | undefined
  /** Answered messages; `undefined` while another process sends to the destination. */
  sentBy(destination: string): SentRate | undefined
  /** Answers that belonged to no message of ours since the hub started. */
  readonly strayAnswers: number
  /** Puts a dead or cancelled message back into the queue. @throws Fault */
  retry(id: string): Promise<StoredOut>
  /** Takes a waiting or dead message out for good. @throws Fault */
  cancel(id: string): Promise<StoredOut>
  /** Takes an acknowledgement that came in through a feed. */
  takeAnswer(frame: Buffer): Promise<void>
  /** Sends to these destinations from now on; those that are gone or have changed finish the message that is under way. */
  follow(destinations: readonly Destination[]): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** @throws Fault `malformed` for a destination that names a message without rules, RulesError for overlays that are not there or clash */
export function createOutbound(deps: OutboundDeps): Outbound {
  for (const destination of deps.destinations) refuseUnknown(deps.rules, destination)
  const { store, clock, report } = deps
  const outbox = createOutbox(store.records, clock)
  const modes = createFeedModes(store.records)
  const destinations = new Map(byName(deps.destinations))
  let strayAnswers = 0
  const leases = leasesFor(deps, destinations, () => deliveries.wakeAll())
  const holds = (destination: string) => leases.holds(keyOf(destination))
  const setMode = async (destination: string, mode: FeedMode) => {
    await modes.set(keyOf(destination), mode)
    deliveries.hurry(destination)
  }
  const answers = createAnswerBook({ ...deps, records: store.records, outbox, holds })
  const late = createLateAnswers({ outbox, answers, report, onStray: () => void strayAnswers++ })
  const deliveries = createDeliveries(store.records, ({ name }) => ({
    outbox,
    answers,
    report,
    isOpen: () => modes.of(keyOf(name)) === 'running' && holds(name),
    onStray: (answer) => void late.take(answer, name).catch((error: unknown) => report(error, name)),
    pause: () => setMode(name, 'paused'),
  }))
  const move = async (id: string, step: Step) =>
    moveBy(outbox, step, id).finally(() => deliveries.hurry(destinationOfId(id)))
  return {
    destinations,
    outbox,
    modeOf: (destination) => modes.of(keyOf(destination)),
    setMode,
    failuresOf: (destination) => deliveries.failuresOf(destination),
    nextTryOf: (destination) => deliveries.nextTryOf(destination),
    sentBy: (destination) => (holds(destination) ? deliveries.sentBy(destination, clock()) : undefined),
    get strayAnswers() {
      return strayAnswers
    },
    retry: (id) => move(id, RETRY),
    cancel: (id) => move(id, CANCEL),
    takeAnswer: async (answer) => late.take(answer),
    ...runningOf({ ...deps, outbox, modes, leases, answers, late, deliveries, destinations }),
  }
}

interface Parts extends Omit<OutboundDeps, 'destinations'> {
  readonly outbox: Outbox
  readonly modes: FeedModes
  readonly leases: FeedLeases
  readonly answers: AnswerBook
  readonly late: LateAnswers
  readonly deliveries: Deliveries
  readonly destinations: Map<string, Destination>
}

function runningOf(parts: Parts): Pick<Outbound, 'start' | 'follow' | 'stop'> {
  const { store, modes, leases, answers, late, deliveries, destinations, clock, report } = parts
  const closing: (() => Promise<void>)[] = []
  let isStarted = false
  let isSending = false
  /** Nothing runs, and the log is not read, while there is no destination. */
  const send = async () => {
    if (!isStarted || (destinations.size === 0 && !isSending)) return
    if (!isSending) {
      isSending = true
      await modes.load()
      await leases.start()
      closing.push(() => leases.stop())
      answers.start()
      closing.push(() => answers.stop())
      closing.push(() => deliveries.stop())
      await beginAtHead(store, clock)
      closing.push(startSink(parts))
      closing.push(followModes(parts))
      const retention = createSentRetention({ ...parts, records: store.records })
      retention.start()
      closing.push(async () => retention.stop())
    }
    await deliveries.follow([...destinations.values()])
  }
  return {
    async start() {
      isStarted = true
      await send()
    },
    async follow(next) {
      destinations.clear()
      for (const [name, destination] of byName(next)) destinations.set(name, destination)
      await send().catch((error: unknown) => {
        report(error, 'destinations')
        throw error
      })
    },
    async stop() {
      isStarted = false
      late.stop()
      for (const close of closing.splice(0).toReversed()) await close()
    },
  }
}

/** Another process may have set how a destination runs. @returns how it is ended */
function followModes({ isShared, modes, deliveries, report }: Parts): () => Promise<void> {
  const look = async () => {
    if (await modes.load()) deliveries.wakeAll()
  }
  const lookSoon = () => void look().catch((error: unknown) => report(error, 'modes'))
  const timer = isShared ? setInterval(lookSoon, limits.hl7.modesMs).unref() : undefined
  return () => Promise.resolve(clearInterval(timer))
}

function byName(destinations: readonly Destination[]): readonly (readonly [string, Destination])[] {
  return destinations.map((destination) => [destination.name, destination])
}

function leasesFor(
  { store, clock, isShared, report }: OutboundDeps,
  destinations: ReadonlyMap<string, Destination>,
  onTaken: () => void,
): FeedLeases {
  if (!isShared) return ALL_FEEDS
  const feeds = () => [...destinations.keys()].map(keyOf)
  return createFeedLeases({ records: store.records, clock, report, feeds, onTaken })
}

/** @throws Fault `malformed` for a destination that names a message without rules, RulesError for overlays that are not there or clash */
export function refuseUnknown(rules: OutboundRules, { name, messages, overlays }: Destination): void {
  const { definitions } = rules.laidOver(overlays)
  const unknown = messages.find((message) => !definitions.has(message))
  if (unknown === undefined) return
  const text = `mappings/destinations/${name}.yaml, messages: there are no rules "${unknown}" in mappings/outbound`
  throw fault('malformed', { code: 'value', text })
}

function notNow() {
  return fault('unprocessable', {
    code: 'business-rule',
    text: 'The message is not in a state that allows this.',
  })
}

/** Destinations share the records of modes and leases with the feeds. */
function keyOf(destination: string): string {
  return `out:${destination}`
}

/** @returns how it is ended */
function startSink({ store, isFoundBy, rules, outbox, deliveries, destinations, clock, report }: Parts) {
  const sink = createOutboundSink({
    rules,
    outbox,
    clock,
    resources: store.resources,
    log: store.log,
    isFoundBy,
    records: store.records,
    destinations: () => destinations.values(),
    onQueued: (destination) => deliveries.wake(destination),
  })
  const relay = startRelay({ store, sink, clock, onError: (error) => report(error, sink.name) })
  return async () => relay.close()
}

/** What was committed before there was any destination is not sent. */
async function beginAtHead({ records, log }: Store, clock: Clock): Promise<void> {
  const n = await log.head()
  const value = { n, holder: '', until: clock() }
  await records.apply([{ op: 'insert', collection: 'cursors', id: 'hl7-outbound', value }])
}

function destinationOfId(id: string): string {
  return id.slice(0, id.indexOf('|'))
}

interface Step {
  readonly from: ReadonlySet<OutState>
  readonly state: 'queued' | 'cancelled'
}

const RETRY: Step = { from: new Set(['dead', 'cancelled', 'sent', 'answered']), state: 'queued' }
const CANCEL: Step = { from: new Set(['queued', 'dead']), state: 'cancelled' }

async function moveBy(outbox: Outbox, { from, state }: Step, id: string): Promise<StoredOut> {
  const stored = await outbox.get(id)
  const { message } = stored
  if (!from.has(message.state) || (state === 'queued' && !hasText(message))) throw notNow()
  if (!(await outbox.move(stored, { state }))) throw notNow()
  return outbox.get(id)
}
