import { constraintFor, isAllowed, meets } from '../../auth/authorise.ts'
import type { Caller } from '../../auth/caller.ts'
import { mayUse } from '../../auth/permissions.ts'
import type { LiveSignal } from '../live.ts'
import type { TopicEvent } from '../topics/topics.ts'
import type { FeedCommit } from './event-feed.ts'

/**
 * Whether the caller may know of an event: their roles may read the type, and the resource as it is now is one of theirs. Of a deleted
 * resource the patients and the facility of its last commit decide.
 */
export async function maySee(caller: Caller, event: TopicEvent, commit: FeedCommit): Promise<boolean> {
  const { change, facility } = event
  if (!isAllowed(caller, 'read', change.type)) return false
  const clauses = constraintFor(caller, change.type)
  if (clauses.length === 0) return true
  const row = await commit.rowOf(change)
  if (row) return meets(clauses, (key) => row.has(key))
  const known = new Set([
    `_facility=${facility}`,
    ...change.patients.map((id) => `_compartment=Patient/${id}`),
  ])
  return meets(clauses, (key) => known.has(key))
}

/** Whether the caller may see a live signal: those of patients for the ward, those of devices for who looks after them. */
export function mayHear(caller: Caller, { patient, facilities }: LiveSignal): boolean {
  if (!mayUse(caller.roles, patient === undefined ? 'devices.read' : 'ward.read')) return false
  if (caller.scopes !== undefined && !isAllowed(caller, 'read', 'Observation')) return false
  if (caller.patient !== undefined && caller.patient !== patient) return false
  return caller.facilities === 'all' || facilities.some((facility) => caller.facilities.includes(facility))
}
