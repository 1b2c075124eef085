import type { Row } from '../../store/port.ts'
import type { Branch, Page } from './branch.ts'
import { placeParts } from './candidates.ts'
import type { Place } from './candidates.ts'
import { hitsOf } from './hits.ts'
import type { Hit, Query } from './hits.ts'
import type { PageState } from './page-token.ts'
import { COUNT_CAP, countCandidates, wholeType } from './plan.ts'
import type { Plan } from './plan.ts'
import { isNewestFirst, newestPage, rankedPage } from './ranked-pages.ts'
import type { SearchRequest } from './request.ts'

/** A page of all branches, in the order that was asked for. */
export async function pageOf(
  branches: readonly Branch[],
  request: SearchRequest,
  state: PageState | undefined,
): Promise<Page> {
  if (request.sort.length === 0) return walkedPage(branches, request, state)
  const [only, second] = branches
  if (only && second && branches.length === 2 && isNewestFirst(second, request))
    return newestPage({ stored: await only.open(), walked: await second.open() }, request, state)
  if (!only || second) return rankedPage(await openAll(branches), request, state)
  const query = await ordered(await only.open(state?.driver), request, state)
  if (isDated(query, request)) return datedPage(query, request, state)
  if (isByCommit(query, request)) return walkedPage([{ type: only.type, open: () => query }], request, state)
  return rankedPage([query], request, state)
}

async function openAll(branches: readonly Branch[]): Promise<readonly Query[]> {
  const queries: Query[] = []
  for (const branch of branches) queries.push(await branch.open())
  return queries
}

/**
 * The index gives the order where it can: the clinical date below any key, the last change for a whole type. A driver in another order is
 * kept when it has few candidates.
 */
async function ordered(query: Query, { sort }: SearchRequest, state: PageState | undefined): Promise<Query> {
  const [first, second] = sort
  const order = second ? undefined : indexOrder(query, first?.param.code)
  if (!first || order === undefined) return query
  const direction = first.descending ? 'desc' : 'asc'
  const { driver } = query.plan
  if (driver.by === 'keys' && order === 'date')
    return { ...query, plan: { ...query.plan, driver: { ...driver, direction } } }
  // The page before has decided already.
  const isMany = driver.by === 'type' || (!state && (await sizeOf(query)) >= COUNT_CAP)
  return isMany ? { ...query, plan: wholeType(order, direction) } : query
}

async function sizeOf({ reader, module, plan: { driver, estimate } }: Query): Promise<number> {
  return estimate ?? countCandidates(reader, module.type, driver)
}

function indexOrder({ module }: Query, code: string | undefined): 'date' | 'updated' | undefined {
  if (code === '_lastUpdated') return 'updated'
  return code === module.ordered ? 'date' : undefined
}

function isDated({ module, plan: { driver } }: Query, { sort: [first, second] }: SearchRequest): boolean {
  if (second || first?.param.code !== module.ordered) return false
  return driver.by === 'keys' || (driver.by === 'type' && driver.order === 'date')
}

function isByCommit({ plan: { driver } }: Query, { sort: [first, second] }: SearchRequest): boolean {
  return !second && first?.param.code === '_lastUpdated' && driver.by === 'type'
}

/** Type after type, each in the order of its driver. */
async function walkedPage(
  branches: readonly Branch[],
  { count }: SearchRequest,
  state: PageState | undefined,
): Promise<Page> {
  const from = state ? branches.findIndex((branch) => nameOf(branch) === state.after[0]) : 0
  const found: Hit[] = []
  const places: { readonly driver: number; readonly name: string }[] = []
  const plans: Plan[] = []
  for (const branch of branches.slice(from)) {
    const isFirst = plans.length === 0
    const query = await branch.open(isFirst ? state?.driver : undefined)
    plans.push(query.plan)
    const after = isFirst && state ? { after: placeOf(state.after) } : {}
    for (const some of hitsOf(query, { wanted: count - found.length, ...after })) {
      for (const hit of await some) {
        found.push(hit)
        places.push({ driver: query.plan.index, name: nameOf(branch) })
      }
      if (found.length > count) return cut(found, { count, plans, ...places[count - 1] })
    }
    const stopped = stoppedPage(query, nameOf(branch), { found, plans })
    if (stopped) return stopped
  }
  const matches = found.map(({ row }) => row)
  return { matches, plans, ...(state ? {} : { total: matches.length }) }
}

function stoppedPage(
  { plan, stopped }: Query,
  name: string,
  { found, plans }: { found: readonly Hit[]; plans: readonly Plan[] },
): Page | undefined {
  const place = stopped?.()
  if (!place) return undefined
  const next = { driver: plan.index, after: [name, ...placeParts(place)] }
  return { matches: found.map(({ row }) => row), plans, next, isStopped: true }
}

function nameOf({ type, name = type }: Branch): string {
  return name
}

interface Cut {
  readonly count: number
  readonly plans: readonly Plan[]
  readonly driver?: number
  readonly name?: string
}

function cut(found: readonly Hit[], { count, plans, driver = -1, name = '' }: Cut): Page {
  const matches = found.slice(0, count).map(({ row }) => row)
  const last = found[count - 1]
  if (!last) return { matches, plans }
  return { matches, plans, next: { driver, after: [name, ...placeParts(last)] } }
}

function placeOf([, sort = '', tie = 0]: PageState['after']): Place {
  return { sort: String(sort), tie }
}

/** Marks the rows without a date, which come last, in the place of the type's name. */
const UNDATED = ''

/** In the order of the clinical date: the index has rows without one among the others, by their last change. */
async function datedPage(query: Query, request: SearchRequest, state: PageState | undefined): Promise<Page> {
  const { count } = request
  const isLate = state?.after[0] === UNDATED
  const after = state ? { after: placeOf(state.after) } : {}
  const dated: Hit[] = []
  let undated: Hit[] = []
  if (!isLate) {
    for (const hits of hitsOf(query, { wanted: count, ...after })) {
      for (const hit of await hits) (hasDate(hit.row, query) ? dated : undated).push(hit)
      if (dated.length > count) return datedCut(query, count, { dated, undated: [] })
      undated.length = Math.min(undated.length, count + 1)
    }
  }
  if (state) undated = await undatedHits(query, count, isLate ? after : {})
  return datedCut(query, count, { dated, undated, ...(state ? {} : { isWhole: true }) })
}

async function undatedHits(query: Query, count: number, after: { after?: Place }): Promise<Hit[]> {
  const undated: Hit[] = []
  for (const some of hitsOf(query, { wanted: count, ...after })) {
    const hits = await some
    for (const hit of hits) if (!hasDate(hit.row, query)) undated.push(hit)
    if (undated.length > count) break
  }
  return undated
}

function hasDate(row: Row, { module }: Query): boolean {
  return row.date !== row.lastUpdated || row.ranges().some(({ p }) => p === module.ordered)
}

function datedCut(
  { plan, module }: Query,
  count: number,
  { dated, undated, isWhole }: { dated: readonly Hit[]; undated: readonly Hit[]; isWhole?: boolean },
): Page {
  const hits = [...dated, ...undated]
  const matches = hits.slice(0, count).map(({ row }) => row)
  const last = hits.length > count ? hits[count - 1] : undefined
  if (!last) return { matches, plans: [plan], ...(isWhole === true ? { total: matches.length } : {}) }
  const phase = count > dated.length ? UNDATED : module.type
  return { matches, plans: [plan], next: { driver: plan.index, after: [phase, ...placeParts(last)] } }
}
