import { createRequire } from 'node:module'
import type { Socket } from 'node:net'

import { MongoNetworkError } from 'mongodb'

interface DriverConnection {
  readonly socket: Socket
  onError(error: Error): void
  writeCommand: (this: DriverConnection, ...command: unknown[]) => Promise<void>
}

const { Connection } = createRequire(import.meta.url)('mongodb/lib/cmap/connection.js') as {
  readonly Connection: { readonly prototype: DriverConnection }
}

const { prototype } = Connection
const { writeCommand } = prototype

/**
 * Mends a wait without end of the driver (7.9): a write to a socket that is destroyed already is answered with `false` and followed by neither
 * "drain" nor "error", for which the driver waits. An operation that began just when its connection ended would never settle, and with it the
 * writer of this process. Told at once, it is tried again like after any broken connection.
 */
export function mendDriver(): void {
  prototype.writeCommand = writeIfOpen
}

async function writeIfOpen(this: DriverConnection, ...command: unknown[]): Promise<void> {
  if (this.socket.destroyed) {
    const error = new MongoNetworkError('the connection was closed before the command')
    this.onError(error)
    throw error
  }
  return writeCommand.apply(this, command)
}
