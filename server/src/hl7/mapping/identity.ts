import type { Alias } from '../../fhir/aliases.ts'
import type { JsonValue } from '../../kernel/json.ts'
import type { Draft } from './draft.ts'
import { compileCondition } from './expression.ts'
import type { Item } from './image.ts'
import type { Node } from './node.ts'
import { compilePath, fieldsOf, findNodes, type FieldName } from './path.ts'
import type { FeedFile, IdentityRule } from './rules.ts'
import type { Occurrence } from './structure.ts'
import type { Target } from './target.ts'

export interface Identified {
  readonly aliases: readonly Alias[]
  /** See `Draft`. */
  readonly sources: Draft['identity']
  /** The identity is put together from content, not an identifier: the same one twice in a message means two things. */
  readonly isComposed: boolean
  readonly item?: Item
}

/** What identities need of the message that is being mapped. */
export interface IdentityDesk {
  readonly feed: FeedFile
  readonly feedName: string
  /** The nearest image of a key. */
  readonly find: (key: string, here: Occurrence) => Draft | undefined
}

/** @param target filled by its rows */
export type Identify = (target: Target, desk: IdentityDesk) => Identified | undefined

/** The first rule that gives an identity counts. @param reads collects the fields that identities use */
export function compileIdentity(rules: readonly IdentityRule[], reads: FieldName[]): Identify {
  const compiled = rules.map((rule) => ('element' in rule ? byElement(rule, reads) : byParts(rule, reads)))
  return (target, desk) => {
    for (const identify of compiled) {
      const found = identify(target, desk)
      if (found !== undefined) return found
    }
    return undefined
  }
}

interface Candidate {
  readonly alias: Alias
  readonly kind: string
  readonly path: string
}

/** Identifiers of the resource, by the preference of their types; `''` stands for those without a type. */
function byElement(rule: Extract<IdentityRule, { element: string }>, reads: FieldName[]): Identify {
  const { element, prefer } = rule
  const itemOf = compileItem(rule, reads)
  return (target, desk) => {
    const { draft } = target
    const { feed } = desk
    const candidates = identifiersOf(draft, element)
    const kinds = prefer === 'feed' ? feed.identityPreference : prefer
    const chosen =
      kinds === undefined
        ? candidates
        : kinds.flatMap((kind) => candidates.filter((one) => one.kind === kind))
    const [first] = chosen
    if (first === undefined) return undefined
    const aliases = chosen.map(({ alias }) => alias)
    const sources: (Node | Draft | string)[] = [first.path]
    const item = itemOf(first.alias, { target, desk, sources })
    const base = { sources, isComposed: false }
    return item === undefined ? { aliases, ...base } : { aliases: [item.alias, ...aliases], item, ...base }
  }
}

type ItemOf = (
  alias: Alias,
  of: { readonly target: Target; readonly desk: IdentityDesk; readonly sources: (Node | Draft | string)[] },
) => Item | undefined

/** One of several things that have a number. */
function compileItem(
  { item, new: condition }: Extract<IdentityRule, { element: string }>,
  reads: FieldName[],
): ItemOf {
  if (item === undefined) return () => undefined
  const parts = item.map((part) => compilePart(part, reads))
  const isNew = condition === undefined ? undefined : compileCondition(condition)
  reads.push(...(isNew?.fields ?? []))
  return ({ type, system, value }, { target, desk, sources }) => {
    const texts = parts.map((part) => part(target, desk, sources))
    if (texts.includes(undefined)) return undefined
    const prefix = `${escaped(system)}|${escaped(value)}|`
    const alias = { type, system: ITEMS, value: `${prefix}${texts.join('|')}` }
    return { alias, prefix, isNew: isNew?.holds(target) === true }
  }
}

const ITEMS = 'urn:mogran:item'

function identifiersOf(draft: Draft, element: string): Candidate[] {
  const found = draft.resource[element]
  const items = Array.isArray(found) ? (found as JsonValue[]) : [found]
  return items.flatMap((item, index) => {
    const { system, value, type } = objectOf(item)
    if (typeof system !== 'string' || typeof value !== 'string') return []
    const codings = objectOf(type)['coding']
    const kind = objectOf(Array.isArray(codings) ? (codings as JsonValue[])[0] : undefined)['code']
    const path = `${element}${Array.isArray(found) ? `[${index}]` : ''}`
    return [{ alias: { type: draft.type, system, value }, kind: typeof kind === 'string' ? kind : '', path }]
  })
}

function objectOf(value: JsonValue | undefined): Readonly<Record<string, JsonValue | undefined>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, JsonValue | undefined>>)
    : {}
}

/** Parts: HL7 paths, `@key` (identity of another image), `?` in front of either: may be missing. */
function byParts(
  { system, parts }: Extract<IdentityRule, { parts: readonly string[] }>,
  reads: FieldName[],
): Identify {
  const compiled = parts.map((part) => compilePart(part, reads))
  return (target, desk) => {
    const sources: (Node | Draft)[] = []
    let value: string | undefined
    for (const part of compiled) {
      const text = part(target, desk, sources)
      if (text === undefined) return undefined
      value = value === undefined ? text : `${value}|${text}`
    }
    const alias = {
      type: target.draft.type,
      system: system.replace('{feed}', desk.feedName),
      value: value ?? '',
    }
    return { aliases: [alias], sources, isComposed: true }
  }
}

/** A bar joins the parts. */
function escaped(text: string): string {
  return text.includes('|') || text.includes('\\') ? text.replaceAll(/[\\|]/g, '\\$&') : text
}

/** @returns the escaped text; what it comes from is added to the sources */
type Part = (target: Target, desk: IdentityDesk, sources: (Node | Draft | string)[]) => string | undefined

function compilePart(part: string, reads: FieldName[]): Part {
  const isOptional = part.startsWith('?')
  const text = isOptional ? part.slice(1) : part
  const none = isOptional ? '' : undefined
  if (text.startsWith('@')) {
    const key = text.slice(1)
    return ({ here }, { find }, sources) => {
      const other = find(key, here)
      const [alias] = other?.aliases ?? []
      if (other === undefined || alias === undefined) return none
      sources.push(other)
      other.identityText ??= `${escaped(alias.system)}\\|${escaped(alias.value)}`
      return other.identityText
    }
  }
  const path = compilePath(text)
  reads.push(...fieldsOf(path))
  return (target, _, sources) => {
    const node = findNodes(path, target).find((one) => !one.isNull && one.text.trim() !== '')
    if (node === undefined) return none
    sources.push(node)
    return escaped(node.text.trim())
  }
}
