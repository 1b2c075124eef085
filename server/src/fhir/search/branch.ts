import type { Soon } from '../../kernel/soon.ts'
import type { Row } from '../../store/port.ts'
import type { Query } from './hits.ts'
import type { PageState } from './page-token.ts'
import type { Plan } from './plan.ts'

/** One type of a search, planned when it is needed. */
export interface Branch {
  readonly type: string
  /** Tells it from another one of its type in page tokens; absent: the type. */
  readonly name?: string
  /** The parameters in whose descending order its walk nearly is by itself. */
  readonly newestBy?: readonly string[]
  /** @param driver the choice of a page before */
  open(driver?: number): Soon<Query>
}

export interface Match extends Row {
  /** `MedicationRequest/23` of a contained resource that is given by itself. */
  readonly container?: string
}

export interface Page {
  readonly matches: readonly Match[]
  /** Known when it cost nothing. */
  readonly total?: number
  readonly next?: PageState
  /** Fewer than there is room for, although there may be more behind `next`. */
  readonly isStopped?: true
  /** The order is nearly the one that was asked for. */
  readonly isNearly?: true
  readonly plans: readonly Plan[]
}
