import { setTimeout as delay } from 'node:timers/promises'

import { Fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { encodeText } from '../mllp/charset.ts'
import { readHeader } from '../mllp/header.ts'
import { networkWords } from '../mllp/network-words.ts'
import type { AnswerBook } from './answer-book.ts'
import type { Destination } from './destination.ts'
import { createMllpSender, Misnamed, type MllpSender } from './mllp-sender.ts'
import type { Outbox, OutMessage, StoredOut } from './outbox.ts'
import { createSentRate, type SentRate } from './sent-rate.ts'
import { REASON_LENGTH, verdictOf } from './verdict.ts'

export interface DeliveryDeps {
  readonly destination: Destination
  readonly outbox: Outbox
  /** Whether this process may send to the destination now: it runs, and no other process does it. */
  readonly isOpen: () => boolean
  readonly pause: () => Promise<void>
  readonly answers: Pick<AnswerBook, 'keep' | 'apply'>
  readonly onStray: (answer: Buffer) => void
  readonly report: (error: unknown, message: string) => void
}

export interface Delivery {
  /** Something was put into the queue: who waits before the next attempt goes on waiting. */
  wake(): void
  /** A person wants it now. */
  hurry(): void
  readonly failures: number
  /** When a message that got no answer is tried again, the soonest of all lanes; milliseconds UTC. */
  readonly nextTryMs: number | undefined
  /** How many messages were answered lately. */
  sent(nowMs: number): SentRate
  /** Ends when the messages that are under way are answered, or their time is over. */
  finish(): Promise<void>
  /** Breaks off at once: what has no answer is sent again. */
  stop(): Promise<void>
}

/** Sends what waits for a destination, lane by lane, until it is answered: the same message with the same control id, however often. */
export function startDelivery(deps: DeliveryDeps): Delivery {
  const stopping = new AbortController()
  const rate = createSentRate()
  const lanes = Array.from(
    { length: deps.destination.lanes },
    (_, lane) => new Lane({ ...deps, rate }, lane, stopping.signal),
  )
  const running = lanes.map(async (lane) => lane.run())
  return {
    wake: () => {
      for (const lane of lanes) lane.wake()
    },
    hurry: () => {
      for (const lane of lanes) lane.hurry()
    },
    get nextTryMs() {
      const times = lanes.flatMap(({ nextTryMs }) => nextTryMs ?? [])
      return times.length === 0 ? undefined : Math.min(...times)
    },
    get failures() {
      return lanes.reduce((sum, { failures }) => sum + failures, 0)
    },
    sent: (nowMs) => rate.at(nowMs),
    async finish() {
      for (const lane of lanes) lane.finish()
      await Promise.all(running)
    },
    async stop() {
      stopping.abort()
      for (const lane of lanes) lane.hurry()
      await Promise.all(running)
    },
  }
}

interface LaneDeps extends DeliveryDeps {
  readonly rate: ReturnType<typeof createSentRate>
}

class Lane {
  /** Attempts in a row that ended without an answer. */
  failures = 0
  /** The end of the wait before the next attempt. */
  nextTryMs: number | undefined
  readonly #deps: LaneDeps
  readonly #lane: number
  readonly #signal: AbortSignal
  readonly #sender: MllpSender
  #wake: () => void = () => undefined
  #isFinishing = false
  /** How often in a row the message that is first was answered by other names only. */
  #misnamed = 0

  constructor(deps: LaneDeps, lane: number, signal: AbortSignal) {
    this.#deps = deps
    this.#lane = lane
    this.#signal = signal
    this.#sender = createMllpSender(deps.destination, deps.onStray)
  }

  wake(): void {
    if (this.nextTryMs === undefined) this.#wake()
  }

  hurry(): void {
    this.#wake()
  }

  finish(): void {
    this.#isFinishing = true
    this.hurry()
  }

  async run(): Promise<void> {
    while (!this.#signal.aborted && !this.#isFinishing) {
      try {
        const next = this.#deps.isOpen() ? await this.#next() : undefined
        if (next === undefined) await this.#sleep(limits.hl7.outboundLookMs)
        else await this.#deliver(next)
      } catch (error) {
        this.#deps.report(error, this.#deps.destination.name)
        await this.#backOff()
      }
    }
    this.#sender.close()
  }

  async #next(): Promise<StoredOut | undefined> {
    return this.#deps.outbox.first(this.#deps.destination.name, this.#lane)
  }

  async #deliver(stored: StoredOut): Promise<void> {
    const { message } = stored
    try {
      const bytes = await this.#bytesOf(stored)
      if (bytes === undefined) return
      const answer = await this.#sender.send(bytes, message.controlId, this.#signal)
      this.#misnamed = 0
      await this.#settleSurely(stored, answer)
    } catch (error) {
      if (this.#signal.aborted) return
      await this.#failed(stored, error)
    }
  }

  /** What the character set of the destination cannot say is a dead letter: it would hold up its lane for ever. */
  async #bytesOf(stored: StoredOut): Promise<Buffer | undefined> {
    const { outbox } = this.#deps
    const text = await outbox.textOf(stored)
    try {
      return encodeText(text, readHeader(Buffer.from(text)))
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      await outbox.move(stored, { state: 'dead', reason: error.message })
      return undefined
    }
  }

  /** No network mends a peer that names no message: as long as that is all it does, the lane would stand still for ever. */
  async #failed(stored: StoredOut, error: unknown): Promise<void> {
    const { outbox, destination } = this.#deps
    this.failures++
    this.#misnamed = error instanceof Misnamed ? this.#misnamed + 1 : 0
    const reason = networkWords(error).slice(0, REASON_LENGTH)
    const isDead = this.#misnamed >= limits.hl7.outboundMisnamed && destination.onError === 'dead'
    if (isDead) this.#misnamed = 0
    const state = isDead ? 'dead' : stored.message.state
    await outbox.move(stored, { state, attempts: stored.message.attempts + 1, reason })
    await this.#backOff()
  }

  /** While the store is away the lane keeps the answer: the message is not sent again because of it. */
  async #settleSurely(stored: StoredOut, answer: Buffer): Promise<void> {
    for (let attempt = 0; !this.#signal.aborted; attempt++) {
      try {
        return await this.#settle(stored, answer)
      } catch (error) {
        if (attempt === 0) this.#deps.report(error, stored.message.controlId)
        await this.#sleep(limits.hl7.outboundRetryMs)
      }
    }
  }

  async #settle(stored: StoredOut, answer: Buffer): Promise<void> {
    const { outbox, destination, answers } = this.#deps
    const { attempts } = stored.message
    const { outcome, code, ...verdict } = verdictOf(answer)
    const text = answer.toString('latin1').slice(0, limits.hl7.answerKept)
    if (outcome === 'rejected' && destination.onReject === 'pause') {
      await outbox.move(stored, { attempts: attempts + 1, code, reason: 'rejected', answer: text })
      await this.#deps.pause()
      return
    }
    if (outcome === 'refused' && destination.onError === 'retry') {
      this.failures++
      const { reason = code } = verdict
      await outbox.move(stored, { attempts: attempts + 1, code, reason, answer: text })
      await this.#backOff()
      return
    }
    this.failures = 0
    const change: Partial<OutMessage> = { ...verdict, attempts: attempts + 1, code, answer: text }
    const isMoved = await outbox.move(stored, change, answers.keep(stored, answer))
    if (!isMoved) return this.#settleMoved(stored, answer)
    this.#deps.rate.count(Date.now())
    await answers.apply(stored, answer)
  }

  /** Somebody else has changed the message meanwhile: what still waits is settled, else it would be sent again. */
  async #settleMoved({ id }: StoredOut, answer: Buffer): Promise<void> {
    const now = await this.#deps.outbox.get(id)
    if (now.message.state === 'queued') await this.#settle(now, answer)
    else await this.#deps.answers.apply(now, answer)
  }

  async #backOff(): Promise<void> {
    const { outboundRetryMs, outboundRetryMostMs } = limits.hl7
    const mostMs = Math.min(outboundRetryMs * 2 ** Math.max(0, this.failures - 1), outboundRetryMostMs)
    const ms = mostMs * (0.5 + Math.random() / 2)
    this.nextTryMs = Date.now() + ms
    await this.#sleep(ms)
    this.nextTryMs = undefined
  }

  async #sleep(ms: number): Promise<void> {
    const woken = new AbortController()
    this.#wake = () => woken.abort()
    const signal = AbortSignal.any([woken.signal, this.#signal])
    await delay(ms, undefined, { signal }).catch(() => undefined)
    this.#wake = () => undefined
  }
}
