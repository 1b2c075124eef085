import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'

import { limits } from '../../kernel/limits.ts'
import {
  Connection,
  type ConnectionBounds,
  type ConnectionCounts,
  type ConnectionOptions,
} from './connection.ts'
import { isAllowed, watchCredentials, type Credentials, type TlsFiles } from './credentials.ts'

export interface ListenerOptions extends Pick<ConnectionOptions, 'frameBytes' | 'receive' | 'refuse'> {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly framing?: ConnectionOptions['framing']
  readonly bounds?: Partial<ConnectionBounds>
  readonly tls?: TlsFiles
  /** Told when new certificate files cannot be used; the old ones stay. */
  readonly report?: (error: unknown) => void
}

export interface ListenerCounts extends ConnectionCounts {
  connections: number
  accepted: number
  /** Connections over the limit. */
  dropped: number
  /** Clients without a valid certificate, and those that are not on the list. */
  refusedClients: number
}

export interface Listener {
  readonly port: number
  readonly counts: Readonly<ListenerCounts>
  /** What has to be mended, though connections are taken: certificates that cannot be renewed. */
  problem(): string | undefined
  /** Takes no more bytes, answers what it has, closes. */
  close(): Promise<void>
}

/**
 * Listens for HL7 v2 over MLLP, with or without TLS; each socket has a state of its own, and no peer can disturb another.
 *
 * @throws Error when the port is taken or the certificate files cannot be used
 */
export async function listenMllp(options: ListenerOptions): Promise<Listener> {
  const bounds: ConnectionBounds = { ...limits.hl7, ...options.bounds }
  const counts = freshCounts()
  const open = new Set<Connection>()
  const take = (socket: Socket) => {
    const connection = new Connection(socket, { framing: 'strict', ...options, bounds, counts })
    open.add(connection)
    counts.accepted++
    counts.connections = open.size
    socket.once('close', () => {
      open.delete(connection)
      counts.connections = open.size
    })
  }
  const { server, stop, problem } = await serverFor(options, counts, take)
  server.maxConnections = bounds.connectionsPerFeed
  server.on('drop', () => counts.dropped++)
  server.listen(options.port, options.host)
  await once(server, 'listening')
  return {
    port: portOf(server),
    counts,
    problem,
    close: async () => {
      stop()
      const closed = once(server, 'close')
      server.close()
      await Promise.all([...open].map(async (connection) => connection.finish()))
      await closed
    },
  }
}

interface Serving extends Pick<Listener, 'problem'> {
  readonly server: Server
  readonly stop: () => void
}

const NOTHING = (): undefined => undefined

/** A sender that closes its half behind its last message still waits for the answer. */
const SOCKETS = { noDelay: true, keepAlive: true, allowHalfOpen: true }

async function serverFor(
  { tls, report = () => undefined }: ListenerOptions,
  counts: ListenerCounts,
  take: (socket: Socket) => void,
): Promise<Serving> {
  if (tls === undefined) return { server: createServer(SOCKETS, take), stop: NOTHING, problem: NOTHING }
  const withTake = (socket: TLSSocket) => {
    if (isAllowed(socket, tls.allow)) return take(socket)
    counts.refusedClients++
    socket.on('error', () => undefined)
    return void socket.destroy()
  }
  const serve = (credentials: Credentials) =>
    createTlsServer({ ...SOCKETS, ...credentials, handshakeTimeout: limits.hl7.handshakeMs }, withTake)
  const watched = await watchCredentials(tls, report)
  const server = serve(watched.credentials)
  watched.follow((credentials) => server.setSecureContext(credentials))
  server.on('tlsClientError', (_error, socket) => {
    counts.refusedClients++
    socket.destroy()
  })
  return { server, stop: watched.stop, problem: () => watched.problem() }
}

function freshCounts(): ListenerCounts {
  return {
    connections: 0,
    accepted: 0,
    dropped: 0,
    refusedClients: 0,
    frames: 0,
    skippedBytes: 0,
    restarts: 0,
    tooLarge: 0,
    partialTimeouts: 0,
  }
}

function portOf(server: Server): number {
  const address = server.address()
  return address !== null && typeof address === 'object' ? address.port : 0
}
