import { isUtf8 } from 'node:buffer'
import { Readable } from 'node:stream'

import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'

import type { Caller } from '../../auth/caller.ts'
import { challengeOf } from '../../auth/challenge.ts'
import { Fault, fault } from '../../kernel/fault.ts'
import { limits } from '../../kernel/limits.ts'
import { processBundle } from '../bundles/process-bundle.ts'
import { receiveBundle } from '../bundles/receive-bundle.ts'
import { jsonBody, NOT_KEPT } from '../calls/answers.ts'
import { METHODS, pairsOf, preferencesOf, textOfBody } from '../calls/call.ts'
import type { Answer, Call, Method } from '../calls/call.ts'
import {
  asksForFhir,
  asksForOtherFhir,
  checkAcceptable,
  checkContentType,
  FHIR_JSON,
} from '../calls/negotiate.ts'
import { answerTo } from '../calls/outcome.ts'
import type { RestDeps } from '../calls/rest-deps.ts'
import { dispatch, methodNotAllowed, methodsAt } from '../interactions/dispatch.ts'
import { indent } from '../json/layout.ts'
import { PATCH_FORMATS } from '../patch/patch.ts'
import { binaryText, isBinaryRead, isRawBinary, rawAnswer, replaceRaw, wholeAnswer } from './binary.ts'
import type { RawBody } from './binary.ts'
import { packBodies } from './compression.ts'
import { dropRestOfBody } from './refused-body.ts'

export interface FhirRestOptions {
  readonly rest: RestDeps
  /** @throws Fault `unauthenticated` */
  readonly callerOf: (request: FastifyRequest) => Caller | Promise<Caller>
}

/** FHIR R4 RESTful interactions, registered under a prefix such as `/fhir`. */
export const fhirRest: FastifyPluginAsync<FhirRestOptions> = async (app, { rest, callerOf }) => {
  acceptAnyBody(app)
  packBodies(app)
  app.setErrorHandler((error, request, reply) => {
    const { status, outcome } = answerTo(error)
    if (status >= 500 && status !== 501)
      request.log.error({ err: error, requestId: request.id }, 'request failed')
    if (status === 401 && error instanceof Fault) reply.header('www-authenticate', challengeOf(error))
    if (status === 413) dropRestOfBody(request, reply)
    if (status === 415 && request.method === 'PATCH') reply.header('accept-patch', PATCH_FORMATS.join(', '))
    const body = isPretty(request) ? indent(JSON.stringify(outcome)) : jsonBody(outcome)
    return reply.code(status).type(FHIR_JSON).send(body)
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', NOT_KEPT)
    const id = request.headers['x-request-id']
    if (typeof id === 'string') reply.header('x-request-id', id)
    const { path, format } = addressOf(app, request)
    // What a form asks for is known when it has been read.
    if (request.method === 'POST' && path.at(-1) === '_search') return
    const isRaw = isBinaryRead({ method: methodOf(request), path }) && (format ?? '') === ''
    const { accept } = request.headers
    if (!isRaw || asksForOtherFhir(accept)) checkAcceptable(accept, format)
  })

  answerEverybody(app, rest)
  await app.register(async (bundles) => {
    bundles.removeAllContentTypeParsers()
    bundles.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    bundles.post('/', async (request, reply) => {
      const call = callOf(app, request, await callerOf(request))
      checkContentType(request.headers['content-type'], false)
      const body = request.body instanceof Readable ? request.body : Readable.from([])
      return answer(request, reply, await processBundle(rest, call, await receiveBundle(body)))
    })
  })

  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const call = callOf(app, request, await callerOf(request))
    return answer(request, reply, await answerOf(rest, call, request))
  }
  const bodyLimit = limits.fhir.resourceBytes
  const method = METHODS.filter((each) => each !== 'POST')
  app.route({ method, url: '/', bodyLimit, exposeHeadRoute: false, handler })
  answerOptions(app, rest)
  app.route({ method: [...METHODS], url: '/*', bodyLimit, exposeHeadRoute: false, handler })
}

/** What no caller is asked for. */
function answerEverybody(app: FastifyInstance, rest: RestDeps): void {
  for (const url of ['/metadata', '/metadata/']) {
    app.get(url, async (request, reply) => {
      const query = pairsOf(addressOf(app, request).query)
      const conditions = header('ifNoneMatch', request.headers['if-none-match'])
      // The same for everybody: kept, and asked for again by its tag.
      reply.header('cache-control', 'no-cache')
      return answer(request, reply, rest.metadata({ query, conditions }))
    })
    app.route({
      method: METHODS.filter((each) => each !== 'GET' && each !== 'HEAD'),
      url,
      handler: async (request, reply) => answer(request, reply, methodNotAllowed(['metadata'])),
    })
  }
  app.get('/.well-known/*', () => {
    const text = 'There is no such document: the CapabilityStatement at metadata says what the server does'
    throw fault('not-found', { code: 'not-found', text })
  })
}

