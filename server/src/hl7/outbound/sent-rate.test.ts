import { expect, it } from 'vitest'

import { createSentRate } from './sent-rate.ts'

const at = (minutes: number) => minutes * 60_000

it('counts the last full minute, and an hour back', () => {
  const rate = createSentRate()
  for (const minute of [0, 40, 99, 99, 100]) rate.count(at(minute))
  expect(rate.at(at(100))).toEqual({ perMinute: 2, perHour: 3 })
  expect(rate.at(at(101))).toEqual({ perMinute: 1, perHour: 3 })
  expect(rate.at(at(200))).toEqual({ perMinute: 0, perHour: 0 })
})
