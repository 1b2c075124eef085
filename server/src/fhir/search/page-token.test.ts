import { createHmac as builtIn, randomBytes } from 'node:crypto'

import { expect, it } from 'vitest'

import { limits } from '../../kernel/limits.ts'
import { createHmac, createPageTokens } from './page-token.ts'
import type { PageTokens } from './page-token.ts'

it('seals with HMAC-SHA-256', () => {
  for (const size of [0, 1, 16, 32, 63, 64, 65, 200]) {
    const [secret, message] = [randomBytes(size), `${randomBytes(size).toString('hex')}漢`]
    const hmac = createHmac(secret)
    for (const text of [message, message.repeat(100), message, ''])
      expect(hmac(text)).toBe(builtIn('sha256', secret).update(text).digest('base64url'))
  }
})

const search = () => 'search'
const state = { driver: 2, after: ['Patient', '17', 5] }

/** The token of the fourth page, which leads back over three. */
function fourth(tokens: PageTokens): string {
  let page: string | undefined
  for (const n of [2, 3, 4])
    page = tokens.around(page, n === 4 ? state : { driver: 0, after: [n] }, search).next
  return page ?? ''
}

it('opens its own tokens for the same search only', () => {
  const tokens = createPageTokens(Buffer.alloc(32, 1))
  const token = fourth(tokens)
  expect(tokens.open(token, 'search')).toEqual(state)
  expect(() => tokens.open(token, 'another')).toThrow('start from the first page')
  expect(() => createPageTokens(Buffer.alloc(32, 2)).open(token, 'search')).toThrow('first page')
})

it('opens none that differs in a letter', () => {
  const tokens = createPageTokens(Buffer.alloc(32, 1))
  const token = fourth(tokens)
  const changed = ['', '.', token.split('*').toReversed().join('*')]
  for (let at = 0; at <= token.length; at++) {
    const [before, behind] = [token.slice(0, at), token.slice(at)]
    changed.push(before, behind, before + behind.slice(1))
    for (const letter of 'AQgw_.* ') changed.push(before + letter + behind, before + letter + behind.slice(1))
  }
  for (const each of changed.filter((text) => text !== token))
    expect(() => tokens.open(each, 'search'), each).toThrow('start from the first page')
})

it('leads back over the pages before, as far as it remembers them', () => {
  const tokens = createPageTokens(Buffer.alloc(32, 1))
  let page: string | undefined
  for (let n = 2; n < 30; n++) page = tokens.around(page, { driver: 0, after: [n] }, search).next
  const back: unknown[] = []
  while (page !== undefined) {
    back.push(...tokens.open(page, 'search').after)
    page = tokens.around(page, undefined, search).previous
  }
  expect(back).toEqual(Array.from({ length: limits.fhir.pageTrail }, (_, n) => 29 - n))
})

it('leads back to the first page, which has no token', () => {
  const tokens = createPageTokens(Buffer.alloc(32, 1))
  const { next, ...first } = tokens.around(undefined, state, search)
  expect(first).toEqual({})
  expect(tokens.around(next, undefined, search)).toEqual({ previous: '' })
})
