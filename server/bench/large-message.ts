import { once } from 'node:events'
import { connect } from 'node:net'

import type { Hl7Hub } from './hl7-hub.ts'

const MEGABYTE = 1024 * 1024
const ROUNDS = 3

/**
 * How long a small request waits at most while a message of 20 MB comes in, is journaled and acknowledged, and how long without one: the
 * best of three, because other processes hold the loop up as well.
 */
export async function longestGapMs(hub: Hl7Hub): Promise<{ withMessageMs: number; withoutMs: number }> {
  const payload = largeMessage()
  const [withMessage, without]: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now()
    withMessage.push(await watched(hub, async () => send(hub.mllp, payload(round))))
    const tookMs = performance.now() - began
    without.push(await watched(hub, async () => new Promise((resolve) => setTimeout(resolve, tookMs))))
  }
  return { withMessageMs: Math.min(...withMessage), withoutMs: Math.min(...without) }
}

function largeMessage(): (round: number) => Buffer {
  const content = 'QUJD'.repeat(5 * MEGABYTE)
  return (round) =>
    Buffer.from(
      [
        `\x0bMSH|^~\\&|LAB|NORTH|HUB|MOGRAN|20260301101500+0000||ORU^R01^ORU_R01|LARGE${round}|P|2.5.1`,
        'PID|1||B1^^^NORTH^MR||Salih^Nadia',
        `OBR|1|L${round}^NORTH|L${round}^LAB|11502-2^Report^LN|||20260301101000+0000`,
        `OBX|1|ED|11502-2^Report^LN||^Application^PDF^Base64^${content}||||||F`,
        '\x1c\r',
      ].join('\r'),
    )
}

async function send(port: number, payload: Buffer): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write(payload)
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  if (!answer.includes('MSA|AA')) throw new Error(answer.toString('latin1'))
}

/** The longest of the requests that were sent one after the other while the work went on. */
async function watched(hub: Hl7Hub, work: () => Promise<unknown>): Promise<number> {
  const http = String(hub.ready['http'])
  const over = new AbortController()
  const watch = async (): Promise<number> => {
    let longest = 0
    while (!over.signal.aborted) {
      const from = performance.now()
      await (await fetch(`${http}/healthz`)).text()
      longest = Math.max(longest, performance.now() - from)
    }
    return longest
  }
  const watching = watch()
  await work()
  over.abort()
  return watching
}
