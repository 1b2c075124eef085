import { readdirSync } from 'node:fs'
import { loadavg } from 'node:os'

import { startHl7Hub, type Hl7Hub } from './hl7-hub.ts'
import { admitMessage, loadMllp, type MllpLoad, type MllpResult } from './mllp-load.ts'

/**
 * `npm run bench:hl7:long -- [minutes] [messages a second]`: a quarter of the peak for a long time, or as many as asked. Peak is what 50 senders bring from the socket to the
 * committed record. Memory, lag and file handles have to stay flat: the last third of the samples is compared with the middle one.
 */
const MINUTES = Number(process.argv[2] ?? 30)
const WANTED = process.argv[3]
const SAMPLE_SECONDS = 10
/** As many as a hub has at rest within seconds: a storm of minutes would be measured as the state after it. */
const BURST_MESSAGES = 4000
const BURST_SECONDS = 60
const CONNECTIONS = 50
const MEGABYTE = 1024 * 1024

interface Sample {
  /** Memory of its own: pages of the store's files do not count. */
  readonly megabytes: number
  readonly files: number
  readonly p99Ms: number
  /** Acknowledged and not yet committed. */
  readonly behind: number
  readonly cpuMicros: number
  /** Of the memory: objects in use, and bytes outside the heap. */
  readonly heapMegabytes: number
  readonly externalMegabytes: number
}

const hub = await startHl7Hub()
let sent = 0
try {
  const rate = WANTED === undefined ? (await peakRate(hub)) / 4 : Number(WANTED)
  process.stderr.write(`${MINUTES} minutes at ${rate.toFixed(0)}/s\n`)
  const samples: Sample[] = []
  const until = performance.now() + MINUTES * 60_000
  while (performance.now() < until) {
    const result = await load(hub, { seconds: SAMPLE_SECONDS, perSecond: rate })
    const sample = { ...sampleOf(hub, result, await hub.settled()), ...(await hub.memory()) }
    samples.push(sample)
    process.stderr.write(`${JSON.stringify({ ...sample, load: loadavg()[0] })}\n`)
  }
  process.stdout.write(summary(samples, rate))
} finally {
  await hub.stop()
}

/** Messages a second that are brought to the record: a burst, until its last message is at rest. */
async function peakRate(peer: Hl7Hub): Promise<number> {
  await burst(peer)
  const from = performance.now()
  const count = await burst(peer)
  return (count * 1000) / (performance.now() - from)
}

async function burst(peer: Hl7Hub): Promise<number> {
  const { count } = await load(peer, { seconds: BURST_SECONDS, most: BURST_MESSAGES })
  await peer.reach(sent)
  return count
}

async function load(
  peer: Hl7Hub,
  share: Pick<MllpLoad, 'seconds' | 'most' | 'perSecond'>,
): Promise<MllpResult> {
  const first = sent
  const result = await loadMllp({
    port: peer.mllp,
    pid: peer.pid,
    connections: CONNECTIONS,
    ...share,
    message: (index) => admitMessage(first + index),
  })
  sent += result.count
  return result
}

function sampleOf(
  peer: Hl7Hub,
  { p99Ms, cpuMicros }: MllpResult,
  settled: number,
): Omit<Sample, 'heapMegabytes' | 'externalMegabytes'> {
  return {
    megabytes: Math.round(peer.ownMemoryBytes() / MEGABYTE),
    files: readdirSync(`/proc/${peer.pid}/fd`).length,
    p99Ms: Math.round(p99Ms),
    behind: sent - settled,
    cpuMicros: Math.round(cpuMicros),
  }
}

function summary(samples: readonly Sample[], rate: number): string {
  const third = Math.floor(samples.length / 3)
  const [middle, last] = [samples.slice(third, 2 * third), samples.slice(-third)]
  const names = [
    'megabytes',
    'heapMegabytes',
    'externalMegabytes',
    'files',
    'p99Ms',
    'behind',
    'cpuMicros',
  ] as const
  const lines = names.map((name) => {
    const [before, after] = [middle, last].map((part) => median(part.map((sample) => sample[name])))
    return `| ${name} | ${before} | ${after} |`
  })
  return [
    `${MINUTES} minutes at ${rate.toFixed(0)}/s; ${sent} messages`,
    '| Median of | middle third | last third |',
    '| --- | --- | --- |',
    ...lines,
    '',
  ].join('\n')
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
