import type { Caller } from '../../auth/caller.ts'
import { counted } from '../../kernel/counted.ts'
import type { Issue } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { Row, StoredVersion } from '../../store/port.ts'
import type { TypeModule } from '../definitions.ts'
import { boundedKey } from '../keys/bounded.ts'
import { mayOpen } from '../security-context.ts'
import type { Match } from './branch.ts'
import { bodyOf, canonicalsOf, canonicalTargets, definitionTest, referrerTests } from './canonicals.ts'
import type { Canonicals } from './canonicals.ts'
import { referenceCodes } from './check-includes.ts'
import { meetsAll } from './clause.ts'
import type { Test } from './clause.ts'
import { versionRow } from './extracted-row.ts'
import { hitsOf } from './hits.ts'
import { targetsOf } from './include-targets.ts'
import { latestOf } from './latest-version.ts'
import type { Edition } from './latest-version.ts'
import { WIDEST } from './plan.ts'
import type { Target } from './references.ts'
import type { Include } from './request.ts'
import { queryOf } from './scope.ts'
import type { SearchDeps } from './scope.ts'
import { RowSubject } from './subject.ts'

export interface Included {
  readonly rows: readonly Row[]
  readonly notes: readonly Issue[]
}

const NOTHING: Included = { rows: [], notes: [] }

/** What the matches refer to and what refers to them, each once, never beyond what the caller may see. */
export function includedWith(deps: SearchDeps, caller: Caller, from: From): Soon<Included> {
  return from.includes.length === 0 ? NOTHING : gathered(deps, caller, from)
}

interface From {
  readonly matches: readonly Match[]
  readonly includes: readonly Include[]
}

async function gathered(deps: SearchDeps, caller: Caller, from: From): Promise<Included> {
  const gathering = new Gathering(deps, caller, from.matches)
  let level: readonly Match[] = from.matches
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
  gathering.mayLeadOn = includes.length > 0 && level.length > 0
  return { rows: gathering.rows, notes: notesOf(gathering) }
}

function notesOf({ isCut, mayLeadOn, missing }: Gathering): readonly Issue[] {
  const cut = `Only the first ${String(limits.fhir.includesMost)} included resources are given: ask for fewer matches`
  const far = `Includes are followed over ${counted(limits.fhir.includeDepth, 'level')}: what is further away is not given`
  const gone = `Versions that are not kept are meant by ${counted(missing, 'reference')}: no others are given in their place`
  return [
    ...(isCut ? [{ severity: 'warning', code: 'too-costly', text: cut } as const] : []),
    ...(mayLeadOn ? [{ severity: 'warning', code: 'too-costly', text: far } as const] : []),
    ...(missing > 0 ? [{ severity: 'warning', code: 'not-found', text: gone } as const] : []),
  ]
}

class Gathering {
  readonly rows: Row[] = []
  isCut = false
  /** The last level was not followed any more. */
  mayLeadOn = false
  /** References to versions that are not kept. */
  missing = 0
  readonly #deps: SearchDeps
  readonly #caller: Caller
  readonly #matches: readonly Match[]
  /** Ids by type, those of versions that are not the current one with these. */
  readonly #seen = new Map<string, Set<string>>()

  constructor(deps: SearchDeps, caller: Caller, matches: readonly Match[]) {
    this.#deps = deps
    this.#caller = caller
    this.#matches = matches
  }

  async follow(include: Include, level: readonly Match[]): Promise<void> {
    if (include.reverse) await this.#followBack(include, level)
    else {
      await this.#followOut(include, level)
      await this.#followUrls(include, level)
    }
  }

