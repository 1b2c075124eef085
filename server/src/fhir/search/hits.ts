import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { createPace } from '../../kernel/pace.ts'
import { soon } from '../../kernel/soon.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { ResourceReader, Row } from '../../store/port.ts'
import type { TypeModule } from '../definitions.ts'
import { candidatesOf } from './candidates.ts'
import type { Candidate, Place } from './candidates.ts'
import { meetsAll } from './clause.ts'
import type { Clause } from './clause.ts'
import type { Driver, Plan } from './plan.ts'
import { RowSubject } from './subject.ts'

/** A search of one type, ready to run: everything in `clauses` is verified on the rows, whatever drives. */
export interface Query {
  readonly reader: ResourceReader
  readonly module: TypeModule
  readonly base: string
  readonly clauses: readonly Clause[]
  readonly plan: Plan
  /** Where the last walk stopped before it had seen everything. Absent: none ever does. */
  readonly stopped?: () => Place | undefined
  /** Whether a walk would surely stop before its end. Absent: none does. */
  readonly isTooLong?: () => Promise<boolean>
}

/** A candidate that meets the query. */
export interface Hit extends Place {
  readonly row: Row
}

const BATCH_MOST = 200
const BATCH_LEAST = 20

/** The rows that meet all clauses, each once, in the order of the driver, some at a time. These must be there before more is asked for. */
export function* hitsOf(
  query: Query,
  from: { after?: Place; wanted: number },
): Generator<Soon<readonly Hit[]>, void> {
  const { reader, module, plan } = query
  const batch = Math.min(BATCH_MOST, Math.max(BATCH_LEAST, from.wanted + 1))
  const after = from.after ? { after: from.after } : {}
  const meets = verifier(query)
  const pace = createPace()
  const kept = (found: readonly Candidate[]) =>
    soon(withRows(query, found), (rows) => joined(query, rows.filter(meets)))
  // A walk may pass over a whole type and find nothing: others get their turns meanwhile.
  for (const candidates of candidatesOf({ reader, type: module.type, driver: plan.driver, batch, ...after }))
    yield soon(pace(), () => soon(candidates, kept))
}

/** What the walk has not brought along is fetched. */
function withRows({ reader, module }: Query, candidates: readonly Candidate[]): Soon<readonly Hit[]> {
  if (candidates.every(hasRow)) return candidates
  const ids = candidates.map(({ id }) => id)
  const ties = candidates.map(({ tie }) => tie)
  return soon(reader.fetch(module.type, ids, ties), (rows) =>
    candidates.flatMap(({ sort, tie }, index) => {
      const row = rows[index]
      return row ? { sort, tie, row } : []
    }),
  )
}

function hasRow(candidate: Candidate): candidate is Candidate & Hit {
  return candidate.row !== undefined
}

function verifier({ module, base, clauses }: Query): (hit: Pick<Hit, 'row'>) => boolean {
  const subject = new RowSubject(module, base)
  return ({ row }) => meetsAll(clauses, subject.at(row))
}

function joined({ clauses }: Query, hits: readonly Hit[]): Soon<readonly Hit[]> {
  return clauses.some(({ join }) => join) ? keptByJoins(clauses, hits) : hits
}

async function keptByJoins(clauses: readonly Clause[], hits: readonly Hit[]): Promise<readonly Hit[]> {
  let left = hits
  for (const { join } of clauses) {
    if (!join || left.length === 0) continue
    const kept = await join.keep(left.map(({ row }) => row))
    left = left.filter((_, index) => kept[index])
  }
  return left
}

/** For each row whether it meets the query. */
export async function meetingRows(query: Query, rows: readonly Row[]): Promise<readonly Row[]> {
  const hits = rows.map((row) => ({ row, sort: '', tie: 0 })).filter(verifier(query))
  return (await joined(query, hits)).map(({ row }) => row)
}

export interface Visits {
  readonly after?: Place
  readonly most: number
}

/** Visits every hit. @throws Fault `too-costly` when more than `most` candidates fit */
export async function visitAll(
  query: Query,
  { most, ...from }: Visits,
  visit: (hit: Hit) => void,
): Promise<number> {
  let count = 0
  for (const some of hitsOf(query, { ...from, wanted: BATCH_MOST })) {
    const hits = await some
    count += hits.length
    if (count > most) throw tooCostly(query.plan.driver, most)
    for (const hit of hits) visit(hit)
  }
  if (query.stopped?.()) throw notWhole()
  return count
}

/** For what needs all hits of a walk that stopped. */
export function notWhole(): Error {
  const text =
    'Too much of the audit trail would have to be looked at: bound it by date, such as date=ge2026-11-01&date=lt2026-11-08, or leave out totals and any order but _sort=-date'
  return fault('too-costly', { code: 'too-costly', text })
}

function tooCostly(driver: Driver, most: number): Error {
  const clause =
    driver.by === 'type'
      ? 'any other parameter'
      : 'a parameter that fewer resources meet, such as patient or a date'
  return fault('too-costly', {
    code: 'too-costly',
    text: `More than ${String(most)} resources would have to be looked at: add ${clause}`,
  })
}

/** All ids of a small set, such as the targets of a chain; `undefined` when there are more than `most`. */
export async function collectIds(
  query: Query,
  most: number = limits.fhir.chainIds,
): Promise<readonly string[] | undefined> {
  const ids: string[] = []
  for (const some of hitsOf(query, { wanted: BATCH_MOST })) {
    const hits = await some
    if (ids.length + hits.length > most) return undefined
    for (const { row } of hits) ids.push(row.id)
  }
  return ids
}
