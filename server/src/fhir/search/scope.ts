import type { Caller } from '../../auth/caller.ts'
import type { Clock } from '../../kernel/clock.ts'
import { soon } from '../../kernel/soon.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { ResourceReader } from '../../store/port.ts'
import type { Access } from '../access.ts'
import type { Definitions, TypeModule } from '../definitions.ts'
import type { Clause } from './clause.ts'
import type { Query } from './hits.ts'
import { driversOf } from './pairs.ts'
import { planSearch } from './plan.ts'
import type { Filter } from './request.ts'

export interface SearchDeps {
  readonly reader: ResourceReader
  readonly definitions: Definitions
  readonly access: Access
  readonly clock: Clock
  /** Own absolute base such as `http://127.0.0.1:8080/fhir`. */
  readonly base: string
}

/** Who searches and how deep in chains it is. */
export interface Scope {
  readonly caller: Caller
  readonly depth: number
  /** Every condition must be one on keys, for resources that are not stored yet: no joins. */
  readonly plain: boolean
  /** Turns the filter of an inner search into a clause. */
  readonly follow: Follow
}

export type Follow = (
  deps: SearchDeps,
  scope: Scope,
  search: { module: TypeModule; filter: Filter },
) => Soon<Clause>

/** A query that is ready to run, with the cheapest driver. */
export function queryOf(deps: SearchDeps, module: TypeModule, clauses: readonly Clause[]): Soon<Query> {
  const { reader, base } = deps
  const plan = planSearch(reader, module.type, driversOf(module.type, clauses))
  return soon(plan, (found) => ({ reader, module, base, clauses, plan: found }))
}

/** A query on one condition, for what a search has to look up itself: only what exists for the caller. */
export async function lookUp(
  deps: SearchDeps,
  { caller }: Pick<Scope, 'caller'>,
  { module, clause }: { module: TypeModule; clause: Clause },
): Promise<Query> {
  return queryOf(deps, module, [...deps.access.constraintFor(caller, module.type), clause])
}
