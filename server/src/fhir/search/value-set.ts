import { Fault, fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import { conceptsAround, listOf, readCanonical, readCodeSystem, textOf } from './code-system.ts'
import type { CodeTable } from './code-system.ts'
import type { Scope, SearchDeps } from './scope.ts'

/** One code of a value set; an empty code stands for every code of its system. */
export interface Member {
  readonly system: string
  readonly code: string
}

type Members = ReadonlyMap<string, Member>

const DEPTH_MOST = 8

/** The codes of a value set. @throws Fault `malformed` when it, or what it is made of, is neither stored nor R4's own, or can not be expanded */
export async function expandValueSet(
  deps: SearchDeps,
  scope: Pick<Scope, 'caller'>,
  canonical: string,
): Promise<readonly Member[]> {
  return [...(await new Expansion(deps, scope).valueSet(canonical, 0)).values()]
}

/** The same with the codes of whole systems, as far as they are known. */
export async function listValueSet(
  deps: SearchDeps,
  scope: Pick<Scope, 'caller'>,
  canonical: string,
): Promise<readonly Member[]> {
  const expansion = new Expansion(deps, scope)
  const members = new Map(await expansion.valueSet(canonical, 0))
  await expansion.list(members)
  return [...members.values()]
}

class Expansion {
  readonly #deps: SearchDeps
  readonly #scope: Pick<Scope, 'caller'>
  readonly #tables = new Map<string, CodeTable>()

  constructor(deps: SearchDeps, scope: Pick<Scope, 'caller'>) {
    this.#deps = deps
    this.#scope = scope
  }

  async valueSet(canonical: string, depth: number): Promise<Members> {
    if (depth > DEPTH_MOST) throw tooDeep()
    const valueSet = await readCanonical(this.#deps, this.#scope, { type: 'ValueSet', canonical })
    const compose = valueSet['compose'] as JsonObject | undefined
    if (!compose) return contained(valueSet)
    const members = new Map<string, Member>()
    for (const include of listOf(compose['include']))
      for (const [name, member] of await this.#included(include, depth)) members.set(name, member)
    for (const exclude of listOf(compose['exclude'])) await this.#exclude(members, exclude, depth)
    return members
  }

  async list(members: Map<string, Member>): Promise<void> {
    const whole = [...members.values()].flatMap(({ system, code }) => (code === '' ? system : []))
    for (const system of whole)
      if (await this.#isKnown(system)) await this.#enumerate(members, new Set([system]))
  }

  async #isKnown(system: string): Promise<boolean> {
    try {
      return (await this.#table(system)).parents.size > 0
    } catch (error) {
      if (error instanceof Fault && error.kind === 'malformed') return false
      throw error
    }
  }

  async #exclude(members: Map<string, Member>, exclude: JsonObject, depth: number): Promise<void> {
    const gone = await this.#included(exclude, depth)
    await this.#enumerate(members, new Set([...gone.values()].map(({ system }) => system)))
    for (const [name, { system, code }] of gone) {
      members.delete(name)
      if (code === '') removeSystem(members, system)
    }
  }

  /** Writes the whole systems out, as far as single codes of them matter. */
  async #enumerate(members: Map<string, Member>, systems: ReadonlySet<string>): Promise<void> {
    for (const [name, { system, code }] of members) {
      if (code !== '' || !systems.has(system)) continue
      members.delete(name)
      for (const each of (await this.#table(system)).parents.keys()) add(members, { system, code: each })
    }
  }

  async #included(include: JsonObject, depth: number): Promise<Members> {
    const sets: Map<string, Member>[] = []
    if (typeof include['system'] === 'string') sets.push(await this.#ofSystem(include, include['system']))
    for (const canonical of (include['valueSet'] ?? []) as readonly string[])
      sets.push(new Map(await this.valueSet(canonical, depth + 1)))
    const [first, ...more] = sets
    if (!first)
      throw fault('malformed', { code: 'invalid', text: 'An include of the value set names nothing' })
    for (const other of more) await this.#intersect(first, other)
    return first
  }

  async #intersect(members: Map<string, Member>, other: Map<string, Member>): Promise<void> {
    await this.#enumerate(members, new Set([...other.values()].map(({ system }) => system)))
    for (const [name, { system }] of members)
      if (!other.has(name) && !other.has(nameOf({ system, code: '' }))) members.delete(name)
  }

  async #ofSystem(include: JsonObject, system: string): Promise<Map<string, Member>> {
    const members = new Map<string, Member>()
    const concepts = listOf(include['concept'])
    const filters = listOf(include['filter'])
    if (concepts.length === 0 && filters.length === 0) add(members, { system, code: '' })
    for (const concept of concepts) add(members, { system, code: textOf(concept['code']) })
    if (filters.length > 0) {
      const table = await this.#table(system)
      const sets = filters.map((filter) => filtered(table, filter))
      for (const code of table.parents.keys())
        if (sets.every((set) => set.has(code))) add(members, { system, code })
    }
    return members
  }

  async #table(system: string): Promise<CodeTable> {
    const table = this.#tables.get(system) ?? (await readCodeSystem(this.#deps, this.#scope, system))
    this.#tables.set(system, table)
    return table
  }
}

function removeSystem(members: Map<string, Member>, system: string): void {
  for (const [name, member] of members) if (member.system === system) members.delete(name)
}

function tooDeep(): Error {
  return fault('malformed', {
    code: 'too-costly',
    text: 'The value set is made of others, too many levels deep',
  })
}

/** A value set without a definition may carry its expansion. */
function contained(valueSet: JsonObject): Members {
  const members = new Map<string, Member>()
  const expansion = valueSet['expansion'] as JsonObject | undefined
  const waiting = [...listOf(expansion?.['contains'])]
  for (let each = waiting.pop(); each; each = waiting.pop()) {
    const { system, code, abstract } = each
    if (typeof system === 'string' && typeof code === 'string' && abstract !== true)
      add(members, { system, code })
    waiting.push(...listOf(each['contains']))
  }
  return members
}

function add(members: Map<string, Member>, member: Member): void {
  members.set(nameOf(member), member)
  if (members.size > limits.fhir.chainIds) {
    throw fault('too-costly', {
      code: 'too-costly',
      text: `The value set has more than ${String(limits.fhir.chainIds)} codes`,
    })
  }
}

function nameOf({ system, code }: Member): string {
  return `${system}|${code}`
}

/** @see FHIR R4, value set filter-operator */
function filtered(table: CodeTable, filter: JsonObject): ReadonlySet<string> {
  const property = textOf(filter['property'])
  const op = textOf(filter['op'])
  const value = textOf(filter['value'])
  const codes = [...table.parents.keys()]
  const isHeld = (wanted: (text: string) => boolean): ReadonlySet<string> =>
    new Set(codes.filter((code) => valuesOf(table, code, property).some(wanted)))
  switch (op) {
    case 'is-a':
      return new Set(conceptsAround(table, value, 'below'))
    case 'descendent-of':
      return new Set(conceptsAround(table, value, 'below').filter((code) => code !== value))
    case 'generalizes':
      return new Set(conceptsAround(table, value, 'above'))
    case 'is-not-a': {
      const below = new Set(conceptsAround(table, value, 'below'))
      return new Set(codes.filter((code) => !below.has(code)))
    }
    case '=':
      return isHeld((text) => text === value)
    case 'in':
      return isHeld((text) => value.split(',').includes(text))
    case 'not-in': {
      const held = isHeld((text) => value.split(',').includes(text))
      return new Set(codes.filter((code) => !held.has(code)))
    }
    case 'exists':
      return new Set(
        codes.filter((code) => valuesOf(table, code, property).length > 0 === (value === 'true')),
      )
    default:
      throw fault('malformed', {
        code: 'not-supported',
        text: `The value set has a filter with the operator ${op}, which is not supported`,
      })
  }
}

function valuesOf(table: CodeTable, code: string, property: string): readonly string[] {
  if (property === 'code') return [code]
  if (property === 'parent') return table.parents.get(code) ?? []
  return (table.properties.get(code) ?? []).flatMap(({ name, value }) => (name === property ? [value] : []))
}
