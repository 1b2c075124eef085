import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsync } from 'fastify'

/** Addresses that never get the page: a missing file or an unknown command must answer 404. */
const NOT_A_PAGE = /^\/(api|fhir|auth|ws|assets|metrics|healthz|readyz)(\/|$)/

export interface ConsoleOptions {
  /** `console/dist`; nothing is served while it is absent. */
  readonly folder: string
  /** What the page knows before anybody has signed in. */
  readonly about: { readonly site: string; readonly mode: string; readonly zone: string }
}

/** Serves the built console. The page is made per request, because it carries a fresh nonce. */
export const consoleFiles: FastifyPluginAsync<ConsoleOptions> = async (app, { folder, about }) => {
  const file = join(folder, 'index.html')
  if (!existsSync(file)) return
  const page = readFileSync(file, 'utf8').replaceAll('__HUB__', escaped(JSON.stringify(about)))
  await app.register(fastifyStatic, {
    root: join(folder, 'assets'),
    prefix: '/assets/',
    index: false,
    wildcard: false,
    globIgnore: ['**/*.br', '**/*.gz'],
    preCompressed: true,
    immutable: true,
    maxAge: '365d',
  })
  app.get('/icon.svg', (_request, reply) =>
    reply.sendFile('icon.svg', folder, { immutable: false, maxAge: '1h' }),
  )
  app.get('/*', (request, reply) => {
    const path = request.url.split('?', 1)[0] ?? ''
    const wantsPage = request.headers.accept?.includes('text/html') ?? false
    if (NOT_A_PAGE.test(path) || !wantsPage) return reply.callNotFound()
    const nonce = randomBytes(16).toString('base64url')
    return reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('content-security-policy', policy(nonce))
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .send(page.replaceAll('__CSP_NONCE__', nonce))
  })
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}

function policy(nonce: string): string {
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}