function answerOptions(app: FastifyInstance, rest: RestDeps): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const allow = methodsAt(rest, addressOf(app, request).path)
    // RFC 5789, section 3.1.
    if (allow.includes('PATCH')) reply.header('accept-patch', PATCH_FORMATS.join(', '))
    return reply.code(204).header('allow', allow).send()
  }
  for (const url of ['/', '/*']) app.route({ method: 'OPTIONS', url, handler })
}

async function answerOf(rest: RestDeps, call: Call, { headers }: FastifyRequest): Promise<Answer> {
  const namesNoContext = call.method === 'PUT' && headers['x-security-context'] === undefined
  const isRaw = namesNoContext && isRawBinary(call, headers['content-type'])
  const found = await (isRaw ? replaceRaw(rest, call) : dispatch(rest, call))
  if (!isBinaryRead(call)) return found
  const format = call.query.find(([name]) => name === '_format')?.[1]
  return asksForFhir(headers.accept, format) ? wholeAnswer(rest, found, call) : rawAnswer(rest, found)
}

/** Bodies stay bytes: they are read as text by the interaction that knows what they must be. */
function acceptAnyBody(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

interface Address {
  readonly path: readonly string[]
  readonly query: string
  readonly format: string | undefined
}

function addressOf(app: FastifyInstance, { raw }: FastifyRequest): Address {
  const url = raw.url ?? ''
  const mark = url.indexOf('?')
  const query = mark < 0 ? '' : url.slice(mark + 1)
  const path = (mark < 0 ? url : url.slice(0, mark)).slice(app.prefix.length)
  const format = query.includes('_format') ? new URLSearchParams(query).get('_format') : null
  return {
    query,
    format: format ?? undefined,
    path: path
      .split('/')
      .filter((each) => each !== '')
      .map(decoded),
  }
}

function decoded(segment: string): string {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    throw fault('malformed', { code: 'invalid', text: 'The address has a broken percent escape' })
  }
}

function callOf(app: FastifyInstance, request: FastifyRequest, caller: Caller): Call {
  const { path, query } = addressOf(app, request)
  const { headers } = request
  const method = methodOf(request)
  const raw = binaryText({ method, path }, rawBodyOf(request))
  return {
    caller,
    method,
    path,
    query: pairsOf(query),
    conditions: {
      ...header('ifMatch', headers['if-match']),
      ...header('ifNoneMatch', headers['if-none-match']),
      ...header('ifModifiedSince', headers['if-modified-since']),
      ...header('ifUnmodifiedSince', headers['if-unmodified-since']),
      ...header('ifNoneExist', utf8Header(headers['if-none-exist'])),
    },
    prefer: preferencesOf(String(headers['prefer'] ?? '')),
    ...header('accept', headers.accept),
    ...header('provenance', headers['x-provenance']),
    text: raw ?? (request.body instanceof Uint8Array ? textOfBody(request.body) : ''),
    ...header('contentType', raw === undefined ? headers['content-type'] : FHIR_JSON),
  }
}

function methodOf({ method }: FastifyRequest): Method {
  return METHODS.find((each) => each === method) ?? 'GET'
}

function rawBodyOf({ body, headers }: FastifyRequest): RawBody {
  const context = headers['x-security-context']
  return {
    bytes: body instanceof Uint8Array ? body : new Uint8Array(0),
    contentType: headers['content-type'],
    securityContext: typeof context === 'string' ? context : undefined,
  }
}

/**
 * Node reads headers byte by byte: a criterion in other letters than ASCII would meet nothing, and a second resource be made.
 *
 * @throws Fault `malformed` for bytes that are no UTF-8
 */
function utf8Header(value: string | readonly string[] | undefined): string | undefined {
  const bytes = value === undefined ? undefined : Buffer.from(value.toString(), 'latin1')
  if (bytes === undefined || isUtf8(bytes)) return bytes?.toString('utf8')
  throw fault('malformed', { code: 'value', text: 'If-None-Exist is not UTF-8: use percent escapes' })
}

function header(
  name: string,
  value: string | readonly string[] | undefined,
): Readonly<Record<string, string>> {
  return value === undefined ? {} : { [name]: typeof value === 'string' ? value : value.join(', ') }
}

function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  { status, headers, body }: Answer,
): FastifyReply {
  reply.code(status).headers(headers)
  if (body === undefined) return reply.send()
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  // Raw content names its own type and is no JSON.
  if (headers['content-type'] !== undefined) return reply.send(bytes)
  if (isPretty(request)) return reply.type(FHIR_JSON).send(indent(bytes.toString('utf8')))
  // Head and body of a small answer leave as one string in one system call; a large one is not worth the copy.
  const isSmall = bytes.length <= limits.http.oneWriteBytes
  return reply.type(FHIR_JSON).send(isSmall ? bytes.toString('utf8') : bytes)
}

const PRETTY = /[?&]_pretty=true(?:&|$)/

/** Asked for by the address or by the form of a search. */
function isPretty({ raw: { url = '' }, body, headers }: FastifyRequest): boolean {
  const isForm = body instanceof Uint8Array && headers['content-type']?.includes('form')
  return PRETTY.test(url) || (isForm === true && PRETTY.test(`?${Buffer.from(body).toString('latin1')}`))
}
