import { expect, it } from 'vitest'

import { limits } from '../kernel/limits.ts'
import { createPasswords } from './passwords.ts'

it('hashes with argon2id at the cost that OWASP names, with a salt of its own each time', async () => {
  const passwords = createPasswords()
  const [first, second] = await Promise.all([
    passwords.hash('correct horse'),
    passwords.hash('correct horse'),
  ])
  expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
  expect(first).not.toBe(second)
  await expect(passwords.matches('correct horse', first)).resolves.toBe(true)
  await expect(passwords.matches('correct horsf', first)).resolves.toBe(false)
})

it('reads the hash that another implementation made', async () => {
  // Test vector of the reference implementation (phc-winner-argon2, test.c): argon2id, m=256, t=2, p=1, "password", "somesalt".
  const hash = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'
  await expect(createPasswords().matches('password', hash)).resolves.toBe(true)
})

it.each([undefined, '', 'plain', '$argon2id$v=19$m=0,t=0,p=0$$'])(
  'never matches without a hash: %s',
  async (hash) => {
    await expect(createPasswords().matches('', hash)).resolves.toBe(false)
  },
)

it('turns people away when too many sign in at once', async () => {
  const passwords = createPasswords()
  const room = limits.auth.hashing + limits.auth.hashQueue
  const crowd = Array.from({ length: room + 1 }, () => passwords.matches('x', undefined))
  const outcomes = await Promise.allSettled(crowd)
  expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(1)
})
