import type { RecordChange, RecordValue, Refusal, StoredRecord } from '../port.ts'

/** A record, one collection `rec_<name>` each. A deleted one stays a day as a tombstone, so that nobody who applies late brings it back. */
export interface RecordDocument {
  readonly _id: string
  readonly rev: number
  /** Unique; absent in tombstones. */
  readonly second?: string
  /** JSON text or bytes: names and numbers of a record are not for the database to change. */
  readonly json?: string
  readonly bytes?: Uint8Array
  readonly exp?: Date
  readonly gone?: true
  /** Last commit that wrote it; 0 when none did. */
  readonly cn: number
  /** Changes with every write: what a direct change compares with. */
  readonly w: string
}

export interface Decision {
  readonly next: RecordDocument
}

interface Situation {
  readonly current: RecordDocument | undefined
  readonly holder: RecordDocument | undefined
  readonly now: number
  /** Token of this write. */
  readonly token: string
}

/** How long a tombstone stays; far longer than anybody can be late. */
const TOMBSTONE_MS = 24 * 3_600_000

/** What a change makes of a record, or why it is refused. The only place that knows the conditions; it reads and writes nothing. */
export function decide(change: RecordChange, { current, holder, now, token }: Situation): Decision | Refusal {
  const { collection, id } = change
  const live = isLive(current, now) ? current : undefined
  const reason = failed(change, live)
  if (reason !== undefined) {
    const shown = reason === 'exists' && live !== undefined && { holder: storedRecord(live) }
    return { kind: 'record', collection, id, reason, ...shown }
  }
  if (change.op !== 'delete' && isLive(holder, now) && holder._id !== id)
    return { kind: 'record', collection, id, reason: 'second', holder: storedRecord(holder) }
  const rev = (live?.rev ?? 0) + 1
  return { next: { _id: id, cn: current?.cn ?? 0, w: token, rev, ...after(change, now) } }
}

function after(change: RecordChange, now: number): Partial<RecordDocument> {
  if (change.op === 'delete') return { gone: true, exp: new Date(now + TOMBSTONE_MS) }
  const { value, second, expires } = change
  return {
    ...(second !== undefined && { second }),
    ...(expires !== undefined && { exp: new Date(expires) }),
    ...(value instanceof Uint8Array ? { bytes: value } : { json: JSON.stringify(value) }),
  }
}

function failed(
  change: RecordChange,
  live: RecordDocument | undefined,
): 'exists' | 'absent' | 'revision' | undefined {
  if (change.op === 'put') return undefined
  if (change.op === 'insert') return live === undefined ? undefined : 'exists'
  if (change.revision === undefined) return undefined
  if (live === undefined) return 'absent'
  return live.rev === change.revision ? undefined : 'revision'
}

export function isLive(record: RecordDocument | undefined, now: number): record is RecordDocument {
  return (
    record !== undefined && record.gone !== true && (record.exp === undefined || record.exp.getTime() > now)
  )
}

export function storedRecord({ _id, rev, second, json, bytes }: RecordDocument): StoredRecord {
  const value = bytes ?? (JSON.parse(json ?? '{}') as RecordValue)
  return { id: _id, revision: rev, value, ...(second !== undefined && { second }) }
}
