import type { Row } from './port.ts'

/** A place in an ordered scan: hand it back as `after` to go on behind it. `tie` belongs to the adapter (row number or id). */
export interface Posting {
  readonly id: string
  readonly sort: number
  readonly tie: number | string
  /** When `withRows` was asked for and the store has it at hand; else `fetch` gives it. */
  readonly row?: Row
}

export type ScanAfter = Pick<Posting, 'sort' | 'tie'>

interface PageOf {
  readonly limit: number
  /** The rows are wanted, too: spares reading twice what the store has to look at anyway. */
  readonly withRows?: true
}

export interface ScanRequest extends PageOf {
  readonly type: string
  /** All current resources of the type when absent. */
  readonly key?: string
  /** `date`: main clinical date. `updated`: commit order; only without a key. */
  readonly order: 'date' | 'updated'
  readonly direction: 'asc' | 'desc'
  readonly after?: ScanAfter
}

export interface RangeRequest extends PageOf {
  readonly type: string
  readonly param: string
  /** Finds the resources with an interval of `param` that shares at least one point with `[lo, hi)`; `lo === hi` is the point itself. Order: by `lo`. */
  readonly lo: number
  readonly hi: number
  readonly after?: ScanAfter
}

export interface NameRequest extends PageOf {
  readonly type: string
  readonly param: string
  /** Folded like `NameKey.text`. */
  readonly prefix: string
  readonly after?: NameAfter
}

export interface NamePosting {
  readonly id: string
  readonly text: string
  readonly tie: number | string
  readonly row?: Row
}

export type NameAfter = Pick<NamePosting, 'text' | 'tie'>
