import type { Caller } from '../auth/caller.ts'
import type { Issue } from '../kernel/fault.ts'
import type { JsonObject } from '../kernel/json.ts'
import type { Soon } from '../kernel/soon.ts'
import type {
  Guard,
  HistoryRequest,
  RecordChange,
  Refusal,
  StoredRecord,
  StoredVersion,
  WriteMethod,
} from '../store/port.ts'
import type { ListMember } from './search/lists.ts'

/**
 * The one write path: authorise, validate, commit, audit (DESIGN, section 2). REST, HL7, devices and care services all use it;
 * nobody else writes clinical data.
 */
export interface Resources {
  /** @throws Fault `not-found`, `gone`, `forbidden` */
  read(caller: Caller, type: string, id: string): Promise<StoredVersion>
  vread(caller: Caller, which: WhichVersion): Promise<StoredVersion>
  /** Versions of one resource, of a type or of everything, newest first: of what exists for the caller. @throws Fault `not-found`, `forbidden` */
  history(caller: Caller, request: HistoryCall): Promise<History>
  /** The current version without audit and access checks, for the hub's own comparing before a write; `undefined` when never used or deleted. */
  peek(type: string, id: string): Promise<StoredVersion | undefined>
  /** All drafts and record changes in one commit, or none. @throws Fault with the drafts' FHIRPath positions, nothing stored */
  transact(caller: Caller, transaction: Transaction): Promise<TransactResult>
}

export interface WhichVersion {
  readonly type: string
  readonly id: string
  readonly version: number
}

export interface HistoryCall extends HistoryRequest {
  /** Only these, as a List names them. */
  readonly members?: readonly ListMember[]
}

export interface History {
  readonly versions: readonly StoredVersion[]
  /** Exact; absent where counting what the caller may see would cost too much. */
  readonly total?: number
  readonly next?: string
}

export interface Draft {
  readonly type: string
  /** Absent: the hub assigns a UUIDv7. A caller that must refer to it takes `uuid7` itself and sets it here. */
  readonly id?: string
  readonly method: WriteMethod
  /** `id` and `meta.versionId`, `meta.lastUpdated` are set by the hub. Absent for DELETE, and where `read` gives it. */
  readonly resource?: JsonObject
  /** What `text` says, where somebody has parsed it already. */
  readonly parsed?: Parsed
  /** Exact JSON literals of decimals that a double cannot hold, by path; see `fhir/json`. */
  readonly literals?: ReadonlyMap<string, string>
  /** The JSON text that `resource` was parsed from: stored as it is, with only id and meta set, so that every digit survives. */
  readonly text?: string
  /**
   * Instead of all of these: makes the resource and its text, without blanks between its tokens, when the draft has its turn, so that a large
   * transaction never holds all of its resources. Each time anew. @throws Fault
   */
  readonly read?: () => Soon<Content>
  /** Where the resource stands in the caller's request (`Bundle.entry[2].resource`): prefix of the positions of issues. */
  readonly at?: string
  /** The version that the caller read and compared with; 0: must be new. Absent: whatever is current (retried on races). */
  readonly expected?: number
  /** What the caller asks of the current version, whatever it is when the write is made. */
  readonly precondition?: Precondition
}

/** A resource, to change as one likes, and the JSON text that it was parsed from. */
export interface Content {
  readonly resource: JsonObject
  readonly text: string
}

/** A resource that is not held while its write waits for the disk: the first who asks has it, to change it as it likes; nobody else. */
export class Parsed {
  #resource: JsonObject | undefined

  constructor(resource: JsonObject) {
    this.#resource = resource
  }

  take(): JsonObject | undefined {
    const resource = this.#resource
    this.#resource = undefined
    return resource
  }
}

export interface Precondition {
  /** `undefined`: there never was such a resource. */
  readonly holds: (current: StoredVersion | undefined) => boolean
  readonly otherwise: 'precondition' | 'conflict'
}

export interface Transaction {
  readonly drafts: readonly Draft[]
  readonly records?: readonly RecordChange[]
  readonly guards?: readonly Guard[]
  /** `Organization/<id>`s that the new resources belong to; the author's facilities when absent. */
  readonly facilities?: readonly string[]
  readonly correlation?: string
  /** Its author has waited for its turn with all that it writes: it must not wait again. */
  readonly inTurn?: boolean
}

/** A version as it was stored just now. */
export interface Written extends StoredVersion {
  /** What its author should know of it, although it was stored: a profile that the hub does not hold. */
  readonly notes?: readonly Issue[]
  /** There was no such resource before, or it was deleted. */
  readonly isCreated?: true
}

export type TransactResult =
  | { readonly outcome: 'committed'; readonly commit: number; readonly versions: readonly Written[] }
  /** Something that the caller read has changed since: read again, decide again. `holder` tells who has a taken alias or record id. */
  | {
      readonly outcome: 'stale'
      readonly why: Refusal['kind']
      readonly reason: string
      readonly holder?: StoredRecord
    }
