import { sign, verify } from 'node:crypto'

import { z } from 'zod'

import { type Fault, fault } from '../kernel/fault.ts'
import { ROLES } from './permissions.ts'
import type { SigningKey } from './signing-keys.ts'

/** Claims of an access token (RFC 9068), times in seconds. */
const Claims = z.object({
  iss: z.string(),
  sub: z.string(),
  aud: z.string(),
  iat: z.number(),
  exp: z.number(),
  jti: z.string(),
  client_id: z.string(),
  scope: z.string(),
  fhirUser: z.string().optional(),
  /** For a console to show; the hub itself reads name and roles from the account. */
  name: z.string().optional(),
  roles: z.array(z.enum(ROLES)).optional(),
  /** Session of a person: gone when signed out. */
  sid: z.string().optional(),
})
export type AccessClaims = z.output<typeof Claims>

const TOKEN_MOST = 4096

export function signToken(claims: AccessClaims, key: SigningKey): string {
  const head = encode({ alg: 'ES256', typ: 'at+jwt', kid: key.kid })
  const text = `${head}.${encode(claims)}`
  const signature = sign('sha256', Buffer.from(text), { key: key.privateKey, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}

/**
 * Checks an access token that this hub signed for itself.
 *
 * @param issuer both `iss` and `aud` must be it.
 * @param nowMs milliseconds since 1970.
 * @throws Fault `unauthenticated`, code `expired` or `login`
 */
export function verifyToken(
  token: string,
  key: SigningKey,
  { issuer, nowMs }: { issuer: string; nowMs: number },
): AccessClaims {
  const [head = '', body = '', signature = '', ...rest] = token.length > TOKEN_MOST ? [] : token.split('.')
  const header = rest.length === 0 ? decode(head) : undefined
  const known = z
    .object({ alg: z.literal('ES256'), typ: z.literal('at+jwt'), kid: z.literal(key.kid) })
    .safeParse(header)
  if (!known.success) throw notOurs()
  const signed = verify(
    'sha256',
    Buffer.from(`${head}.${body}`),
    { key: key.publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  const claims = Claims.safeParse(signed ? decode(body) : undefined)
  if (!claims.success || claims.data.iss !== issuer || claims.data.aud !== issuer) throw notOurs()
  if (claims.data.exp * 1000 <= nowMs)
    throw fault('unauthenticated', { code: 'expired', text: 'The access token has expired.' })
  return claims.data
}

function notOurs(): Fault {
  return fault('unauthenticated', { code: 'login', text: 'The access token is not one of this server.' })
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function decode(text: string): unknown {
  try {
    return JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch {
    return undefined
  }
}
