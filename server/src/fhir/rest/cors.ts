import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'
const REQUEST_HEADERS = [
  'accept',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-type',
  'if-match',
  'if-modified-since',
  'if-unmodified-since',
  'if-none-exist',
  'if-none-match',
  'origin',
  'prefer',
  'x-provenance',
  'x-request-id',
  'x-requested-with',
  'x-security-context',
].join(', ')
const RESPONSE_HEADERS = [
  'Accept-Patch',
  'Allow',
  'Content-Location',
  'ETag',
  'Last-Modified',
  'Location',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
  'X-Security-Context',
].join(', ')
const PREFLIGHT_SECONDS = '600'
/** The console has the hub's own origin; pages of others reach FHIR and the token endpoint only. */
const SHARED = /^\/(?:fhir|auth|\.well-known)(?:[/?]|$)/

/**
 * Lets web pages of the named origins call the hub. Tokens travel in a header, so credentials of the browser are never allowed.
 *
 * @param origins `https://app.example.org`, or `*` for every page.
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol; FHIR R4, "Security", CORS
 */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return
  const allowed = new Set(origins)
  app.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers
    if (SHARED.test(request.url)) reply.header('vary', 'Origin')
    if (origin === undefined || !SHARED.test(request.url) || !(allowed.has('*') || allowed.has(origin))) {
      done()
      return
    }
    reply.header('access-control-allow-origin', origin)
    if (isPreflight(request)) {
      answerPreflight(reply)
      return
    }
    reply.header('access-control-expose-headers', RESPONSE_HEADERS)
    done()
  })
}

function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}

function answerPreflight(reply: FastifyReply): void {
  void reply
    .header('access-control-allow-methods', METHODS)
    .header('access-control-allow-headers', REQUEST_HEADERS)
    .header('access-control-max-age', PREFLIGHT_SECONDS)
    .code(204)
    .send()
}
