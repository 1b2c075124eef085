import type { JsonObject } from '../../../kernel/json.ts'

export interface OutboundFile {
  /** Type of the resource whose changes become messages. */
  readonly type: string
  /** Expression over the resource and `%previous`: which changes. */
  readonly when?: string
  /** Elements that a resource which is deleted counts to have last; nothing is said of its end without them. */
  readonly deleted?: JsonObject
  /** By type: steps that lead from a resource that has changed to those of which it says something new. */
  readonly causes?: Readonly<Record<string, readonly string[]>>
  /** Segments that agree in one field are told apart by the number in another one. */
  readonly apart?: Apart
  /** Segments, one in a message, whose fields become the null when their values are gone. */
  readonly nulls?: readonly string[]
  /** Expression over the resource, `%previous` and `%event`: else nothing becomes the null. */
  readonly nullsWhen?: string
  readonly segments: readonly OutSegment[]
}

/** Two fields of a segment: what it is about, and the number that tells apart those that agree in that. */
export interface Apart {
  readonly segment: string
  readonly by: number
  readonly number: number
}

export interface OutSegment {
  readonly segment: string
  /** Expression: one segment for each value, about it; a reference is followed. Several are steps: what the first finds, the next is about. */
  readonly each?: string | readonly string[]
  readonly when?: string
  /** The message cannot be built without it. */
  readonly required?: boolean
  /** What reads the same is said once. */
  readonly distinct?: boolean
  /** Expression: whether one with nulls stands here when the version before had segments of this name, and this one has none. */
  readonly emptied?: string
  readonly rows: readonly OutRow[]
  /** Segments that stand behind each one, about the same value. */
  readonly segments?: readonly OutSegment[]
}

export interface OutRow {
  readonly id: string
  /** `ABC-3[+].4.2`; inside rows of a field `.4.2`, `.+` for the next component. */
  readonly to: string
  /** Expression over the resource. */
  readonly from?: string
  readonly const?: string
  readonly when?: string
  /** Field map. */
  readonly type?: string
  readonly rows?: readonly OutRow[]
  /** The value is a reference: the rows are about what it names. */
  readonly follow?: boolean
  readonly fn?: string
  readonly table?: string
  readonly default?: string
  readonly note?: string
}

export interface QueryFile {
  readonly query: string
  readonly answer: string
  /** Names of the query. */
  readonly names: readonly string[]
  /** Structure of the answer by the version that has it so first, the oldest first. */
  readonly structures: Readonly<Record<string, string>>
  readonly person?: number
  readonly criteria?: number
  readonly threshold?: number
  readonly domains: number
  readonly unknownPerson?: 'error' | 'none'
  readonly others?: boolean
  readonly parameters?: readonly QueryParameterRow[]
  readonly segments: readonly OutSegment[]
}

export interface QueryParameterRow {
  readonly id: string
  /** As the query names it: `ABC.5.2`. */
  readonly field: string
  readonly search: string
  readonly from?: string
  readonly assigner?: string
  readonly fn?: 'date'
  readonly table?: string
  readonly reason?: string
}
