import { expect, it } from 'vitest'

import { heartRateStep, QUIET } from './heart-rate-rule.ts'

function run(rates: readonly number[], stepMs = 1000): string[] {
  let state = QUIET
  return rates.flatMap((rate, index) => {
    const step = heartRateStep(state, 1_000_000 + index * stepMs, rate)
    state = step.state
    return step.change ? [`${index}:${step.change}`] : []
  })
}

it('raises with the third reading outside the limits within five seconds', () => {
  expect(run([80, 121, 121, 121])).toEqual(['3:raised'])
  expect(run([130, 80, 130, 80, 130])).toEqual(['4:raised'])
  expect(run([39, 39, 39])).toEqual(['2:raised'])
})

it('stays quiet at the limits and when the breaches are too far apart', () => {
  expect(run([120, 120, 120, 120, 40, 40, 40])).toEqual([])
  expect(run([130, 80, 80, 130, 80, 80, 130])).toEqual([])
  expect(run([130, 130, 130], 2600)).toEqual([])
})

it('clears with hysteresis and can be raised again', () => {
  expect(run([130, 130, 130, 118, 116, 115, 130, 130, 130])).toEqual(['2:raised', '5:cleared', '8:raised'])
})

it('passes over readings that arrive out of order', () => {
  const first = heartRateStep(QUIET, 2000, 130).state
  expect(heartRateStep(first, 1000, 130).state).toBe(first)
})
