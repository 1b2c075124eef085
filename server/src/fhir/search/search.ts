import type { Caller } from '../../auth/caller.ts'
import { fault } from '../../kernel/fault.ts'
import type { Issue } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { Row } from '../../store/port.ts'
import type { TypeModule } from '../definitions.ts'
import type { Place } from './candidates.ts'
import type { Clause } from './clause.ts'
import { hitsOf, visitAll } from './hits.ts'
import type { Hit, Query } from './hits.ts'
import { checkIncludes, includedWith } from './includes.ts'
import type { PageState, PageTokens } from './page-token.ts'
import { pairClauses } from './pairs.ts'
import { parseRequest } from './parse-request.ts'
import { planAgain, wholeType } from './plan.ts'
import type { Plan } from './plan.ts'
import type { Handling, Pair, SearchRequest } from './request.ts'
import { clausesOf, queryOf } from './resolve.ts'
import type { SearchDeps } from './resolve.ts'
import { sortedPage } from './sorting.ts'

export interface Search {
  /** A page of hits with what is included. */
  find(caller: Caller, call: SearchCall): Promise<SearchPage>
  /** Up to `most` ids that meet conditional criteria: always strict, and never everything. @throws Fault `malformed`, `precondition` */
  match(caller: Caller, criteria: Criteria): Promise<Matches>
}

export interface SearchCall {
  readonly type: string
  readonly pairs: readonly Pair[]
  readonly handling: Handling
  /** The compartment that is searched, `Patient/1`. */
  readonly compartment?: string
}

export interface Criteria {
  readonly type: string
  readonly pairs: readonly Pair[]
  readonly most: number
}

export interface Matches {
  readonly ids: readonly string[]
  /** The conditions, for resources of the same Bundle that are not stored yet. */
  readonly clauses: readonly Clause[]
  readonly module: TypeModule
}

export interface SearchPage {
  readonly request: SearchRequest
  readonly matches: readonly Row[]
  readonly included: readonly Row[]
  readonly total?: number
  /** Token of the next page. */
  readonly next?: string
  readonly notes: readonly Issue[]
}

export function createSearch(deps: SearchDeps, tokens: PageTokens): Search {
  return {
    find: async (caller, call) => find({ ...deps, tokens }, caller, call),
    match: async (caller, criteria) => match(deps, caller, criteria),
  }
}

type FindDeps = SearchDeps & { readonly tokens: PageTokens }

async function find(deps: FindDeps, caller: Caller, call: SearchCall): Promise<SearchPage> {
  deps.access.authorise(caller, 'search', call.type)
  const module = await moduleFor(deps, call.type)
  const request = parseRequest(module, call.pairs, call.handling)
  await checkIncludes(deps, request.includes)
  const clauses = [
    ...compartmentClause(call),
    ...(await clausesOf(deps, { caller, depth: 0 }, { module, filters: request.filters })),
  ]
  const search = identityOf(request, call, caller)
  const state = request.page === undefined ? undefined : deps.tokens.open(request.page, search)
  const query = await plannedQuery(deps, { module, clauses, request, state })
  const page = await pageOf(query, request, state)
  await deps.access.noteRead(caller, 'search-type', call.type)
  const { rows, isCut } = await includedWith(deps, caller, {
    matches: page.matches,
    includes: request.includes,
  })
  return {
    request,
    matches: page.matches,
    included: rows,
    notes: notesOf(request, query.plan, isCut),
    ...(page.total === undefined ? {} : { total: page.total }),
    ...(page.after
      ? { next: deps.tokens.sign({ driver: query.plan.index, after: page.after }, search) }
      : {}),
  }
}

async function moduleFor(deps: SearchDeps, type: string): Promise<TypeModule> {
  const module = await deps.definitions.load(type)
  if (!module)
    throw fault('not-found', {
      code: 'not-supported',
      text: `"${type.slice(0, 64)}" is no resource type of FHIR R4`,
    })
  return module
}

function compartmentClause({ compartment }: SearchCall): readonly Clause[] {
  if (compartment === undefined) return []
  return [
    { label: `compartment of ${compartment}`, anyOf: [{ by: 'key', key: `_compartment=${compartment}` }] },
  ]
}

/** What a page token is valid for: the same filters and order, asked by a caller who sees the same. */
function identityOf({ used }: SearchRequest, call: SearchCall, caller: Caller): string {
  return JSON.stringify([call.type, call.compartment, used, caller.facilities, caller.patient])
}

interface Planning {
  readonly module: TypeModule
  readonly clauses: readonly Clause[]
  readonly request: SearchRequest
  readonly state: PageState | undefined
}

