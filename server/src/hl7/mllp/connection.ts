import type { Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises'

import type { limits } from '../../kernel/limits.ts'
import { isBatch } from './batch.ts'
import { Framer, type Framing } from './framer.ts'

type BoundName = Extract<
  keyof typeof limits.hl7,
  | 'idleMs'
  | 'partialFrameMs'
  | 'slowestBytesPerMs'
  | 'connectionsPerFeed'
  | 'pipelined'
  | 'unsentBytes'
  | 'lingerMs'
  | 'ackMs'
>
export type ConnectionBounds = Readonly<Record<BoundName, number>>

/** What the connections of a listener count together. */
export interface ConnectionCounts {
  frames: number
  skippedBytes: number
  restarts: number
  tooLarge: number
  partialTimeouts: number
}

/** Sends one more message on the same connection, if it is still there (enhanced mode); one that comes is waited for, if its peer has no more to say. */
export type Later = (message: Buffer | Promise<Buffer | undefined>) => void

export interface ConnectionOptions {
  /** Most bytes of one payload. */
  readonly frameBytes: number
  readonly framing: Framing
  readonly bounds: ConnectionBounds
  readonly counts: ConnectionCounts
  /**
   * Takes one message. Answers leave in the order in which their messages came.
   *
   * @returns the answer without its frame; `undefined` when none is wanted.
   */
  receive(frame: Buffer, later: Later): Promise<Buffer | undefined>
  /** Takes the beginning of a message that was cut at the bound; the connection is closed behind the answer. */
  refuse(head: Buffer, later: Later): Promise<Buffer | undefined>
}

interface Answer {
  /** Of its message. */
  readonly bytes: number
  isThere: boolean
  message?: Buffer
}

/** One peer: its framer, its unanswered messages, its clocks. */
export class Connection {
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  readonly #framer: Framer
  /** In the order in which their messages came. */
  readonly #answers: Answer[] = []
  #unansweredBytes = 0
  readonly #whenAnswered: (() => void)[] = []
  /** Of the application, in enhanced mode. */
  readonly #coming = new Set<Promise<void>>()
  /** Ends with the last message of the batches that are being taken. */
  #batch: Promise<unknown> | undefined
  #finishing = false
  #heardMs = performance.now()
  #idleTimer: NodeJS.Timeout | undefined
  #partialTimer: NodeJS.Timeout | undefined
  /** Which frame `#partialTimer` watches, by its number on this connection. */
  #watched = 0

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket
    this.#options = options
    this.#framer = new Framer(options.frameBytes, options.framing)
    this.#watchIdleness(options.bounds.idleMs)
    socket.on('data', (chunk: Buffer) => {
      this.#heardMs = performance.now()
      if (!this.#finishing) this.#take(chunk)
    })
    socket.on('drain', () => this.#breathe())
    socket.on('end', () => void this.#part())
    socket.on('close', () => {
      clearTimeout(this.#partialTimer)
      clearTimeout(this.#idleTimer)
    })
    // A peer that breaks the connection off is everyday life: what it sent whole is journaled, 'close' follows.
    socket.on('error', () => undefined)
  }

  /** Answers what has come whole, then closes. */
  async finish(): Promise<void> {
    this.#finishing = true
    await this.#answered()
    await this.#hangUp()
  }

  /** The peer sends no more, and may still wait for what applications answer: as long as for any acknowledgement. */
  async #part(): Promise<void> {
    this.#finishing = true
    await this.#answered()
    if (this.#coming.size > 0)
      await Promise.race([
        Promise.all(this.#coming),
        delay(this.#options.bounds.ackMs, undefined, { ref: false }),
      ])
    await this.#hangUp()
  }

  #take(chunk: Buffer): void {
    const { counts } = this.#options
    const { skippedBytes, restarts } = this.#framer
    for (const event of this.#framer.push(chunk)) {
      if (event.kind === 'frame') this.#receive(event.bytes)
      else this.#refuse(event.head)
    }
    counts.skippedBytes += this.#framer.skippedBytes - skippedBytes
    counts.restarts += this.#framer.restarts - restarts
    this.#watchPartialFrame()
    this.#breathe()
  }

  readonly #later: Later = (message) => {
    if (Buffer.isBuffer(message)) this.#send(message)
    else this.#expect(message)
  }

  #receive(frame: Buffer): void {
    this.#options.counts.frames++
    const before = this.#batch
    const coming =
      before === undefined
        ? this.#options.receive(frame, this.#later)
        : before.then(async () => this.#options.receive(frame, this.#later))
    if (before !== undefined || isBatch(frame)) this.#behind(coming)
    this.#answer(frame.length, coming)
  }

  /** What follows waits: it must not be written down before the rest of a batch. */
  #behind(coming: Promise<unknown>): void {
    const over = Promise.allSettled([coming])
    void over.finally(() => {
      if (this.#batch === over) this.#batch = undefined
    })
    this.#batch = over
  }

  #refuse(head: Buffer): void {
    this.#options.counts.tooLarge++
    this.#finishing = true
    this.#answer(head.length, this.#options.refuse(head, this.#later))
    void this.#answered().then(async () => this.#hangUp())
  }

  #answer(bytes: number, coming: Promise<Buffer | undefined>): void {
    const answer: Answer = { bytes, isThere: false }
    this.#answers.push(answer)
    this.#unansweredBytes += bytes
    void this.#await(answer, coming)
  }

  async #await(answer: Answer, coming: Promise<Buffer | undefined>): Promise<void> {
    try {
      const message = await coming
      if (message !== undefined) answer.message = message
    } catch {
      // Without an answer the peer sends again, on a connection that is in order. Who made the answer has logged why there is none.
      this.#socket.destroy()
    }
    answer.isThere = true
    this.#heardMs = performance.now()
    this.#sendInTurn()
  }

  /** Sends what is there up to the first answer that is not: in one write, however many. */
  #sendInTurn(): void {
    const ready: Buffer[] = []
    for (let next = this.#answers[0]; next?.isThere === true; next = this.#answers[0]) {
      this.#answers.shift()
      this.#unansweredBytes -= next.bytes
      if (next.message !== undefined) ready.push(framed(next.message))
    }
    const [first] = ready
    if (first !== undefined && this.#socket.writable)
      this.#socket.write(ready.length === 1 ? first : Buffer.concat(ready))
    this.#breathe()
    if (this.#answers.length > 0) return
    for (const resolve of this.#whenAnswered.splice(0)) resolve()
  }

  /** Everything that came has its answer. */
  async #answered(): Promise<void> {
    if (this.#answers.length > 0) await new Promise<void>((resolve) => this.#whenAnswered.push(resolve))
  }

  #send(message: Buffer): void {
    this.#heardMs = performance.now()
    if (this.#socket.writable) this.#socket.write(framed(message))
  }

  #expect(message: Promise<Buffer | undefined>): void {
    const sent = this.#sendWhenThere(message)
    this.#coming.add(sent)
    void sent.finally(() => this.#coming.delete(sent))
  }

  /** A turn later, because the answer of the transport comes first. */
  async #sendWhenThere(message: Promise<Buffer | undefined>): Promise<void> {
    const there = await message
    await nextTurn()
    if (there !== undefined) this.#send(there)
  }

  /** Reads no further while the peer waits for more answers than is sane, or does not take those that it got. */
  #breathe(): void {
    const { bounds, frameBytes } = this.#options
    const isFull =
      this.#answers.length >= bounds.pipelined ||
      this.#unansweredBytes > frameBytes ||
      this.#socket.writableLength > bounds.unsentBytes
    if (isFull && !this.#finishing) this.#socket.pause()
    else this.#socket.resume()
  }

  /** A timer of the socket would be wound up anew with every read and write. */
  #watchIdleness(waitMs: number): void {
    this.#idleTimer = setTimeout(() => {
      const leftMs = this.#heardMs + this.#options.bounds.idleMs - performance.now()
      if (leftMs > 0) return this.#watchIdleness(leftMs)
      if (this.#answers.length > 0) return this.#watchIdleness(this.#options.bounds.idleMs)
      return void this.#socket.destroy()
    }, waitMs)
  }

  /** A frame that has begun must end in time; a slow line gets more of it with every byte. */
  #watchPartialFrame(): void {
    const isPartial = this.#framer.partialBytes !== undefined
    if (isPartial && this.#watched === this.#framer.begun) return
    clearTimeout(this.#partialTimer)
    this.#watched = this.#framer.begun
    if (isPartial) this.#lookAgain(Date.now(), this.#options.bounds.partialFrameMs)
  }

  #lookAgain(begunMs: number, waitMs: number): void {
    const { bounds, counts } = this.#options
    this.#partialTimer = setTimeout(() => {
      const allowedMs = bounds.partialFrameMs + (this.#framer.partialBytes ?? 0) / bounds.slowestBytesPerMs
      const leftMs = begunMs + allowedMs - Date.now()
      if (leftMs > 0 || this.#socket.isPaused()) return this.#lookAgain(begunMs, Math.max(leftMs, 1000))
      counts.partialTimeouts++
      return void this.#socket.destroy()
    }, waitMs)
  }

  /** Closes so that the last answer arrives: a socket that is destroyed with unread bytes would reset it away. */
  async #hangUp(): Promise<void> {
    if (this.#socket.destroyed) return
    // A peer that resets the connection has closed it, too.
    const closed = new Promise<void>((resolve) => this.#socket.once('close', () => resolve()))
    this.#socket.end()
    this.#socket.resume()
    const timer = setTimeout(() => this.#socket.destroy(), this.#options.bounds.lingerMs)
    await closed
    clearTimeout(timer)
  }
}

/** A payload in its frame. */
export function framed(message: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(message.length + 3)
  frame[0] = VT
  message.copy(frame, 1)
  frame[message.length + 1] = FS
  frame[message.length + 2] = CR
  return frame
}

const VT = 0x0b
const FS = 0x1c
const CR = 0x0d
