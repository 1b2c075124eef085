import type { Alias } from '../../fhir/aliases.ts'
import type { JsonValue } from '../../kernel/json.ts'
import type { Draft } from './draft.ts'
import { originFrom, pathOf } from './finish.ts'
import type { Scope } from './node.ts'
import { compilePath, type FieldName } from './path.ts'
import type { FeedFile, IdentityRule } from './rules.ts'

/** The nearest image of a key, seen from where a rule stands. */
export type FindDraft = (key: string, scope: Scope) => Draft | undefined

export interface Identified {
  readonly aliases: readonly Alias[]
  /** Positions that the preferred identity was read from. */
  readonly sources: () => readonly string[]
  /** The identity is put together from content, not an identifier: the same one twice in a message means two things. */
  readonly isComposed: boolean
}

export interface IdentityContext {
  readonly scope: Scope
  readonly draft: Draft
  readonly feed: FeedFile
  readonly feedName: string
  readonly find: FindDraft
  /** Another thing of the message has this identity. */
  readonly isTaken: (alias: Alias) => boolean
}

export type Identify = (context: IdentityContext) => Identified | undefined

/** The first rule that gives an identity counts. @param reads collects the fields that identities use */
export function compileIdentity(rules: readonly IdentityRule[], reads: FieldName[]): Identify {
  const compiled = rules.map((rule) => ('element' in rule ? byElement(rule) : byParts(rule, reads)))
  return (context) => {
    for (const identify of compiled) {
      const found = identify(context)
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
function byElement({ element, prefer, once }: Extract<IdentityRule, { element: string }>): Identify {
  return ({ draft, feed, isTaken }) => {
    const candidates = identifiersOf(draft, element)
    const kinds = prefer === 'feed' ? feed.identityPreference : prefer
    const chosen =
      kinds === undefined
        ? candidates
        : kinds.flatMap((kind) => candidates.filter((one) => one.kind === kind))
    const [first] = chosen
    if (first === undefined || (once === true && isTaken(first.alias))) return undefined
    const sources = (): readonly string[] => sourcesIn(draft, first.path)
    return { aliases: chosen.map(({ alias }) => alias), sources, isComposed: false }
  }
}

/** Where value and system of an identifier came from. */
function sourcesIn({ written }: Draft, path: string): readonly string[] {
  const [value, system] = [`${path}.value`, `${path}.system`]
  const read = written.filter((one) => [value, system].includes(pathOf(one)))
  return read.map((one) => originFrom(one).source)
}

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
  return (context) => {
    const [first] = compiled
    if (first?.(context) === undefined) return undefined
    const found = compiled.map((part) => part(context))
    if (found.includes(undefined)) return undefined
    const { draft, feedName } = context
    const value = found.map((part) => part?.text).join('|')
    const alias = { type: draft.type, system: system.replace('{feed}', feedName), value }
    return {
      aliases: [alias],
      sources: () => found.flatMap((part) => part?.sources() ?? []),
      isComposed: true,
    }
  }
}

/** A bar joins the parts. */
function escaped(text: string): string {
  return text.includes('|') || text.includes('\\') ? text.replaceAll(/[\\|]/g, '\\$&') : text
}

/** The text is escaped. */
type Part = (
  context: IdentityContext,
) => { readonly text: string; readonly sources: () => readonly string[] } | undefined

function compilePart(part: string, reads: FieldName[]): Part {
  const isOptional = part.startsWith('?')
  const text = isOptional ? part.slice(1) : part
  const none = isOptional ? { text: '', sources: () => [] } : undefined
  if (text.startsWith('@')) {
    const key = text.slice(1)
    return ({ scope, find }) => {
      const other = find(key, scope)
      const [alias] = other?.aliases ?? []
      if (other === undefined || alias === undefined) return none
      other.identityText ??= escaped(`${alias.system}|${alias.value}`)
      return { text: other.identityText, sources: other.identitySources }
    }
  }
  const path = compilePath(text)
  reads.push(...path.fields)
  return ({ scope }) => {
    const node = path.find(scope).find((one) => !one.isNull && one.text.trim() !== '')
    return node === undefined ? none : { text: escaped(node.text.trim()), sources: () => [node.source] }
  }
}
