import { fault } from '../../kernel/fault.ts'
import type { Fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { Row } from '../../store/port.ts'
import type { TypeModule } from '../definitions.ts'
import { boundedKey } from '../keys/bounded.ts'
import { containedMarker } from '../keys/contained-keys.ts'
import { definitionTests, hasUrl, referrerTests } from './canonicals.ts'
import { meetsAll } from './clause.ts'
import type { BodyTest, Clause, Join, Subject, Test } from './clause.ts'
import { containedKeys, containedTargetTests } from './contained-subjects.ts'
import { collectIds, hitsOf, meetingRows } from './hits.ts'
import type { Query } from './hits.ts'
import { filterOf } from './parse-filter.ts'
import { referencesIn } from './references.ts'
import type { Filter, Pair } from './request.ts'
import { queryOf } from './scope.ts'
import type { Scope, SearchDeps } from './scope.ts'
import { RowSubject } from './subject.ts'
import { UnknownParameter } from './unknown-parameter.ts'

type ChainFilter = Extract<Filter, { kind: 'chain' }>
type HasFilter = Extract<Filter, { kind: 'has' }>

/**
 * `subject:Patient.name=peter`: the targets are searched first, their ids become the values of the reference. When there are too many of
 * them, the targets of each candidate are looked at instead. Contained targets are looked at in their containers.
 */
export async function chainClause(
  deps: SearchDeps,
  scope: Scope,
  { filter, module }: { filter: ChainFilter; module: TypeModule },
): Promise<Clause> {
  const inner: Inner[] = []
  const { rest, targets, param, label } = filter
  if (module.type === 'Bundle') throw intoEntries(label)
  for (const type of targets) {
    const found = await innerQuery(deps, scope, { type, rest, mayMiss: targets.length > 1 })
    if (found) inner.push(found)
  }
  if (inner.length === 0) throw unknownChain(filter)
  const queries = inner.map(({ query }) => query)
  const contained: BodyTest[] = []
  for (const each of inner)
    contained.push(...(await containedTests(deps, scope, { filter, module, ...each })))
  const tests: Test[] = []
  const table = deps.definitions.elements()
  const source = { module, param: param.code, base: deps.base }
  for (const query of queries) {
    const { type } = query.module
    const ids = await collectIds(query, limits.fhir.chainIds - tests.length)
    if (!ids) return joined(scope, label, targetsJoin(deps, { code: param.code, module, queries, contained }))
    if (hasUrl(table, type)) {
      const rows = (await deps.reader.fetch(type, ids)).filter((row) => row !== undefined)
      tests.push(...rows.flatMap((row) => referrerTests(table, row, source)))
    } else for (const id of ids) tests.push({ by: 'key', key: boundedKey(`${param.code}=${type}/${id}`) })
  }
  return { label, anyOf: [...tests, ...contained] }
}

/** The contained targets that meet the rest of a chain; they exist for whoever sees the container. */
async function containedTests(
  { reader, base }: SearchDeps,
  { plain, depth }: Scope,
  chain: Inner & { readonly filter: ChainFilter; readonly module: TypeModule },
): Promise<readonly BodyTest[]> {
  const { filter, rest, clause, query, module } = chain
  const { type } = query.module
  // Only what is stored by itself is listed or referred to from elsewhere.
  if (rest.kind === 'has' || rest.kind === 'list' || clause.join !== undefined) return []
  const isKnown = !plain && depth === 0
  if (isKnown && (await reader.count(module.type, containedMarker(type), 1)) === 0) return []
  const keys = containedKeys(type, rest, clause)
  const meets = (subject: Subject): boolean => meetsAll([clause], subject)
  return containedTargetTests(filter.param.code, { module: query.module, base, keys, meets })
}

/** `composition` and `message` mean what stands in the Bundle itself, which is indexed as a whole only. */
function intoEntries(label: string): Error {
  const text = `"${label.slice(0, 128)}": this server does not search inside of Bundles; use identifier, type or timestamp, or store the entries by themselves`
  return fault('unsupported', { code: 'not-supported', text })
}

function joined({ plain }: Scope, label: string, join: Join): Clause {
  if (plain) {
    const text = `More than ${String(limits.fhir.chainIds)} resources meet "${label}": make the chain narrower`
    throw fault('too-costly', { code: 'too-costly', text })
  }
  return { label, anyOf: [], join }
}

/** `_has` by a reference that its source does not have. */
export function noSource({ source, reference }: HasFilter): Fault {
  const text = `_has: ${source.slice(0, 64)} has no reference parameter "${reference.slice(0, 64)}"`
  return fault('malformed', { code: 'invalid', text })
}

export function unknownChain({ param, rest, targets }: ChainFilter): Fault {
  const text =
    targets.length === 0
      ? `${param.code} may refer to any type: name one, as in ${param.code}:Patient.${rest[0]}`
      : `None of the targets of ${param.code} (${targets.join(', ')}) has the search parameter "${rest[0]}"`
  return fault('malformed', { code: 'invalid', text })
}

/** Keeps the rows whose reference names a resource that meets one of the queries, or a contained one. */
function targetsJoin(
  { base }: SearchDeps,
  {
    code,
    module,
    queries,
    contained,
  }: { code: string; module: TypeModule; queries: readonly Query[]; contained: readonly BodyTest[] },
): Join {
  const within: Clause = { label: code, anyOf: contained }
  return {
    keep: async (rows) => {
      const subject = new RowSubject(module, base)
      const targets = rows.map((row) => targetNames(row, code, base))
      const met = new Set<string>()
      for (const query of queries) {
        const { type } = query.module
        const names = new Set(targets.flat().filter((name) => name.startsWith(`${type}/`)))
        const ids = [...names].map((name) => name.slice(type.length + 1))
        const found = (await query.reader.fetch(type, ids)).filter((row) => row !== undefined)
        for (const { id } of await meetingRows(query, found)) met.add(`${type}/${id}`)
      }
      return rows.map(
        (row, index) =>
          targets[index]?.some((name) => met.has(name)) === true || meetsAll([within], subject.at(row)),
      )
    },
  }
}

function targetNames(row: Row, code: string, base: string): readonly string[] {
  return referencesIn(row.bytes, base)
    .map(({ type, id }) => `${type}/${id}`)
    .filter((name) => row.has(boundedKey(`${code}=${name}`)))
}

/**
 * `_has:Observation:patient:code=x`: the sources are searched first, the resources that they refer to are the hits. When there are too many
 * sources, each candidate is asked for one of its own.
 */
export async function hasClause(
  deps: SearchDeps,
  scope: Scope,
  { filter, module }: { filter: HasFilter; module: TypeModule },
): Promise<Clause> {
  const { label, source, rest } = filter
  const query = (await innerQuery(deps, scope, { type: source, rest, mayMiss: false }))?.query
  const param = query?.module.params.find(
    ({ code, type }) => code === filter.reference && type === 'reference',
  )
  if (!query || !param) {
    throw noSource(filter)
  }
  const own = `${module.type}/`
  const ids = new Set<string>()
  const urls: Test[] = []
  const of = { module: query.module, param: param.code, base: deps.base }
  const isByUrl = hasUrl(deps.definitions.elements(), module.type)
  let visited = 0
  for (const some of hitsOf(query, { wanted: limits.fhir.pageMost })) {
    const hits = await some
    visited += hits.length
    if (visited > limits.fhir.chainIds)
      return joined(scope, label, sourcesJoin(deps, query, { code: param.code, own }))
    for (const name of hits.flatMap(({ row }) => targetNames(row, param.code, deps.base)))
      if (name.startsWith(own)) ids.add(name.slice(own.length))
    if (isByUrl)
      urls.push(
        ...definitionTests(
          hits.map(({ row }) => row),
          of,
        ),
      )
  }
  return { label, anyOf: [...[...ids].map((id): Test => ({ by: 'id', id })), ...urls] }
}

/** Keeps the rows that at least one source of the query refers to. */
function sourcesJoin(deps: SearchDeps, query: Query, { code, own }: { code: string; own: string }): Join {
  const isNamed = async (id: string): Promise<boolean> => {
    const link: Clause = { label: code, anyOf: [{ by: 'key', key: boundedKey(`${code}=${own}${id}`) }] }
    const narrowed = await queryOf(deps, query.module, [...query.clauses, link])
    for (const hits of hitsOf(narrowed, { wanted: 1 })) if ((await hits).length > 0) return true
    return false
  }
  return {
    keep: async (rows) => {
      const kept: boolean[] = []
      for (const { id } of rows) kept.push(await isNamed(id))
      return kept
    },
  }
}

/** The search at the next link of a chain. */
interface Inner {
  readonly query: Query
  readonly rest: Filter
  /** What the caller wrote, without what they may see. */
  readonly clause: Clause
}

async function innerQuery(
  deps: SearchDeps,
  scope: Scope,
  inner: { type: string; rest: Pair; mayMiss: boolean },
): Promise<Inner | undefined> {
  const inside = { ...scope, depth: scope.depth + 1 }
  if (inside.depth > limits.fhir.chainDepth)
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
  const clause = await scope.follow(deps, inside, { module, filter })
  const constraint = deps.access.constraintFor(scope.caller, module.type)
  return { query: await queryOf(deps, module, [...constraint, clause]), rest: filter, clause }
}

/** The rest of a chain at its next link. @returns `undefined` where it may miss and does. @throws Fault `malformed` */
export function innerFilter(
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
