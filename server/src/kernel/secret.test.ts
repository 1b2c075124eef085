import { format, inspect } from 'node:util'

import { expect, it } from 'vitest'

import { Secret } from './secret.ts'

it('shows itself to nobody but who asks for it', () => {
  const secret = new Secret('open sesame')
  const shown = [
    String(secret),
    JSON.stringify({ secret }),
    inspect({ secret }),
    format('%s %o', secret, secret),
  ]
  expect(shown.join(' ')).not.toContain('sesame')
  expect(secret.reveal()).toBe('open sesame')
})
