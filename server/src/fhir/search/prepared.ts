import type { Caller } from '../../auth/caller.ts'
import { soon } from '../../kernel/soon.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { TypeModule } from '../definitions.ts'
import type { Clause } from './clause.ts'
import type { Query } from './hits.ts'
import { parseRequest } from './parse-request.ts'
import type { Handling, Pair, SearchRequest } from './request.ts'
import { constraintOf, filterClauses, isFixed, scopeOf } from './resolve.ts'
import { queryOf } from './scope.ts'
import type { SearchDeps } from './scope.ts'

/** What follows from the parameters of a search alone, whoever asks: dashboards and worklists ask the same again and again. */
export interface Prepared {
  readonly module: TypeModule
  readonly handling: Handling
  readonly request: SearchRequest
  /** Of the filters, where all of them are fixed. */
  clauses?: readonly Clause[]
  /** For those who may see all of the type, where there is one way to run it. */
  query?: Query
}

export type Prepare = (module: TypeModule, pairs: readonly Pair[], handling: Handling) => Prepared

/** Knows what it has made as long as somebody keeps the very list of pairs, see `createPairs`; parameters of a type that change make another module. */
export function createPrepare(): Prepare {
  const known = new WeakMap<readonly Pair[], Prepared>()
  return (module, pairs, handling) => {
    const before = known.get(pairs)
    if (before?.module === module && before.handling === handling) return before
    const made = { module, handling, request: parseRequest(module, pairs, handling) }
    known.set(pairs, made)
    return made
  }
}

/** What the caller may see and what they ask. */
export function preparedClauses(
  deps: SearchDeps,
  caller: Caller,
  prepared: Prepared,
): Soon<readonly Clause[]> {
  const constraint = constraintOf(deps, caller, prepared.module)
  return soon(ownClauses(deps, caller, prepared), (own) =>
    constraint.length === 0 ? own : [...constraint, ...own],
  )
}

function ownClauses(deps: SearchDeps, caller: Caller, prepared: Prepared): Soon<readonly Clause[]> {
  if (prepared.clauses) return prepared.clauses
  const { module, request } = prepared
  const { filters } = request
  const made = filterClauses(deps, scopeOf(caller), { module, filters })
  if (!(made instanceof Promise) && filters.every(isFixed)) prepared.clauses = made
  return made
}

/** @param clauses of the same search, what else limits it included */
export function preparedQuery(deps: SearchDeps, prepared: Prepared, clauses: readonly Clause[]): Soon<Query> {
  if (clauses !== prepared.clauses) return queryOf(deps, prepared.module, clauses)
  const query = prepared.query ?? queryOf(deps, prepared.module, clauses)
  // A choice between several ways is made by what the store holds now.
  if (!(query instanceof Promise)) prepared.query = query
  return query
}
