import { startRelay } from '../../events/relay.ts'
import type { Clock } from '../../kernel/clock.ts'
import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { Store } from '../../store/port.ts'
import { ALL_FEEDS, createFeedLeases, type FeedLeases } from '../flow/feed-leases.ts'
import { createFeedModes, type FeedMode } from '../flow/feed-modes.ts'
import { msaOf } from '../mllp/msa.ts'
import { startDelivery, type Delivery } from './delivery.ts'
import type { Destination } from './destination.ts'
import { answeredId } from './mllp-sender.ts'
import type { OutboundRules } from './outbound-rules.ts'
import { createOutboundSink } from './outbound-sink.ts'
import { createOutbox, type Outbox, type OutState, type StoredOut } from './outbox.ts'

export interface OutboundDeps {
  readonly store: Store
  readonly rules: OutboundRules
  readonly destinations: readonly Destination[]
  readonly clock: Clock
  readonly isShared: boolean
  /** Told of every answer to a message of ours, after it is written down. */
  readonly onAnswer?: (stored: StoredOut, answer: Buffer) => Promise<void>
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

/** @throws Fault `malformed` for a destination that names a message without rules */
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
  const takeAnswer = async (answer: Buffer): Promise<void> => {
    if (!(await settleLate(deps, outbox, answer))) strayAnswers++
  }
  const move = async (id: string, step: Step) =>
    moveBy(outbox, step, id).finally(() => wake(destinationOfId(id)))
  const begin = (destination: Destination): void => {
    const { name } = destination
    const delivery = startDelivery({
      destination,
      outbox,
      report,
      isOpen: () => modes.of(keyOf(name)) === 'running' && leases.holds(keyOf(name)),
      pause: () => setMode(name, 'paused'),
      onAnswer: async (stored, answer) => deps.onAnswer?.(stored, answer),
      onStray: (answer) => void takeAnswer(answer).catch((error: unknown) => report(error, name)),
    })
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
    takeAnswer,
    async start() {
      if (destinations.length === 0) return
      await modes.load()
      await leases.start()
      closing.push(() => leases.stop())
      for (const destination of destinations) begin(destination)
      await beginAtHead(store)
      closing.push(startSink(deps, outbox, wake))
    },
    async stop() {
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

function refuseUnknown({ definitions }: OutboundRules, { name, messages }: Destination): void {
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

/** The application's answer of enhanced mode, which comes after that of the transport. @returns whether it answers a message of ours */
async function settleLate({ onAnswer }: OutboundDeps, outbox: Outbox, answer: Buffer): Promise<boolean> {
  const stored = await outbox.byControlId(answeredId(answer) ?? '')
  if (stored === undefined) return false
  const code = msaOf(answer)?.[1] ?? ''
  const state = code === 'AA' || code === 'CA' ? ('answered' as const) : ('dead' as const)
  const text = answer.toString('latin1').slice(0, limits.hl7.answerKept)
  if (stored.message.state !== 'queued') await outbox.move(stored, { state, code, answer: text })
  await onAnswer?.(stored, answer)
  return true
}
