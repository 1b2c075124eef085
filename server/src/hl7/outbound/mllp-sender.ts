import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

import { limits } from '../../kernel/limits.ts'
import { framed } from '../mllp/connection.ts'
import { Framer } from '../mllp/framer.ts'
import { msaOf } from '../mllp/msa.ts'
import type { Destination } from './destination.ts'

/** One connection to a peer, opened when it is needed: one message at a time, each waits for the answer that names it. */
export interface MllpSender {
  /**
   * @returns the answer whose MSA-2 is the control id
   * @throws Error when the peer cannot be reached, breaks off or does not answer in time: the message may have arrived
   */
  send(message: Buffer, controlId: string, signal: AbortSignal): Promise<Buffer>
  close(): void
}

/** @param onStray told of an answer that belongs to no message which waits: an application answer of enhanced mode, or a mistake. */
export function createMllpSender(destination: Destination, onStray: (answer: Buffer) => void): MllpSender {
  let socket: Socket | undefined
  let waiting: { readonly controlId: string; readonly resolve: (answer: Buffer) => void } | undefined

  const open = async (signal: AbortSignal): Promise<Socket> => {
    if (socket !== undefined && !socket.destroyed && socket.writable) return socket
    const fresh = await reach(destination, signal)
    const framer = new Framer(limits.hl7.answerBytes, 'lenient')
    fresh.on('data', (chunk: Buffer) => {
      for (const event of framer.push(chunk)) {
        if (event.kind === 'too-large') return void fresh.destroy()
        take(event.bytes)
      }
      return undefined
    })
    socket = fresh
    return fresh
  }
  const take = (answer: Buffer): void => {
    // Commit bytes of MLLP release 2 say less than the answer that follows.
    if (answer.length <= 1) return
    if (waiting !== undefined && answeredId(answer) === waiting.controlId) waiting.resolve(answer)
    else onStray(answer)
  }
  return {
    async send(message, controlId, signal) {
      const there = await open(signal)
      const answer = Promise.withResolvers<Buffer>()
      waiting = { controlId, resolve: answer.resolve }
      const end = AbortSignal.any([signal, AbortSignal.timeout(destination.ackSeconds * 1000)])
      const closed = new AbortController()
      try {
        there.write(framed(message))
        const gone = once(there, 'close', { signal: AbortSignal.any([end, closed.signal]) }).then(() => {
          throw new Error('the connection was closed before the answer')
        })
        return await Promise.race([answer.promise, gone])
      } catch (error) {
        // An answer that comes late must not be taken for that of the next attempt.
        there.destroy()
        throw end.aborted && !signal.aborted ? new Error('there was no answer in time') : error
      } finally {
        closed.abort()
        waiting = undefined
      }
    },
    close: () => void socket?.destroy(),
  }
}

async function reach({ host, port, tls }: Destination, signal: AbortSignal): Promise<Socket> {
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

/** MSA-2 byte by byte. */
export function answeredId(answer: Buffer): string | undefined {
  return msaOf(answer)?.[2]
}
