import { Fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { Row } from '../../store/port.ts'
import { Best } from './best.ts'
import type { Branch, Page } from './branch.ts'
import { placeParts } from './candidates.ts'
import type { Place } from './candidates.ts'
import { hitsOf, visitAll } from './hits.ts'
import type { Hit, Query } from './hits.ts'
import type { PageState } from './page-token.ts'
import type { SearchRequest } from './request.ts'
import { comparing, decodeRank, encodeRank, rankOf } from './sorting.ts'
import type { Ranked } from './sorting.ts'

/** All hits are ranked, the best of the rest are the page. @throws Fault `too-costly` over `limits.fhir.sortCandidates` hits */
export async function rankedPage(
  queries: readonly Query[],
  request: SearchRequest,
  state: PageState | undefined,
): Promise<Page> {
  const { count } = request
  const from = state && rankedFrom(state, request)
  const { found, total, top } = await bestOf(queries, request, from)
  const last = found.length > count ? found[count - 1] : undefined
  const plans = queries.map(({ plan }) => plan)
  return {
    matches: await rowsOf(queries, found.slice(0, count)),
    total,
    plans,
    ...(last ? { next: { driver: plans[0]?.index ?? -1, after: rankedAfter(last, top) } } : {}),
  }
}

interface RankedFrom {
  readonly start?: Ranked
  /** What a walk that grows had in front on the first page: what came since is not looked at, so that the ranking grows no longer. */
  readonly top?: Place
}

interface BestHits {
  /** One more than the page has room for. */
  readonly found: readonly Ranked[]
  readonly total: number
  readonly top?: Place
}

async function bestOf(
  queries: readonly Query[],
  { sort, count }: SearchRequest,
  { start, top: before }: RankedFrom = {},
): Promise<BestHits> {
  const compare = comparing(sort)
  const best = new Best(compare, count + 1)
  let total = 0
  let top = before
  for (const query of queries) {
    const grows = query.stopped !== undefined && query.plan.driver.by === 'type'
    const most = limits.fhir.sortCandidates - total
    total += await visitAll(query, { most, ...(grows && before ? { after: before } : {}) }, (hit) => {
      if (grows) top ??= { sort: hit.sort, tie: Number(hit.tie) + 1 }
      const ranked = rankOf(hit.row, sort)
      if (start === undefined || compare(ranked, start) > 0) best.add(ranked)
    })
  }
  return { found: best.sorted(), total, ...(top ? { top } : {}) }
}

function rankedAfter(last: Ranked, top: Place | undefined): PageState['after'] {
  return [...encodeRank(last), ...(top ? placeParts(top) : [])]
}

function rankedFrom({ after }: PageState, { sort }: SearchRequest): RankedFrom {
  const rank = 2 + sort.length
  const [place, tie] = after.slice(rank)
  return {
    start: decodeRank(after.slice(0, rank)),
    ...(place === undefined || tie === undefined ? {} : { top: { sort: place, tie } }),
  }
}

async function rowsOf(queries: readonly Query[], ranked: readonly Ranked[]): Promise<readonly Row[]> {
  const rows = new Map<string, Row>()
  for (const { reader, module } of queries) {
    const ids = ranked.flatMap(({ type, id }) => (type === module.type ? [id] : []))
    if (ids.length === 0) continue
    for (const row of await reader.fetch(module.type, ids)) if (row) rows.set(`${row.type}/${row.id}`, row)
  }
  return ranked.flatMap(({ type, id }) => rows.get(`${type}/${id}`) ?? [])
}

/** Whether the branch walks nearly in the order that was asked for. */
export function isNewestFirst({ newestBy }: Branch, { sort: [first, second] }: SearchRequest): boolean {
  return !second && first?.descending === true && newestBy?.includes(first.param.code) === true
}

interface Newest {
  readonly stored: Query
  /** Comes nearly in the order that was asked for. */
  readonly walked: Query
}

/** Marks the pages of a walk in the place of the clause that drove. */
const WALKED = -2

/** All of it is ranked where that is not too much, else the walk has nearly that order. */
export async function newestPage(
  sources: Newest,
  request: SearchRequest,
  state: PageState | undefined,
): Promise<Page> {
  if (state?.driver === WALKED) return mergedPage(sources, request, state)
  const { stored, walked } = sources
  if (!state && (await walked.isTooLong?.()) === true) return mergedPage(sources, request, state)
  try {
    return await rankedPage([stored, walked], request, state)
  } catch (error) {
    const isTooMuch = error instanceof Fault && error.kind === 'too-costly'
    if (!isTooMuch || state) throw error
    return mergedPage(sources, request, state)
  }
}

/** What is stored, ranked, and what is walked in its own order, side by side. */
async function mergedPage(
  { stored, walked }: Newest,
  request: SearchRequest,
  state: PageState | undefined,
): Promise<Page> {
  const { sort, count } = request
  const from = mergedFrom(state)
  const { found } = await bestOf([stored], request, from)
  const rows = await rowsOf([stored], found)
  const hits = await firstHits(walked, { wanted: count, ...(from.place ? { after: from.place } : {}) })
  const stopped = hits.length > count ? undefined : walked.stopped?.()
  const { matches, taken } = sideBySide({ rows, hits, isStopped: stopped !== undefined }, request)
  const seen = matches.length - taken
  const plans = [stored.plan, walked.plan]
  const isStopped = stopped !== undefined && matches.length < count
  const page = { matches, plans, isNearly: true as const }
  if (!stopped && taken === found.length && seen === hits.length) return page
  const last = rows[taken - 1]
  const place = isStopped ? stopped : (hits[seen - 1] ?? from.place)
  const after = mergedAfter(place, last ? rankOf(last, sort) : from.start)
  return { ...page, next: { driver: WALKED, after }, ...(isStopped ? { isStopped } : {}) }
}

interface Sides {
  readonly rows: readonly Row[]
  readonly hits: readonly Hit[]
  /** There may be more behind the hits: rows wait, of which these may be newer. */
  readonly isStopped: boolean
}

/** A page of both, and how many of the rows are in it. */
function sideBySide({ rows, hits, isStopped }: Sides, { sort, count }: SearchRequest) {
  const compare = comparing(sort)
  const matches: Row[] = []
  let taken = 0
  while (matches.length < count) {
    const hit = hits[matches.length - taken]?.row
    const row = hit || !isStopped ? rows[taken] : undefined
    const isRow = row && (!hit || compare(rankOf(row, sort), rankOf(hit, sort)) < 0)
    const next = isRow ? row : hit
    if (!next) break
    matches.push(next)
    if (isRow) taken += 1
  }
  return { matches, taken }
}

async function firstHits(query: Query, from: { after?: Place; wanted: number }): Promise<readonly Hit[]> {
  const found: Hit[] = []
  for (const some of hitsOf(query, from)) {
    found.push(...(await some))
    if (found.length > from.wanted) break
  }
  return found
}

const NOWHERE = ''

function mergedAfter(place: Place | undefined, rank: Ranked | undefined): PageState['after'] {
  return [...(place ? placeParts(place) : [NOWHERE, 0]), ...(rank ? encodeRank(rank) : [])]
}

function mergedFrom(state: PageState | undefined): Pick<RankedFrom, 'start'> & { readonly place?: Place } {
  const [sort = NOWHERE, tie = 0, ...rank] = state?.after ?? []
  return {
    ...(sort === NOWHERE ? {} : { place: { sort: String(sort), tie } }),
    ...(rank.length > 0 ? { start: decodeRank(rank) } : {}),
  }
}
