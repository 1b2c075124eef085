import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'

import type { Started } from './process.ts'

const SINGLE = 100
const SOCKETS = 16
const POLL_LEAST_MS = 1

interface Flow {
  readonly hub: Started
  readonly token: string
  readonly seconds: number
}

interface FlowRow {
  readonly what: string
  readonly hub: string
  readonly bare: string
  readonly ratio: string
  readonly wanted: string
}

/** The main job, measured from the outside: socket write to ACK, to searchable, to WebSocket; then the rate over 16 stop-and-wait feeds. */
export async function admitFlow(flow: Flow): Promise<FlowRow[]> {
  const http = String(flow.hub.ready['http'])
  const port = Number(flow.hub.ready['mllp'])
  const socket = new WebSocket(`${http.replace('http', 'ws')}/ws`)
  await opened(socket)
  const welcome = next(socket, (message) => message['type'] === 'welcome')
  socket.send(JSON.stringify({ type: 'hello', token: flow.token }))
  await welcome
  const feed = await connected(port)
  const times: { ack: number; search: number; screen: number }[] = []
  for (let index = 0; index < SINGLE; index += 1) {
    const number = `B${process.pid}${index}`
    const seen = next(socket, (message) => message['topic'] === 'patient.created')
    const from = performance.now()
    feed.write(admit(number))
    const [ack, search, screen] = await Promise.all([
      acknowledged(feed).then(() => performance.now() - from),
      searchable(number, { http, token: flow.token }).then(() => performance.now() - from),
      seen.then(() => performance.now() - from),
    ])
    times.push({ ack, search, screen })
  }
  socket.close()
  feed.destroy()
  const rate = await throughput(port, flow.seconds)
  return [
    row(
      'admit: socket write to ACK',
      times.map((time) => time.ack),
    ),
    row(
      'admit: socket write to searchable',
      times.map((time) => time.search),
    ),
    row(
      'admit: socket write to WebSocket',
      times.map((time) => time.screen),
    ),
    {
      what: `admit: ${SOCKETS} stop-and-wait feeds`,
      hub: `${rate.toFixed(0)} messages/s`,
      bare: '-',
      ratio: '-',
      wanted: '-',
    },
  ]
}

async function throughput(port: number, seconds: number): Promise<number> {
  const from = performance.now()
  const until = from + seconds * 1000
  const counts = await Promise.all(
    Array.from({ length: SOCKETS }, async (_unused, feedIndex) => {
      const feed = await connected(port)
      let sent = 0
      while (performance.now() < until) {
        feed.write(admit(`T${process.pid}-${feedIndex}-${sent}`))
        await acknowledged(feed)
        sent += 1
      }
      feed.destroy()
      return sent
    }),
  )
  return counts.reduce((sum, count) => sum + count, 0) / ((performance.now() - from) / 1000)
}

function admit(number: string): string {
  const lines = [
    `MSH|^~\\&|BENCH|BENCH|HUB|MOGRAN|20261123100000+0000||ADT^A01^ADT_A01|${number}|P|2.5.1`,
    'EVN||20261123100000+0000',
    `PID|1||${number}^^^BENCH^MR||Bench^${number}||19800229|F`,
    `PV1|1|I|WEST^1^${number.slice(-3)}^BENCH||||7001^Idris^Amna^^^^^^BENCH|||MED|||||||||V${number}^^^BENCH^VN`,
  ]
  return `\v${lines.join('\r')}\r\x1c\r`
}

/** One stop-and-wait answer; it arrives whole in practice and ends with FS CR. */
async function acknowledged(feed: Socket): Promise<void> {
  let text = ''
  while (!text.endsWith('\x1c\r')) {
    const [chunk] = (await once(feed, 'data')) as [Buffer]
    text += chunk.toString('latin1')
  }
  if (!/MSA\|[AC]A\|/.test(text)) throw new Error(`not accepted: ${text.replaceAll('\r', ' ')}`)
}

async function searchable(number: string, { http, token }: { http: string; token: string }): Promise<void> {
  for (;;) {
    const answer = await fetch(`${http}/fhir/Patient?identifier=${number}`, {
      headers: { authorization: `Bearer ${token}` },
    })
    const bundle = (await answer.json()) as { entry?: unknown[] }
    if (bundle.entry?.length === 1) return
    await new Promise((resolve) => {
      setTimeout(resolve, POLL_LEAST_MS)
    })
  }
}

async function connected(port: number): Promise<Socket> {
  const feed = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(feed, 'connect')
  return feed
}

function opened(socket: WebSocket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve())
    socket.addEventListener('error', () => reject(new Error('the WebSocket was refused')))
  })
}

function next(socket: WebSocket, wanted: (message: Record<string, unknown>) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const listen = (event: MessageEvent) => {
      if (!wanted(JSON.parse(String(event.data)) as Record<string, unknown>)) return
      socket.removeEventListener('message', listen)
      resolve()
    }
    socket.addEventListener('message', listen)
  })
}

function row(what: string, times: readonly number[]): FlowRow {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1)
  return { what, hub: `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`, bare: '-', ratio: '-', wanted: '-' }
}
