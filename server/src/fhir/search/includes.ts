import type { Caller } from '../../auth/caller.ts'
import { Fault, fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { Row } from '../../store/port.ts'
import type { TypeModule } from '../definitions.ts'
import { boundedKey } from '../keys/bounded.ts'
import { meetsAll } from './clause.ts'
import type { Clause } from './clause.ts'
import { hitsOf } from './hits.ts'
import { referencesIn } from './references.ts'
import type { Target } from './references.ts'
import type { Include } from './request.ts'
import { clausesOf, queryOf } from './resolve.ts'
import type { SearchDeps } from './resolve.ts'
import { subjectOf } from './subject.ts'

export interface Included {
  readonly rows: readonly Row[]
  /** The bound on included resources was met. */
  readonly isCut: boolean
}

/** @throws Fault `malformed` when an include names what is no reference parameter */
export async function checkIncludes(deps: SearchDeps, includes: readonly Include[]): Promise<void> {
  for (const { source, param } of includes) {
    if (source === '*') continue
    const module = await deps.definitions.load(source)
    const isKnown =
      param === '*' ||
      module?.params.some(({ code, type }) => code === param && type === 'reference') === true
    if (!module || !isKnown) {
      throw fault('malformed', {
        code: 'not-supported',
        text: `_include, _revinclude: ${source} has no reference parameter "${param}"`,
      })
    }
  }
}

/** What the matches refer to and what refers to them, each once, never beyond what the caller may see. */
export async function includedWith(
  deps: SearchDeps,
  caller: Caller,
  from: { matches: readonly Row[]; includes: readonly Include[] },
): Promise<Included> {
  const gathering = new Gathering(deps, caller, from.matches)
  let level = from.matches
  let includes = from.includes
  for (
    let depth = 0;
    depth < limits.fhir.includeDepth && includes.length > 0 && level.length > 0;
    depth += 1
  ) {
    const before = gathering.rows.length
    for (const include of includes) await gathering.follow(include, level)
    level = gathering.rows.slice(before)
    includes = includes.filter(({ iterate }) => iterate)
  }
  return { rows: gathering.rows, isCut: gathering.isCut }
}

class Gathering {
  readonly rows: Row[] = []
  isCut = false
  readonly #deps: SearchDeps
  readonly #caller: Caller
  readonly #seen: Set<string>

  constructor(deps: SearchDeps, caller: Caller, matches: readonly Row[]) {
    this.#deps = deps
    this.#caller = caller
    this.#seen = new Set(matches.map(({ type, id }) => `${type}/${id}`))
  }

  async follow(include: Include, level: readonly Row[]): Promise<void> {
    if (include.reverse) await this.#followBack(include, level)
    else await this.#followOut(include, level)
  }

  async #followOut(include: Include, level: readonly Row[]): Promise<void> {
    const targets = level.flatMap((row) => targetsOf(row, include, this.#deps.base))
    for (const [type, group] of Map.groupBy(targets, (target) => target.type)) {
      const module = await this.#visibleType(type)
      const unseen = new Set(group.map(({ id }) => id).filter((id) => !this.#seen.has(`${type}/${id}`)))
      if (!module || unseen.size === 0) continue
      const clauses = this.#deps.access.constraintFor(this.#caller, type)
      for (const row of await this.#deps.reader.fetch(type, [...unseen])) {
        if (row && meetsAll(clauses, subjectOf(row, module, this.#deps.base))) this.#add(row)
      }
    }
  }

  async #followBack({ source, param, target }: Include, level: readonly Row[]): Promise<void> {
    const module = await this.#visibleType(source)
    const referred = level.filter(({ type }) => target === undefined || target === type)
    if (!module || referred.length === 0) return
    const anyOf = referred.map(({ type, id }) => ({
      by: 'key' as const,
      key: boundedKey(`${param}=${type}/${id}`),
    }))
    const link: Clause = { label: `${source}:${param}`, anyOf }
    const scope = { caller: this.#caller, depth: 0 }
    const query = await queryOf(this.#deps, module, [
      ...(await clausesOf(this.#deps, scope, { module, filters: [] })),
      link,
    ])
    for await (const { row } of hitsOf(query, { wanted: limits.fhir.includesMost })) {
      if (this.isCut) return
      this.#add(row)
    }
  }

  /** A type that the caller may not search is left out silently, as if nothing of it existed. */
  async #visibleType(type: string): Promise<TypeModule | undefined> {
    const module = await this.#deps.definitions.load(type)
    if (!module) return undefined
    try {
      this.#deps.access.authorise(this.#caller, 'read', type)
      return module
    } catch (error) {
      if (error instanceof Fault) return undefined
      throw error
    }
  }

  #add(row: Row): void {
    const name = `${row.type}/${row.id}`
    if (this.#seen.has(name)) return
    if (this.rows.length >= limits.fhir.includesMost) {
      this.isCut = true
      return
    }
    this.#seen.add(name)
    this.rows.push(row)
  }
}

function targetsOf(row: Row, { source, param, target }: Include, base: string): readonly Target[] {
  if (source !== '*' && source !== row.type) return []
  return referencesIn(row.bytes, base).filter(
    ({ type, id }) =>
      (target === undefined || target === type) &&
      (param === '*' || row.has(boundedKey(`${param}=${type}/${id}`))),
  )
}
