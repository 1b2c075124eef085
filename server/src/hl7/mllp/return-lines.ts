import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'

import { limits } from '../../kernel/limits.ts'
import { framed, type Later } from './connection.ts'
import { reach, type Peer } from './reach.ts'

/**
 * Connections of the hub's own to senders that take the application's answers of enhanced mode somewhere else than where they send from
 * (`returnTo` of a feed).
 *
 * @see HL7 v2.5.1, 2.9.3
 */
export interface ReturnLines {
  /** What sends the answers of a feed that come later: the application's by its return line, all others where the message came from. */
  laterOf(feed: { readonly returnTo?: Peer | undefined }, later: Later): Later
  /** What waits is given up: a sender that misses an answer sends its message again, and gets the stored one. */
  close(): void
}

/** @param report told of a peer that cannot be reached, once until it can be again, and of answers that were given up */
export function createReturnLines(report: (error: unknown, message: string) => void): ReturnLines {
  const lines = new Map<string, Line>()
  return {
    laterOf({ returnTo }, later) {
      if (returnTo === undefined) return later
      const key = JSON.stringify(returnTo)
      const line = lines.get(key) ?? createLine(returnTo, report)
      lines.set(key, line)
      return (message) => (message instanceof Promise ? void line.send(message) : later(message))
    },
    close: () => {
      for (const line of lines.values()) line.close()
    },
  }
}

interface Line {
  send(answer: Promise<Buffer | undefined>): Promise<void>
  close(): void
}

function createLine(peer: Peer, report: (error: unknown, message: string) => void): Line {
  const waiting: Buffer[] = []
  const end = new AbortController()
  let socket: Socket | undefined
  let isBusy = false

  const isOver = (): boolean => end.signal.aborted
  const open = async (): Promise<Socket> => {
    if (socket?.writable === true) return socket
    socket = await reach(peer, end.signal)
    // What the peer says to an acknowledgement is no message.
    socket.resume()
    return socket
  }
  const work = async (): Promise<void> => {
    for (let failures = 0; waiting.length > 0 && !isOver();) {
      const [next] = waiting
      try {
        const there = await open()
        if (next !== undefined) await written(there, framed(next))
        if (waiting[0] === next) waiting.shift()
        failures = 0
      } catch (error) {
        socket?.destroy()
        if (failures === 0 && !isOver()) report(error, '')
        const wait = Math.min(limits.hl7.returnMostMs, limits.hl7.returnMs * 2 ** failures++)
        await setTimeout(wait, undefined, { signal: end.signal }).catch(() => undefined)
      }
    }
  }
  return {
    async send(answer) {
      const message = await answer
      if (message === undefined || isOver()) return
      if (waiting.length >= limits.hl7.returnWaiting) {
        waiting.shift()
        report(new Error('an answer was given up: its sender cannot be reached'), '')
      }
      waiting.push(message)
      if (isBusy) return
      isBusy = true
      await work()
      isBusy = false
    },
    close: () => {
      end.abort()
      socket?.destroy()
    },
  }
}

async function written(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()))
  })
}
