import type { Caller } from '../../auth/caller.ts'
import { fault } from '../../kernel/fault.ts'
import type { Issue } from '../../kernel/fault.ts'
import { soon } from '../../kernel/soon.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { Row } from '../../store/port.ts'
import type { TypeModule } from '../definitions.ts'
import type { Branch, Match, Page } from './branch.ts'
import { checkIncludes } from './check-includes.ts'
import type { Clause } from './clause.ts'
import { compartmentClause } from './compartments.ts'
import { containedPage } from './contained-page.ts'
import { containerBranches } from './contained-search.ts'
import { explained } from './explain.ts'
import { hitsOf } from './hits.ts'
import type { Query } from './hits.ts'
import { includedWith } from './includes.ts'
import type { Around, PageTokens } from './page-token.ts'
import { pageOf } from './pages.ts'
import { driversOf } from './pairs.ts'
import { parseCriteria, parseRequest } from './parse-request.ts'
import { pendingNotes, refusePending } from './pending.ts'
import { planAgain } from './plan.ts'
import { createPrepare, preparedClauses, preparedQuery } from './prepared.ts'
import type { Prepare, Prepared } from './prepared.ts'
import { queryText } from './query-text.ts'
import type { Handling, Pair, SearchRequest } from './request.ts'
import { clausesOf, scopeOf } from './resolve.ts'
import { queryOf } from './scope.ts'
import type { SearchDeps } from './scope.ts'
import { moduleFor, narrowed, typesOf } from './searched-types.ts'
import type { SearchedTypes } from './searched-types.ts'
import { estimateOf, totalOf } from './totals.ts'
import { withoutUnknownLinks } from './unknown-links.ts'

export interface Search {
  /** A page of hits with what is included. */
  find(caller: Caller, call: SearchCall): Promise<SearchPage>
  /** Up to `most` ids that meet conditional criteria: always strict, and never everything. @throws Fault `malformed`, `precondition` */
  match(caller: Caller, criteria: Criteria): Promise<Matches>
}

