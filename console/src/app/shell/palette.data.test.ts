import { expect, it } from 'vitest'

import { matches } from './palette.data.ts'

it.each([
  ['Appearance: High contrast', 'con', true],
  ['Appearance: High contrast', 'app high', true],
  ['Appearance: High contrast', 'trast', false],
  ['Se déconnecter', 'DECO', true],
  ['Messages', '', true],
])('finds in "%s" what begins with "%s": %s', (text, typed, found) => {
  expect(matches(text, typed)).toBe(found)
})
