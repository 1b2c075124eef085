import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { createMapper } from '../src/hl7/mapping/mapper.ts'
import { parseMessage } from '../src/hl7/message/parse-message.ts'
import { admitMessage, cpuOf, loadMllp, resultMessage, type MllpResult } from './mllp-load.ts'
import { start, type Started } from './process.ts'

/**
 * `npm run bench:hl7`: the hub, durable before each acknowledgement, beside receivers that store nothing. Processor time a message is the
 * figure that other work on the machine changes least; rates are of this machine now.
 */
const SECONDS = Number(process.argv[2] ?? 4)
const HUB = new URL('../src/main.ts', import.meta.url)
const PEER = new URL('hl7-peer.ts', import.meta.url)
const CLIENT = 'bench:0123456789abcdefghij'
const MAPPINGS = fileURLToPath(new URL('../../mappings', import.meta.url))
const SYNCS = 400
const AHEAD = 1000
const rows: string[][] = []
let round = 0

const folder = mkdtempSync(join(tmpdir(), 'mogran-bench-hl7-'))
try {
  for (const peer of ['bare', 'medplum', 'node-hl7-server']) await benchPeer(peer)
  await benchHub()
  await benchEngine()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.stdout.write(table())

async function benchPeer(name: string): Promise<void> {
  const peer = await start(PEER, { words: [name, String(await freePort())] })
  try {
    await burst(`${name}, stores nothing`, peer, 50)
  } finally {
    await peer.stop()
  }
}

async function benchHub(): Promise<void> {
  const env = {
    HUB_DATA: folder,
    HUB_HTTP_PORT: '0',
    HUB_MLLP_PORT: '0',
    HUB_MQTT_PORT: '0',
    HUB_DEMO: 'off',
  }
  const settings = { HUB_BOOTSTRAP_CLIENT: CLIENT, HUB_LOG_LEVEL: 'warn' }
  const hub = await start(HUB, { env: { ...env, ...settings } })
  try {
    const command = await commander(hub)
    await warm(hub, command)
    await command('/feeds/default/mode', { mode: 'paused' })
    await burst('hub, socket to durable ACK', hub, 50)
    const syncs = syncRate()
    const single = await burst('hub, one stop-and-wait connection', hub, 1)
    const wanted = Math.min(0.35 * syncs, 1200)
    row(
      'fdatasync of the disk, one after the other',
      `${syncs.toFixed(0)}/s`,
      `wanted of one connection: ${wanted.toFixed(0)}/s, has ${single.perSecond.toFixed(0)}/s`,
    )
    await drain(hub, command)
    await burst('hub, processing everything meanwhile', hub, 50)
  } finally {
    await hub.stop()
  }
}

/** Validators and rules are compiled at their first use: that is no part of any rate. */
async function warm(hub: Started, command: Command): Promise<void> {
  const load = { port: Number(hub.ready['mllp']), pid: hub.pid, connections: 8, seconds: 2 }
  const { count } = await loadMllp({ ...load, message: (index) => admitMessage(index) })
  while ((await committedOf(command)) < count) await new Promise((resolve) => setTimeout(resolve, 100))
}

async function committedOf(command: Command): Promise<number> {
  const { messages } = (await command('/statistics')) as { messages: Readonly<Record<string, number>> }
  return (messages['committed'] ?? 0) + (messages['dead'] ?? 0)
}

/** From the journal to the committed record. */
async function drain(hub: Started, command: Command): Promise<void> {
  const committed = async () => committedOf(command)
  const pid = hub.pid
  const idle = await committed()
  await command('/feeds/default/mode', { mode: 'running' })
  // Messages are mapped ahead of their turn: the rate is that of the steady state.
  while ((await committed()) < idle + AHEAD) await new Promise((resolve) => setTimeout(resolve, 50))
  const [before, cpu, from] = [await committed(), cpuOf(pid), performance.now()]
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000))
  const done = (await committed()) - before
  const seconds = (performance.now() - from) / 1000
  row(
    'hub, journal to committed FHIR (ADT)',
    `${(done / seconds).toFixed(0)}/s`,
    `${(((cpuOf(pid) - cpu) * 1e6) / done).toFixed(0)} us CPU`,
  )
}

