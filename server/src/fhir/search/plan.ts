import type { Soon } from '../../kernel/soon.ts'
import type { ResourceReader } from '../../store/port.ts'
import { boundedText } from '../keys/bounded.ts'
import type { Clause, NameTest, RangeTest, Test } from './clause.ts'
import { reach } from './comparison.ts'

/** How the candidates of a search are found: one clause drives, everything is verified on the rows. */
export type Driver =
  /** Candidates have at least one of these keys; in the order of the clinical date. */
  | { readonly by: 'keys'; readonly keys: readonly string[]; readonly direction: Direction }
  /** In the order of the lower bound. */
  | { readonly by: 'range'; readonly param: string; readonly lo: number; readonly hi: number }
  /** In the order of the text. */
  | { readonly by: 'names'; readonly param: string; readonly prefix: string }
  | { readonly by: 'ids'; readonly ids: readonly string[] }
  /** The whole type. */
  | { readonly by: 'type'; readonly order: 'date' | 'updated'; readonly direction: Direction }

export type Direction = 'asc' | 'desc'

export interface Plan {
  readonly driver: Driver
  /** Place of the driving clause in the list of all that could drive; -1: none does. */
  readonly index: number
  /** How many candidates the driver has; `undefined` when it was not counted. A count at the cap means "at least". */
  readonly estimate?: number
  readonly label: string
  /** What else could have driven, with its count. */
  readonly others?: readonly string[]
}

/** A clause that only drives. */
export interface Implied extends Clause {
  /** Places of the clauses that it is narrower than: these need not be asked for. */
  readonly narrows?: readonly number[]
}

export const COUNT_CAP = 1000
/** Below this no other driver is worth asking for. */
const GOOD_ENOUGH = 100
/** More keys than this are verified, not walked side by side. */
export const WIDEST = 500

/**
 * Picks the driver of a search of one type from capped counts; the only one that there is is not counted.
 *
 * @param clauses all that may drive; what only follows from others (pair keys) included.
 */
export function planSearch(reader: ResourceReader, type: string, clauses: readonly Implied[]): Soon<Plan> {
  const covered = new Set(clauses.flatMap(({ narrows }) => narrows ?? []))
  const candidates = clauses.flatMap((clause, index) =>
    covered.has(index) ? [] : candidateOf(clause, index),
  )
  const [only, second] = candidates
  // There is nothing to choose: whoever needs the count asks for it.
  return only !== undefined && second === undefined ? only : cheapest(reader, type, candidates)
}

async function cheapest(reader: ResourceReader, type: string, candidates: readonly Plan[]): Promise<Plan> {
  const others: string[] = []
  let best: Plan | undefined
  for (const candidate of candidates.toSorted((a, b) => COST_ORDER[a.driver.by] - COST_ORDER[b.driver.by])) {
    if (best?.estimate !== undefined && best.estimate <= GOOD_ENOUGH) break
    const estimate = await countCandidates(reader, type, candidate.driver)
    others.push(`${candidate.label}: ${sizeOf(estimate)}`)
    if (best?.estimate === undefined || estimate < best.estimate) best = { ...candidate, estimate }
  }
  return best ? { ...best, others } : wholeType('updated', 'desc')
}

export function sizeOf(estimate: number): string {
  return estimate >= COUNT_CAP ? `at least ${String(COUNT_CAP)}` : String(estimate)
}

/** The plan that a page before has chosen. */
export function planAgain(clauses: readonly Clause[], index: number): Plan {
  const clause = clauses[index]
  const [plan] = clause ? candidateOf(clause, index) : []
  return plan ?? wholeType('updated', 'desc')
}

export function wholeType(order: 'date' | 'updated', direction: Direction): Plan {
  return { driver: { by: 'type', order, direction }, index: -1, label: 'all resources of the type' }
}

const COST_ORDER: Readonly<Record<Driver['by'], number>> = { ids: 0, keys: 1, range: 2, names: 3, type: 4 }

function candidateOf(clause: Clause, index: number): readonly Plan[] {
  if (clause.negated === true || clause.join !== undefined) return []
  const driver = driverOf(clause.anyOf)
  return driver ? [{ driver, index, label: clause.label }] : []
}

function driverOf(tests: readonly Test[]): Driver | undefined {
  if (tests.length === 0) return { by: 'ids', ids: [] }
  const ids = tests.flatMap((test) => (test.by === 'id' ? [test.id] : []))
  if (ids.length === tests.length) return { by: 'ids', ids: [...new Set(ids)] }
  const keys = tests.flatMap((test) => (test.by === 'key' || test.by === 'body' ? [test.key] : []))
  if (keys.length === tests.length && keys.length <= WIDEST)
    return { by: 'keys', keys: [...new Set(keys)], direction: 'desc' }
  const [only] = tests
  if (only === undefined || tests.length > 1) return undefined
  return only.by === 'range' ? rangeDriver(only) : only.by === 'name' ? nameDriver(only) : undefined
}

function rangeDriver({ param, comparator, interval }: RangeTest): Driver {
  return { by: 'range', param, ...reach(comparator, interval) }
}

function nameDriver({ param, how, text }: NameTest): Driver {
  return { by: 'names', param, prefix: how === 'contains' ? '' : boundedText(text) }
}

/** How many candidates a driver has, at most `COUNT_CAP`. */
export async function countCandidates(reader: ResourceReader, type: string, driver: Driver): Promise<number> {
  if (driver.by === 'ids') return driver.ids.length
  if (driver.by === 'keys') return countKeys(reader, type, driver.keys)
  if (driver.by === 'type') return COUNT_CAP
  const page = { type, limit: COUNT_CAP }
  return driver.by === 'range'
    ? (await reader.range({ ...page, param: driver.param, lo: driver.lo, hi: driver.hi })).length
    : (await reader.names({ ...page, param: driver.param, prefix: driver.prefix })).length
}

async function countKeys(reader: ResourceReader, type: string, keys: readonly string[]): Promise<number> {
  let total = 0
  for (const key of keys) {
    if (total < COUNT_CAP) total += await reader.count(type, key, COUNT_CAP - total)
  }
  return total
}
