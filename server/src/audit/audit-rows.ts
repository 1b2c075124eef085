import { z } from 'zod'

import { timeOf } from '../kernel/ids.ts'
import { everyRecord } from '../store/every-record.ts'
import type { RecordStore } from '../store/port.ts'
import { Day, DAYS, GROUPS, unpacked } from './chain.ts'

/** A sealed row, as it stands in the chain. */
const AuditRow = z.object({
  id: z.string(),
  time: z.number(),
  subject: z.string(),
  action: z.enum(['C', 'R', 'U', 'D', 'E']),
  interaction: z.string(),
  entity: z.string().exactOptional(),
  patients: z.array(z.string()).exactOptional(),
  outcome: z.enum(['success', 'refused', 'failed']),
  correlation: z.string().exactOptional(),
})
export type AuditRow = z.output<typeof AuditRow>

export interface AuditQuery {
  /** Milliseconds, inclusive. */
  readonly from?: number
  /** Milliseconds, exclusive. */
  readonly to?: number
  readonly subject?: string
  /** Id of a patient whose record was touched. */
  readonly patient?: string
  readonly entity?: string
  readonly limit: number
}

/** Rows that match, newest first. Reads the groups of the asked days one by one: there is no index yet. */
export async function auditRows(records: RecordStore, query: AuditQuery): Promise<readonly AuditRow[]> {
  const { limit, ...span } = query
  const found: AuditRow[] = []
  for await (const { rows } of walkRows(records, span)) {
    found.push(...rows.flatMap(({ row }) => (matches(row, query) ? [row] : [])))
    if (found.length >= limit) break
  }
  return found.toSorted((a, b) => b.time - a.time || (a.id < b.id ? 1 : -1)).slice(0, limit)
}

/** Where a row stands: the id of its group, and its line in there. */
export interface RowPlace {
  readonly group: string
  readonly index: number
}

export interface PlacedRow {
  readonly row: AuditRow
  readonly place: RowPlace
}

export interface AuditWalk {
  /** Milliseconds, inclusive. */
  readonly from?: number
  /** Milliseconds, exclusive. */
  readonly to?: number
  /** In lower case; of each of these lists a row's text has at least one. */
  readonly texts?: readonly (readonly string[])[]
  /** Only what stands before it. */
  readonly before?: RowPlace
}

/** What was found in one group. */
export interface WalkedGroup {
  readonly group: string
  readonly rows: readonly PlacedRow[]
}

/**
 * Rows in the order in which they were sealed, the last ones first, a group at a time, also where nothing of it matches: that is nearly the
 * order of time, and what is sealed later comes in front of it.
 */
export async function* walkRows(records: RecordStore, walk: AuditWalk): AsyncGenerator<WalkedGroup> {
  const { from = 0, to = MOST_TIME, texts = [], before } = walk
  const page = { collection: GROUPS, from: dayOf(from), reverse: true, limit: AT_A_TIME }
  // `0` comes behind `/`, and nothing between an id and the same with U+0000.
  let end = before ? `${before.group}\u0000` : `${dayOf(to)}0`
  for (;;) {
    const groups = await records.range({ ...page, to: end })
    for (const { id, value } of groups) {
      end = id
      const most = id === before?.group ? before.index : Infinity
      const rows = rowsIn(id, (await unpacked(value)).text, texts)
      const isAsked = ({ row, place }: PlacedRow) => row.time >= from && row.time < to && place.index < most
      yield { group: id, rows: rows.filter(isAsked) }
    }
    if (groups.length < AT_A_TIME) return
  }
}

/** How many groups `walkRows` would go through to its end, without reading them. */
export async function groupCount(
  records: RecordStore,
  { from = 0, to = MOST_TIME }: AuditWalk,
): Promise<number> {
  let count = 0
  const days = { collection: DAYS, from: dayOf(from), to: `${dayOf(to)}0` }
  for await (const { value } of everyRecord(records, days)) count += Day.parse(value).groups
  return count
}

/** Of some bytes up to a megabyte each. */
const AT_A_TIME = 16
const MOST_TIME = Date.UTC(9999, 0)

function rowsIn(group: string, text: string, texts: AuditWalk['texts'] = []): readonly PlacedRow[] {
  const has = (line: string): boolean => {
    const folded = texts.length === 0 ? line : line.toLowerCase()
    return texts.every((some) => some.some((each) => folded.includes(each)))
  }
  if (!has(text)) return []
  const lines = text.split('\n').map((line, index) => ({ line, index }))
  return lines.toReversed().flatMap(({ line, index }) => {
    const row = has(line) ? AuditRow.parse(JSON.parse(line)) : undefined
    return row ? [{ row, place: { group, index } }] : []
  })
}

/** The row with an id, which tells when it was made: behind what it is about, at most as long as a command takes. */
export async function rowById(records: RecordStore, id: string): Promise<AuditRow | undefined> {
  const made = timeOf(id)
  if (made === undefined) return undefined
  const span = { from: made - HOUR_MS, to: made + 1, texts: [[id]] }
  for await (const { rows } of walkRows(records, span)) {
    const found = rows.find(({ row }) => row.id === id)
    if (found) return found.row
  }
  return undefined
}

const HOUR_MS = 3_600_000

function matches(row: AuditRow, { from = 0, to = Infinity, subject, patient, entity }: AuditQuery): boolean {
  return (
    row.time >= from &&
    row.time < to &&
    (subject === undefined || row.subject === subject) &&
    (entity === undefined || row.entity === entity) &&
    (patient === undefined || row.patients?.includes(patient) === true)
  )
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10)
}
