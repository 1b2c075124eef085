import { createServer } from 'node:net'
import { loadavg } from 'node:os'

import { createMapper } from '../src/hl7/mapping/mapper.ts'
import { parseMessage } from '../src/hl7/message/parse-message.ts'
import { MAPPINGS, startHl7Hub, type Hl7Hub } from './hl7-hub.ts'
import { wireInTurns } from './hl7-wire.ts'
import { longestGapMs } from './large-message.ts'
import { syncsPerSecond } from './machine.ts'
import { admitMessage, cpuOf, loadMllp, medianLoad, resultMessage, type MllpResult } from './mllp-load.ts'
import { start } from './process.ts'
import { bundle, fullObservation } from './samples.ts'

/**
 * `npm run bench:hl7`: the hub, durable before each acknowledgement, beside receivers that store nothing. Processor time a message and the
 * ratios are what other work on the machine changes least; rates are of this machine now.
 */
const SECONDS = Number(process.argv[2] ?? 4)
/** `npm run bench:hl7 -- 4 ack`: one part alone. `ack` is the wire only, beside the peer that costs least. */
const PART = process.argv[3] ?? 'all'
const PEER = new URL('hl7-peer.ts', import.meta.url)
/** Before a burst is measured: what is slow at its first use is no part of it. */
const WARM_MESSAGES = 3000
/** Messages are mapped ahead of their turn: a rate is that of the steady state. */
const AHEAD = 300
/** A burst is sent so many times. */
const BURST_PARTS = 5
const ENTRIES = 100
/** Observations of 28 results, their report, patient and provenance. */
const RESULT_RESOURCES = 30
const rows: string[][] = []
let round = 0
let laterSeconds = 0

const PARTS: Readonly<Record<string, readonly (() => Promise<void>)[]>> = {
  all: [async () => benchWire(['bare', 'medplum', 'node-hl7-server']), benchHub, benchRecord, benchEngine],
  ack: [async () => benchWire(['bare', 'medplum'])],
  meanwhile: [async () => withHub(burstMeanwhile)],
  record: [benchRecord],
  engine: [benchEngine],
}
for (const part of PARTS[PART] ?? []) await part()
row(
  'load of the machine (1, 5, 15 minutes)',
  loadavg()
    .map((load) => load.toFixed(1))
    .join(' '),
  '',
)
process.stdout.write(table())

/**
 * The wire alone, beside receivers that store nothing: the hub's feed is paused, so that all of the processor time is that of taking messages in.
 */
async function benchWire(names: readonly string[]): Promise<void> {
  const peers = await Promise.all(
    names.map(async (name) => ({
      name,
      peer: await start(PEER, { words: [name, String(await freePort())] }),
    })),
  )
  try {
    await withHub(async (hub) => {
      await pause(hub, true)
      const receivers = peers.map(({ name, peer }) => ({
        name: `${name}, stores nothing`,
        mllp: Number(peer.ready['mllp']),
        pid: peer.pid,
      }))
      const own = { name: 'hub, socket to durable ACK', mllp: hub.mllp, pid: hub.pid }
      for (const { name, ...result } of await wireInTurns([
        ...receivers,
        { ...own, settle: async () => settle(hub) },
      ]))
        wireRow(`${name} (ADT, 50)`, result)
      row(
        'hub, lines of the paused feed into the store',
        '',
        `${(laterSeconds * 1000).toFixed(0)} ms CPU in all`,
      )
      await stopAndWait(hub)
    })
  } finally {
    for (const { peer } of peers) await peer.stop()
  }
}

async function benchHub(): Promise<void> {
  await withHub(async (hub) => {
    await burstMeanwhile(hub)
    await pause(hub, true)
    const gap = await longestGapMs(hub)
    row(
      '20 MB message',
      `${gap.withMessageMs.toFixed(0)} ms`,
      `longest wait of a request; ${gap.withoutMs.toFixed(0)} ms without, wanted 200`,
    )
  })
}

/** Each kind in a hub of its own: what others left in the journal would come first, and be counted. */
async function benchRecord(): Promise<void> {
  let entries = 0
  await withHub(async (hub) => {
    entries = await transactions(hub)
    await drain(hub, { what: 'ADT', message: admitMessage, resources: 10, entries })
  })
  await withHub(async (hub) =>
    drain(hub, { what: 'CBC of 28 OBX', message: resultMessage, resources: RESULT_RESOURCES, entries }),
  )
}

async function withHub(work: (hub: Hl7Hub) => Promise<void>): Promise<void> {
  const hub = await startHl7Hub()
  try {
    await warm(hub)
    await work(hub)
  } finally {
    await hub.stop()
  }
}

async function burstMeanwhile(hub: Hl7Hub): Promise<void> {
  await burst('hub, processing everything meanwhile', hub, 50)
}

async function stopAndWait(hub: Hl7Hub): Promise<void> {
  const before = syncsPerSecond(hub.folder)
  const single = await burst('hub, one stop-and-wait connection', hub, 1)
  const syncs = (before + syncsPerSecond(hub.folder)) / 2
  const wanted = Math.min(0.35 * syncs, 1200)
  row(
    'fdatasync of the disk, one after the other',
    `${syncs.toFixed(0)}/s`,
    `wanted of one connection: ${wanted.toFixed(0)}/s, has ${single.perSecond.toFixed(0)}/s`,
  )
}

/** What a paused feed leaves to be done: its lines go from the journal file into the store, else with their messages. A look at the journal waits for it. */
async function settle(hub: Hl7Hub): Promise<void> {
  const cpu = cpuOf(hub.pid)
  await hub.command('/messages?state=received&count=1')
  laterSeconds += cpuOf(hub.pid) - cpu
}

