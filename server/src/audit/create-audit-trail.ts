import type { Clock } from '../kernel/clock.ts'
import { uuid7 } from '../kernel/ids.ts'
import { limits } from '../kernel/limits.ts'
import type { Store } from '../store/port.ts'
import { auditRows, groupCount, rowById, walkRows } from './audit-rows.ts'
import type { AuditQuery, AuditRow, AuditWalk, WalkedGroup } from './audit-rows.ts'
import { type ChainFault, verifyChain } from './chain.ts'
import { openReadLog } from './read-log.ts'
import { createShipper } from './shipper.ts'
import type { AuditEntry, AuditTrail } from './trail.ts'

export interface AuditTrailOptions {
  /** A folder of this process alone, `HUB_DATA/audit`. Rows that an earlier process left there are shipped first. */
  readonly folder: string
  readonly store: Store
  readonly clock: Clock
  /** Told once for each failed sync or shipment; shipping goes on by itself. */
  readonly onError: (error: unknown) => void
}

export interface AuditArchive extends AuditTrail {
  /** Everything noted before the call is in the chain when it returns. */
  ship(): Promise<void>
  /** Faults of the sealed chains; empty when nothing was changed or removed. */
  verify(): Promise<readonly ChainFault[]>
  /** Newest first. */
  rows(query: AuditQuery): Promise<readonly AuditRow[]>
  /** The last ones first, see `walkRows`; `ship` before it, to have what was noted just now. */
  walk(walk: AuditWalk): AsyncGenerator<WalkedGroup>
  /** How many groups a walk goes through, some of those that are shipped meanwhile left out. */
  groups(walk: AuditWalk): Promise<number>
  find(id: string): Promise<AuditRow | undefined>
}

export function createAuditTrail({ folder, store, clock, onError }: AuditTrailOptions): AuditArchive {
  const log = openReadLog(folder, clock, onError)
  const ship = createShipper(store, log, clock)
  // One round at a time: rounds of one process would only overtake each other.
  let round: Promise<void> = Promise.resolve()
  const shipAll = (): Promise<void> => {
    round = round.catch(() => undefined).then(() => ship())
    return round
  }
  const timer = setInterval(() => void shipAll().catch(onError), limits.audit.shipMs).unref()
  let closed: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    clearInterval(timer)
    await shipAll().catch(onError)
    await log.close()
  }
  return {
    row: (entry) => lineOf(entry, clock),
    note: (entry) => log.append(lineOf(entry, clock)),
    noteRead: (entry) => log.appendWithTurn(lineOf(entry, clock)),
    ship: shipAll,
    verify: () => verifyChain(store.records),
    rows: async (query) => {
      await shipAll()
      return auditRows(store.records, query)
    },
    walk: (walk) => walkRows(store.records, walk),
    groups: (walk) => groupCount(store.records, walk),
    find: async (id) => {
      await shipAll()
      return rowById(store.records, id)
    },
    close: () => {
      closed ??= stop()
      return closed
    },
  }
}

/** An `AuditRow` as JSON; its id sorts by time. */
function lineOf(entry: AuditEntry, clock: Clock): string {
  return JSON.stringify({ id: uuid7(clock()), ...entry })
}
