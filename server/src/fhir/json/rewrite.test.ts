import { expect, it } from 'vitest'

import { rewriteStrings } from './rewrite.ts'
import type { Rewrite } from './rewrite.ts'

const rewrite: Rewrite = (name, value) =>
  name === 'reference' && value.startsWith('urn:') ? `Patient/${value.slice(4)}` : undefined

it.each([
  ['{"reference":"urn:1"}', '{"reference":"Patient/1"}'],
  [
    '{"subject":{"reference":"urn:1"},"value":1.50,"other":"urn:1","no":null,"is":true}',
    '{"subject":{"reference":"Patient/1"},"value":1.50,"other":"urn:1","no":null,"is":true}',
  ],
  [
    '{"reference":["urn:1","urn:2","x"],"list":[{"reference":"urn:3"},[{"reference":"urn:4"}],{}],"a\\"b":"urn:5"}',
    '{"reference":["Patient/1","Patient/2","x"],"list":[{"reference":"Patient/3"},[{"reference":"Patient/4"}],{}],"a\\"b":"urn:5"}',
  ],
  [
    '{"contained":[{"a":{"reference":"Patient/9"}},{"a":{"reference":"urn:\\u0031"}}]}',
    '{"contained":[{"a":{"reference":"Patient/9"}},{"a":{"reference":"Patient/1"}}]}',
  ],
])('changes in %s only what it is to change', (text, changed) => {
  expect(rewriteStrings(text, rewrite)).toBe(changed)
})
