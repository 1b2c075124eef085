import { appendFileSync, mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { run, type LoadResult } from './load.ts'
import type { Started } from './process.ts'

/** One line of the table. */
export interface Row {
  readonly what: string
  readonly hub: string
  readonly bare: string
  readonly ratio: string
  readonly wanted: string
}

export interface Sides {
  readonly hub: Started
  readonly bare: Started
}

export interface Comparison {
  readonly what: string
  readonly connections: number
  readonly seconds: number
  readonly rounds: number
  /** The whole request for each side; called for each one, so that bodies may differ. */
  readonly hub: (index: number) => string
  readonly bare: (index: number) => string
  readonly wanted?: string
}

export interface Compared {
  readonly row: Row
  readonly hubPerSecond: number
  readonly ratio: number
}

const RAW = fileURLToPath(new URL('raw/', import.meta.url))
const FILE = `${RAW}${new Date().toISOString().replaceAll(':', '-')}.ndjson`
mkdirSync(RAW, { recursive: true })

/** Each measurement as it was made: to standard error, and as a line of a file under `server/bench/raw`. */
export function note(line: Readonly<Record<string, unknown>>): void {
  const text = JSON.stringify(line)
  process.stderr.write(`${text}\n`)
  appendFileSync(FILE, `${text}\n`)
}

/** Both sides in turn under the same load, the median of all rounds; and what a request costs them in processor time, which others do not disturb. */
export async function compare(sides: Sides, comparison: Comparison): Promise<Compared> {
  const { what, connections, rounds, wanted = '-' } = comparison
  const rates = { hub: [] as number[], bare: [] as number[] }
  const costs = { hub: [] as number[], bare: [] as number[] }
  // Neither side is measured while it is still being compiled.
  for (const side of ['hub', 'bare'] as const) await loaded(sides[side], comparison, side)
  for (let round = 0; round < rounds; round += 1) {
    for (const side of ['hub', 'bare'] as const) {
      const { perSecond, p50Ms, p99Ms, cpuUs } = await loaded(sides[side], comparison, side)
      rates[side].push(perSecond)
      costs[side].push(cpuUs)
      note({ what, connections, side, perSecond, p50Ms, p99Ms, cpuUs })
    }
  }
  const [hub, bare] = [median(rates.hub), median(rates.bare)]
  const cost = (each: readonly number[]) => median(each).toFixed(0)
  return {
    hubPerSecond: hub,
    ratio: hub / bare,
    row: {
      what: `${what}, ${connections === 1 ? '1 connection' : `${connections} connections`}`,
      hub: `${hub.toFixed(0)}/s, ${cost(costs.hub)} us`,
      bare: `${bare.toFixed(0)}/s, ${cost(costs.bare)} us`,
      ratio: (hub / bare).toFixed(2),
      wanted,
    },
  }
}

async function loaded(
  process: Started,
  { connections, seconds, ...requests }: Comparison,
  side: 'hub' | 'bare',
): Promise<LoadResult & { readonly cpuUs: number }> {
  const before = process.cpuMs()
  const result = await run({ port: process.port, connections, seconds, request: requests[side] })
  return { ...result, cpuUs: ((process.cpuMs() - before) * 1000) / result.requests }
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

export function table(rows: readonly Row[]): string {
  const head = '| Measure | Hub | Bare | Ratio | Wanted |\n|---|---|---|---|---|\n'
  const lines = rows.map(
    ({ what, hub, bare, ratio, wanted }) => `| ${what} | ${hub} | ${bare} | ${ratio} | ${wanted} |\n`,
  )
  return head + lines.join('')
}
