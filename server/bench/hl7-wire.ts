import { admitMessage, loadMllp, type MllpResult } from './mllp-load.ts'

/** Something that takes HL7 v2 over MLLP and acknowledges it, in a process of its own. */
export interface Receiver {
  readonly name: string
  readonly mllp: number
  readonly pid: number
  /** Behind each burst: what is done then is not measured. */
  readonly settle?: () => Promise<void>
}

export interface Wire extends Omit<MllpResult, 'count'> {
  readonly name: string
}

const CONNECTIONS = 50
/**
 * On every side alike: a receiver runs for months, and its code is compiled anew, ever faster, over its first twenty thousand messages.
 */
const WARM = { bursts: 8, most: 3000 }
const ROUNDS = 15
const BURST = { most: 2000, seconds: 1 }

/**
 * Admit messages over fifty connections, a burst for each side in turn, so that whatever else the machine does falls on all of them.
 *
 * @returns the medians over all rounds
 */
export async function wireInTurns(sides: readonly Receiver[]): Promise<readonly Wire[]> {
  let first = 0
  const burst = async (side: Receiver, most: number): Promise<MllpResult> => {
    const from = (first += 1_000_000)
    const load = { port: side.mllp, pid: side.pid, connections: CONNECTIONS, seconds: BURST.seconds, most }
    const result = await loadMllp({ ...load, message: (index) => admitMessage(from + index) })
    await side.settle?.()
    return result
  }
  for (const side of sides) for (let at = 0; at < WARM.bursts; at++) await burst(side, WARM.most)
  const results = new Map(sides.map((side) => [side, [] as MllpResult[]]))
  for (let round = 0; round < ROUNDS; round++)
    for (const side of round % 2 === 0 ? sides : sides.toReversed())
      results.get(side)?.push(await burst(side, BURST.most))
  return sides.map((side) => ({ name: side.name, ...medians(results.get(side) ?? []) }))
}

function medians(results: readonly MllpResult[]): Omit<MllpResult, 'count'> {
  const median = (of: (result: MllpResult) => number) =>
    results.map(of).toSorted((a, b) => a - b)[Math.floor(results.length / 2)] ?? Number.NaN
  return {
    perSecond: median(({ perSecond }) => perSecond),
    p50Ms: median(({ p50Ms }) => p50Ms),
    p99Ms: median(({ p99Ms }) => p99Ms),
    cpuMicros: median(({ cpuMicros }) => cpuMicros),
  }
}