async function benchEngine(): Promise<void> {
  const mapper = await createMapper(MAPPINGS)
  const [admit, result] = [admitMessage(1), resultMessage(1)]
  const fields = [
    'MSH-9.2',
    'MSH-10',
    'PID-3',
    'PID-5.1',
    'PID-5.2',
    'PID-7',
    'PID-8',
    'PV1-2',
    'PV1-19',
    'DG1-3',
  ]
  const parsed = perCoreSecond(() => {
    const message = parseMessage(admit)
    for (const field of fields) message.get(field)
  })
  const split = perCoreSecond(() => {
    for (const line of admit.split('\r')) if (/^(MSH|PID|PV1|DG1)/.test(line)) line.split('|')[5]?.split('^')
  })
  row(
    'parse ADT, read ten fields',
    `${parsed.toFixed(0)}/core-s`,
    `plain split ${split.toFixed(0)}, ratio ${(parsed / split).toFixed(2)}`,
  )
  row(
    'map ADT',
    `${perCoreSecond(() => mapper.map(parseMessage(admit), 'default')).toFixed(0)}/core-s`,
    'wanted 5000',
  )
  row(
    'map CBC of 28 results',
    `${perCoreSecond(() => mapper.map(parseMessage(result), 'default')).toFixed(0)}/core-s`,
    'wanted 1000',
  )
}

function perCoreSecond(work: () => void): number {
  const measure = (ms: number) => {
    const [from, cpu] = [performance.now(), process.threadCpuUsage()]
    let count = 0
    for (; performance.now() - from < ms; count++) work()
    const { user, system } = process.threadCpuUsage(cpu)
    return (count * 1e6) / (user + system)
  }
  measure(500)
  return measure(1000)
}

async function burst(what: string, peer: Started, connections: number): Promise<MllpResult> {
  const first = 1_000_000 * ++round
  const port = Number(peer.ready['mllp'])
  const message = (index: number) => admitMessage(first + index)
  const load = { port, pid: peer.pid, connections, message }
  await loadMllp({ ...load, seconds: 1, message: (index) => admitMessage(first + 500_000 + index) })
  const result = await loadMllp({ ...load, seconds: SECONDS })
  const { perSecond, p50Ms, p99Ms, cpuMicros } = result
  row(
    `${what} (ADT, ${connections})`,
    `${perSecond.toFixed(0)}/s`,
    `${cpuMicros.toFixed(0)} us CPU, p50 ${p50Ms.toFixed(1)} p99 ${p99Ms.toFixed(1)} ms`,
  )
  return result
}

type Command = (path: string, body?: object) => Promise<unknown>

async function commander(hub: Started): Promise<Command> {
  const http = String(hub.ready['http'])
  const answer = await fetch(`${http}/auth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(CLIENT).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  return async (path, body) => {
    const response = await fetch(`${http}/api/v1/interop${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body && { method: 'POST', body: JSON.stringify(body) }),
    })
    if (!response.ok) throw new Error(await response.text())
    return response.json()
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  server.close()
  return address !== null && typeof address === 'object' ? address.port : 0
}

function syncRate(): number {
  const file = openSync(join(folder, 'sync'), 'w')
  const block = Buffer.alloc(8192)
  const from = performance.now()
  for (let index = 0; index < SYNCS; index++) {
    writeSync(file, block, 0, block.length, index * block.length)
    fdatasyncSync(file)
  }
  closeSync(file)
  return SYNCS / ((performance.now() - from) / 1000)
}

function row(...cells: string[]): void {
  rows.push(cells)
  process.stderr.write(`${cells.join(' | ')}\n`)
}

function table(): string {
  const lines = [['Measure', 'Rate', ''], ['---', '---', '---'], ...rows]
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`
}
