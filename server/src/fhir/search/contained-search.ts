import type { Caller } from '../../auth/caller.ts'
import { fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Row } from '../../store/port.ts'
import type { TypeModule } from '../definitions.ts'
import { elementsOf, memberText } from '../json/members.ts'
import { containedMarker } from '../keys/contained-keys.ts'
import { meetsAll } from './clause.ts'
import type { Clause } from './clause.ts'
import { containedKeys, containedSubjects } from './contained-subjects.ts'
import type { ContainedSubject } from './contained-subjects.ts'
import type { Branch, Match } from './pages.ts'
import { planSearch } from './plan.ts'
import type { Filter, SearchRequest } from './request.ts'
import { filterClause, scopeOf } from './resolve.ts'
import type { SearchDeps } from './scope.ts'
import type { Rankable } from './sorting.ts'

/** The containers of one type, which a search of contained resources goes through. */
export interface ContainerBranch extends Branch {
  /** What of a container meets the search, under the name that it is given by in the result. */
  matchesIn(row: Row): readonly Rankable[]
}

/**
 * A search of contained resources asks their containers: one branch for each type that contains some and that the caller may search.
 *
 * @throws Fault `malformed` for parameters that mean nothing for a contained resource
 */
export async function containerBranches(
  deps: SearchDeps,
  caller: Caller,
  { module, request }: { module: TypeModule; request: SearchRequest },
): Promise<readonly ContainerBranch[]> {
  refuseOutward(request)
  const clauses: Clause[] = []
  const narrowing: Clause[] = []
  for (const filter of request.filters) {
    const clause = await filterClause(deps, scopeOf(caller, true), { module, filter })
    clauses.push(clause)
    narrowing.push(narrowingClause(module.type, filter, clause))
  }
  const branches: ContainerBranch[] = []
  for (const type of (await deps.reader.types()).toSorted()) {
    const isAsked = deps.access.allows(caller, 'search', type)
    const container = isAsked ? await deps.definitions.load(type) : undefined
    const isThere = container && (await deps.reader.count(type, containedMarker(module.type), 1)) > 0
    if (!isThere) continue
    const constraint = deps.access.constraintFor(caller, type)
    const asked = [...constraint, ...narrowing, narrowingOfType(module.type)]
    branches.push(branchOf(deps, { container, module, clauses, asked, request }))
  }
  return branches
}

/** Nothing outside refers to a contained resource, and its container brings what it refers to. */
function refuseOutward({ filters, includes, contained }: SearchRequest): void {
  const outward = filters.find(({ kind }) => kind === 'has' || kind === 'list')
  const isIncluding = includes.length > 0 && contained?.returned === 'contained'
  if (!outward && !isIncluding) return
  const text = outward
    ? `"${outward.label}" cannot be asked of contained resources: nothing outside refers to them`
    : '_include and _revinclude need _containedType=container'
  throw fault('malformed', { code: 'not-supported', text })
}

/** What every container of a match has: keys that are indexed with the container. */
function narrowingClause(type: string, filter: Filter, clause: Clause): Clause {
  return keysClause(clause.label, containedKeys(type, filter, clause))
}

function narrowingOfType(type: string): Clause {
  return keysClause(`a contained ${type}`, [containedMarker(type)])
}

function keysClause(label: string, keys: readonly string[]): Clause {
  return { label, anyOf: keys.map((key) => ({ by: 'key', key })) }
}

interface Searched {
  readonly container: TypeModule
  readonly module: TypeModule
  readonly clauses: readonly Clause[]
  readonly asked: readonly Clause[]
  readonly request: SearchRequest
}

function branchOf(
  { reader, base }: SearchDeps,
  { container, module, clauses, asked, request }: Searched,
): ContainerBranch {
  const isWhole = request.contained?.returned === 'container'
  return {
    type: container.type,
    open: async () => {
      const plan = await planSearch(reader, container.type, asked)
      return { reader, module: container, base, clauses: asked, plan }
    },
    matchesIn: (row) => {
      const resource = JSON.parse(Buffer.from(row.bytes).toString('utf8')) as JsonObject
      return containedSubjects(resource, { module, base })
        .filter((each) => meetsAll(clauses, each))
        .map((each) => rankable(row, each, isWhole ? row.id : `${row.id}#${String(each.index)}`))
    },
  }
}

function rankable({ type, lastUpdated }: Row, { keys }: ContainedSubject, id: string): Rankable {
  return {
    type,
    id,
    lastUpdated,
    sorts: () => keys.s ?? {},
    names: () => keys.n,
    ranges: () => keys.r,
  }
}

/** The exact text of one contained resource, as a match of its own. */
export function containedMatch(row: Row, index: number): Match | undefined {
  const list = memberText(Buffer.from(row.bytes).toString('utf8'), 'contained')
  const text = list === undefined ? undefined : elementsOf(list)[index]
  if (text === undefined) return undefined
  const { resourceType, id } = JSON.parse(text) as { resourceType: string; id: string }
  const container = `${row.type}/${row.id}`
  const { version, lastUpdated, deleted, method, commit, date } = row
  return {
    type: resourceType,
    id,
    container,
    bytes: Buffer.from(text, 'utf8'),
    version,
    lastUpdated,
    deleted,
    method,
    commit,
    date,
    has: () => false,
    ranges: () => [],
    names: () => [],
    sorts: () => ({}),
    patients: () => row.patients(),
  }
}
