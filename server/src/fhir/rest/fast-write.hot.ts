import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Caller } from '../../auth/caller.ts'
import { limits } from '../../kernel/limits.ts'
import { isId } from '../access.ts'
import { textOfBody } from '../calls/call.ts'
import type { Call } from '../calls/call.ts'
import { isTaken } from '../calls/negotiate.ts'
import { create, update } from '../interactions/write-calls.ts'
import { answer, isHarmless } from './fast-route.hot.ts'
import type { FastRouteOptions, Found } from './fast-route.hot.ts'

/**
 * Answers plain creates and updates of one resource by a known caller, without the framework: same checks, same commit, same answer to the byte
 * (`fhir-fast-write.test.ts` compares them).
 *
 * @returns a function that tells whether it answers the request; when not, it has done nothing
 */
export function createFastWrite(
  options: FastRouteOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  // A Binary may come raw, and has access rules of its own.
  const types = new Set(options.rest.definitions.types.filter((type) => type !== 'Binary'))
  return (request, response) => {
    const target = targetOf(request, options.prefix)
    if (target === undefined || !types.has(target.type) || !isPlain(request)) return false
    const requestId = options.requestIdOf(request)
    const caller = options.knownCaller(request.headers.authorization, requestId)
    if (caller === undefined) return false
    const chunks: Uint8Array[] = []
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    // Whoever hangs up before the end has written nothing.
    request.on('end', () => {
      void answer(options, response, {
        request,
        requestId,
        work: () => write(options, { caller, target, chunks }),
      })
    })
    return true
  }
}

/** An update has an id, a create none. */
interface Target {
  readonly type: string
  readonly id?: string
}

/** `POST /fhir/Patient` or `PUT /fhir/Patient/4711` and nothing more: no escape, no query, no further segment. */
function targetOf({ method, url = '' }: IncomingMessage, prefix: string): Target | undefined {
  if ((method !== 'POST' && method !== 'PUT') || !url.startsWith(prefix)) return undefined
  const slash = url.indexOf('/', prefix.length)
  if (method === 'POST') return slash < 0 ? { type: url.slice(prefix.length) } : undefined
  const id = url.slice(slash + 1)
  return slash > 0 && isId(id) ? { type: url.slice(prefix.length, slash), id } : undefined
}

function isPlain({ headers }: IncomingMessage): boolean {
  for (const name in headers) {
    if (name !== 'content-type' && name !== 'content-length' && !isHarmless(name, headers)) return false
  }
  const length = Number(headers['content-length'] ?? 0)
  return length > 0 && length <= limits.fhir.resourceBytes && isTaken(headers['content-type'] ?? '')
}

interface Received {
  readonly caller: Caller
  readonly target: Target
  readonly chunks: readonly Uint8Array[]
}

function write({ rest }: FastRouteOptions, { caller, target, chunks }: Received): Promise<Found> {
  const { type, id } = target
  const [first] = chunks
  const bytes = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks)
  const call: Call = {
    caller,
    method: id === undefined ? 'POST' : 'PUT',
    path: id === undefined ? [type] : [type, id],
    query: [],
    conditions: {},
    prefer: { return: 'representation' },
    text: textOfBody(bytes),
  }
  return id === undefined ? create(rest, call, type) : update(rest, call, { type, id })
}
