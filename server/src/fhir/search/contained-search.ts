import type { Caller } from '../../auth/caller.ts'
import type { JsonObject } from '../../kernel/json.ts'
import type { Row } from '../../store/port.ts'
import type { TypeModule } from '../definitions.ts'
import { elementsOf, memberText } from '../json/members.ts'
import { containedMarker } from '../keys/contained-keys.ts'
import type { Branch, Match } from './branch.ts'
import type { Clause } from './clause.ts'
import { conditionsOf } from './contained-conditions.ts'
import type { Condition } from './contained-conditions.ts'
import { containedSubjects } from './contained-subjects.ts'
import type { ContainedSubject } from './contained-subjects.ts'
import { planSearch } from './plan.ts'
import type { SearchRequest } from './request.ts'
import type { SearchDeps } from './scope.ts'
import type { Rankable } from './sorting.ts'
import { subjectOf } from './subject.ts'

/** The containers of one type, which a search of contained resources goes through. */
export interface ContainerBranch extends Branch {
  /** The type that is looked for in them. */
  readonly contained: TypeModule
  /** What of a container meets the search, under the name that it is given by in the result. */
  matchesIn(row: Row): readonly Rankable[]
}

interface Wanted {
  readonly module: TypeModule
  readonly request: Pick<SearchRequest, 'filters' | 'contained'>
  readonly compartment?: string
}

/**
 * A search of contained resources asks their containers: one branch for each type that contains some and that the caller may search.
 *
 * @throws Fault `malformed` for parameters that mean nothing for a contained resource
 */
export async function containerBranches(
  deps: SearchDeps,
  caller: Caller,
  { module, request, compartment }: Wanted,
): Promise<readonly ContainerBranch[]> {
  const within = compartment === undefined ? {} : { compartment }
  const conditions = await conditionsOf(deps, caller, { module, filters: request.filters, ...within })
  const marker = containedMarker(module.type)
  const narrowing: readonly Clause[] = [
    ...conditions.flatMap((condition) => condition.narrowing ?? []),
    { label: `a contained ${module.type}`, anyOf: [{ by: 'key', key: marker }] },
  ]
  const branches: ContainerBranch[] = []
  for (const type of (await deps.reader.types()).toSorted()) {
    const isAsked = deps.access.allows(caller, 'search', type)
    const container = isAsked ? await deps.definitions.load(type) : undefined
    if (!container || (await deps.reader.count(type, marker, 1)) === 0) continue
    const asked = [...deps.access.constraintFor(caller, type), ...narrowing]
    branches.push(branchOf(deps, { container, module, conditions, asked, request }))
  }
  return branches
}

interface Searched extends Wanted {
  readonly container: TypeModule
  readonly conditions: readonly Condition[]
  readonly asked: readonly Clause[]
}

function branchOf(
  { reader, base }: SearchDeps,
  { container, module, conditions, asked, request }: Searched,
): ContainerBranch {
  const isWhole = request.contained?.returned === 'container'
  return {
    type: container.type,
    contained: module,
    open: async () => {
      const plan = await planSearch(reader, container.type, asked)
      return { reader, module: container, base, clauses: asked, plan }
    },
    matchesIn: (row) => {
      const resource = JSON.parse(Buffer.from(row.bytes).toString('utf8')) as JsonObject
      const place = { row, resource, container: subjectOf(row, container, base) }
      return containedSubjects(resource, { module, base })
        .filter((each) => conditions.every(({ holds }) => holds({ ...place, each })))
        .map((each) => rankable(row, each, isWhole ? row.id : `${row.id}#${String(each.index)}`))
    },
  }
}

function rankable({ type, lastUpdated }: Row, { keys }: ContainedSubject, id: string): Rankable {
  return {
    type,
    id,
    lastUpdated,
    scalar: (name) => keys.s?.[name],
    names: () => keys.n,
    ranges: () => keys.r,
  }
}

/**
 * The exact text of one contained resource, as a match of its own.
 *
 * @param keysIn the search keys of a contained resource, for includes
 */
export function containedMatch(
  row: Row,
  index: number,
  keysIn: (resource: JsonObject) => ReadonlySet<string>,
): Match | undefined {
  const list = memberText(Buffer.from(row.bytes).toString('utf8'), 'contained')
  const text = list === undefined ? undefined : elementsOf(list)[index]
  if (text === undefined) return undefined
  const resource = JSON.parse(text) as JsonObject & { resourceType: string; id: string }
  const { resourceType, id } = resource
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
    has: (key) => keysIn(resource).has(key),
    ranges: () => [],
    names: () => [],
    scalar: () => undefined,
    patients: () => row.patients(),
  }
}
