import type { Caller } from '../../auth/caller.ts'
import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { Guard, StoredVersion } from '../../store/port.ts'
import type { Precondition } from '../resources.ts'
import type { Clause } from '../search/clause.ts'
import type { Matches } from '../search/search.ts'
import { pairsOf } from './call.ts'
import type { Call, Conditions } from './call.ts'
import type { RestDeps } from './rest-deps.ts'

const ETAG = /^(?:W\/)?"(?<version>[A-Za-z0-9.-]{1,64})"$|^(?<bare>\d{1,18})$/

/**
 * What If-Match, If-None-Match and If-Unmodified-Since ask of a write; `undefined` without any. The first comes before the last, which means
 * nothing when it is no time.
 *
 * @throws Fault `malformed` when If-Match is neither `*` nor a list of versions
 * @see RFC 9110, section 13.1
 */
export function preconditionOf({
  ifMatch,
  ifNoneMatch,
  ifUnmodifiedSince,
}: Conditions): Precondition | undefined {
  const wanted = ifMatch === undefined ? undefined : tagsOf(ifMatch)
  const unwanted = ifNoneMatch === undefined ? undefined : tagsOf(ifNoneMatch)
  if (wanted?.includes(undefined) === true)
    throw fault('malformed', { code: 'value', text: 'If-Match must be a version such as W/"3", or *' })
  const until = wanted ? Number.NaN : Date.parse(ifUnmodifiedSince ?? '')
  if (!wanted && !unwanted && Number.isNaN(until)) return undefined
  return {
    holds: (current) =>
      (!wanted || names(wanted, current)) &&
      !(unwanted && names(unwanted, current)) &&
      !(current && secondOf(current) > until),
    otherwise: 'precondition',
  }
}

/**
 * What a condition of a write says that it cannot be asked of; `undefined` where it can.
 *
 * @param name as the caller has to be told, `If-Match` or `ifMatch`
 */
export function misplaced(
  condition: keyof Conditions,
  { method, path }: Pick<Call, 'method' | 'path'>,
  name: string,
): string | undefined {
  if (condition === 'ifNoneExist' && method !== 'POST')
    return `${name} is a condition of a create: put criteria of other requests into their address`
  const isCreate = method === 'POST' && path.length === 1 && !/^(?:\$|_search$)/.test(path[0] ?? '')
  if ((condition === 'ifMatch' || condition === 'ifNoneMatch') && isCreate)
    return `${name} is a condition on a version that is there: a create has none, use criteria (If-None-Exist)`
  return undefined
}

const HEADERS = { ifMatch: 'If-Match', ifNoneMatch: 'If-None-Match', ifNoneExist: 'If-None-Exist' } as const

/**
 * A condition of a write that is passed over protects nobody.
 *
 * @throws Fault `malformed`
 */
export function checkConditions(call: Pick<Call, 'method' | 'path' | 'conditions'>): void {
  const { method, conditions } = call
  if (method === 'GET' || method === 'HEAD') return
  for (const [condition, name] of Object.entries(HEADERS) as readonly [keyof typeof HEADERS, string][]) {
    const text = conditions[condition] === undefined ? undefined : misplaced(condition, call, name)
    if (text !== undefined) throw fault('malformed', { code: 'not-supported', text })
  }
}

/** @throws Fault `precondition` when the caller expects another version than the current one */
export function checkExpected({ conditions }: Pick<Call, 'conditions'>, current: StoredVersion): void {
  if (preconditionOf(conditions)?.holds(current) !== false) return
  const { type, id, version } = current
  const text = `The precondition failed: ${type}/${id} is at version ${String(version)} by now`
  throw fault('precondition', { code: 'conflict', text })
}

/** No resource met the criteria: one that has the id of the body is another one, and must not be overwritten. */
export function onlyNew(conditions: Conditions): Precondition {
  const asked = preconditionOf(conditions)
  return {
    holds: (current) => (!current || current.deleted) && asked?.holds(current) !== false,
    otherwise: asked ? 'precondition' : 'conflict',
  }
}

type Tag = string | undefined

