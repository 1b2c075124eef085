import type { NameKey, RangeKey } from '../keys.ts'
import type { Commit, LoggedCommit, ResourceWrite, WriteMethod } from '../port.ts'
import { indexKey } from './index-key.ts'
import type { RecordDocument } from './record-changes.ts'

/** One record of the log (`commits`): everything that it takes to apply the commit. A large one keeps `w` and `rec` in `commit_parts`. */
export interface CommitRecord extends CommitPart {
  readonly _id: number
  readonly uuid: string
  readonly time: number
  readonly facility?: string
  readonly correlation?: string
  readonly audit?: readonly string[]
  readonly parts?: number
}

export interface CommitPart {
  readonly w: readonly LoggedWrite[]
  readonly rec: readonly RecordEffect[]
}

export interface LoggedWrite {
  readonly t: string
  readonly id: string
  readonly v: number
  readonly lu: number
  readonly m: WriteMethod
  /** Place in the commit. */
  readonly x: number
  readonly body: Uint8Array
  readonly k: readonly string[]
  readonly r: readonly RangeKey[]
  readonly n: readonly NameKey[]
  readonly s?: Readonly<Record<string, string>>
  readonly date: number
  /** Patients of the new version, of the one before for a deletion. */
  readonly c: readonly string[]
  /** Keys of the version before: what the guards of other writers look at. */
  readonly b: readonly string[]
}

/** What a record is after the commit, whose number becomes its `cn`. */
export interface RecordEffect extends RecordDocument {
  readonly col: string
}

export interface Before {
  readonly k: readonly string[]
  readonly c: readonly string[]
}

export function loggedWrite(write: ResourceWrite, x: number, before: Before): LoggedWrite {
  const { type, id, expected, lastUpdated, method, bytes, keys } = write
  return {
    t: type,
    id,
    v: expected + 1,
    lu: lastUpdated,
    m: method,
    x,
    body: bytes,
    k: keys.k.map(indexKey),
    r: keys.r,
    n: keys.n,
    ...(keys.s !== undefined && { s: keys.s }),
    date: keys.date,
    c: method === 'DELETE' ? before.c : keys.patients,
    b: before.k,
  }
}

export function commitRecord(n: number, commit: Commit, { w, rec }: CommitPart): CommitRecord {
  const { uuid, time, facility, correlation, audit } = commit
  return {
    _id: n,
    uuid,
    time,
    ...(facility !== undefined && { facility }),
    ...(correlation !== undefined && { correlation }),
    ...(audit !== undefined && { audit }),
    w,
    rec,
  }
}

export function loggedCommit({ _id, uuid, time, facility, correlation, w }: CommitRecord): LoggedCommit {
  return {
    n: _id,
    uuid,
    time,
    ...(facility !== undefined && { facility }),
    ...(correlation !== undefined && { correlation }),
    changes: w.map(({ t, id, v, lu, m, body, c }) => ({
      type: t,
      id,
      version: v,
      lastUpdated: lu,
      deleted: m === 'DELETE',
      method: m,
      commit: _id,
      bytes: body,
      patients: c,
    })),
  }
}

/** Cuts writes and effects into parts that fit a document; an estimate, because a document may be twice as large as a part. */
export function partsOf({ w, rec }: CommitPart, mostBytes: number): readonly CommitPart[] {
  const parts: { w: LoggedWrite[]; rec: RecordEffect[]; bytes: number }[] = []
  const partFor = (bytes: number): { w: LoggedWrite[]; rec: RecordEffect[] } => {
    let part = parts.at(-1)
    if (part === undefined || part.bytes + bytes > mostBytes) {
      part = { w: [], rec: [], bytes: 0 }
      parts.push(part)
    }
    part.bytes += bytes
    return part
  }
  for (const write of w) partFor(sizeOfWrite(write)).w.push(write)
  for (const effect of rec) partFor(sizeOfEffect(effect)).rec.push(effect)
  return parts.map((part) => ({ w: part.w, rec: part.rec }))
}

function sizeOfWrite({ body, k, b, r, n }: LoggedWrite): number {
  const keys = [...k, ...b].reduce((sum, key) => sum + key.length + 12, 0)
  return 300 + body.length + keys + r.length * 60 + n.reduce((sum, { text }) => sum + text.length + 60, 0)
}

function sizeOfEffect({ json, bytes }: RecordEffect): number {
  return 600 + (json?.length ?? bytes?.length ?? 0)
}
