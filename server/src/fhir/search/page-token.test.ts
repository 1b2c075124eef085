import { createHmac as builtIn, randomBytes } from 'node:crypto'

import { expect, it } from 'vitest'

import { createHmac, createPageTokens } from './page-token.ts'

it('seals with HMAC-SHA-256', () => {
  for (const size of [0, 1, 16, 32, 63, 64, 65, 200]) {
    const [secret, message] = [randomBytes(size), `${randomBytes(size).toString('hex')}漢`]
    const hmac = createHmac(secret)
    for (const text of [message, message.repeat(100), message, ''])
      expect(hmac(text)).toBe(builtIn('sha256', secret).update(text).digest('base64url'))
  }
})

it('opens its own tokens for the same search only', () => {
  const tokens = createPageTokens(Buffer.alloc(32, 1))
  const state = { driver: 2, after: ['Patient', '17', 5] }
  const token = tokens.sign(state, 'search')
  expect(tokens.open(token, 'search')).toEqual(state)
  // What was sealed before the seal was cut as text differs in bits that say nothing.
  const [body = '', seal = ''] = token.split('.')
  const cut = Buffer.from(seal, 'base64url').toString('base64url')
  expect(tokens.open(`${body}.${cut}`, 'search')).toEqual(state)
  for (const [given, search] of [
    [token, 'another'],
    [token.slice(0, -2), 'search'],
    [`x${token}`, 'search'],
    ['', 'search'],
  ] as const)
    expect(() => tokens.open(given, search)).toThrow('start from the first page')
  expect(() => createPageTokens(Buffer.alloc(32, 2)).open(token, 'search')).toThrow('first page')
})
