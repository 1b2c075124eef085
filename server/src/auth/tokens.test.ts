import { generateKeyPairSync } from 'node:crypto'

import { createLocalJWKSet, jwtVerify } from 'jose'
import { expect, it } from 'vitest'

import type { SigningKey } from './signing-keys.ts'
import { type AccessClaims, signToken, verifyToken } from './tokens.ts'

const ISSUER = 'https://hub.example'
const NOW = 1_800_000_000_000
const claims: AccessClaims = {
  iss: ISSUER,
  aud: ISSUER,
  sub: 'a',
  iat: NOW / 1000,
  exp: NOW / 1000 + 900,
  jti: '1',
  client_id: 'console',
  scope: 'user/*.cruds',
}
const key = newKey('k1')
const check = (token: string): AccessClaims => verifyToken(token, key, { issuer: ISSUER, nowMs: NOW })

it('gives the claims back while the token is good', () => {
  expect(check(signToken(claims, key))).toEqual(claims)
})

it('signs tokens that another library verifies by the public key', async () => {
  const keys = createLocalJWKSet({ keys: [{ ...key.publicJwk, kty: 'EC' }] })
  const verified = await jwtVerify(signToken(claims, key), keys, {
    issuer: ISSUER,
    audience: ISSUER,
    currentDate: new Date(NOW),
  })
  expect(verified.protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: 'k1' })
  expect(verified.payload.sub).toBe('a')
})

it.each([
  ['expired', signToken({ ...claims, exp: NOW / 1000 }, key)],
  ['of another issuer', signToken({ ...claims, iss: 'https://other.example' }, key)],
  ['for another audience', signToken({ ...claims, aud: 'https://other.example' }, key)],
  ['of another key with the same id', signToken(claims, newKey('k1'))],
  ['of an unknown key', signToken(claims, newKey('k2'))],
  ['without signature', signToken(claims, key).replace(/\.[^.]*$/, '.')],
  [
    'with alg none',
    signToken(claims, key).replace(
      /^[^.]*/,
      Buffer.from('{"alg":"none","typ":"at+jwt","kid":"k1"}').toString('base64url'),
    ),
  ],
  ['with a changed body', changedBody(signToken(claims, key))],
  ['no token', 'x'],
  ['too long', `${signToken(claims, key)}${'A'.repeat(8192)}`],
])('refuses a token that is %s', (_, token) => {
  expect(() => check(token)).toThrow(expect.objectContaining({ kind: 'unauthenticated' }))
})

function changedBody(token: string): string {
  const [head, , signature] = token.split('.')
  return [head, Buffer.from(JSON.stringify({ ...claims, sub: 'b' })).toString('base64url'), signature].join(
    '.',
  )
}

function newKey(kid: string): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  return {
    kid,
    privateKey,
    publicKey,
    publicJwk: { kty: 'EC', crv: 'P-256', x, y, kid, use: 'sig', alg: 'ES256' },
  }
}