async function plannedQuery(deps: SearchDeps, { module, clauses, request, state }: Planning): Promise<Query> {
  if (!state) {
    const query = await queryOf(deps, module, clauses)
    return isIndexOrder(request, query.plan)
      ? { ...query, plan: wholeType(request.sort[0]?.descending === false ? 'asc' : 'desc') }
      : query
  }
  const plan = planAgain([...clauses, ...pairClauses(module.type, clauses)], state.driver)
  const direction = request.sort[0]?.descending === false ? 'asc' : 'desc'
  return {
    reader: deps.reader,
    module,
    base: deps.base,
    clauses,
    plan: plan.index < 0 ? wholeType(direction) : plan,
  }
}

/** The order in which the driver gives its hits is the one that was asked for. */
function isIndexOrder({ sort }: SearchRequest, plan: Plan): boolean {
  const [first, ...more] = sort
  return plan.driver.by === 'type' && more.length === 0 && first?.param.code === '_lastUpdated'
}

interface Page {
  readonly matches: readonly Row[]
  readonly total?: number
  readonly after?: readonly (string | number)[]
}

async function pageOf(query: Query, request: SearchRequest, state: PageState | undefined): Promise<Page> {
  if (request.count === 0 || request.shape.summary === 'count') {
    return { matches: [], total: await visitAll(query, limits.fhir.sortCandidates, () => undefined) }
  }
  const isWalked = request.sort.length === 0 || isIndexOrder(request, query.plan)
  const page = isWalked
    ? await walkedPage(query, request.count, state)
    : await rankedPage(query, request, state)
  return withTotal(query, request, page)
}

async function walkedPage(query: Query, count: number, state: PageState | undefined): Promise<Page> {
  const hits: Hit[] = []
  const after = state && placeOf(state.after)
  for await (const hit of hitsOf(query, { wanted: count, ...(after ? { after } : {}) })) {
    hits.push(hit)
    if (hits.length > count) break
  }
  const matches = hits.slice(0, count).map(({ row }) => row)
  const last = hits.length > count ? hits[count - 1] : undefined
  if (last) return { matches, after: [last.place.sort, last.place.tie] }
  return state ? { matches } : { matches, total: matches.length }
}

function placeOf([sort = '', tie = 0]: PageState['after']): Place {
  return { sort: String(sort), tie }
}

async function rankedPage(query: Query, request: SearchRequest, state: PageState | undefined): Promise<Page> {
  const from = { count: request.count, ...(state ? { after: state.after } : {}) }
  const { ids, total, last } = await sortedPage(query, request.sort, from)
  const rows = await query.reader.fetch(query.module.type, ids)
  return { matches: rows.flatMap((row) => row ?? []), total, ...(last ? { after: last } : {}) }
}

/** A total that costs nothing is given unless it is unwanted; one that was asked for is counted. */
async function withTotal(query: Query, request: SearchRequest, page: Page): Promise<Page> {
  const { total, ...rest } = page
  if (request.total === 'none') return rest
  if (total !== undefined || request.total === undefined) return page
  return { ...rest, total: await visitAll(query, limits.fhir.sortCandidates, () => undefined) }
}

function notesOf(request: SearchRequest, plan: Plan, isCut: boolean): readonly Issue[] {
  const notes = [...request.warnings]
  if (isCut) {
    const text = `Only the first ${String(limits.fhir.includesMost)} included resources are given: ask for fewer matches`
    notes.push({ severity: 'warning', code: 'too-costly', text })
  }
  if (request.explain) notes.push({ severity: 'information', code: 'informational', text: explained(plan) })
  return notes
}

function explained({ driver, label, estimate }: Plan): string {
  const size = estimate === undefined ? '' : `, about ${String(estimate)} candidates`
  return `Driven by ${driver.by} (${label})${size}; every other condition is verified on the rows`
}

async function match(deps: SearchDeps, caller: Caller, { type, pairs, most }: Criteria): Promise<Matches> {
  deps.access.authorise(caller, 'search', type)
  const module = await moduleFor(deps, type)
  const { filters } = parseRequest(module, pairs, 'strict')
  if (filters.length === 0)
    throw fault('precondition', {
      code: 'required',
      text: 'Conditional requests need at least one search parameter',
    })
  const clauses = await clausesOf(deps, { caller, depth: 0 }, { module, filters })
  const query = await queryOf(deps, module, clauses)
  const ids: string[] = []
  for await (const { row } of hitsOf(query, { wanted: most })) {
    ids.push(row.id)
    if (ids.length >= most) break
  }
  return { ids, clauses, module }
}
