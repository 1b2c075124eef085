import { isUtf8 } from 'node:buffer'

import type { Caller } from '../../auth/caller.ts'
import { fault } from '../../kernel/fault.ts'
import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import { soon } from '../../kernel/soon.ts'
import type { Soon } from '../../kernel/soon.ts'
import { isObject, parseInTurns } from '../json/parse.ts'
import { OF_ANSWERS } from '../search/parse-request.ts'
import type { Pair } from '../search/request.ts'
import { SUBSETTED } from './shaping.ts'

/** One interaction, whether it came as an HTTP request or as an entry of a Bundle. */
export interface Call {
  readonly caller: Caller
  readonly method: Method
  /** Decoded segments below the base: `['Patient', '1', '_history']`. */
  readonly path: readonly string[]
  readonly query: readonly Pair[]
  readonly conditions: Conditions
  readonly prefer: Preferences
  /** The body as text; empty when there is none. */
  readonly text: string
  /** What the text says, where somebody has parsed it already. */
  readonly resource?: JsonObject
  readonly contentType?: string
  /** As sent. */
  readonly accept?: string
  /** `X-Provenance`, as sent. */
  readonly provenance?: string
  /** Where the resource stands in a Bundle (`Bundle.entry[2].resource`). */
  readonly at?: string
}

export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
export type Method = (typeof METHODS)[number]

/** The headers of conditional requests, as sent. */
export interface Conditions {
  readonly ifMatch?: string
  readonly ifNoneMatch?: string
  readonly ifModifiedSince?: string
  readonly ifUnmodifiedSince?: string
  readonly ifNoneExist?: string
}

export interface Preferences {
  readonly return: 'representation' | 'minimal' | 'OperationOutcome'
  readonly handling?: 'strict' | 'lenient'
}

/** `Prefer: return=minimal, handling=lenient` (RFC 7240): what is unknown is ignored, and of what is said twice the first counts. */
export function preferencesOf(header: string | undefined): Preferences {
  if (header === undefined || header === '') return { return: 'representation' }
  const said = header.split(/[,;]/).map((part) => {
    const [name = '', value = ''] = part.trim().split('=')
    return [name.trim().toLowerCase(), value.trim().replaceAll('"', '')] as const
  })
  const wanted = new Map(said.toReversed())
  const given = wanted.get('return')
  const handling = wanted.get('handling')
  return {
    return: given === 'minimal' || given === 'OperationOutcome' ? given : 'representation',
    ...(handling === 'strict' || handling === 'lenient' ? { handling } : {}),
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** JSON; absent for none. */
  readonly body?: Uint8Array
  /** Of the resource, in milliseconds: a header tells seconds only. */
  readonly lastUpdated?: number
  /** An OperationOutcome for the entry of a Bundle; the same as `body` where it is all that was asked for. */
  readonly outcome?: Uint8Array
}

/**
 * Criteria count where a type is addressed to update, patch or delete; elsewhere they would be overlooked, and the write would not be the
 * one that was meant.
 *
 * @throws Fault `malformed`
 */
export function checkCriteria({ method, path, query, prefer }: Addressed): void {
  const isPlain = method === 'POST' ? path.length === 1 : path.length === 2 && WRITES.has(method)
  const isOther = isPlain && query.some(([name]) => !OF_ANSWERS.has(name))
  if (!isOther || prefer?.handling === 'lenient' || /^(?:\$|_search$)/.test(path.at(-1) ?? '')) return
  const text =
    method === 'POST'
      ? 'A create has no search parameters: put them into If-None-Exist (ifNoneExist in a Bundle)'
      : 'The address names one resource: leave the search parameters out, or the id'
  throw fault('malformed', { code: 'not-supported', text })
}

interface Addressed extends Pick<Call, 'method' | 'path' | 'query'> {
  readonly prefer?: Preferences
}

const WRITES: ReadonlySet<string> = new Set(['PUT', 'PATCH', 'DELETE'])

/** The resource of a request body. @throws Fault `malformed` when it is not of the type that the address names */
export function resourceOf(call: Call, type: string): Soon<JsonObject> {
  return soon(call.resource ?? parseInTurns(call.text), (resource) => ofType(resource, type, call.at))
}

/** @throws Fault `malformed` when the resource is not of the type that the address names */
export function ofType(resource: JsonObject, type: string, at = type): JsonObject {
  const given = resource['resourceType']
  if (given === type) return whole(resource, at)
  const text =
    typeof given === 'string'
      ? `The address says ${type}, the body is a ${given.slice(0, 64)}`
      : `The body has no resourceType: send a ${type}`
  throw fault('malformed', { code: 'invalid', text, at })
}

/** A resource that was read as a summary would lose the rest of its elements. @throws Fault `unprocessable` */
function whole(resource: JsonObject, at: string): JsonObject {
  const tags = isObject(resource['meta']) ? resource['meta']['tag'] : undefined
  const isPart =
    Array.isArray(tags) &&
    (tags as readonly unknown[]).some(
      (tag) => isObject(tag) && tag['code'] === SUBSETTED.code && tag['system'] === SUBSETTED.system,
    )
  if (!isPart) return resource
  throw fault('unprocessable', {
    code: 'business-rule',
    text: 'This resource is only a part (tag SUBSETTED): read it whole before you write it back',
    at: `${at}.meta.tag`,
  })
}

const BYTE_ORDER_MARK = 0xfe_ff

/** @throws Fault `malformed` when the bytes are no UTF-8 */
export function textOfBody(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw fault('malformed', { code: 'structure', text: 'The body is not UTF-8' })
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  // RFC 8259, section 8.1, lets a receiver overlook the mark.
  return text.charCodeAt(0) === BYTE_ORDER_MARK ? text.slice(1) : text
}

/**
 * Name and value pairs of a query string or form, decoded once and in order. A lone percent sign stands for itself.
 *
 * @throws Fault `malformed` for escapes that are no UTF-8: what they mean would be a guess
 */
export function pairsOf(query: string): readonly Pair[] {
  if (query === '') return []
  // What begins with a question mark begins behind it.
  const text = query.startsWith('?') ? query.slice(1) : query
  try {
    return text.split('&').flatMap(pairOf)
  } catch {
    return [...new URLSearchParams(text)].map(readable)
  }
}

function readable(pair: readonly [string, string]): Pair {
  if (!pair.some((text) => text.includes(REPLACED))) return pair
  const text = 'The parameters hold percent escapes that are no UTF-8'
  throw fault('malformed', { code: 'value', text })
}

/** Stands for bytes that are no character. */
const REPLACED = '\uFFFD'

/** `pairsOf` that gives the very same list again for an address it was given lately: so does whoever makes something of it. */
export function createPairs(): (address: string, query: string) => readonly Pair[] {
  const known = new Map<string, readonly Pair[]>()
  return (address, query) => {
    const before = known.get(address)
    if (before) return before
    const pairs = pairsOf(query)
    if (address.length > limits.fhir.knownAddressChars) return pairs
    known.set(address, pairs)
    for (const oldest of known.size > limits.fhir.knownAddresses ? known.keys().take(1) : [])
      known.delete(oldest)
    return pairs
  }
}

/** @throws URIError for a broken escape */
function pairOf(text: string): readonly Pair[] {
  if (text === '') return []
  const at = text.indexOf('=')
  return at < 0 ? [[decoded(text), '']] : [[decoded(text.slice(0, at)), decoded(text.slice(at + 1))]]
}

function decoded(text: string): string {
  const spaced = text.includes('+') ? text.replaceAll('+', ' ') : text
  return spaced.includes('%') ? decodeURIComponent(spaced) : spaced.toWellFormed()
}
