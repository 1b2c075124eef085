import type { Commit } from './port.ts'

/**
 * Collections that no commit may touch, so that an adapter whose log costs something need not write their changes into it: what is
 * changed often and worth nothing later, and pieces that are never changed. All others are changed in the one order of the log.
 */
export const OUTSIDE_LOG: ReadonlySet<string> = new Set([
  'cursors',
  'heartbeats',
  'sessions',
  'hl7-raw',
  'hl7-index',
  'hl7-leases',
  'key-rebuilds',
])

/** @throws Error, a defect of the caller: nothing orders such a change against others */
export function refuseOutsideLog({ records, guards }: Commit): void {
  const looked = guards.filter((guard) => guard.kind === 'record')
  const wrong = [...records, ...looked].find(({ collection }) => OUTSIDE_LOG.has(collection))
  if (wrong) throw new Error(`Records of "${wrong.collection}" are changed by records.apply only.`)
}
