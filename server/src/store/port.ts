import type { JsonObject } from '../kernel/json.ts'
import type { Soon } from '../kernel/soon.ts'
import type { NameKey, RangeKey, SearchKeys } from './keys.ts'
import type { NamePosting, NameRequest, Posting, RangeRequest, ScanRequest } from './scans.ts'

/**
 * The store: resources, records and the commit log (DESIGN, section 4). `store.contract.ts` is the test suite that every adapter runs.
 * Every promise that resolves after a write means: durable (synced), not only visible.
 */
export interface Store {
  readonly resources: ResourceReader
  readonly records: RecordStore
  readonly log: CommitLog
  /** Appends one all-or-nothing commit. Refusals are values, not exceptions: the caller reads again and decides. */
  commit(commit: Commit): Promise<CommitResult>
  /**
   * The same write for a commit of this store, encoded as far as it can be: its keys may be empty. Who puts many writes into one commit holds far
   * less of each until then.
   */
  encoded(write: ResourceWrite): ResourceWrite
  /**
   * Gives versions that stay as they are other search keys (new definitions, a new SearchParameter): no new version, nothing in the log.
   * Each by itself; those that are not current any more, or deleted, are passed over. `key-rebuild.ts` does it to whole types.
   *
   * @returns how many got their keys, durably, and are found by them
   */
  rekey(changes: readonly KeyChange[]): Promise<number>
  /** Writes a verified copy of everything into an empty folder while the store goes on. */
  backup(folder: string): Promise<BackupReport>
  /** Numbers for `/metrics` and `/readyz`: a flat table, names ending in their unit. */
  health(): Readonly<Record<string, number>>
  close(): Promise<void>
}

export interface BackupReport {
  readonly commits: number
  readonly bytes: number
}

// ── Commits ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export type WriteMethod = 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface ResourceWrite {
  readonly type: string
  readonly id: string
  /** The version that this write replaces (deleted versions count); 0 when the id must never have been used. The new one is `expected + 1`. */
  readonly expected: number
  readonly method: WriteMethod
  /** Milliseconds UTC; the same instant as `meta.lastUpdated` in `bytes`. */
  readonly lastUpdated: number
  /** The resource as JSON text in UTF-8; empty for a deletion. The store takes ownership of the buffer. */
  readonly bytes: Uint8Array
  /** Empty lists for a deletion. */
  readonly keys: SearchKeys
}

export type KeyChange = Pick<ResourceWrite, 'type' | 'id' | 'keys'> & Pick<StoredVersion, 'version'>

/** Fails the commit when what the caller decided on has changed since it read. */
export type Guard =
  /** No commit after `since` may have written a resource of `type` that has, or had just before, `key` (any resource of the type when absent). */
  | { readonly kind: 'unchanged'; readonly type: string; readonly key?: string; readonly since: number }
  /** The resource exists and is not deleted (in any version, or in exactly `version`). */
  | { readonly kind: 'exists'; readonly type: string; readonly id: string; readonly version?: number }
  /** The record is there and has exactly this revision. */
  | { readonly kind: 'record'; readonly collection: string; readonly id: string; readonly revision: number }

export interface Commit {
  readonly uuid: string
  /** Milliseconds UTC. */
  readonly time: number
  readonly facility?: string
  /** MSH-10, X-Request-Id: what caused it. */
  readonly correlation?: string
  readonly writes: readonly ResourceWrite[]
  readonly records: readonly RecordChange[]
  readonly guards: readonly Guard[]
  /** Rows for the audit trail: kept in the log with the commit, whoever ships them reads them from there. */
  readonly audit?: readonly string[]
}

export type CommitResult =
  | { readonly outcome: 'committed'; readonly n: number }
  | { readonly outcome: 'refused'; readonly why: Refusal }

export type Refusal =
  | { readonly kind: 'version'; readonly type: string; readonly id: string; readonly current: number }
  | { readonly kind: 'guard'; readonly guard: Guard }
  | {
      readonly kind: 'record'
      readonly collection: string
      readonly id: string
      readonly reason: 'exists' | 'absent' | 'revision' | 'second'
      /** For `exists` and `second`: the record that holds the key. */
      readonly holder?: StoredRecord
    }

// ── Resources ───────────────────────────────────────────────────────────────────────────────────────────────────────

export interface StoredVersion {
  readonly type: string
  readonly id: string
  readonly version: number
  readonly lastUpdated: number
  readonly deleted: boolean
  readonly method: WriteMethod
  /** Number of the commit that wrote it. */
  readonly commit: number
  /** JSON text in UTF-8, the caller's own copy; empty when deleted. */
  readonly bytes: Uint8Array
}

/** The bytes of a resource that are not put together yet: whoever writes them somewhere else spares a copy. */
export interface Packed {
  readonly byteLength: number
  /** @returns where it ends */
  copyTo(target: Buffer, at: number): number
}

/** A current, not deleted version with the keys that searches verify their other clauses on. */
export interface Row extends StoredVersion {
  /** The same as `bytes`; absent when these are at hand anyway. */
  readonly packed?: Packed
  readonly date: number
  has(key: string): boolean
  ranges(): readonly RangeKey[]
  names(): readonly NameKey[]
  /** One of the sort scalars of its keys. */
  scalar(name: string): string | undefined
  patients(): readonly string[]
}

