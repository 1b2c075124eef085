import type { Caller } from '../../auth/caller.ts'
import { fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import type { Guard } from '../../store/port.ts'
import type { Clause } from '../search/clause.ts'
import type { Matches } from '../search/search.ts'
import { pairsOf } from './call.ts'
import type { Conditions } from './call.ts'
import type { RestDeps } from './rest-deps.ts'

const ETAG = /^(?:W\/)?"(?<version>[A-Za-z0-9.-]{1,64})"$|^(?<bare>\d{1,18})$/

/**
 * The version that a write expects: of If-Match, 0 (must be new) for `If-None-Match: *`, `undefined` without either.
 *
 * @throws Fault `malformed` when the header is no version
 */
export function expectedVersion({ ifMatch, ifNoneMatch }: Conditions): number | undefined {
  if (ifMatch !== undefined) return versionOf(ifMatch)
  if (ifNoneMatch === '*') return 0
  return undefined
}

function versionOf(header: string): number {
  const groups = ETAG.exec(header.trim())?.groups
  const text = groups?.['version'] ?? groups?.['bare']
  if (text === undefined)
    throw fault('malformed', { code: 'value', text: 'If-Match must be a version such as W/"3"' })
  // A version that the hub never gives can match nothing.
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : -1
}

/** Whether a read may be answered with "not modified". @see RFC 9110, section 13 */
export function isUnchanged(
  { ifNoneMatch, ifModifiedSince }: Conditions,
  version: { version: number; lastUpdated: number },
): boolean {
  if (ifNoneMatch !== undefined) {
    return (
      ifNoneMatch === '*' ||
      ifNoneMatch.split(',').some((tag) => tag.trim().replace(/^W\//, '') === `"${String(version.version)}"`)
    )
  }
  const since = ifModifiedSince === undefined ? Number.NaN : Date.parse(ifModifiedSince)
  return Math.floor(version.lastUpdated / 1000) * 1000 <= since
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
