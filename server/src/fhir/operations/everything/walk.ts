import type { Caller } from '../../../auth/caller.ts'
import { limits } from '../../../kernel/limits.ts'
import type { Soon } from '../../../kernel/soon.ts'
import type { Row, StoredVersion } from '../../../store/port.ts'
import type { RestDeps } from '../../calls/rest-deps.ts'
import type { TypeModule } from '../../definitions.ts'
import { placeParts } from '../../search/candidates.ts'
import type { Place } from '../../search/candidates.ts'
import { meetsAll } from '../../search/clause.ts'
import type { Clause } from '../../search/clause.ts'
import { memberClause } from '../../search/compartments.ts'
import { hitsOf } from '../../search/hits.ts'
import type { Hit, Query } from '../../search/hits.ts'
import type { PageState } from '../../search/page-token.ts'
import { References } from '../../search/references.ts'
import { subjectOf } from '../../search/subject.ts'
import { mayOpen } from '../../security-context.ts'

export interface Walk {
  /** The patient or encounter. */
  readonly focus: StoredVersion
  readonly caller: Caller
  readonly span: Span
  readonly count: number
  /** Absent: all types. */
  readonly types?: ReadonlySet<string>
}

/** Milliseconds; ±Infinity where the caller sets no bound. */
export interface Span {
  readonly start: number
  readonly end: number
  readonly since: number
}

export interface Given {
  readonly row: Row
  readonly mode: 'match' | 'include'
}

export interface EverythingPage {
  readonly rows: readonly Given[]
  readonly next?: PageState
  /** First and last page at once. */
  readonly isWhole: boolean
}

/**
 * One page: first the patient or encounter itself, then the compartment, type by type in the order of the clinical date, then what its
 * resources refer to. A page goes on where the one before ended, by keys; nothing is kept between them.
 */
export async function everythingPage(
  deps: RestDeps,
  walk: Walk,
  state: PageState | undefined,
): Promise<EverythingPage> {
  const rows: Given[] = []
  const stored = new Set(await deps.reader.types())
  for (const stage of stagesFrom(deps, { ...walk, stored }, state)) {
    const found = await stage.read(walk.count - rows.length, rows)
    rows.push(...found.rows)
    if (found.after) return { rows, next: { driver: stage.index, after: found.after }, isWhole: false }
    if (rows.length === walk.count) return pageEnd(rows, stage.index + 1, deps.definitions.types.length)
  }
  return { rows, isWhole: state === undefined }
}

/** Full at the end of a stage: the next page begins with the one behind. */
function pageEnd(rows: readonly Given[], stage: number, last: number): EverythingPage {
  return stage > last
    ? { rows, isWhole: false }
    : { rows, next: { driver: stage, after: [] }, isWhole: false }
}

interface Stage {
  readonly index: number
  /** Up to `most` rows; `after` is set when there are more. @param before what the page holds already */
  read(most: number, before: readonly Given[]): Promise<Part>
}

interface Part {
  readonly rows: readonly Given[]
  readonly after?: PageState['after']
}

/** A stage for each type, and one for what they refer to. */
function stagesFrom(deps: RestDeps, walk: StoredWalk, state: PageState | undefined): readonly Stage[] {
  const others = deps.definitions.types.filter((type) => type !== walk.focus.type)
  const types = [walk.focus.type, ...others]
  const first = state?.driver ?? 0
  const after = (index: number): PageState['after'] => (index === first ? (state?.after ?? []) : [])
  const members = types.flatMap((type, index) =>
    index < first || !walk.stored.has(type)
      ? []
      : [
          {
            index,
            read: async (most: number) => readMembers(deps, walk, { type, most, after: after(index) }),
          },
        ],
  )
  const support = {
    index: types.length,
    read: async (most: number, before: readonly Given[]) => {
      const isFirst = state === undefined
      return readSupport(deps, walk, {
        most,
        after: after(types.length),
        ...(isFirst && isUnbounded(walk) && { members: before.map(({ row }) => row) }),
      })
    },
  }
  return [...members, support]
}

interface StoredWalk extends Walk {
  /** Types that something is stored of: the others need no look. */
  readonly stored: ReadonlySet<string>
}

/** Whether all members are given. */
function isUnbounded({ span: { start, end, since }, types }: Walk): boolean {
  return start === -Infinity && end === Infinity && since === -Infinity && types === undefined
}

interface Wanted {
  readonly most: number
  readonly after: PageState['after']
}

async function readMembers(
  deps: RestDeps,
  walk: StoredWalk,
  { type, most, after }: Wanted & { readonly type: string },
): Promise<Part> {
  if (walk.types && !walk.types.has(type)) return { rows: [] }
  const rows: Given[] = []
  const mainDate = await mainDateOf(deps, type)
  let last: Place | undefined
  for (const some of await membersOf(deps, walk, { type, after: placeOf(after), most })) {
    for (const hit of await some) {
      const { row } = hit
      if (!isWanted(row, mainDate, walk.span)) continue
      if (rows.length === most) return { rows, after: last ? placeParts(last) : after }
      rows.push({ row, mode: 'match' })
      last = hit
    }
  }
  return { rows }
}

function placeOf([sort, tie]: PageState['after']): Place | undefined {
  return sort === undefined || tie === undefined ? undefined : { sort: String(sort), tie }
}

