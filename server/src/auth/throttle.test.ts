import { expect, it } from 'vitest'

import { createThrottle } from './throttle.ts'

const minute = 60_000

it('lets the named number of attempts through and tells how long to wait after them', () => {
  let now = 0
  const throttle = createThrottle({ attempts: 3, windowMs: minute, most: 10, clock: () => now })
  expect([1, 2, 3].map(() => throttle.enter('ada'))).toEqual([0, 0, 0])
  now = 20_000
  expect(throttle.enter('ada')).toBe(40_000)
  expect(throttle.enter('bob')).toBe(0)
  now = minute
  expect(throttle.enter('ada')).toBe(0)
})

it('starts anew after a success', () => {
  const throttle = createThrottle({ attempts: 1, windowMs: minute, most: 10, clock: () => 0 })
  throttle.enter('ada')
  throttle.clear('ada')
  expect(throttle.enter('ada')).toBe(0)
})

it('remembers a bounded number of keys', () => {
  const throttle = createThrottle({ attempts: 1, windowMs: minute, most: 2, clock: () => 0 })
  for (const key of ['a', 'b', 'c']) throttle.enter(key)
  expect(throttle.enter('c')).toBe(minute)
  expect(throttle.enter('a')).toBe(0)
})
