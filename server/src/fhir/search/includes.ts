import type { Caller } from '../../auth/caller.ts'
import { fault } from '../../kernel/fault.ts'
import type { Issue } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { Soon } from '../../kernel/soon.ts'
import type { Row } from '../../store/port.ts'
import type { TypeModule } from '../definitions.ts'
import { boundedKey } from '../keys/bounded.ts'
import { readReference } from '../keys/references.ts'
import { mayOpen } from '../security-context.ts'
import { canonicalTargets, definitionTests, referrerTests } from './canonicals.ts'
import type { Canonicals } from './canonicals.ts'
import { meetsAll } from './clause.ts'
import type { Test } from './clause.ts'
import { hitsOf } from './hits.ts'
import type { Match } from './pages.ts'
import { WIDEST } from './plan.ts'
import { outermostReferences, referencesIn } from './references.ts'
import type { Target } from './references.ts'
import type { Handling, Include } from './request.ts'
import { queryOf } from './scope.ts'
import type { SearchDeps } from './scope.ts'
import { RowSubject } from './subject.ts'

export interface Included {
  readonly rows: readonly Row[]
  /** The bound on included resources was met. */
  readonly isCut: boolean
}

const NOTHING: Included = { rows: [], isCut: false }

/** The includes that can be followed; the others are refused, or left out with a warning. @throws Fault `malformed` */
export function checkIncludes(
  deps: SearchDeps,
  includes: readonly Include[],
  handling: Handling,
): Soon<CheckedIncludes> {
  return includes.length === 0 ? { known: [], warnings: [] } : checked(deps, includes, handling)
}

interface CheckedIncludes {
  readonly known: readonly Include[]
  readonly warnings: readonly Issue[]
}

async function checked(
  deps: SearchDeps,
  includes: readonly Include[],
  handling: Handling,
): Promise<CheckedIncludes> {
  const known: Include[] = []
  const warnings: Issue[] = []
  for (const include of includes) {
    const { source, param, target } = include
    if (target !== undefined && !deps.definitions.types.includes(target))
      throw fault('malformed', {
        code: 'value',
        text: `_include, _revinclude: "${target.slice(0, 64)}" is no resource type of FHIR R4`,
      })
    if (await isFollowed(deps, include)) {
      known.push(include)
      continue
    }
    const text = `_include, _revinclude: ${source} has no reference parameter "${param}"`
    if (handling === 'strict') throw fault('malformed', { code: 'not-supported', text })
    warnings.push({ severity: 'warning', code: 'not-supported', text })
  }
  return { known, warnings }
}

async function isFollowed({ definitions }: SearchDeps, { source, param }: Include): Promise<boolean> {
  if (source === '*') return true
  const module = await definitions.load(source)
  return module !== undefined && (param === '*' || referenceCodes(module).includes(param))
}

function referenceCodes({ params }: TypeModule): readonly string[] {
  return params.flatMap(({ code, type }) => (type === 'reference' ? [code] : []))
}

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
  return { rows: gathering.rows, isCut: gathering.isCut }
}

class Gathering {
  readonly rows: Row[] = []
  isCut = false
  readonly #deps: SearchDeps
  readonly #caller: Caller
  readonly #matches: readonly Match[]
  /** Ids by type. */
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
      const seen = this.#seenOf(type)
      const unseen = new Set(group.map(({ id }) => id).filter((id) => !seen.has(id)))
      if (!module || unseen.size === 0) continue
      const clauses = this.#deps.access.constraintFor(this.#caller, type)
      const subject = new RowSubject(module, this.#deps.base)
      const rows = (await this.#deps.reader.fetch(type, [...unseen])).filter((row) => row !== undefined)
      const bodies = rows.map(({ bytes }) => bytes)
      const isOpen = type === 'Binary' ? await mayOpen(this.#deps, this.#caller, bodies) : []
      for (const [index, row] of rows.entries())
        if (isOpen[index] !== false && meetsAll(clauses, subject.at(row))) this.#add(row)
    }
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
    const tests = wanted.length === 0 ? [] : definitionTests(rows, of)
    const stored = tests.length === 0 ? [] : await this.#deps.reader.types()
    for (const type of stored.filter((each) => wanted.includes(each)))
      await this.#addMeeting(await this.#visibleType(type), tests)
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
    if (!module) return
    for (let at = 0; at < tests.length; at += WIDEST) await this.#addAny(module, tests.slice(at, at + WIDEST))
  }

  async #addAny(module: TypeModule, anyOf: readonly Test[]): Promise<void> {
    const constraint = this.#deps.access.constraintFor(this.#caller, module.type)
    const query = await queryOf(this.#deps, module, [...constraint, { label: 'include', anyOf }])
    for (const hits of hitsOf(query, { wanted: limits.fhir.includesMost })) {
      for (const { row } of await hits) this.#add(row)
      if (this.isCut) return
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

  #add(row: Row): void {
    const seen = this.#seenOf(row.type)
    if (seen.has(row.id)) return
    if (this.rows.length >= limits.fhir.includesMost) {
      this.isCut = true
      return
    }
    seen.add(row.id)
    this.rows.push(row)
  }
}

/** Of most references a resource has one value, which is its sort scalar: the resource needs not be read. */
function targetsOf(rows: readonly Row[], include: Include, base: string): readonly Target[] {
  const known = new Set<string>()
  const targets: Target[] = []
  const only = onlyValueOf(include.param)
  for (const row of rows) {
    if (include.source !== '*' && include.source !== row.type) continue
    const scalar = only(row)
    if (scalar !== undefined && known.has(scalar)) continue
    const target = scalar === undefined ? undefined : targetIn(scalar)
    if (scalar === undefined || target === undefined) targets.push(...targetsInBody(row, include, base))
    else {
      known.add(scalar)
      if (isMeant(include, target)) targets.push(target)
    }
  }
  return targets
}

function onlyValueOf(param: string): (row: Row) => string | undefined {
  if (param === '*') return () => undefined
  const outermost = outermostReferences(param)
  return (row) => {
    const [first, last] = outermost(row)
    return last === undefined ? first : undefined
  }
}

function targetIn(scalar: string): Target | undefined {
  const { type, id } = readReference(scalar, '')
  return type === undefined || id === undefined ? undefined : { type, id }
}

function targetsInBody(row: Row, include: Include, base: string): readonly Target[] {
  const { param } = include
  return referencesIn(row.bytes, base).filter(
    (target) =>
      isMeant(include, target) &&
      (param === '*' || row.has(boundedKey(`${param}=${target.type}/${target.id}`))),
  )
}

function isMeant({ target }: Include, { type }: Target): boolean {
  return target === undefined || target === type
}
