import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { ResourceReader, Row } from '../../store/port.ts'
import type { TypeModule } from '../definitions.ts'
import { candidatesOf } from './candidates.ts'
import type { Place } from './candidates.ts'
import { meetsAll } from './clause.ts'
import type { Clause } from './clause.ts'
import type { Driver, Plan } from './plan.ts'
import { subjectOf } from './subject.ts'

/** A search of one type, ready to run: everything in `clauses` is verified on the rows, whatever drives. */
export interface Query {
  readonly reader: ResourceReader
  readonly module: TypeModule
  readonly base: string
  readonly clauses: readonly Clause[]
  readonly plan: Plan
}

export interface Hit {
  readonly row: Row
  readonly place: Place
}

const BATCH_MOST = 200
const BATCH_LEAST = 20

/** The rows that meet all clauses, each once, in the order of the driver. */
export async function* hitsOf(
  query: Query,
  from: { after?: Place; wanted: number },
): AsyncGenerator<Hit, void> {
  const { reader, module, base, clauses, plan } = query
  const batch = Math.min(BATCH_MOST, Math.max(BATCH_LEAST, from.wanted + 1))
  const after = from.after ? { after: from.after } : {}
  for await (const candidates of candidatesOf({
    reader,
    type: module.type,
    driver: plan.driver,
    batch,
    ...after,
  })) {
    const rows = await reader.fetch(
      module.type,
      candidates.map(({ id }) => id),
    )
    for (const [index, candidate] of candidates.entries()) {
      const row = rows[index]
      if (row && meetsAll(clauses, subjectOf(row, module, base)) && candidate.isFirst(row))
        yield { row, place: candidate.place }
    }
  }
}

/** Visits every hit. @throws Fault `too-costly` when more than `most` candidates fit */
export async function visitAll(query: Query, most: number, visit: (row: Row) => void): Promise<number> {
  let count = 0
  for await (const { row } of hitsOf(query, { wanted: BATCH_MOST })) {
    count += 1
    if (count > most) throw tooCostly(query.plan.driver, most)
    visit(row)
  }
  return count
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

/** All of a small set, such as the targets of a chain. */
export async function collectIds(query: Query): Promise<readonly string[]> {
  const ids: string[] = []
  await visitAll(query, limits.fhir.chainIds, (row) => ids.push(row.id))
  return ids
}
