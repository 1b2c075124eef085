import { startRelay } from '../../events/relay.ts'
import type { Clock } from '../../kernel/clock.ts'
import { fault } from '../../kernel/fault.ts'
import type { Store } from '../../store/port.ts'
import { ALL_FEEDS, createFeedLeases, type FeedLeases } from '../flow/feed-leases.ts'
import { createFeedModes, type FeedMode } from '../flow/feed-modes.ts'
import { createAnswerBook, type AnswerTaker } from './answer-book.ts'
import { startDelivery, type Delivery } from './delivery.ts'
import type { Destination } from './destination.ts'
import { createLateAnswers } from './late-answers.ts'
import type { OutboundRules } from './outbound-rules.ts'
import { createOutboundSink } from './outbound-sink.ts'
import { createOutbox, type Outbox, type OutState, type StoredOut } from './outbox.ts'

export interface OutboundDeps {
  readonly store: Store
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
  /** Answers that belonged to no message of ours since the hub started. */
  readonly strayAnswers: number
  /** Puts a dead or cancelled message back into the queue. @throws Fault */
  retry(id: string): Promise<StoredOut>
  /** Takes a waiting or dead message out for good. @throws Fault */
  cancel(id: string): Promise<StoredOut>
  /** Takes an acknowledgement that came in through a feed. */
  takeAnswer(frame: Buffer): Promise<void>
  start(): Promise<void>
  stop(): Promise<void>
}

/** @throws Fault `malformed` for a destination that names a message without rules, RulesError for overlays that are not there or clash */
export function createOutbound(deps: OutboundDeps): Outbound {
  for (const destination of deps.destinations) refuseUnknown(deps.rules, destination)
  const { store, destinations, clock, report } = deps
  const outbox = createOutbox(store.records, clock)
  const modes = createFeedModes(store.records)
  const deliveries = new Map<string, Delivery>()
  const closing: (() => Promise<void>)[] = []
  let strayAnswers = 0
  const wake = (destination: string) => deliveries.get(destination)?.wake()
  const leases = leasesFor(deps, () => deliveries.forEach((delivery) => delivery.wake()))
  const setMode = async (destination: string, mode: FeedMode) => {
    await modes.set(keyOf(destination), mode)
    wake(destination)
  }
  const holds = (destination: string) => leases.holds(keyOf(destination))
  const answers = createAnswerBook({ ...deps, records: store.records, outbox, holds })
  const late = createLateAnswers({ outbox, answers, report, onStray: () => void strayAnswers++ })
  const move = async (id: string, step: Step) =>
    moveBy(outbox, step, id).finally(() => wake(destinationOfId(id)))
  const begin = (destination: Destination): void => {
    const { name } = destination
    const isOpen = () => modes.of(keyOf(name)) === 'running' && holds(name)
    const onStray = (answer: Buffer) => void late.take(answer).catch((error: unknown) => report(error, name))
    const pause = () => setMode(name, 'paused')
    const delivery = startDelivery({ destination, outbox, answers, isOpen, pause, onStray, report })
    deliveries.set(name, delivery)
    closing.push(() => delivery.stop())
  }
  return {
    destinations: new Map(destinations.map((destination) => [destination.name, destination])),
    outbox,
    modeOf: (destination) => modes.of(keyOf(destination)),
    setMode,
    failuresOf: (destination) => deliveries.get(destination)?.failures ?? 0,
    get strayAnswers() {
      return strayAnswers
    },
    retry: (id) => move(id, RETRY),
    cancel: (id) => move(id, CANCEL),
    takeAnswer: async (answer) => late.take(answer),
    async start() {
      if (destinations.length === 0) return
      await modes.load()
      await leases.start()
      closing.push(() => leases.stop())
      answers.start()
      closing.push(() => answers.stop())
      for (const destination of destinations) begin(destination)
      await beginAtHead(store)
      closing.push(startSink(deps, outbox, wake))
    },
    async stop() {
      late.stop()
      for (const close of closing.splice(0).toReversed()) await close()
    },
  }
}

function leasesFor(
  { store, destinations, clock, isShared, report }: OutboundDeps,
  onTaken: () => void,
): FeedLeases {
  if (!isShared) return ALL_FEEDS
  const feeds = () => destinations.map(({ name }) => keyOf(name))
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
function startSink(deps: OutboundDeps, outbox: Outbox, onQueued: (destination: string) => void) {
  const { store, clock, report } = deps
  const sink = createOutboundSink({ ...deps, resources: store.resources, outbox, onQueued })
  const relay = startRelay({ store, sink, clock, onError: (error) => report(error, sink.name) })
  return async () => relay.close()
}

/** What was committed before there was any destination is not sent. */
async function beginAtHead({ records, log }: Store): Promise<void> {
  const n = await log.head()
  const value = { n, holder: '', until: 0 }
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
  if (!from.has(message.state) || (state === 'queued' && message.text === '')) throw notNow()
  if (!(await outbox.move(stored, { state }))) throw notNow()
  return outbox.get(id)
}
