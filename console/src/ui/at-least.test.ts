import { expect, it } from 'vitest'

import { atLeast } from './at-least.ts'

it('keeps the sign behind the number in every language', () => {
  expect(atLeast({ count: 10_000, isMore: true })).toBe('\u206610000+\u2069')
  expect(atLeast({ count: 12, isMore: false })).toBe('12')
})
