import { expect, it } from 'vitest'

import { allOf, atLeast } from './at-least.ts'

it('keeps the sign behind the number in every language', () => {
  expect(atLeast({ count: 10_000, isMore: true })).toBe('\u206610000+\u2069')
  expect(atLeast({ count: 12, isMore: false })).toBe('12')
})

it('does not say that nothing waits where it has not looked', () => {
  expect(atLeast({ count: 0, isMore: true })).toBe('?')
  expect(atLeast({ count: 0, isMore: false })).toBe('0')
})

it('counts together what was counted apart', () => {
  const counts = [
    { count: 9990, isMore: true },
    { count: 10, isMore: true },
  ]
  expect(atLeast(allOf(counts))).toBe('\u206610000+\u2069')
  expect(allOf([])).toEqual({ count: 0, isMore: false })
})
