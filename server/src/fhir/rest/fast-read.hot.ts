import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Caller } from '../../auth/caller.ts'
import { limits } from '../../kernel/limits.ts'
import { isId } from '../access.ts'
import { jsonBody, versionHeaders } from './answers.ts'
import { gzipped, takesGzip } from './compression.ts'
import { FHIR_JSON } from './negotiate.ts'
import { answerTo } from './outcome.ts'
import type { RestDeps } from './rest-deps.ts'

export interface FastReadOptions {
  readonly rest: Pick<RestDeps, 'resources' | 'definitions'>
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
 * Answers the most frequent request, the plain read of one resource by a known caller, without the framework: same checks, same audit row, same
 * answer to the byte (`fhir-fast-read.test.ts` compares them), a third of the time.
 *
 * @returns a function that tells whether it answers the request; when not, it has done nothing
 */
export function createFastRead(
  options: FastReadOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  // A Binary may go out raw, and has access rules of its own.
  const types = new Set(options.rest.definitions.types.filter((type) => type !== 'Binary'))
  return (request, response) => {
    const which = request.method === 'GET' ? resourceAt(request.url ?? '', options.prefix) : undefined
    if (which === undefined || !types.has(which.type) || !isPlain(request)) return false
    const requestId = options.requestIdOf(request)
    const caller = options.knownCaller(request.headers.authorization, requestId)
    if (caller === undefined) return false
    void answer(options, { caller, ...which })
      .then((found) => fitted(found, request, options.vary))
      .then((found) => send(response, requestId, found))
    return true
  }
}

interface Which {
  readonly type: string
  readonly id: string
}

/** `/fhir/Patient/4711` and nothing more: no query, no escape, no further segment. */
function resourceAt(url: string, prefix: string): Which | undefined {
  if (!url.startsWith(prefix)) return undefined
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
  for (const name in headers) {
    if (!HARMLESS.has(name) && !(name === 'accept' && ACCEPTED.has(headers.accept ?? ''))) return false
  }
  return true
}

interface Found {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

async function answer(
  { rest, onDefect }: FastReadOptions,
  { caller, type, id }: Which & { readonly caller: Caller },
): Promise<Found> {
  try {
    const version = await rest.resources.read(caller, type, id)
    return { status: 200, headers: versionHeaders(version), body: version.bytes }
  } catch (error) {
    const { status, outcome } = answerTo(error)
    if (status >= 500) onDefect(error)
    return { status, headers: {}, body: jsonBody(outcome) }
  }
}

/** Packed for those who ask, when that is worthwhile. */
async function fitted(found: Found, request: IncomingMessage, vary: readonly string[]): Promise<Found> {
  const { status, headers, body } = found
  const isLarge = body.length >= limits.http.packBytes
  if (!isLarge && vary.length === 0) return found
  const varied = { ...headers, vary: (isLarge ? [...vary, 'Accept-Encoding'] : vary).join(', ') }
  return isLarge && takesGzip(request)
    ? { status, headers: { ...varied, 'content-encoding': 'gzip' }, body: await gzipped(body) }
    : { status, headers: varied, body }
}

function send(response: ServerResponse, requestId: string, { status, headers, body }: Found): void {
  response.writeHead(status, {
    'x-request-id': requestId,
    ...headers,
    'content-type': FHIR_JSON,
    'content-length': body.length,
  })
  // Head and body leave in one system call when the body is a string; as Latin-1 every byte is one character and stays itself.
  response.end(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1'), 'latin1')
}
