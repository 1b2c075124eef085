import { DefinitionError } from './definition-error.ts'
import type { Concept, Include, Specification } from './specification.ts'

/** Codes by system. */
export type Expansion = ReadonlyMap<string, ReadonlySet<string>>

/**
 * Lists the codes of a value set from the definitions.
 *
 * @throws DefinitionError when a code system or a filter is not known there
 */
export function expand(url: string, terminology: Specification['terminology']): Expansion {
  const set = terminology.get(`ValueSet ${url.replace(/\|.*$/, '')}`)
  if (!set?.compose) throw new DefinitionError(`the definitions have no value set ${url}`)
  const expansion = new Map<string, Set<string>>()
  for (const include of set.compose.include) {
    for (const [system, codes] of included(include, terminology)) {
      const known = expansion.get(system) ?? new Set()
      for (const code of codes) known.add(code)
      expansion.set(system, known)
    }
  }
  for (const exclude of set.compose.exclude ?? []) {
    for (const [system, codes] of included(exclude, terminology))
      for (const code of codes) expansion.get(system)?.delete(code)
  }
  return expansion
}

function included(include: Include, terminology: Specification['terminology']): Expansion {
  const sets = (include.valueSet ?? []).map((url) => expand(url, terminology))
  if (include.system === undefined) return union(sets)
  const codes = systemCodes(include, include.system, terminology)
  const { system } = include
  const common = new Set([...codes].filter((code) => sets.every((set) => set.get(system)?.has(code))))
  return new Map([[system, common]])
}

function union(sets: readonly Expansion[]): Expansion {
  const all = new Map<string, Set<string>>()
  for (const set of sets)
    for (const [system, codes] of set) all.set(system, new Set([...(all.get(system) ?? []), ...codes]))
  return all
}

function systemCodes(
  include: Include,
  system: string,
  terminology: Specification['terminology'],
): Set<string> {
  if (include.concept) return new Set(include.concept.map(({ code }) => code))
  const source = terminology.get(`CodeSystem ${system}`)
  if (!source?.concept) throw new DefinitionError(`the definitions do not list the codes of ${system}`)
  const concepts = flatten(source.concept)
  const filters = (include.filter ?? []).map((filter) => matcher(filter, concepts))
  return new Set([...concepts.keys()].filter((code) => filters.every((matches) => matches(code))))
}

interface Known {
  readonly parents: readonly string[]
  readonly concept: Concept
}

function flatten(concepts: readonly Concept[], parent?: string): Map<string, Known> {
  const all = new Map<string, Known>()
  for (const concept of concepts) {
    const stated = (concept.property ?? [])
      .filter(({ code }) => code === 'subsumedBy')
      .map(({ valueCode }) => valueCode ?? '')
    all.set(concept.code, { concept, parents: parent === undefined ? stated : [parent, ...stated] })
    for (const [code, known] of flatten(concept.concept ?? [], concept.code)) all.set(code, known)
  }
  return all
}

function matcher(
  { property, op, value }: { property: string; op: string; value: string },
  concepts: ReadonlyMap<string, Known>,
): (code: string) => boolean {
  if (property === 'concept' && (op === 'is-a' || op === 'descendent-of'))
    return (code) => (op === 'is-a' && code === value) || isBelow(code, value, concepts)
  if (op === '=')
    return (code) =>
      concepts
        .get(code)
        ?.concept.property?.some((each) => each.code === property && each.valueCode === value) ?? false
  throw new DefinitionError(`filter ${property} ${op} ${value} is not supported`)
}

function isBelow(code: string, ancestor: string, concepts: ReadonlyMap<string, Known>): boolean {
  const parents = concepts.get(code)?.parents ?? []
  return parents.some((parent) => parent === ancestor || isBelow(parent, ancestor, concepts))
}
