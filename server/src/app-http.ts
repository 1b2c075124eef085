import type { IncomingMessage } from 'node:http'

import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import Fastify, { LogController } from 'fastify'
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod'
import { z } from 'zod'

import type { EarlyServer } from './app-server.ts'
import type { Caller } from './auth/caller.ts'
import { challengeOf } from './auth/challenge.ts'
import { METHODS } from './fhir/calls/call.ts'
import { answerTo } from './fhir/calls/outcome.ts'
import { allowOrigins } from './fhir/rest/cors.ts'
import { dropRestOfBody } from './fhir/rest/refused-body.ts'
import { answerUnreadable } from './fhir/rest/unreadable.ts'
import { Fault, fault } from './kernel/fault.ts'
import { uuid7 } from './kernel/ids.ts'
import { limits } from './kernel/limits.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the hook below for every address that needs a token. */
    caller: Caller | undefined
  }
}

export interface HttpOptions {
  readonly early: EarlyServer
  readonly log: FastifyBaseLogger
  readonly trustedProxies: readonly string[]
  /** Origins whose pages may call the hub. */
  readonly corsOrigins: readonly string[]
  readonly callerOf: (authorization: string | undefined, correlation: string) => Caller | Promise<Caller>
  /** Why the hub cannot serve now, or nothing. */
  readonly notReady: () => string | undefined
  readonly health: () => Readonly<Record<string, number>>
}

const OUTCOME = 'application/fhir+json; charset=utf-8'
/** DESIGN section 14: these need no token. */
const OPEN = [/^\/fhir\/metadata\/?$/, /^\/fhir\/\.well-known\//]
/** Of addresses that name no parameters: one that is passed over looks like a filter that holds. */
const NO_PARAMETERS = z.strictObject({})
const REQUEST_ID = /^[\w.:-]{1,64}$/

/** The HTTP server without its features: errors as OperationOutcome, the caller of each request, health. */
export function createHttp(options: HttpOptions): FastifyInstance {
  const { early, log, trustedProxies, corsOrigins, callerOf, notReady, health } = options
  const app: FastifyInstance = Fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }),
    serverFactory: () => early.server,
    ...(trustedProxies.length > 0 ? { trustProxy: [...trustedProxies] } : {}),
    genReqId: requestIdOf,
    // Lines name their request themselves: a logger of its own for each would cost more than reading a resource.
    childLoggerFactory: (logger) => logger,
    routerOptions: { maxParamLength: limits.http.addressBytes },
    // Without these Fastify loads compilers of its own at every start, more than a hundred files, and then uses the two that are set below.
    schemaController: { compilersFactory: { buildValidator: neverAsked, buildSerializer: neverAsked } },
    clientErrorHandler: answerUnreadable,
    // An address that cannot be decoded never reaches a handler.
    frameworkErrors: (error, _request, reply: FastifyReply) => {
      const { status, outcome } = answerTo(error)
      void reply.code(status).type(OUTCOME).send(JSON.stringify(outcome))
    },
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(serializerCompiler)
  app.decorateRequest('caller', undefined)
  app.addHook('onRoute', (route) => {
    if (route.url.startsWith('/api/')) route.schema = { querystring: NO_PARAMETERS, ...route.schema }
  })
  // Before the token is asked for: a preflight has none, and refusals must be readable for the page, too.
  allowOrigins(app, corsOrigins)
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
    if (needsToken(request.url)) request.caller = await callerOf(request.headers.authorization, request.id)
  })
  app.setErrorHandler((error, request, reply) => {
    const { status, outcome } = answerTo(error)
    if (status >= 500) request.log.error({ err: error, requestId: request.id }, 'request failed')
    if (status === 401 && error instanceof Fault) reply.header('www-authenticate', challengeOf(error))
    if (status === 413) dropRestOfBody(request, reply)
    return reply.code(status).type(OUTCOME).send(outcome)
  })
  app.setNotFoundHandler((request, reply) => {
    const { status, outcome } = answerTo(nothingAt(request))
    return reply.code(status).type(OUTCOME).send(outcome)
  })
  app.get('/healthz', () => ({ status: 'up' }))
  app.get('/readyz', (_request, reply) => {
    const reason = notReady()
    return reason === undefined
      ? { status: 'ready', ...health() }
      : reply.code(503).send({ status: 'not ready', reason })
  })
  app.get('/metrics', async (_request, reply) => {
    const { metricsText } = await import('./app-metrics.ts')
    const { type, text } = await metricsText(health())
    return reply.type(type).send(text)
  })
  return app
}

function neverAsked(): never {
  throw new TypeError('A route asked for a schema compiler of Fastify; all schemas are zod schemas')
}

/** The id that the caller gave the request, or a new one: it travels into answer, commit and audit row. */
export function requestIdOf({ headers }: IncomingMessage): string {
  const id = headers['x-request-id']
  return typeof id === 'string' && REQUEST_ID.test(id) ? id : uuid7(Date.now())
}

/** @throws Fault `unauthenticated` when the address was served without a token by mistake */
export function callerOfRequest(request: FastifyRequest): Caller {
  if (request.caller) return request.caller
  throw fault('unauthenticated', {
    code: 'login',
    text: 'Send an access token: Authorization: Bearer <token>.',
  })
}

function needsToken(url: string): boolean {
  if (!url.startsWith('/fhir') && !url.startsWith('/api')) return false
  const path = url.split('?', 1)[0] ?? ''
  return /^\/(fhir|api)(\/|$)/.test(path) && !OPEN.some((open) => open.test(path))
}

const KNOWN_METHODS: ReadonlySet<string> = new Set([...METHODS, 'OPTIONS'])

function nothingAt({ method, url }: FastifyRequest): Fault {
  // RFC 9110, section 15.6.2.
  if (!KNOWN_METHODS.has(method))
    return fault('unsupported', { code: 'not-supported', text: `The hub has no method ${method}` })
  const path = url.split('?', 1)[0] ?? ''
  return fault('not-found', { code: 'not-found', text: `There is nothing for ${method} at ${path}` })
}
