import type { Alias } from '../../../fhir/aliases.ts'
import type { JsonValue } from '../../../kernel/json.ts'
import type { Item, Likely, Shared } from '../model/image.ts'
import type { Node } from '../model/node.ts'
import { objectOf } from '../model/objects.ts'
import { compilePath, fieldsOf, findNodes, type FieldName } from '../model/path.ts'
import { compileCondition } from '../rules/expression.ts'
import type { ComposedRule, IdentityRule } from '../rules/identity-rule.ts'
import type { FeedFile } from '../rules/rules.ts'
import type { Draft, Target } from './draft.ts'

export interface Identified {
  readonly aliases: readonly Alias[]
  /** See `Draft`. */
  readonly sources: Draft['identity']
  /** The identity is put together from content, not an identifier: the same one twice in a message means two things. */
  readonly isComposed: boolean
  readonly likely?: Likely
  readonly item?: Item
  readonly whole?: Shared
}

/** What identities need of the message that is being mapped. */
export interface IdentityDesk {
  readonly feed: FeedFile
  readonly feedName: string
  /** The nearest image of a key. */
  readonly find: (key: string, place: Pick<Target, 'here' | 'segment'>) => Draft | undefined
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

type ByElement = Extract<IdentityRule, { element: string }>

/** Identifiers of the resource, by the preference of their types; `''` stands for those without a type. */
function byElement(rule: ByElement, reads: FieldName[]): Identify {
  const { element, prefer, also = [], group } = rule
  const besideOf = compileBeside(rule, reads)
  const condition = rule.when === undefined ? undefined : compileCondition(rule.when)
  const shareOf = rule.item && compileShare(rule, rule.item, reads)
  const whole = rule.whole === undefined ? undefined : compileCondition(rule.whole)
  reads.push(...(whole?.fields ?? []), ...(condition?.fields ?? []))
  return (target, desk) => {
    if (whole?.holds(target) === false || condition?.holds(target) === false) return undefined
    const { draft } = target
    const candidates = identifiersOf(draft, element)
    const kinds = prefer === 'feed' ? desk.feed.identityPreference : prefer
    const chosen =
      kinds === undefined
        ? candidates
        : kinds.flatMap((kind) => candidates.filter((one) => one.kind === kind))
    const [first] = chosen
    if (first === undefined) return undefined
    const prefix = prefixOf(first.alias)
    const { others, likely } = besideOf(target, desk)
    const base = { sources: [first.path] as (Node | Draft | string)[], isComposed: false, ...likely }
    if (whole !== undefined)
      return { aliases: [memberAlias(first.alias, '')], whole: { prefix, isNew: false }, ...base }
    const aliases = [...chosen.map(({ alias }) => alias), ...others]
    if (shareOf === undefined) return { aliases, ...base }
    const { text, isNew, isLast } = shareOf(target, desk, base.sources)
    const alike = candidates.filter(({ kind }) => also.includes(kind))
    const members = [...alike, ...groupsOf(draft, group)].map(({ alias }) =>
      memberAlias(alias, `${text ?? ''}|${prefixOf(first.alias)}`),
    )
    if (text === undefined) return { aliases: [...aliases, ...members], whole: { prefix, isNew }, ...base }
    const item = { alias: { ...first.alias, system: ITEMS, value: prefix + text }, prefix, isNew, isLast }
    return { aliases: [item.alias, ...aliases, ...members], item, ...base }
  }
}

type ShareOf = (
  target: Target,
  desk: IdentityDesk,
  sources: (Node | Draft | string)[],
) => { readonly text: string | undefined } & Pick<Item, 'isNew' | 'isLast'>

/** Which one it is of several things that have a number, if the message says so. */
function compileShare(rule: ByElement, item: readonly string[], reads: FieldName[]): ShareOf {
  const parts = item.map((part) => compilePart(part, reads))
  const isNew = rule.new === undefined ? undefined : compileCondition(rule.new)
  const isLast = rule.last === undefined ? undefined : compileCondition(rule.last)
  reads.push(...(isNew?.fields ?? []), ...(isLast?.fields ?? []))
  return (target, desk, sources) => {
    const texts = parts.map((part) => part(target, desk, sources))
    return {
      text: texts.includes(undefined) ? undefined : texts.join('|'),
      isNew: isNew?.holds(target) === true,
      isLast: isLast?.holds(target) === true,
    }
  }
}

/** Of what is known by a number of its own and what tells it from others with that number. */
export const ITEMS = 'urn:mogran:item'
/** Of what has a number that it is not known by: every thing with the number is found by what the values begin with. */
export const MEMBERS = 'urn:mogran:member'

function prefixOf({ system, value }: Alias): string {
  return `${escaped(system)}|${escaped(value)}|`
}

function memberAlias(number: Alias, tail: string): Alias {
  return { ...number, system: MEMBERS, value: prefixOf(number) + tail }
}

function groupsOf(draft: Draft, group: string | undefined): readonly Candidate[] {
  return group === undefined ? [] : identifiersOf(draft, group)
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

/** Parts: HL7 paths, `@key` (identity of another image), `?` in front of either: may be missing. */
function byParts(rule: ComposedRule, reads: FieldName[]): Identify {
  const { system, parts, group, when, alike } = rule
  const compose = compileParts(parts, reads)
  const besideOf = compileBeside(rule, reads)
  const condition = when === undefined ? undefined : compileCondition(when)
  const isAlike = alike === undefined ? undefined : compileCondition(alike)
  reads.push(...(condition?.fields ?? []), ...(isAlike?.fields ?? []))
  return (target, desk) => {
    if (condition?.holds(target) === false) return undefined
    const sources: (Node | Draft)[] = []
    const value = compose(target, desk, sources)
    if (value === undefined) return undefined
    const alias = aliasOf(target, desk, { system, value })
    const { others, likely } = besideOf(target, desk)
    const members = groupsOf(target.draft, group).map((one) => memberAlias(one.alias, `|${prefixOf(alias)}`))
    return {
      aliases: [alias, ...others, ...members],
      sources,
      isComposed: true,
      ...(isAlike?.holds(target) === true && { likely: begunBy(alias) }),
      ...likely,
    }
  }
}

/** What a thing is known by as well, and by what it is probably known. */
function compileBeside(
  { beside, likely }: Pick<ComposedRule, 'beside' | 'likely'>,
  reads: FieldName[],
): (
  target: Target,
  desk: IdentityDesk,
) => { readonly others: readonly Alias[]; readonly likely?: Pick<Identified, 'likely'> } {
  const [composed, same] = [beside, likely].map((one) => one && byParts(one, reads))
  return (target, desk) => {
    const [others = [], [like] = []] = [composed, same].map((one) => one?.(target, desk)?.aliases ?? [])
    return { others, ...(like !== undefined && { likely: { likely: like } }) }
  }
}

/** All parts but the last. */
function begunBy(alias: Alias): Likely {
  return { ...alias, value: alias.value.slice(0, alias.value.lastIndexOf('|') + 1), isBegun: true }
}

function aliasOf(
  { draft: { type } }: Target,
  { feed: { places, facility }, feedName }: IdentityDesk,
  { system, value }: Omit<Alias, 'type'>,
): Alias {
  const named = system.replace('{feed}', feedName).replace('{places}', places ?? facility ?? feedName)
  return { type, system: named, value }
}

function compileParts(parts: readonly string[], reads: FieldName[]): Part {
  const compiled = parts.map((part) => compilePart(part, reads))
  return (target, desk, sources) => {
    const texts: string[] = []
    for (const part of compiled) {
      const text = part(target, desk, sources)
      if (text === undefined) return undefined
      texts.push(text)
    }
    return texts.join('|')
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
    return (place, { find }, sources) => {
      const other = find(key, place)
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
