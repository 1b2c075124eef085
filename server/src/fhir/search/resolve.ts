import type { Caller } from '../../auth/caller.ts'
import { soon } from '../../kernel/soon.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { TypeModule } from '../definitions.ts'
import { contextClause } from '../security-context.ts'
import { canonicalBelowClause } from './canonicals.ts'
import { chainClause, hasClause } from './chains.ts'
import type { Clause } from './clause.ts'
import { codeSetClause, isCodeSet } from './code-sets.ts'
import { clauseOf } from './compile.ts'
import type { ParamFilter } from './compile.ts'
import { isCanonical } from './hierarchies.ts'
import { hierarchyClause } from './hierarchy.ts'
import { listClause } from './lists.ts'
import { isMimeType, mimeTypeClause } from './mime-types.ts'
import type { Filter } from './request.ts'
import type { Scope, SearchDeps } from './scope.ts'

/** The scope of a search that a caller asks for. */
export function scopeOf(caller: Caller, plain = false): Scope {
  return { caller, depth: 0, plain, follow: filterClause }
}

/** All conditions of a search of one type: what the caller may see first, then the filters with their chains followed. */
export function clausesOf(
  deps: SearchDeps,
  scope: Scope,
  { module, filters }: { module: TypeModule; filters: readonly Filter[] },
): Soon<readonly Clause[]> {
  const seen = constraintOf(deps, scope.caller, module)
  return soon(filterClauses(deps, scope, { module, filters }), (own) => [...seen, ...own])
}

/** What the caller may see. */
export function constraintOf(deps: SearchDeps, caller: Caller, module: TypeModule): readonly Clause[] {
  const constraint = deps.access.constraintFor(caller, module.type)
  return module.type === 'Binary' ? [...constraint, contextClause(deps, caller)] : constraint
}

export function filterClauses(
  deps: SearchDeps,
  scope: Scope,
  { module, filters }: { module: TypeModule; filters: readonly Filter[] },
): Soon<readonly Clause[]> {
  // One after the other: a chain is a search of its own.
  return filters.reduce<Soon<readonly Clause[]>>(
    (before, filter) =>
      soon(before, (known) =>
        soon(filterClause(deps, scope, { module, filter }), (clause) => [...known, clause]),
      ),
    [],
  )
}

/** Whether the condition is the same whoever asks it, and when: no other resource and no clock has a part in it. */
export function isFixed(filter: Filter): boolean {
  if (filter.kind !== 'param') return false
  const { param, modifier, values } = filter
  if (modifier === 'above' || modifier === 'below' || isCodeSet(modifier)) return false
  // About a date is about now.
  const isTimed = param.type === 'date' || param.type === 'composite'
  return !(isTimed && values.some((value) => value.includes('ap')))
}

/** One condition that the caller wrote, with its chain followed. */
export function filterClause(
  deps: SearchDeps,
  scope: Scope,
  { module, filter }: { module: TypeModule; filter: Filter },
): Soon<Clause> {
  switch (filter.kind) {
    case 'chain':
      return chainClause(deps, scope, { filter, module })
    case 'has':
      return hasClause(deps, scope, { filter, module })
    case 'list':
      return listClause(deps, scope, { filter, module })
    case 'param':
    default:
      return paramClause(deps, scope, { module, filter })
  }
}

function paramClause(
  deps: SearchDeps,
  scope: Scope,
  { module, filter }: { module: TypeModule; filter: ParamFilter },
): Soon<Clause> {
  const { param, modifier } = filter
  if (modifier === 'below' && isMimeType(param)) return mimeTypeClause(filter)
  if (param.type === 'token' && isCodeSet(modifier)) return codeSetClause(deps, scope, { filter, modifier })
  if (modifier === 'below' && isCanonical(param))
    return canonicalBelowClause(filter, { module, param: param.code, base: deps.base })
  if (param.type === 'reference' && (modifier === 'above' || modifier === 'below'))
    return hierarchyClause(deps, scope, { filter, modifier })
  const { base, definitions, clock } = deps
  return clauseOf(filter, { now: clock(), base, zone: definitions.zone, module })
}
