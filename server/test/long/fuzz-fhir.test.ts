import { once } from 'node:events'
import { Agent, request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'

import { expect, it, onTestFinished } from 'vitest'

import { freshFolder, removeFolder, startHub } from '../flows/hub.ts'
import type { Hub } from '../flows/hub.ts'
import { fuzzRequest } from './fuzz-requests.ts'
import { heldMiB } from './memory.ts'

const REQUESTS = 100_000
const CONNECTIONS = 32
/** A hub that answers this load in order stays well below; one that keeps what it refused does not. */
const MEMORY_MIB = 900
/** An answer must not take longer, however odd the question. */
const SLOWEST_MS = 5000

interface Answer {
  readonly status: number
  readonly text: string
  readonly tookMs: number
}

it(
  'answers a hundred thousand broken requests in time, none with a fault of its own, and lives on',
  { timeout: 1_800_000 },
  async () => {
    const data = await freshFolder()
    const hub = await startHub({ data })
    onTestFinished(async () => {
      await hub.stop()
      await removeFolder(data)
    })
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
    const faults: string[] = []
    let next = 0
    const worker = async (): Promise<void> => {
      for (let n = next++; n < REQUESTS && faults.length < 20; n = next++) {
        const fault = faultOf(await send(hub, agent, n))
        if (fault !== undefined)
          faults.push(`${String(n)} ${fuzzRequest(n).method} ${fuzzRequest(n).path.slice(0, 200)}: ${fault}`)
      }
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, worker))
    agent.destroy()
    expect(faults).toEqual([])
    expect((await hub.ask('/readyz')).status).toBe(200)
    expect(await heldMiB(hub)).toBeLessThan(MEMORY_MIB)
  },
)

/** @returns what is wrong with an answer, if anything. */
function faultOf({ status, text, tookMs }: Answer): string | undefined {
  if (tookMs > SLOWEST_MS) return `took ${String(Math.round(tookMs))} ms`
  if (status >= 500 && status !== 501) return `${String(status)} ${text.slice(0, 200)}`
  if (status >= 400 && text !== '' && !text.includes('OperationOutcome'))
    return `no outcome: ${text.slice(0, 200)}`
  return undefined
}

async function send(hub: Hub, agent: Agent, n: number): Promise<Answer> {
  const { method, path, headers, body } = fuzzRequest(n)
  const { hostname, port } = new URL(hub.http)
  const started = performance.now()
  const length = body === undefined ? {} : { 'content-length': String(body.length) }
  const sending = httpRequest({
    agent,
    hostname,
    port,
    method,
    path: `/fhir${path}`,
    headers: { authorization: `Bearer ${hub.token}`, ...length, ...headers },
  })
  sending.end(body)
  const [response] = (await once(sending, 'response')) as [IncomingMessage]
  const text = (await buffer(response)).toString('utf8')
  return { status: response.statusCode ?? 0, text, tookMs: performance.now() - started }
}
