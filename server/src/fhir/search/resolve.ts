import type { Caller } from '../../auth/caller.ts'
import type { Clock } from '../../kernel/clock.ts'
import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { ResourceReader } from '../../store/port.ts'
import type { Access } from '../access.ts'
import type { Definitions, TypeModule } from '../definitions.ts'
import { boundedKey } from '../keys/bounded.ts'
import type { Clause } from './clause.ts'
import { clauseOf } from './compile.ts'
import { collectIds, visitAll } from './hits.ts'
import type { Query } from './hits.ts'
import { pairClauses } from './pairs.ts'
import { filterOf } from './parse-filter.ts'
import { planSearch } from './plan.ts'
import { referencesIn } from './references.ts'
import type { Filter, Pair } from './request.ts'
import { UnknownParameter } from './unknown-parameter.ts'

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
}

/** All conditions of a search of one type: what the caller may see first, then the filters with their chains followed. */
export async function clausesOf(
  deps: SearchDeps,
  scope: Scope,
  search: { module: TypeModule; filters: readonly Filter[] },
): Promise<readonly Clause[]> {
  const clauses = [...deps.access.constraintFor(scope.caller, search.module.type)]
  for (const filter of search.filters) {
    if (filter.kind === 'param') clauses.push(clauseOf(filter, { now: deps.clock(), base: deps.base }))
    else if (filter.kind === 'chain') clauses.push(await chainClause(deps, scope, filter))
    else clauses.push(await reverseClause(deps, scope, { filter, module: search.module }))
  }
  return clauses
}

/** A query that is ready to run, with the cheapest driver. */
export async function queryOf(
  deps: SearchDeps,
  module: TypeModule,
  clauses: readonly Clause[],
): Promise<Query> {
  const drivers = [...clauses, ...pairClauses(module.type, clauses)]
  const plan = await planSearch(deps.reader, module.type, drivers)
  return { reader: deps.reader, module, base: deps.base, clauses, plan }
}

type ChainFilter = Extract<Filter, { kind: 'chain' }>
type HasFilter = Extract<Filter, { kind: 'has' }>

/** `subject:Patient.name=peter`: the targets are searched first, their ids become the values of the reference. */
async function chainClause(deps: SearchDeps, scope: Scope, filter: ChainFilter): Promise<Clause> {
  const keys: string[] = []
  let isKnown = false
  for (const type of filter.targets) {
    const query = await innerQuery(deps, scope, {
      type,
      rest: filter.rest,
      mayMiss: filter.targets.length > 1,
    })
    isKnown ||= query !== undefined
    const ids = query ? await collectIds(query) : []
    keys.push(...ids.map((id) => boundedKey(`${filter.param.code}=${type}/${id}`)))
  }
  if (!isKnown) throw unknownChain(filter)
  if (keys.length > limits.fhir.chainIds) throw tooManyTargets(filter.label)
  return { label: filter.label, anyOf: keys.map((key) => ({ by: 'key', key })) }
}

function unknownChain({ param, rest, targets }: ChainFilter): Error {
  const text =
    targets.length === 0
      ? `${param.code} may refer to any type: name one, as in ${param.code}:Patient.${rest[0]}`
      : `None of the targets of ${param.code} (${targets.join(', ')}) has the search parameter "${rest[0]}"`
  return fault('malformed', { code: 'invalid', text })
}

function tooManyTargets(label: string): Error {
  const text = `More than ${String(limits.fhir.chainIds)} resources meet "${label}": make the chain narrower`
  return fault('too-costly', { code: 'too-costly', text })
}

/** `_has:Observation:patient:code=x`: the sources are searched first, the resources that they refer to are the hits. */
async function reverseClause(
  deps: SearchDeps,
  scope: Scope,
  { filter, module }: { filter: HasFilter; module: TypeModule },
): Promise<Clause> {
  const query = await innerQuery(deps, scope, { type: filter.source, rest: filter.rest, mayMiss: false })
  const source = await deps.definitions.load(filter.source)
  const param = source?.params.find(({ code, type }) => code === filter.reference && type === 'reference')
  if (!query || !param) {
    throw fault('malformed', {
      code: 'invalid',
      text: `_has: ${filter.source} has no reference parameter "${filter.reference}"`,
    })
  }
  const ids = new Set<string>()
  await visitAll(query, limits.fhir.sortCandidates, (row) => {
    for (const { type, id } of referencesIn(row.bytes, deps.base)) {
      if (type === module.type && row.has(boundedKey(`${param.code}=${type}/${id}`))) ids.add(id)
    }
    if (ids.size > limits.fhir.chainIds) throw tooManyTargets(filter.label)
  })
  return { label: filter.label, anyOf: [...ids].map((id) => ({ by: 'id', id })) }
}

async function innerQuery(
  deps: SearchDeps,
  scope: Scope,
  inner: { type: string; rest: Pair; mayMiss: boolean },
): Promise<Query | undefined> {
  const inside = { ...scope, depth: scope.depth + 1 }
  if (inside.depth > limits.fhir.includeDepth)
    throw fault('malformed', { code: 'too-costly', text: 'The chain has too many links' })
  const module = await deps.definitions.load(inner.type)
  if (!module)
    throw fault('malformed', {
      code: 'invalid',
      text: `"${inner.type.slice(0, 64)}" is no resource type of FHIR R4`,
    })
  const filter = innerFilter(module, inner)
  if (!filter) return undefined
  deps.access.authorise(scope.caller, 'search', inner.type)
  return queryOf(deps, module, await clausesOf(deps, inside, { module, filters: [filter] }))
}

function innerFilter(
  module: TypeModule,
  { rest, mayMiss }: { rest: Pair; mayMiss: boolean },
): Filter | undefined {
  try {
    return filterOf(module, rest)
  } catch (error) {
    if (!(error instanceof UnknownParameter)) throw error
    if (mayMiss) return undefined
    throw error.fault
  }
}