/** The rows of one type in the compartment, the focus itself included, as far as the caller may see them: some at a time, see `hitsOf`. */
async function membersOf(
  deps: RestDeps,
  walk: StoredWalk,
  from: { readonly type: string; readonly after: Place | undefined; readonly most: number },
): Promise<Iterable<Soon<readonly Hit[]>>> {
  const { type, after, most } = from
  const query = await memberQuery(deps, walk, type)
  return query ? hitsOf(query, { wanted: most, ...(after ? { after } : {}) }) : []
}

async function memberQuery(deps: RestDeps, walk: StoredWalk, type: string): Promise<Query | undefined> {
  const { focus, caller } = walk
  const module = await visibleType(deps, caller, type)
  if (!module) return undefined
  const isFocus = type === focus.type
  const label = 'everything'
  const own: Clause | undefined = isFocus
    ? { label, anyOf: [{ by: 'id', id: focus.id }] }
    : memberClause(module, `${focus.type}/${focus.id}`)
  if (!own) return undefined
  const keys = own.anyOf.flatMap((test) => (test.by === 'key' ? [test.key] : []))
  const driver = isFocus
    ? ({ by: 'ids', ids: [focus.id] } as const)
    : ({ by: 'keys', keys, direction: 'desc' } as const)
  return {
    reader: deps.reader,
    module,
    base: deps.base,
    clauses: [...deps.access.constraintFor(caller, type), own],
    plan: { driver, index: 0, label },
  }
}

/** A type that the caller may not search is left out silently, as if nothing of it existed. */
async function visibleType(deps: RestDeps, caller: Caller, type: string): Promise<TypeModule | undefined> {
  return deps.access.allows(caller, 'search', type) ? deps.definitions.load(type) : undefined
}

async function mainDateOf({ definitions }: RestDeps, type: string): Promise<string | undefined> {
  return (await definitions.load(type))?.mainDate
}

/** In the span of care, where the resource has a clinical date, and changed since. */
function isWanted(row: Row, mainDate: string | undefined, { start, end, since }: Span): boolean {
  if (row.lastUpdated < since) return false
  if (mainDate === undefined || (start === -Infinity && end === Infinity)) return true
  const care = row.ranges().filter(({ p }) => p === mainDate)
  return care.length === 0 || care.some(({ lo, hi }) => lo < end && hi > start)
}

interface WantedSupport extends Wanted {
  /** All members, when the page holds them. */
  readonly members?: readonly Row[]
}

/** What the compartment refers to and is no part of it, in the order of type and id. */
async function readSupport(
  deps: RestDeps,
  walk: StoredWalk,
  { most, after: [from = ''], members }: WantedSupport,
): Promise<Part> {
  const all = members ? namesOf(deps, members) : await supportNames(deps, walk)
  const names = all.filter((name) => name > String(from))
  const rows: Given[] = []
  for (const name of names) {
    const row = await supportRow(deps, walk, name)
    if (!row) continue
    if (rows.length === most) {
      const last = rows.at(-1)?.row
      return { rows, after: [last ? `${last.type}/${last.id}` : from] }
    }
    rows.push({ row, mode: 'include' })
  }
  return { rows }
}

function namesOf({ base }: RestDeps, members: readonly Row[]): readonly string[] {
  const references = new References(base)
  for (const { bytes } of members) references.add(bytes)
  const own = new Set(members.map(({ type, id }) => `${type}/${id}`))
  return references
    .names()
    .filter((name) => !own.has(name))
    .toSorted()
}

async function supportNames(deps: RestDeps, walk: StoredWalk): Promise<readonly string[]> {
  const references = new References(deps.base)
  const own = new Set<string>()
  const ofAnyTime = { ...walk.span, since: -Infinity }
  for (const type of walk.stored) {
    const from = { type, after: undefined, most: limits.fhir.pageMost }
    const mainDate = await mainDateOf(deps, type)
    const take = ({ row }: Hit): void => {
      own.add(`${row.type}/${row.id}`)
      if (isWanted(row, mainDate, ofAnyTime)) references.add(row.bytes)
    }
    for (const hits of await membersOf(deps, walk, from)) for (const hit of await hits) take(hit)
  }
  const isAsked = (name: string): boolean => !walk.types || walk.types.has(name.split('/', 1)[0] ?? '')
  return references
    .names()
    .filter((name) => !own.has(name) && isAsked(name))
    .toSorted()
}

/** Records of other patients are no support of this one, nor is what the caller may not see. */
async function supportRow(
  deps: RestDeps,
  { caller, focus, span }: Walk,
  name: string,
): Promise<Row | undefined> {
  const [type = '', id = ''] = name.split('/')
  const module = await visibleType(deps, caller, type)
  if (!module) return undefined
  const [row] = await deps.reader.fetch(type, [id])
  if (!row || row.lastUpdated < span.since) return undefined
  const isOthers = focus.type === 'Patient' && row.patients().length > 0 && !row.patients().includes(focus.id)
  const [isOpen] = type === 'Binary' ? await mayOpen(deps, caller, [row.bytes]) : [true]
  const clauses = deps.access.constraintFor(caller, type)
  return !isOthers && isOpen === true && meetsAll(clauses, subjectOf(row, module, deps.base))
    ? row
    : undefined
}