/** `*` or versions; `undefined` for what is neither. */
function tagsOf(header: string): readonly Tag[] {
  return header.split(',').map((each) => {
    const tag = each.trim()
    const groups = ETAG.exec(tag)?.groups
    return tag === '*' ? tag : (groups?.['version'] ?? groups?.['bare'])
  })
}

function names(tags: readonly Tag[], current: StoredVersion | undefined): boolean {
  return current?.deleted === false && (tags.includes('*') || tags.includes(String(current.version)))
}

/** The query of an If-None-Exist; HAPI's client sends it behind base and type, others behind the type. */
export function criteriaOf(ifNoneExist: string, type: string): string {
  const text = ifNoneExist.trim()
  const mark = text.indexOf('?')
  const place = text.slice(0, Math.max(mark, 0))
  return mark >= 0 && (place === '' || place === type || place.endsWith(`/${type}`)) && !place.includes('=')
    ? text.slice(mark + 1)
    : text
}

/** Whether a list of tags names one, compared weakly. @see RFC 9110, section 13.1.2 */
export function isTagged(ifNoneMatch: string | undefined, etag: string): boolean {
  return ifNoneMatch === '*' || (ifNoneMatch?.split(',').some((tag) => opaque(tag) === opaque(etag)) ?? false)
}

function opaque(tag: string): string {
  return tag.trim().replace(/^W\//, '')
}

/** Whether a read may be answered with "not modified". @see RFC 9110, section 13 */
export function isUnchanged(
  { ifNoneMatch, ifModifiedSince }: Conditions,
  version: { version: number; lastUpdated: number },
): boolean {
  if (ifNoneMatch !== undefined) return isTagged(ifNoneMatch, `"${String(version.version)}"`)
  const since = ifModifiedSince === undefined ? Number.NaN : Date.parse(ifModifiedSince)
  return secondOf(version) <= since
}

/** What Last-Modified says. */
function secondOf({ lastUpdated }: { readonly lastUpdated: number }): number {
  return Math.floor(lastUpdated / 1000) * 1000
}

export interface Resolved {
  /** Absent: nothing matches. */
  readonly id?: string
  /** Refuses the commit when the answer would be another one by then. */
  readonly guard: Guard
  readonly matches: Matches
}

/** Finds the one resource that conditional criteria mean. @throws Fault `multiple-matches`, `malformed`, `precondition` */
export async function resolveCriteria(
  deps: RestDeps,
  caller: Caller,
  criteria: { type: string; query: string },
): Promise<Resolved> {
  const { type } = criteria
  const since = await deps.log.head()
  const matches = await deps.search.match(caller, { type, pairs: pairsOf(criteria.query), most: 2 })
  if (matches.ids.length > 1) {
    const text = `Several ${type} resources meet these criteria: make them narrower`
    throw fault('multiple-matches', { code: 'multiple-matches', text })
  }
  const [id] = matches.ids
  const guard = guardOf(type, matches, since)
  return { matches, guard, ...(id === undefined ? {} : { id }) }
}

/**
 * All that conditional criteria mean, for a deletion of several.
 *
 * @throws Fault `multiple-matches` above `limits.fhir.deleteMost`
 */
export async function resolveAll(
  deps: RestDeps,
  caller: Caller,
  { type, query }: { type: string; query: string },
): Promise<{ readonly ids: readonly string[]; readonly guard: Guard }> {
  const since = await deps.log.head()
  const most = limits.fhir.deleteMost
  const matches = await deps.search.match(caller, { type, pairs: pairsOf(query), most: most + 1 })
  if (matches.ids.length > most) {
    const text = `More than ${String(most)} ${type} resources meet these criteria: make them narrower`
    throw fault('multiple-matches', { code: 'multiple-matches', text })
  }
  return { ids: matches.ids, guard: guardOf(type, matches, since) }
}

function guardOf(type: string, { clauses }: Matches, since: number): Guard {
  const key = clauses.map(guardKey).findLast((each) => each !== undefined)
  return { kind: 'unchanged', type, since, ...(key === undefined ? {} : { key }) }
}

/** A key that every new match would have. */
function guardKey({ anyOf, negated }: Clause): string | undefined {
  const [only] = anyOf
  return negated !== true && anyOf.length === 1 && only?.by === 'key' ? only.key : undefined
}
