import { connect } from 'node:net'

/** One kind of request, sent again and again over kept-alive connections. */
export interface Load {
  readonly port: number
  readonly connections: number
  readonly seconds: number
  /** The whole request as text; called for each one, so that bodies may differ. */
  readonly request: (index: number) => string
}

export interface LoadResult {
  readonly requests: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

interface Work {
  readonly load: Load
  readonly until: number
  readonly times: number[]
  readonly next: () => number
}

const HEAD_END = Buffer.from('\r\n\r\n')

/**
 * Stop-and-wait load over raw sockets: each connection sends the next request when the answer of the one before is complete.
 *
 * @throws Error when an answer is no 2xx: a figure over failing requests would mean nothing
 */
export async function run(load: Load): Promise<LoadResult> {
  const times: number[] = []
  const start = performance.now()
  const until = start + load.seconds * 1000
  let index = 0
  const work: Work = { load, until, times, next: () => index++ }
  await Promise.all(Array.from({ length: load.connections }, () => connection(work)))
  const seconds = (performance.now() - start) / 1000
  const sorted = Float64Array.from(times).toSorted()
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return { requests: times.length, perSecond: times.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99) }
}

function connection({ load, until, times, next }: Work): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const socket = connect({ port: load.port, host: '127.0.0.1', noDelay: true })
  let pending: Buffer = Buffer.alloc(0)
  let sent = 0
  const send = () => {
    sent = performance.now()
    socket.write(load.request(next()))
  }
  socket.on('connect', send)
  socket.on('error', reject)
  socket.on('data', (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk])
    const size = answerSize(pending)
    if (size === undefined || pending.length < size) return
    if (pending[9] !== 0x32) {
      reject(new Error(pending.toString('utf8', 0, 600)))
      socket.destroy()
      return
    }
    pending = pending.subarray(size)
    times.push(performance.now() - sent)
    if (performance.now() < until) send()
    else socket.end(() => resolve())
  })
  return promise
}

/** Bytes of the answer, head included, or `undefined` while its head is incomplete. */
function answerSize(bytes: Buffer): number | undefined {
  const end = bytes.indexOf(HEAD_END)
  if (end < 0) return undefined
  const length = /content-length: (\d+)/i.exec(bytes.toString('latin1', 0, end))?.[1]
  return end + HEAD_END.length + Number(length ?? 0)
}
