import type { AuditRow } from '../../audit/audit-rows.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Row, StoredVersion } from '../../store/port.ts'
import type { Definitions, TypeModule } from '../definitions.ts'
import { keysWhenAsked } from '../search/extracted-row.ts'
import { auditEventOf } from './audit-event.ts'

export const AUDIT_EVENT = 'AuditEvent'

/** A row of the trail as a version of a resource: the only one that it ever has. */
export function eventVersion(row: AuditRow, { types }: Pick<Definitions, 'types'>): StoredVersion {
  return { ...headerOf(row), bytes: bytesOf(auditEventOf(row, types)) }
}

export interface EventContext {
  readonly definitions: Definitions
  readonly module: TypeModule
  readonly base: string
}

/** The same with the search keys of the resource. A ranking looks at many rows and gives few: what is not asked for is not made. */
export function eventRow(row: AuditRow, { definitions, module, base }: EventContext): Row {
  const resource = auditEventOf(row, definitions.types)
  let bytes: Uint8Array | undefined
  return {
    ...headerOf(row),
    get bytes() {
      return (bytes ??= bytesOf(resource))
    },
    date: row.time,
    ...keysWhenAsked(() => module.extract(resource, { lastUpdated: row.time, facilities: [], base })),
    patients: () => row.patients ?? [],
  }
}

function headerOf({ id, time }: AuditRow): Omit<StoredVersion, 'bytes'> {
  return { type: AUDIT_EVENT, id, version: 1, lastUpdated: time, deleted: false, method: 'POST', commit: 0 }
}

function bytesOf(resource: JsonObject): Uint8Array {
  return Buffer.from(JSON.stringify(resource), 'utf8')
}
