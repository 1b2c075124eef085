import { expect, it } from 'vitest'

import { parseObject } from './parse.ts'
import { rewriteStrings, rewriteValues } from './rewrite.ts'
import type { Rewrite } from './rewrite.ts'

const rewrite: Rewrite = (name, value) =>
  name === 'reference' && value.startsWith('urn:') ? `Patient/${value.slice(4)}` : undefined

it('does to a parsed text what it does to the text itself', () => {
  for (const text of [
    '{"reference":"urn:1"}',
    '{"subject":{"reference":"urn:1"},"value":1.50,"other":"urn:1","no":null,"is":true}',
    '{"reference":["urn:1","urn:2","x"],"list":[{"reference":"urn:3"},[{"reference":"urn:4"}],{}],"a\\"b":"urn:5"}',
    '{"contained":[{"a":{"reference":"Patient/9"}},{"a":{"reference":"urn:\\u0031"}}]}',
  ]) {
    expect(rewriteValues(parseObject(text), rewrite)).toEqual(parseObject(rewriteStrings(text, rewrite)))
  }
})

it('leaves the parsed text as it was, and shares with it what did not change', () => {
  const given = parseObject('{"subject":{"reference":"urn:1"},"code":{"text":"urn:1"},"list":[{"text":"a"}]}')
  const before = structuredClone(given)
  const changed = rewriteValues(given, rewrite)
  expect(given).toEqual(before)
  expect(changed['code']).toBe(given['code'])
  expect(changed['list']).toBe(given['list'])
  expect(changed['subject']).toEqual({ reference: 'Patient/1' })
  expect(rewriteValues(changed, rewrite)).toBe(changed)
})