async function pause(hub: Hl7Hub, isPaused: boolean): Promise<void> {
  await hub.command('/feeds/default/mode', { mode: isPaused ? 'paused' : 'running' })
}

/** Validators and rules are compiled at their first use: that is no part of any rate. */
async function warm(hub: Hl7Hub): Promise<void> {
  const load = { port: hub.mllp, pid: hub.pid, connections: 8, seconds: 2 }
  const admits = await loadMllp({ ...load, message: (index) => admitMessage(index) })
  const results = await loadMllp({ ...load, seconds: 1, message: (index) => resultMessage(index) })
  await hub.reach(admits.count + results.count)
}

/** Into the journal of a paused feed. */
async function fill(hub: Hl7Hub, message: (index: number) => string): Promise<void> {
  const first = 1_000_000 * ++round
  const load = { port: hub.mllp, pid: hub.pid, connections: 50, seconds: SECONDS }
  await loadMllp({ ...load, message: (index) => message(first + index) })
}

/** Resources a second of transactions of a hundred, which validate and store in one commit, too. */
async function transactions(hub: Hl7Hub): Promise<number> {
  let [sent, count] = [0, 0]
  const body = () => {
    const entry = Array.from({ length: ENTRIES }, () => ({
      resource: fullObservation(sent++, 'Patient/nobody'),
      request: { method: 'POST', url: 'Observation' },
    }))
    return bundle('transaction', entry)
  }
  await hub.post('/fhir', body())
  const [cpu, from] = [cpuOf(hub.pid), performance.now()]
  const sender = async (): Promise<void> => {
    while (performance.now() - from < SECONDS * 1000) {
      await hub.post('/fhir', body())
      count += ENTRIES
    }
  }
  await Promise.all([sender(), sender()])
  const perSecond = count / ((performance.now() - from) / 1000)
  const micros = ((cpuOf(hub.pid) - cpu) * 1e6) / count
  row(
    'transactions of 100 Observations, two at a time',
    `${perSecond.toFixed(0)} resources/s`,
    `${micros.toFixed(0)} us CPU each`,
  )
  return perSecond
}

interface Drain {
  readonly what: string
  readonly message: (index: number) => string
  /** That one message makes. */
  readonly resources: number
  /** Resources a second of transactions. */
  readonly entries: number
}

/** From the journal to the committed record. */
async function drain(hub: Hl7Hub, { what, message, resources, entries }: Drain): Promise<void> {
  await pause(hub, true)
  await fill(hub, message)
  const idle = await hub.settled()
  await pause(hub, false)
  await hub.reach(idle + AHEAD / resources)
  const [before, cpu, from] = [await hub.settled(), cpuOf(hub.pid), performance.now()]
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000))
  const done = (await hub.settled()) - before
  const perSecond = done / ((performance.now() - from) / 1000)
  row(
    `hub, journal to committed FHIR (${what})`,
    `${perSecond.toFixed(0)}/s`,
    `${(((cpuOf(hub.pid) - cpu) * 1e6) / done).toFixed(0)} us CPU, ${((perSecond * resources) / entries).toFixed(2)} of transactions by resources, wanted 0.50`,
  )
}

async function benchEngine(): Promise<void> {
  const mapper = await createMapper(MAPPINGS)
  const [admit, result] = [admitMessage(1), resultMessage(1)]
  const fields = 'MSH-9.2 MSH-10 PID-3 PID-5.1 PID-5.2 PID-7 PID-8 PV1-2 PV1-19 DG1-3'.split(' ')
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
  for (const [what, text, wanted] of [
    ['map ADT', admit, 5000],
    ['map CBC of 28 results', result, 1000],
  ] as const) {
    const rate = perCoreSecond(() => mapper.map(parseMessage(text), 'default'))
    row(what, `${rate.toFixed(0)}/core-s`, `wanted ${wanted}`)
  }
}

function perCoreSecond(work: () => void): number {
  const measure = (ms: number) => {
    const [from, cpu] = [performance.now(), process.threadCpuUsage()]
    let count = 0
    for (; performance.now() - from < ms; count++) work()
    const { user, system } = process.threadCpuUsage(cpu)
    return (count * 1e6) / (user + system)
  }
  measure(1500)
  return measure(1000)
}

async function burst(what: string, { mllp: port, pid }: Hl7Hub, connections: number): Promise<MllpResult> {
  const first = 1_000_000 * ++round
  const load = { port, pid, connections }
  await loadMllp({
    ...load,
    seconds: 10 * SECONDS,
    most: WARM_MESSAGES,
    message: (index) => admitMessage(first + 500_000 + index),
  })
  const message = (index: number) => admitMessage(first + index)
  const measured = { ...load, seconds: 10 * SECONDS, most: 1000 * SECONDS, message }
  const result = await medianLoad(BURST_PARTS, measured)
  wireRow(`${what} (ADT, ${connections})`, result)
  return result
}

function wireRow(what: string, { perSecond, p50Ms, p99Ms, cpuMicros }: Omit<MllpResult, 'count'>): void {
  const times = `p50 ${p50Ms.toFixed(1)} p99 ${p99Ms.toFixed(1)} ms`
  row(what, `${perSecond.toFixed(0)}/s`, `${cpuMicros.toFixed(0)} us CPU, ${times}`)
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  server.close()
  return address !== null && typeof address === 'object' ? address.port : 0
}

function row(...cells: string[]): void {
  rows.push(cells)
  process.stderr.write(`${cells.join(' | ')}\n`)
}

function table(): string {
  const lines = [['Measure', 'Rate', ''], ['---', '---', '---'], ...rows]
  return `${lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')}\n`
}