export interface HistoryRequest {
  readonly type?: string
  /** Only together with `type`. */
  readonly id?: string
  /** Versions written at or after this instant (milliseconds). */
  readonly since?: number
  /** Versions that were current at some instant of this time (milliseconds, `to` not among them). */
  readonly at?: { readonly from: number; readonly to: number }
  /** `next` of the page before. */
  readonly after?: string
  readonly limit: number
}

export interface HistoryPage {
  /** Newest first. */
  readonly versions: readonly StoredVersion[]
  readonly next?: string
}

/**
 * Reads see every commit whose promise has resolved. Scans may skip, but never repeat or invent; the row decides. A store that has it all at hand
 * answers what is asked most often in the same turn.
 */
export interface ResourceReader {
  /** The current version, a deletion included; `undefined` when the id was never used. */
  read(type: string, id: string): Soon<StoredVersion | undefined>
  vread(type: string, id: string, version: number): Promise<StoredVersion | undefined>
  history(request: HistoryRequest): Promise<HistoryPage>
  /** Exact number of versions that `history` without paging would give. */
  historyCount(request: Omit<HistoryRequest, 'after' | 'limit'>): Promise<number>
  /** How many current resources have `key` (all of the type when absent), counted up to `cap`. */
  count(type: string, key: string | undefined, cap: number): Soon<number>
  scan(request: ScanRequest): Soon<readonly Posting[]>
  range(request: RangeRequest): Soon<readonly Posting[]>
  names(request: NameRequest): Soon<readonly NamePosting[]>
  /** In the order of `ids`; `undefined` for what is deleted or unknown. `ties` of a scan just made spare a look-up. */
  fetch(
    type: string,
    ids: readonly string[],
    ties?: readonly Posting['tie'][],
  ): Soon<readonly (Row | undefined)[]>
  /** Types that have at least one resource or deletion. */
  types(): Promise<readonly string[]>
}

// ── Records ─────────────────────────────────────────────────────────────────────────────────────────────────────────

export type RecordValue = JsonObject | Uint8Array

export interface StoredRecord {
  readonly id: string
  /** 1 on insert, then one more with each change. */
  readonly revision: number
  readonly value: RecordValue
  readonly second?: string
}

interface RecordContent {
  readonly collection: string
  /** Ranges order ids by their UTF-8 bytes. At most 400 bytes. */
  readonly id: string
  readonly value: RecordValue
  /** A second key, unique in its collection. */
  readonly second?: string
  /** Milliseconds UTC after which the record is gone (reads do not show it any more). */
  readonly expires?: number
}

export type RecordChange =
  /** Refused when the id (not expired) or the second key is there. */
  | ({ readonly op: 'insert' } & RecordContent)
  /** Inserts or replaces; refused only when another record holds the second key. */
  | ({ readonly op: 'put' } & RecordContent)
  /** Compare-and-set: refused unless the record has this revision. */
  | ({ readonly op: 'replace'; readonly revision: number } & RecordContent)
  | { readonly op: 'delete'; readonly collection: string; readonly id: string; readonly revision?: number }

export interface RecordRange {
  readonly collection: string
  /** Inclusive. */
  readonly from?: string
  /** Exclusive. */
  readonly to?: string
  readonly reverse?: boolean
  readonly limit: number
}

/** Named collections of small documents (values up to 1 MiB; more goes through `chunks.ts`). */
export interface RecordStore {
  get(collection: string, id: string): Promise<StoredRecord | undefined>
  bySecond(collection: string, second: string): Promise<StoredRecord | undefined>
  range(range: RecordRange): Promise<readonly StoredRecord[]>
  /** Durable, each change atomic by itself, in order; stops at the first refusal. Each is checked against all commits before it. */
  apply(changes: readonly RecordChange[]): Promise<ApplyResult>
}

export type ApplyResult =
  | { readonly outcome: 'applied' }
  | { readonly outcome: 'refused'; readonly index: number; readonly why: Refusal }

// ── Log ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface LoggedCommit {
  readonly n: number
  readonly uuid: string
  readonly time: number
  readonly facility?: string
  readonly correlation?: string
  readonly changes: readonly LoggedChange[]
}

export interface LoggedChange extends StoredVersion {
  /** Patients whose compartment holds the new version (for a deletion: the one before it). */
  readonly patients: readonly string[]
}

export interface AuditLines {
  /** Number of the last commit that was looked at; `after` when there is none. */
  readonly upTo: number
  readonly lines: readonly string[]
}

/** Dense numbers from 1; what is read is durable. */
export interface CommitLog {
  head(): Promise<number>
  /** Number of the last commit that was trimmed; 0 when the log is whole. */
  trimmed(): Promise<number>
  /**
   * Takes out commits up to `upTo` that are from before `before` (milliseconds), oldest first, at most `limits.store.trimStep`. The last one
   * stays, and so does the history of resources. @returns how many were taken out
   */
  trim(bounds: { readonly upTo: number; readonly before: number }): Promise<number>
  /** Commits with number above `after`, in order, without record changes. @throws Fault `gone` when the next one was trimmed: read the resources again */
  read(after: number, limit: number): Promise<readonly LoggedCommit[]>
  /** Audit rows of the commits above `after`: of at most `limit` commits, and of none behind the one that makes `limit` rows. @throws Fault `gone` */
  audit(after: number, limit: number): Promise<AuditLines>
  /** Resolves once `head() > after`, or when the signal aborts. */
  grown(after: number, signal: AbortSignal): Promise<void>
}
