import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

import { z } from 'zod'

import { limits } from '../../kernel/limits.ts'

const Path = z.string().min(1).max(4096)

/** Where a peer listens, as files of feeds and destinations say it. */
export const PEER = {
  host: z.string().min(1),
  port: z.int().min(1).max(65_535),
  tls: z
    .strictObject({
      ca: Path.optional(),
      cert: Path.optional(),
      key: Path.optional(),
      name: z.string().optional(),
    })
    .optional(),
} as const

export const Peer = z.strictObject(PEER)
export type Peer = Readonly<z.output<typeof Peer>>

/** Opens a connection to a peer. @throws Error when it cannot be reached in time, or the certificates do not fit */
export async function reach({ host, port, tls }: Peer, signal: AbortSignal): Promise<Socket> {
  const [ca, cert, key] = await Promise.all([tls?.ca, tls?.cert, tls?.key].map(readIfNamed))
  const socket =
    tls === undefined
      ? connect({ host, port, noDelay: true, keepAlive: true })
      : connectTls({
          host,
          port,
          minVersion: 'TLSv1.2',
          ...(ca && { ca }),
          ...(cert && { cert }),
          ...(key && { key }),
          ...(tls.name === undefined ? {} : { servername: tls.name }),
        })
  const end = AbortSignal.any([signal, AbortSignal.timeout(limits.hl7.connectMs)])
  try {
    await once(socket, tls === undefined ? 'connect' : 'secureConnect', { signal: end })
  } catch (error) {
    socket.destroy()
    throw error
  }
  // What breaks it off is seen by 'close'.
  socket.on('error', () => undefined)
  return socket
}

async function readIfNamed(file: string | undefined): Promise<Buffer | undefined> {
  return file === undefined ? undefined : readFile(file)
}
