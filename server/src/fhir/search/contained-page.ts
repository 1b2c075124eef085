import { fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import { createPace } from '../../kernel/pace.ts'
import type { ResourceReader, Row } from '../../store/port.ts'
import type { Branch, Match, Page } from './branch.ts'
import { containedMatch } from './contained-search.ts'
import type { ContainerBranch } from './contained-search.ts'
import { hitsOf } from './hits.ts'
import type { PageState } from './page-token.ts'
import type { Plan } from './plan.ts'
import type { SearchRequest } from './request.ts'
import { comparing, decodeRank, encodeRank, rankOf } from './sorting.ts'
import type { Ranked } from './sorting.ts'

const AT_A_TIME = 100

/**
 * A page of a search of contained resources. All matches are ranked, by type and id without `_sort`, so that the total is known.
 *
 * @throws Fault `too-costly` over `limits.fhir.containers` resources that would have to be looked into
 */
export async function containedPage(
  { reader, base }: { readonly reader: ResourceReader; readonly base: string },
  { branches, request }: { branches: readonly (Branch | ContainerBranch)[]; request: SearchRequest },
  state: PageState | undefined,
): Promise<Page> {
  const plans: Plan[] = []
  const ranked: Ranked[] = []
  for (const branch of branches) {
    const most = limits.fhir.containers - ranked.length
    plans.push(await rankAll(branch, { request, most, ranked }))
  }
  const compare = comparing(request.sort)
  const matches = onlyFirst(ranked.toSorted(compare))
  const start = state && decodeRank(state.after)
  const rest = start ? matches.filter((each) => compare(each, start) > 0) : matches
  const best = rest.slice(0, request.count)
  const last = rest.length > best.length ? best.at(-1) : undefined
  return {
    matches:
      request.shape.summary === 'count' ? [] : await matchesOf(reader, best, keysWithin(branches, base)),
    total: matches.length,
    plans,
    ...(last ? { next: { driver: -1, after: encodeRank(last) } } : {}),
  }
}

async function rankAll(
  branch: Branch | ContainerBranch,
  { request, most, ranked }: { request: SearchRequest; most: number; ranked: Ranked[] },
): Promise<Plan> {
  const query = await branch.open()
  const pace = createPace()
  let seen = 0
  for (const some of hitsOf(query, { wanted: AT_A_TIME })) {
    const hits = await some
    seen += hits.length
    if (seen > most) throw tooCostly()
    for (const { row } of hits) {
      const found = 'matchesIn' in branch ? branch.matchesIn(row) : [row]
      for (const each of found) ranked.push(rankOf(each, request.sort))
      await pace()
    }
  }
  return query.plan
}

function tooCostly(): Error {
  const text = `More than ${String(limits.fhir.containers)} resources would have to be looked into: add a parameter that fewer of them meet, such as an identifier or a code`
  return fault('too-costly', { code: 'too-costly', text })
}

/** A container counts once, where the first of its matches stands. */
function onlyFirst(sorted: readonly Ranked[]): readonly Ranked[] {
  const seen = new Set<string>()
  return sorted.filter(({ type, id }) => {
    const name = `${type}/${id}`
    return seen.has(name) ? false : seen.add(name)
  })
}

type KeysIn = (resource: JsonObject) => ReadonlySet<string>

/** The keys of contained resources that includes ask for, made when the first one does. */
function keysWithin(branches: readonly (Branch | ContainerBranch)[], base: string): KeysIn {
  const modules = new Map(
    branches.flatMap((branch) =>
      'contained' in branch ? [[branch.contained.type, branch.contained] as const] : [],
    ),
  )
  const known = new WeakMap<JsonObject, ReadonlySet<string>>()
  return (resource) => {
    const { resourceType } = resource
    const module = typeof resourceType === 'string' ? modules.get(resourceType) : undefined
    const context = { lastUpdated: 0, facilities: [], base }
    const keys = known.get(resource) ?? new Set(module?.extract(resource, context).k)
    known.set(resource, keys)
    return keys
  }
}

async function matchesOf(
  reader: ResourceReader,
  ranked: readonly Ranked[],
  keysIn: KeysIn,
): Promise<readonly Match[]> {
  const rows = new Map<string, Row>()
  for (const [type, group] of Map.groupBy(ranked, (each) => each.type)) {
    const ids = [...new Set(group.map(({ id }) => placeOf(id).container))]
    for (const row of await reader.fetch(type, ids)) if (row) rows.set(`${type}/${row.id}`, row)
  }
  return ranked.flatMap(({ type, id }) => {
    const { container, index } = placeOf(id)
    const row = rows.get(`${type}/${container}`)
    return (row && index !== undefined ? containedMatch(row, index, keysIn) : row) ?? []
  })
}

/** `23#0` is the first resource within `23`. */
function placeOf(id: string): { readonly container: string; readonly index?: number } {
  const [container = '', index] = id.split('#')
  return index === undefined ? { container } : { container, index: Number(index) }
}