  async #followOut(include: Include, level: readonly Row[]): Promise<void> {
    const targets = targetsOf(level, include, this.#deps.base)
    for (const [type, group] of Map.groupBy(targets, (target) => target.type)) {
      const module = await this.#visibleType(type)
      const unseen = group.filter((target) => !this.#seenOf(type).has(nameOf(target)))
      if (!module || unseen.length === 0) continue
      const rows = await this.#visibleRows(module, unseen)
      for (const { id, version } of unseen) {
        const row = rows.get(id)
        if (!row || this.isCut) continue
        if (version === undefined || version === String(row.version)) this.#add(row)
        else await this.#addVersion(module, { row, version })
      }
    }
  }

  /** By their ids. */
  async #visibleRows(module: TypeModule, targets: readonly Target[]): Promise<ReadonlyMap<string, Row>> {
    const { type } = module
    const { access, base, reader } = this.#deps
    const clauses = access.constraintFor(this.#caller, type)
    const subject = new RowSubject(module, base)
    const found = await reader.fetch(type, [...new Set(targets.map(({ id }) => id))])
    const rows = found.filter((row) => row !== undefined)
    const isOpen = await this.#areOpen(rows)
    const visible = rows.filter((row, index) => isOpen[index] !== false && meetsAll(clauses, subject.at(row)))
    return new Map(visible.map((row) => [row.id, row]))
  }

  async #areOpen(versions: readonly StoredVersion[]): Promise<readonly boolean[]> {
    const bodies = versions[0]?.type === 'Binary' ? versions.map(({ bytes }) => bytes) : []
    return mayOpen(this.#deps, this.#caller, bodies)
  }

  /** Who sees the resource sees its versions. One that is not kept is no reason to give another one. */
  async #addVersion(module: TypeModule, { row, version }: { row: Row; version: string }): Promise<void> {
    const { base, reader } = this.#deps
    const number = /^[1-9]\d{0,14}$/.test(version) ? Number(version) : 0
    const found = await reader.vread(row.type, row.id, number)
    if (!found || found.deleted) this.missing += 1
    else if ((await this.#areOpen([found]))[0] !== false)
      this.#add(versionRow(found, module, base), nameOf({ id: row.id, version }))
  }

  /** What the matches refer to by its url. */
  async #followUrls(include: Include, level: readonly Row[]): Promise<void> {
    for (const [type, rows] of Map.groupBy(level, (row) => row.type)) {
      const isSource = include.source === '*' || include.source === type
      const module = isSource ? await this.#deps.definitions.load(type) : undefined
      if (!module) continue
      const codes = include.param === '*' ? referenceCodes(module) : [include.param]
      for (const param of codes)
        await this.#followParam(include, rows, { module, param, base: this.#deps.base })
    }
  }

  async #followParam({ target }: Include, rows: readonly Row[], of: Canonicals): Promise<void> {
    const targets = canonicalTargets(this.#deps.definitions.elements(), of)
    const wanted = targets.filter((each) => target === undefined || each === target)
    const named = wanted.length === 0 ? [] : canonicalsOf(rows, of)
    const stored = named.length === 0 ? [] : await this.#deps.reader.types()
    const versioned = named.filter(({ version }) => version !== undefined)
    const bare = named.filter(({ version }) => version === undefined)
    for (const type of stored.filter((each) => wanted.includes(each))) {
      const module = await this.#visibleType(type)
      await this.#addMeeting(module, versioned.map(definitionTest))
      await this.#addLatest(module, bare.map(definitionTest))
    }
  }

  /** Of the definitions with one url. */
  async #addLatest(module: TypeModule | undefined, tests: readonly Test[]): Promise<void> {
    const found: (Edition & { readonly row: Row })[] = []
    for await (const rows of this.#meeting(module, tests)) {
      for (const row of rows) found.push({ row, resource: bodyOf(row), lastUpdated: row.lastUpdated })
      if (found.length > limits.fhir.includesMost) this.isCut = true
      if (this.isCut) return
    }
    for (const editions of Map.groupBy(found, ({ resource }) => resource['url']).values()) {
      const latest = latestOf(editions)
      if (latest) this.#add(latest.row)
    }
  }

  async #followBack(include: Include, level: readonly Match[]): Promise<void> {
    const { target } = include
    const wanted = level.filter(({ type }) => target === undefined || target === type)
    await this.#addContainers(include, wanted)
    const referred = wanted.filter(({ container }) => container === undefined)
    const sources = include.source === '*' ? await this.#deps.reader.types() : [include.source]
    for (const source of sources) {
      const module = await this.#visibleType(source)
      if (!module || referred.length === 0) continue
      const codes = include.param === '*' ? referenceCodes(module) : [include.param]
      const { base, definitions } = this.#deps
      const tests = codes.flatMap((param) =>
        referred.flatMap((row) => referrerTests(definitions.elements(), row, { module, param, base })),
      )
      await this.#addMeeting(module, tests)
    }
  }

  /** Nothing outside refers to a contained resource; what contains it may. */
  async #addContainers({ source, param }: Include, level: readonly Match[]): Promise<void> {
    for (const { id, container = '' } of level) {
      const [type = '', containerId = ''] = container.split('/')
      const isAsked = containerId !== '' && (source === '*' || source === type)
      const module = isAsked ? await this.#visibleType(type) : undefined
      if (!module) continue
      const codes = param === '*' ? referenceCodes(module) : [param]
      const [row] = await this.#deps.reader.fetch(type, [containerId])
      if (row && codes.some((code) => row.has(boundedKey(`${code}=#${id}`)))) this.#add(row)
    }
  }

  async #addMeeting(module: TypeModule | undefined, tests: readonly Test[]): Promise<void> {
    for await (const rows of this.#meeting(module, tests)) {
      for (const row of rows) this.#add(row)
      if (this.isCut) return
    }
  }

  /** What the caller may see of a type and meets one of the tests, some at a time. */
  async *#meeting(module: TypeModule | undefined, tests: readonly Test[]): AsyncGenerator<readonly Row[]> {
    if (!module) return
    const constraint = this.#deps.access.constraintFor(this.#caller, module.type)
    for (let at = 0; at < tests.length; at += WIDEST) {
      const clause = { label: 'include', anyOf: tests.slice(at, at + WIDEST) }
      const query = await queryOf(this.#deps, module, [...constraint, clause])
      for (const hits of hitsOf(query, { wanted: limits.fhir.includesMost }))
        yield (await hits).map(({ row }) => row)
    }
  }

  /** A type that the caller may not search is left out silently, as if nothing of it existed. */
  async #visibleType(type: string): Promise<TypeModule | undefined> {
    return this.#deps.access.allows(this.#caller, 'read', type)
      ? this.#deps.definitions.load(type)
      : undefined
  }

  #seenOf(type: string): Set<string> {
    let seen = this.#seen.get(type)
    if (seen === undefined) {
      const matched = this.#matches.filter((each) => each.type === type && each.container === undefined)
      this.#seen.set(type, (seen = new Set(matched.map(({ id }) => id))))
    }
    return seen
  }

  #add(row: Row, name = row.id): void {
    const seen = this.#seenOf(row.type)
    if (seen.has(name)) return
    if (this.rows.length >= limits.fhir.includesMost) {
      this.isCut = true
      return
    }
    seen.add(name)
    this.rows.push(row)
  }
}

/** What is given once. */
function nameOf({ id, version }: Omit<Target, 'type'>): string {
  return version === undefined ? id : `${id}/_history/${version}`
}
