import { once } from 'node:events'
import type { Socket } from 'node:net'

import { Fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { isBatch, splitBatches } from '../mllp/batch.ts'
import { framed } from '../mllp/connection.ts'
import { Framer } from '../mllp/framer.ts'
import { msaOf } from '../mllp/msa.ts'
import { reach } from '../mllp/reach.ts'
import type { Destination } from './destination.ts'

/** One connection to a peer, opened when it is needed: one message at a time, each waits for the answer that names it. */
export interface MllpSender {
  /**
   * @returns the answer whose MSA-2 is the control id
   * @throws Misnamed when there were answers in time, but none that names the message
   * @throws Error when the peer cannot be reached, breaks off, wants it again or does not answer in time: the message may have arrived
   */
  send(message: Buffer, controlId: string, signal: AbortSignal): Promise<Buffer>
  close(): void
}

interface Waiting {
  readonly controlId: string
  readonly resolve: (answer: Buffer) => void
  readonly endSoon: () => void
  /** Answers that came meanwhile and named something else. */
  others: number
}

/** @param onStray told of an answer that belongs to no message which waits: an application answer of enhanced mode, or a mistake. */
export function createMllpSender(destination: Destination, onStray: (answer: Buffer) => void): MllpSender {
  let waiting: Waiting | undefined
  const take = (answer: Buffer): void => {
    // A commit byte of MLLP release 2 says less than the answer that follows, but behind a refusal none has to follow.
    if (answer.length <= 1) {
      if (answer[0] === NOT_WRITTEN) waiting?.endSoon()
      return
    }
    if (waiting !== undefined && answeredId(answer) === waiting.controlId) {
      waiting.resolve(answer)
      // The application may have answered in the same breath.
      waiting = undefined
    } else {
      if (waiting !== undefined) waiting.others++
      onStray(answer)
    }
  }
  const line = createLine(destination, take)
  return {
    async send(message, controlId, signal) {
      const there = await line.open(signal)
      const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
      let refused: NodeJS.Timeout | undefined
      const endSoon = (): void => {
        refused ??= setTimeout(reject, limits.hl7.answerBehindRefusalMs, new Error(WANTED_AGAIN))
      }
      const own: Waiting = { controlId, resolve, endSoon, others: 0 }
      waiting = own
      const end = AbortSignal.any([signal, AbortSignal.timeout(destination.ackSeconds * 1000)])
      try {
        there.write(framed(message))
        return await answerOrEnd(there, promise, end)
      } catch (error) {
        // An answer that comes late must not be taken for that of the next attempt.
        there.destroy()
        throw end.aborted && !signal.aborted ? (own.others > 0 ? new Misnamed() : new Error(NONE)) : error
      } finally {
        clearTimeout(refused)
        waiting = undefined
      }
    },
    close: line.close,
  }
}

/** The connection, opened anew when it is gone. */
function createLine(destination: Destination, take: (answer: Buffer) => void) {
  let socket: Socket | undefined
  return {
    async open(signal: AbortSignal): Promise<Socket> {
      if (socket !== undefined && !socket.destroyed && socket.writable) return socket
      const fresh = await reach(destination, signal)
      const framer = new Framer(limits.hl7.answerBytes, 'lenient')
      fresh.on('data', (chunk: Buffer) => {
        for (const event of framer.push(chunk)) {
          if (event.kind === 'too-large') return void fresh.destroy(new Error(TOO_LARGE))
          const answers = answersIn(event.bytes)
          if (answers === undefined) return void fresh.destroy(new Error(TOO_MANY))
          for (const answer of answers) take(answer)
        }
        return undefined
      })
      socket = fresh
      return fresh
    },
    close: () => void socket?.destroy(),
  }
}

/** A peer may answer as it answers batches. @returns `undefined` for more messages than a batch may have: nobody above would catch a fault */
function answersIn(frame: Buffer): readonly Buffer[] | undefined {
  if (!isBatch(frame)) return [frame]
  try {
    return splitBatches(frame).messages
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}

/** @throws Error when the connection goes first, or it is over */
async function answerOrEnd(there: Socket, answer: Promise<Buffer>, end: AbortSignal): Promise<Buffer> {
  const closed = new AbortController()
  try {
    const gone = once(there, 'close', { signal: AbortSignal.any([end, closed.signal]) }).then(() => {
      throw new Error('the connection was closed before the answer')
    })
    return await Promise.race([answer, gone])
  } finally {
    closed.abort()
  }
}

const TOO_LARGE = `the answer is larger than ${limits.hl7.answerBytes} bytes`
const TOO_MANY = `the answer is a batch of more than ${limits.hl7.batchMessages} messages`
const NONE = 'there was no answer in time'
/** The commit byte of a peer that could not store the message. @see MLLP release 2, negative commit acknowledgement */
const NOT_WRITTEN = 0x15
const WANTED_AGAIN = 'the peer could not write it down and wants it again (NAK)'

/** The peer answers, and each answer names something else. */
export class Misnamed extends Error {
  constructor() {
    super('there was no answer in time that names the message in MSA-2, only others')
    this.name = 'Misnamed'
  }
}

/** MSA-2, one character a byte. */
export function answeredId(answer: Buffer): string | undefined {
  return msaOf(answer)?.[2]
}
