import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { z } from 'zod'

import type { Clock } from '../kernel/clock.ts'
import { Fault, fault, type FaultKind } from '../kernel/fault.ts'
import { limits } from '../kernel/limits.ts'
import { Login, Refresh } from './auth.contract.ts'
import { challengeOf } from './challenge.ts'
import type { ClientCredentials, Grants } from './grants.ts'
import { createThrottle } from './throttle.ts'

export interface AuthRoutesOptions {
  readonly grants: Grants
  readonly clock: Clock
  readonly publicJwk: Readonly<Record<string, string>>
}

const TOKEN = '/auth/token'
const GRANTS = new Set(['client_credentials', 'refresh_token'])

/** RFC 6749, section 5.2. A kind that is not listed is a defect. */
const ANSWER: Readonly<Partial<Record<FaultKind, { status: number; error: string }>>> = {
  malformed: { status: 400, error: 'invalid_request' },
  unsupported: { status: 400, error: 'unsupported_grant_type' },
  forbidden: { status: 400, error: 'invalid_scope' },
  unauthenticated: { status: 401, error: 'invalid_grant' },
  busy: { status: 429, error: 'temporarily_unavailable' },
}

/** Signing in and out for people, tokens for machines, the public key for everybody. */
export function authRoutes({ grants, clock, publicJwk }: AuthRoutesOptions): FastifyPluginAsync {
  const {
    attempts,
    addressAttempts,
    attemptWindowMs: windowMs,
    throttledKeys: most,
    bodyBytes: bodyLimit,
  } = limits.auth
  const perLogin = createThrottle({ attempts, windowMs, most, clock })
  const perAddress = createThrottle({ attempts: addressAttempts, windowMs, most, clock })

  /** Runs a check of credentials, unless this address tried too often: for this login, or for many. */
  const guarded = async <T>(
    request: FastifyRequest,
    reply: FastifyReply,
    { login, check }: Attempt<T>,
  ): Promise<T> => {
    const key = `${login.toLowerCase()} ${request.ip}`
    const waitMs = Math.max(perLogin.enter(key), perAddress.enter(request.ip))
    if (waitMs > 0) {
      reply.header('retry-after', Math.ceil(waitMs / 1000))
      throw fault('busy', { code: 'throttled', text: 'Too many attempts; wait before the next one.' })
    }
    const result = await check()
    perLogin.clear(key)
    perAddress.clear(request.ip)
    return result
  }

  return async (app) => {
    acceptForms(app)
    app.addHook('onSend', async (_request, reply) => {
      reply.header('cache-control', 'no-store').header('pragma', 'no-cache')
    })
    app.setErrorHandler((error, request, reply) => sendRefusal(error, request, reply))
    app.post('/auth/login', { bodyLimit }, async (request, reply) => {
      const { login, password } = parse(Login, request.body)
      return guarded(request, reply, { login, check: () => grants.login(login, password) })
    })
    app.post('/auth/refresh', { bodyLimit }, async (request) =>
      grants.refresh(parse(Refresh, request.body).refresh_token),
    )
    app.post('/auth/logout', { bodyLimit }, async (request, reply) => {
      await grants.logout(parse(Refresh, request.body).refresh_token)
      return reply.code(204).send()
    })
    app.post(TOKEN, { bodyLimit }, async (request, reply) => {
      const form = formOf(request)
      if (form.get('grant_type') === 'refresh_token') return grants.refresh(form.get('refresh_token') ?? '')
      const client = clientOf(form, request.headers.authorization)
      return guarded(request, reply, {
        login: client.id,
        check: async () => grants.clientCredentials(client),
      })
    })
    app.get('/auth/jwks', async (_request, reply) => reply.send({ keys: [publicJwk] }))
  }
}

interface Attempt<T> {
  readonly login: string
  readonly check: () => Promise<T>
}

/** OAuth forms become objects; a parameter that comes twice is refused (RFC 6749, section 3.2). */
function acceptForms(app: FastifyInstance): void {
  const type = 'application/x-www-form-urlencoded'
  app.addContentTypeParser(type, { parseAs: 'string' }, (_request, body, done) => {
    const entries = [...new URLSearchParams(String(body))]
    const isTwice = new Set(entries.map(([name]) => name)).size < entries.length
    if (isTwice) done(fault('malformed', { code: 'invalid', text: 'A parameter comes twice.' }))
    else done(null, Object.fromEntries(entries))
  })
}

function parse<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const where = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ')
  throw fault('malformed', { code: 'invalid', text: `Missing or wrong: ${where || 'the body'}.` })
}

/** @throws Fault `malformed` without a grant type, `unsupported` for one that the hub does not give */
function formOf({ body }: FastifyRequest): ReadonlyMap<string, string> {
  const form = new Map(Object.entries(isFields(body) ? body : {}))
  const grant = form.get('grant_type')
  if (grant === undefined) throw fault('malformed', { code: 'required', text: 'grant_type is missing.' })
  if (GRANTS.has(grant)) return form
  throw fault('unsupported', {
    code: 'not-supported',
    text: `grant_type is one of ${[...GRANTS].join(', ')}.`,
  })
}

/** Client id and secret from Basic, else from the form; never from both (RFC 6749, section 2.3). */
function clientOf(form: ReadonlyMap<string, string>, authorization = ''): ClientCredentials {
  const basic = /^Basic +([\w+/=-]+)$/i.exec(authorization)?.[1]
  if (basic !== undefined && form.has('client_secret'))
    throw fault('malformed', { code: 'invalid', text: 'Send the secret in one way only.' })
  const scope = form.get('scope') ?? ''
  if (basic === undefined)
    return { id: form.get('client_id') ?? '', secret: form.get('client_secret') ?? '', scope }
  const [id = '', ...secret] = Buffer.from(basic, 'base64').toString().split(':')
  return { id: formDecoded(id), secret: formDecoded(secret.join(':')), scope }
}

function isFields(body: unknown): body is Record<string, string> {
  return (
    typeof body === 'object' &&
    body !== null &&
    Object.values(body).every((value) => typeof value === 'string')
  )
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

function sendRefusal(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const known = error instanceof Fault ? ANSWER[error.kind] : undefined
  if (error instanceof Fault && known) {
    const refusal = request.routeOptions.url === TOKEN && known.status === 401 ? tokenRefusal(request) : known
    if (refusal.status === 401) {
      // A challenge for Basic makes a browser ask for a password: only who sent Basic gets it.
      const isBasic = request.headers.authorization?.startsWith('Basic') === true
      reply.header('www-authenticate', isBasic ? 'Basic realm="mogran"' : challengeOf(error))
    }
    return reply.code(refusal.status).send({ error: refusal.error, error_description: error.message })
  }
  const status = statusOf(error)
  if (status >= 500) request.log.error({ err: error }, 'request failed')
  return reply.code(status).send({ error: status >= 500 ? 'server_error' : 'invalid_request' })
}

/** Wrong credentials of a client are 401, a refresh token that is over is 400. */
function tokenRefusal({ body }: FastifyRequest): { status: number; error: string } {
  const isRefresh = isFields(body) && body['grant_type'] === 'refresh_token'
  return isRefresh ? { status: 400, error: 'invalid_grant' } : { status: 401, error: 'invalid_client' }
}

/** Fastify's own refusals (body too large, wrong content type) carry their status. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500
  return status >= 400 && status < 500 ? status : 500
}
