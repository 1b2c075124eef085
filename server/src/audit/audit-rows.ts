import { z } from 'zod'

import type { RecordStore } from '../store/port.ts'
import { GROUPS, unpacked } from './chain.ts'

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
  const { from = 0, to = Date.UTC(9999, 0), limit } = query
  const found: AuditRow[] = []
  const first = dayOf(from)
  let end = `${dayOf(to)}0`
  while (found.length < limit) {
    const [group] = await records.range({ collection: GROUPS, from: first, to: end, reverse: true, limit: 1 })
    if (!group) break
    end = group.id
    const { text } = await unpacked(group.value)
    const rows = text.split('\n').map((line) => AuditRow.parse(JSON.parse(line)))
    found.push(...rows.filter((row) => matches(row, query)))
  }
  return found.toSorted((a, b) => b.time - a.time || (a.id < b.id ? 1 : -1)).slice(0, limit)
}

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