export interface SearchCall {
  /** Absent: the types that the parameter `_type` names, or all that the caller may search; on parameters that they all have. */
  readonly type?: string
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

export interface SearchPage extends Around {
  readonly request: SearchRequest
  readonly matches: readonly Match[]
  readonly included: readonly Row[]
  readonly total?: number
  readonly notes: readonly Issue[]
}

/** Resources that are not in the store: made of the audit trail when they are looked at. */
export interface Trail {
  /** Their type. */
  readonly type: string
  /** The same query of them. */
  readonly query: (stored: Query) => Query
}

export function createSearch(deps: SearchDeps & { readonly trail: Trail }, tokens: PageTokens): Search {
  return {
    find: find.bind(undefined, { ...deps, tokens, prepare: createPrepare() }),
    match: async (caller, criteria) => match(deps, caller, criteria),
  }
}

type FindDeps = SearchDeps & {
  readonly trail: Trail
  readonly tokens: PageTokens
  readonly prepare: Prepare
}

async function find(deps: FindDeps, caller: Caller, call: SearchCall): Promise<SearchPage> {
  const { handling } = call
  const asked = await typesOf(deps, caller, call)
  const links = await withoutUnknownLinks(deps.definitions, { ...asked, module: asked.common, handling })
  const types = { ...asked, pairs: links.pairs }
  const prepared = deps.prepare(types.common, types.pairs, handling)
  const request = await checkIncludes(deps, prepared.request, handling)
  const branches = await branchesOf(deps, caller, { call, types, prepared })
  const identity = () => identityOf(request, call, caller)
  const state = request.page === undefined ? undefined : deps.tokens.open(request.page, identity())
  const isCount = request.count === 0 || request.shape.summary === 'count'
  const page = request.contained
    ? await containedPage(deps, { branches, request }, state)
    : isCount
      ? NOTHING
      : await pageOf(branches, request, state)
  const total = await totalFor(branches, request, { page, isCount })
  await deps.access.noteRead(caller, call.type === undefined ? 'search-system' : 'search-type', call.type)
  const { rows, notes } = await includedWith(deps, caller, {
    matches: page.matches,
    includes: request.includes,
  })
  return {
    request: types.used.length === 0 ? request : withTypes(request, types.used),
    matches: page.matches,
    included: rows,
    notes: [
      ...request.warnings,
      ...links.warnings,
      ...(await pendingNotes(request)),
      ...notes,
      ...walkNotes(page),
      ...(request.explain ? await explained(branches, page.plans) : []),
    ],
    ...(total === undefined ? {} : { total }),
    ...deps.tokens.around(request.page, page.next, identity),
  }
}

function withTypes(request: SearchRequest, types: readonly Pair[]): SearchRequest {
  const used = [...types, ...request.used]
  return { ...request, used, query: queryText(used) }
}

const NOTHING: Page = { matches: [], plans: [] }

interface Asked {
  readonly call: SearchCall
  readonly types: SearchedTypes
  readonly prepared: Prepared
}

function branchesOf(deps: FindDeps, caller: Caller, asked: Asked): Soon<readonly Branch[]> {
  const { contained } = asked.prepared.request
  const own = asked.types.modules.flatMap((module) => {
    const branch = branchOf(deps, caller, { ...asked, module })
    const isNamed = asked.call.type !== undefined || asked.types.used.length > 0
    return isNamed ? [branch, ...trailBranch(deps, caller, branch)] : branch
  })
  if (!contained) return own
  return withContainers(deps, caller, { ...asked, own: contained.which === 'true' ? [] : own })
}

async function withContainers(
  deps: SearchDeps,
  caller: Caller,
  { call, types, prepared, own }: Asked & { readonly own: readonly Branch[] },
): Promise<readonly Branch[]> {
  if (call.type === undefined && types.used.length === 0) {
    const text = 'Contained resources are searched by their type: name it, or several with _type'
    throw fault('malformed', { code: 'required', text })
  }
  const within = call.compartment === undefined ? {} : { compartment: call.compartment }
  const containers: Branch[] = []
  for (const module of types.modules) {
    const { filters } = preparedFor(module, { call, types, prepared }).request
    const asked = { ...prepared.request, filters }
    containers.push(...(await containerBranches(deps, caller, { module, request: asked, ...within })))
  }
  return [...containers, ...own]
}

/** What a page token is valid for: the same filters and order, asked by a caller who sees the same. */
function identityOf({ used }: SearchRequest, call: SearchCall, caller: Caller): string {
  const types = call.type ?? call.pairs.filter(([name]) => name === '_type')
  return JSON.stringify([types, call.compartment, used, caller.facilities, caller.patient])
}

/** The request in the parameters of one of several types. */
function preparedFor(module: TypeModule, { call, types, prepared }: Asked): Prepared {
  const own = narrowed(module, types.common)
  // The only type has no other parameters than all types together.
  if (own === types.common) return prepared
  const { handling } = call
  return { module, handling, request: parseRequest(own, types.pairs, handling) }
}

function branchOf(
  deps: SearchDeps,
  caller: Caller,
  { module, ...asked }: Asked & { readonly module: TypeModule },
): Branch {
  const { compartment } = asked.call
  let clauses: Soon<readonly Clause[]> | undefined
  const resolved = (own: Prepared): Soon<readonly Clause[]> => {
    const found = preparedClauses(deps, caller, own)
    if (compartment === undefined) return found
    return soon(found, (all) => [compartmentClause(module, compartment), ...all])
  }
  return {
    type: module.type,
    open: (driver) => {
      const own = preparedFor(module, asked)
      clauses ??= resolved(own)
      return soon(clauses, (all) => {
        if (driver === undefined) return preparedQuery(deps, own, all)
        const plan = planAgain(driversOf(module.type, all), driver)
        return { reader: deps.reader, module, base: deps.base, clauses: all, plan }
      })
    },
  }
}

/** What happened is found where it is asked for by name: each search adds to it. */
function trailBranch({ trail, access }: FindDeps, caller: Caller, stored: Branch): Branch[] {
  if (stored.type !== trail.type || !access.readsTrail(caller)) return []
  const { type } = stored
  return [
    {
      type,
      name: 'trail',
      newestBy: ['date', '_lastUpdated'],
      open: () => soon(stored.open(), trail.query),
    },
  ]
}

/** A total that costs nothing is given unless it is unwanted; one that was asked for is counted. */
function totalFor(
  branches: readonly Branch[],
  { total }: SearchRequest,
  { page, isCount }: { page: Page; isCount: boolean },
): Soon<number | undefined> {
  if (total === 'none' && !isCount) return undefined
  if (page.total !== undefined || (total === undefined && !isCount)) return page.total
  return sumOf(branches, total)
}

async function sumOf(branches: readonly Branch[], total: SearchRequest['total']): Promise<number> {
  let sum = 0
  for (const branch of branches) {
    const query = await branch.open()
    sum += total === 'estimate' ? await estimateOf(query) : await totalOf(query)
  }
  return sum
}

function walkNotes({ isNearly, isStopped }: Page): readonly Issue[] {
  const texts = [
    isNearly
      ? 'The audit trail is too long to be sorted: its events stand in the order in which they were sealed, the last first, which is nearly that of time; bound it by date for the exact one'
      : '',
    isStopped ? 'Only the last part of the audit trail was looked at: the next page goes on behind it' : '',
  ]
  return texts.flatMap((text) =>
    text === '' ? [] : { severity: 'information', code: 'informational', text },
  )
}

async function match(deps: SearchDeps, caller: Caller, { type, pairs, most }: Criteria): Promise<Matches> {
  deps.access.authorise(caller, 'search', type)
  const module = await moduleFor(deps, type)
  const filters = parseCriteria(module, pairs)
  if (filters.length === 0)
    throw fault('precondition', {
      code: 'required',
      text: 'Conditional requests need at least one search parameter',
    })
  await refusePending({ filters, sort: [] })
  const clauses = await clausesOf(deps, scopeOf(caller, true), { module, filters })
  return { ids: await firstIds(await queryOf(deps, module, clauses), most), clauses, module }
}

async function firstIds(query: Query, most: number): Promise<readonly string[]> {
  const ids: string[] = []
  for (const some of hitsOf(query, { wanted: most })) {
    const hits = await some
    for (const { row } of hits) ids.push(row.id)
    if (ids.length >= most) break
  }
  return ids.slice(0, most)
}
