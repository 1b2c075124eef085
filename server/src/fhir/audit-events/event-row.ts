import type { AuditRow } from '../../audit/audit-rows.ts'
import type { Row, StoredVersion } from '../../store/port.ts'
import type { Definitions, TypeModule } from '../definitions.ts'
import { auditEventOf } from './audit-event.ts'

export const AUDIT_EVENT = 'AuditEvent'

/** A row of the trail as a version of a resource: the only one that it ever has. */
export function eventVersion(row: AuditRow, { types }: Pick<Definitions, 'types'>): StoredVersion {
  return {
    type: AUDIT_EVENT,
    id: row.id,
    version: 1,
    lastUpdated: row.time,
    deleted: false,
    method: 'POST',
    commit: 0,
    bytes: Buffer.from(JSON.stringify(auditEventOf(row, types)), 'utf8'),
  }
}

export interface EventContext {
  readonly definitions: Definitions
  readonly module: TypeModule
  readonly base: string
}

/** The same with the search keys of the resource. */
export function eventRow(row: AuditRow, { definitions, module, base }: EventContext): Row {
  const version = eventVersion(row, definitions)
  const resource = auditEventOf(row, definitions.types)
  const keys = module.extract(resource, { lastUpdated: row.time, facilities: [], base })
  const own = new Set(keys.k)
  return {
    ...version,
    date: row.time,
    has: (key) => own.has(key),
    ranges: () => keys.r,
    names: () => keys.n,
    scalar: (name) => keys.s?.[name],
    patients: () => row.patients ?? [],
  }
}
