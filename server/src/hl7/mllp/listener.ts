import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

import { limits } from '../../kernel/limits.ts'
import { Framer } from './framer.ts'

export interface ListenerOptions {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Most bytes of one payload. */
  readonly frameBytes: number
  readonly bounds?: Partial<ListenerBounds>
  /**
   * Takes one message. Answers leave in the order in which their messages came.
   *
   * @param later sends one more message on the same connection, if it is still there (enhanced mode).
   * @returns the answer without its frame; `undefined` when none is wanted.
   */
  receive(frame: Buffer, later: (message: Buffer) => void): Promise<Buffer | undefined>
  /** Takes the beginning of a message that was cut at the bound; the connection is closed behind the answer. */
  refuse(head: Buffer): Promise<Buffer | undefined>
}

type BoundName = Extract<
  keyof typeof limits.hl7,
  | 'idleMs'
  | 'partialFrameMs'
  | 'slowestBytesPerMs'
  | 'connectionsPerFeed'
  | 'pipelined'
  | 'unsentBytes'
  | 'lingerMs'
>
type ListenerBounds = Readonly<Record<BoundName, number>>

export interface ListenerCounts {
  connections: number
  accepted: number
  /** Connections over the limit. */
  dropped: number
  frames: number
  skippedBytes: number
  restarts: number
  tooLarge: number
  partialTimeouts: number
}

export interface Listener {
  readonly port: number
  readonly counts: Readonly<ListenerCounts>
  /** Takes no more bytes, answers what it has, closes. */
  close(): Promise<void>
}

/** Listens for HL7 v2 over MLLP; each socket has a state of its own, and no peer can disturb another. */
export async function listenMllp(options: ListenerOptions): Promise<Listener> {
  const bounds: ListenerBounds = { ...limits.hl7, ...options.bounds }
  const counts = {
    connections: 0,
    accepted: 0,
    dropped: 0,
    frames: 0,
    skippedBytes: 0,
    restarts: 0,
    tooLarge: 0,
    partialTimeouts: 0,
  }
  const open = new Set<Connection>()
  const server = createServer({ noDelay: true, keepAlive: true }, (socket) => {
    const connection = new Connection(socket, { ...options, bounds, counts })
    open.add(connection)
    counts.accepted++
    counts.connections = open.size
    socket.once('close', () => {
      open.delete(connection)
      counts.connections = open.size
    })
  })
  server.maxConnections = bounds.connectionsPerFeed
  server.on('drop', () => counts.dropped++)
  server.listen(options.port, options.host)
  await once(server, 'listening')
  return {
    port: portOf(server),
    counts,
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      await Promise.all([...open].map(async (connection) => connection.finish()))
      await closed
    },
  }
}

function portOf(server: Server): number {
  const address = server.address()
  return address !== null && typeof address === 'object' ? address.port : 0
}

type ConnectionOptions = Pick<ListenerOptions, 'frameBytes' | 'receive' | 'refuse'> & {
  readonly bounds: ListenerBounds
  readonly counts: ListenerCounts
}

/** One peer: its framer, its unanswered messages, its clocks. */
class Connection {
  readonly #socket: Socket
  readonly #options: ConnectionOptions
  readonly #framer: Framer
  #answers: Promise<void> = Promise.resolve()
  #unanswered = 0
  #unansweredBytes = 0
  #finishing = false
  #partialTimer: NodeJS.Timeout | undefined
  /** Which frame `#partialTimer` watches, by its number on this connection. */
  #watched = 0

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket
    this.#options = options
    this.#framer = new Framer(options.frameBytes)
    socket.setTimeout(options.bounds.idleMs, () => {
      if (this.#unanswered === 0) socket.destroy()
    })
    socket.on('data', (chunk: Buffer) => {
      if (!this.#finishing) this.#take(chunk)
    })
    socket.on('drain', () => this.#breathe())
    socket.on('close', () => clearTimeout(this.#partialTimer))
    // A peer that breaks the connection off is everyday life: what it sent whole is journaled, 'close' follows.
    socket.on('error', () => undefined)
  }

  /** Answers what has come whole, then closes. */
  async finish(): Promise<void> {
    this.#finishing = true
    await this.#answers
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

  #receive(frame: Buffer): void {
    this.#options.counts.frames++
    const later = (message: Buffer) => this.#send(message)
    this.#answer(frame.length, this.#options.receive(frame, later))
  }

  #refuse(head: Buffer): void {
    this.#options.counts.tooLarge++
    this.#finishing = true
    this.#answer(head.length, this.#options.refuse(head))
    this.#answers = this.#answers.then(async () => this.#hangUp())
  }

  #answer(bytes: number, answer: Promise<Buffer | undefined>): void {
    this.#unanswered++
    this.#unansweredBytes += bytes
    this.#answers = this.#sendInTurn(this.#answers, answer).finally(() => {
      this.#unanswered--
      this.#unansweredBytes -= bytes
      this.#breathe()
    })
  }

  async #sendInTurn(before: Promise<void>, answer: Promise<Buffer | undefined>): Promise<void> {
    try {
      const [, message] = await Promise.all([before, answer])
      if (message) this.#send(message)
    } catch {
      // Without an answer the peer sends again, on a connection that is in order. Who made the answer has logged why there is none.
      this.#socket.destroy()
    }
  }

  #send(message: Buffer): void {
    if (this.#socket.writable) this.#socket.write(Buffer.concat([BEGIN, message, END]))
  }

  /** Reads no further while the peer waits for more answers than is sane, or does not take those that it got. */
  #breathe(): void {
    const { bounds, frameBytes } = this.#options
    const isFull =
      this.#unanswered >= bounds.pipelined ||
      this.#unansweredBytes > frameBytes ||
      this.#socket.writableLength > bounds.unsentBytes
    if (isFull && !this.#finishing) this.#socket.pause()
    else this.#socket.resume()
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
    const closed = once(this.#socket, 'close')
    this.#socket.end()
    this.#socket.resume()
    const timer = setTimeout(() => this.#socket.destroy(), this.#options.bounds.lingerMs)
    await closed
    clearTimeout(timer)
  }
}

const BEGIN = Buffer.of(0x0b)
const END = Buffer.of(0x1c, 0x0d)
