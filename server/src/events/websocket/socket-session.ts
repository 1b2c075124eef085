import type { WebSocket } from 'ws'

import type { Caller } from '../../auth/caller.ts'
import { limits } from '../../kernel/limits.ts'
import { CLOSE, type Hello, type ServerMessage } from '../events.contract.ts'
import type { LiveBus, LiveSignal } from '../live.ts'
import type { TopicEvent } from '../topics/topics.ts'
import type { EventFeed, FeedCommit } from './event-feed.ts'
import { mayHear, maySee } from './visibility.ts'

export interface SessionOptions {
  readonly socket: Pick<WebSocket, 'send' | 'close'>
  readonly feed: EventFeed
  readonly live: LiveBus
  readonly hello: Hello
  readonly caller: Caller
  readonly onError: (error: unknown) => void
}

/**
 * One signed-in socket: first what it missed, then everything as it is committed, each event checked against the caller. What waits for a
 * slow reader is bounded: beyond `limits.events.socketQueue` the socket is closed and may come back behind its last sequence.
 */
export class SocketSession {
  readonly #options: SessionOptions
  readonly #stops: (() => void)[]
  readonly #topics: ReadonlySet<string> | undefined
  readonly #queue: FeedCommit[] = []
  #caller: Caller
  /** Last commit of which every event was sent. */
  #position: number
  /** Index in the commit behind `#position` up to which the client has the events already. */
  #skip = -1
  #unsent = 0
  /** Welcomed: signals may be sent, also while events are still caught up with. */
  #isWelcome = false
  #isLive = false
  #isDraining = false
  #isOver = false

  constructor(options: SessionOptions) {
    const { feed, live, hello } = options
    this.#options = options
    this.#caller = options.caller
    this.#topics = hello.topics && new Set(hello.topics)
    this.#position = feed.position()
    this.#stops = [
      feed.subscribe((commit) => this.#arrived(commit)),
      live.subscribe((signal) => this.#signal(signal)),
    ]
  }

  /** Answers the hello and catches up. */
  async start(): Promise<void> {
    const { feed, hello } = this.#options
    const head = feed.position()
    const { n, skip } = placeOf(hello.after, head)
    const isReachable =
      n <= head && head - n <= limits.events.resumeMost && (await feed.read(n)) !== undefined
    if (isReachable) {
      this.#position = n
      this.#skip = skip
    } else this.#position = head
    this.#isWelcome = true
    await this.#send({ type: isReachable ? 'welcome' : 'too-old', sequence: this.#position })
    while (!this.#isOver && this.#position < feed.position()) {
      const missed = await feed.read(this.#position)
      // The log was cut while a slow reader caught up.
      if (!missed) return this.#close(CLOSE.slow, 'too slow')
      for (const commit of missed) await this.#tell(commit)
    }
    this.#isLive = true
    await this.#drain()
  }

  /** Takes the rights of a renewed token; that of somebody else ends the session. */
  renew(caller: Caller): void {
    if (caller.subject === this.#caller.subject) this.#caller = caller
    else this.#close(CLOSE.unauthenticated, 'sign in again')
  }

  beat(): void {
    if (this.#isLive) void this.#send({ type: 'beat', sequence: this.#position })
  }

  end(): void {
    this.#isOver = true
    this.#queue.length = 0
    for (const stop of this.#stops) stop()
  }

  #arrived(commit: FeedCommit): void {
    // While catching up the log itself is the queue.
    if (!this.#isLive) return
    this.#queue.push(commit)
    if (this.#queue.length + this.#unsent > limits.events.socketQueue) this.#close(CLOSE.slow, 'too slow')
    else if (!this.#isDraining) this.#drain().catch((error: unknown) => this.#fail(error))
  }

  async #drain(): Promise<void> {
    this.#isDraining = true
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) await this.#tell(next)
    this.#isDraining = false
  }

  async #tell(commit: FeedCommit): Promise<void> {
    if (commit.n <= this.#position || this.#isOver) return
    for (const event of commit.events) {
      const isWanted = event.index > this.#skip && (this.#topics?.has(event.topic) ?? true)
      if (!isWanted || !(await maySee(this.#caller, event, commit))) continue
      const sent = this.#send(messageOf(event))
      // Catching up goes at the reader's pace; later the queue is what bounds it.
      if (!this.#isLive) await sent
    }
    this.#position = commit.n
    this.#skip = -1
  }

  #signal(signal: LiveSignal): void {
    const isWanted = this.#isWelcome && (this.#topics?.has(signal.topic) ?? true)
    if (!isWanted || !mayHear(this.#caller, signal)) return
    // The next vital signs replace these: a slow reader does without.
    if (signal.topic === 'vitals.update' && this.#unsent > limits.events.socketQueue / 2) return
    const { topic, time, patient, data } = signal
    void this.#send({
      type: 'live',
      topic,
      time,
      data: { ...data },
      ...(patient === undefined ? {} : { patient }),
    })
    if (this.#unsent > limits.events.socketQueue) this.#close(CLOSE.slow, 'too slow')
  }

  /** Resolves once the operating system has taken the message, or the socket is gone. */
  #send(message: ServerMessage): Promise<void> {
    this.#unsent += 1
    return new Promise((resolve) => {
      this.#options.socket.send(JSON.stringify(message), () => {
        this.#unsent -= 1
        resolve()
      })
    })
  }

  #fail(error: unknown): void {
    this.#options.onError(error)
    this.#close(CLOSE.away, 'try again')
  }

  #close(code: number, reason: string): void {
    this.end()
    this.#options.socket.close(code, reason)
  }
}

/** Where the client is: everything up to commit `n`, and of the next one the changes up to index `skip`. */
function placeOf(after: Hello['after'], head: number): { n: number; skip: number } {
  if (after === undefined) return { n: head, skip: -1 }
  if (typeof after === 'number') return { n: after, skip: -1 }
  const [n = 0, index = -1] = after.split('.').map(Number)
  return n === 0 ? { n, skip: -1 } : { n: n - 1, skip: index }
}

function messageOf({ topic, n, index, time, change }: TopicEvent): ServerMessage {
  const { type, id, version, patients } = change
  return {
    type: 'event',
    topic,
    sequence: `${n}.${index}`,
    time,
    resource: { type, id, version },
    ...(patients[0] === undefined ? {} : { patient: `Patient/${patients[0]}` }),
  }
}
