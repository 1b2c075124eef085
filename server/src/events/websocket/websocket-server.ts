import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

import { type WebSocket, WebSocketServer } from 'ws'

import type { AuditTrail } from '../../audit/trail.ts'
import type { Caller } from '../../auth/caller.ts'
import type { Clock } from '../../kernel/clock.ts'
import { limits } from '../../kernel/limits.ts'
import { CLOSE, Hello } from '../events.contract.ts'
import type { LiveBus } from '../live.ts'
import type { EventFeed } from './event-feed.ts'
import { SocketSession } from './socket-session.ts'

export interface WebSocketOptions {
  /** The HTTP server whose upgrades on `/ws` are taken. */
  readonly server: Server
  readonly feed: EventFeed
  readonly live: LiveBus
  readonly callerOf: (authorization: string | undefined, correlation?: string) => Caller | Promise<Caller>
  /** One row for each session: what it shows of patients is an access. */
  readonly audit: Pick<AuditTrail, 'note'>
  readonly clock: Clock
  /** Origins of web pages that may connect besides the hub's own: `https://console.example`. */
  readonly origins: readonly string[]
  readonly onError: (error: unknown) => void
}

export interface WebSocketEdge {
  /** Number of open sockets. */
  open(): number
  close(): Promise<void>
}

const PATH = '/ws'
const MESSAGE_BYTES = 16 * 1024

/** Serves the events of the record and live signals on `/ws`; see `events.contract.ts` for what is said there. */
export function serveWebSocket(options: WebSocketOptions): WebSocketEdge {
  const { server, origins } = options
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MESSAGE_BYTES, perMessageDeflate: false })
  const upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer): void => {
    if (request.url?.split('?', 1)[0] !== PATH) return refuse(stream, '404 Not Found')
    if (!isWelcome(request, origins)) return refuse(stream, '403 Forbidden')
    if (sockets.clients.size >= limits.events.subscribers) return refuse(stream, '503 Service Unavailable')
    sockets.handleUpgrade(request, stream, head, (socket) => attend(socket, options))
  }
  server.on('upgrade', upgrade)
  return {
    open: () => sockets.clients.size,
    close: async () => {
      server.off('upgrade', upgrade)
      for (const socket of sockets.clients) socket.close(CLOSE.away, 'the hub stops')
      const forced = setTimeout(
        () => sockets.clients.forEach((socket) => socket.terminate()),
        limits.events.closeMs,
      )
      await new Promise<void>((resolve) => sockets.close(() => resolve()))
      clearTimeout(forced)
    },
  }
}

/** A program sends no Origin. A page must come from the hub itself or from a listed place: the token alone is not asked to protect. */
function isWelcome({ headers: { origin, host } }: IncomingMessage, origins: readonly string[]): boolean {
  if (origin === undefined || origins.includes(origin)) return true
  return URL.parse(origin)?.host === host
}

function refuse(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** The life of one socket: hello in time, then its session; the token is checked again with every beat. */
function attend(socket: WebSocket, options: WebSocketOptions): void {
  const visit = createVisit(socket, options)
  let isAlive = true
  const beat = async (): Promise<void> => {
    if (!isAlive) return socket.terminate()
    isAlive = false
    socket.ping()
    await visit.beat()
  }
  const supervised = (work: Promise<void>): void => {
    work.catch((error: unknown) => {
      options.onError(error)
      socket.terminate()
    })
  }
  const heartbeat = setInterval(() => supervised(beat()), limits.events.heartbeatMs)
  const late = setTimeout(() => visit.requireHello(), limits.events.helloMs)

  socket.on('pong', () => (isAlive = true))
  socket.on('error', () => socket.terminate())
  socket.on('message', (data) => {
    const hello = Hello.safeParse(jsonOf(Buffer.isBuffer(data) ? data.toString('utf8') : ''))
    if (hello.success) supervised(visit.greet(hello.data))
    else socket.close(CLOSE.malformed, 'not a message of this protocol')
  })
  socket.on('close', () => {
    clearInterval(heartbeat)
    clearTimeout(late)
    visit.end()
  })
}

interface Visit {
  greet(hello: Hello): Promise<void>
  requireHello(): void
  beat(): Promise<void>
  end(): void
}

/** Who is at the socket: nobody before the hello, and only as long as the token is good. */
function createVisit(
  socket: WebSocket,
  { callerOf, onError, audit, clock, feed, live }: WebSocketOptions,
): Visit {
  let session: SocketSession | undefined
  let authorization: string | undefined
  const callerNow = async (): Promise<Caller | undefined> => {
    try {
      return await callerOf(authorization)
    } catch {
      socket.close(CLOSE.unauthenticated, 'sign in again')
      return undefined
    }
  }
  return {
    greet: async (hello) => {
      authorization = `Bearer ${hello.token}`
      const caller = await callerNow()
      if (!caller || socket.readyState !== socket.OPEN) return
      if (session) return session.renew(caller)
      session = new SocketSession({ socket, feed, live, hello, caller, onError })
      audit.note({
        time: clock(),
        subject: caller.subject,
        action: 'R',
        interaction: 'subscribe',
        outcome: 'success',
      })
      await session.start()
    },
    requireHello: () => {
      if (!session) socket.close(CLOSE.unauthenticated, 'say hello')
    },
    beat: async () => {
      const caller = session && (await callerNow())
      if (caller) session?.renew(caller)
      session?.beat()
    },
    end: () => session?.end(),
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
