import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Caller } from '../../auth/caller.ts'
import { limits } from '../../kernel/limits.ts'
import { isId } from '../access.ts'
import { jsonBody, NOT_KEPT, versionHeaders } from '../calls/answers.ts'
import { createPairs } from '../calls/call.ts'
import type { Call } from '../calls/call.ts'
import { FHIR_JSON } from '../calls/negotiate.ts'
import { answerTo } from '../calls/outcome.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { search } from '../interactions/search-calls.ts'
import type { Pair } from '../search/request.ts'
import { gzipped, takesGzip } from './compression.ts'

export interface FastRouteOptions {
  readonly rest: RestDeps
  /** Path before the type, `/fhir/`. */
  readonly prefix: string
  /** The caller of a token that was seen lately; `undefined` when it has to be checked. */
  readonly knownCaller: (authorization: string | undefined, correlation: string) => Caller | undefined
  readonly requestIdOf: (request: IncomingMessage) => string
  /** Request headers that the answers of this hub depend on in any case. */
  readonly vary: readonly string[]
  /** Told what no caller can mend. */
  readonly onDefect: (error: unknown) => void
}

/**
 * Answers the most frequent requests, plain reads of one resource and searches of one type by a known caller, without the framework: same
 * checks, same audit row, same answer to the byte (`fhir-fast-route.test.ts` compares them), a third of the time.
 *
 * @returns a function that tells whether it answers the request; when not, it has done nothing
 */
export function createFastRoute(
  options: FastRouteOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  // A Binary may go out raw, and has access rules of its own.
  const types = new Set(options.rest.definitions.types.filter((type) => type !== 'Binary'))
  const pairsIn = createPairs()
  const work = (caller: Caller, target: Target, url: string): Promise<Found> =>
    'query' in target
      ? search(options.rest, callOf(caller, target.type, pairsIn(url, target.query)), target)
      : read(options, caller, target)
  return (request, response) => {
    const { method, url = '' } = request
    const target = method === 'GET' ? targetAt(url, options.prefix) : undefined
    if (target === undefined || !types.has(target.type) || !isPlain(request)) return false
    const requestId = options.requestIdOf(request)
    const caller = options.knownCaller(request.headers.authorization, requestId)
    if (caller === undefined) return false
    void answer(options, response, { request, requestId, work: () => work(caller, target, url) })
    return true
  }
}

interface Instance {
  readonly type: string
  readonly id: string
}

type Target = Instance | { readonly type: string; readonly query: string }

/** `/fhir/Patient/4711` or `/fhir/Patient?name=x` and nothing more: no escape in the path, no further segment. */
function targetAt(url: string, prefix: string): Target | undefined {
  if (!url.startsWith(prefix)) return undefined
  const mark = url.indexOf('?', prefix.length)
  if (mark >= 0) {
    const query = url.slice(mark + 1)
    // These shape the answer as text.
    const isShaped = query.includes('_format') || query.includes('_pretty')
    return isShaped ? undefined : { type: url.slice(prefix.length, mark), query }
  }
  const slash = url.indexOf('/', prefix.length)
  const id = url.slice(slash + 1)
  return slash > 0 && isId(id) ? { type: url.slice(prefix.length, slash), id } : undefined
}

const ACCEPTED: ReadonlySet<string> = new Set(['*/*', 'application/fhir+json', 'application/json'])
/** Headers that change nothing about the answer. Any other one sends the request the long way. */
const HARMLESS: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'authorization',
  'user-agent',
  'accept-encoding',
  'accept-language',
  // What `fetch` adds by itself.
  'sec-fetch-mode',
  'x-request-id',
])

function isPlain({ headers }: IncomingMessage): boolean {
  for (const name in headers) if (!isHarmless(name, headers)) return false
  return true
}

export function isHarmless(name: string, { accept = '' }: IncomingMessage['headers']): boolean {
  return HARMLESS.has(name) || (name === 'accept' && ACCEPTED.has(accept))
}

/** An answer before the headers that every answer has. */
export interface Found {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

/** Sends what the work finds, or the outcome that says what was wrong. */
export async function answer(
  { onDefect, vary }: Pick<FastRouteOptions, 'onDefect' | 'vary'>,
  response: ServerResponse,
  { request, requestId, work }: Asked,
): Promise<void> {
  let found: Found
  try {
    found = await work()
  } catch (error) {
    const { status, outcome } = answerTo(error)
    if (status >= 500 && status !== 501) onDefect(error)
    found = { status, headers: {}, body: jsonBody(outcome) }
  }
  const isPlainAnswer = vary.length === 0 && (found.body?.length ?? 0) < limits.http.packBytes
  const ready = isPlainAnswer ? found : fitted(found, request, vary)
  send(response, requestId, ready instanceof Promise ? await ready : ready)
}

interface Asked {
  readonly request: IncomingMessage
  readonly requestId: string
  readonly work: () => Promise<Found>
}

async function read({ rest }: FastRouteOptions, caller: Caller, target: Instance): Promise<Found> {
  const version = await rest.resources.read(caller, target.type, target.id)
  return { status: 200, headers: versionHeaders(version), body: version.bytes }
}

const NONE = new Uint8Array(0)

function callOf(caller: Caller, type: string, query: readonly Pair[]): Call {
  return {
    caller,
    method: 'GET',
    path: [type],
    query,
    conditions: {},
    prefer: { return: 'representation' },
    text: '',
  }
}

/** Packed for those who ask, when that is worthwhile. */
function fitted(found: Found, request: IncomingMessage, vary: readonly string[]): Found | Promise<Found> {
  const { status, headers, body = NONE } = found
  const isLarge = body.length >= limits.http.packBytes
  const varied = { ...headers, vary: (isLarge ? [...vary, 'Accept-Encoding'] : vary).join(', ') }
  return isLarge && takesGzip(request)
    ? gzipped(body).then((packed) => ({
        status,
        headers: { ...varied, 'content-encoding': 'gzip' },
        body: packed,
      }))
    : { status, headers: varied, body }
}

function send(response: ServerResponse, requestId: string, { status, headers, body = NONE }: Found): void {
  const head = ['x-request-id', requestId, 'cache-control', NOT_KEPT]
  for (const name in headers) head.push(name, headers[name] ?? '')
  head.push('content-type', FHIR_JSON, 'content-length', String(body.length))
  // Names and values in turn: a list is written as it is, an object is taken apart first.
  response.writeHead(status, head)
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  // Head and body of a small answer leave in one system call when the body is a string; as Latin-1 every byte is one character and stays itself.
  if (bytes.length > limits.http.oneWriteBytes) response.end(bytes)
  else response.end(bytes.toString('latin1'), 'latin1')
}
