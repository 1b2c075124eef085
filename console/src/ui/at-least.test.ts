import { expect, it } from 'vitest'

import { allOf, atLeast } from './at-least.ts'

it('keeps the sign behind the number in every language', () => {
  expect(atLeast({ count: 10_000, isMore: true }, 'ar')).toBe('\u206610,000+\u2069')
  expect(atLeast({ count: 12_345, isMore: false }, 'fr')).toBe('12\u202f345')
})

it('does not say that nothing waits where it has not looked', () => {
  expect(atLeast({ count: 0, isMore: true }, 'en')).toBe('?')
  expect(atLeast({ count: 0, isMore: false }, 'en')).toBe('0')
})

it('counts together what was counted apart', () => {
  const counts = [
    { count: 9990, isMore: true },
    { count: 10, isMore: true },
  ]
  expect(atLeast(allOf(counts), 'en')).toBe('\u206610,000+\u2069')
  expect(allOf([])).toEqual({ count: 0, isMore: false })
})
