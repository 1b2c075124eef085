import { expect, it } from 'vitest'

import { samplesOf, samplesText } from './sampled-data.ts'

it('gives the numbers of a series as they were measured, with their digits', () => {
  const series = { origin: { value: '0.10', unit: 'mV' }, factor: 0.3, period: 4, dimensions: 1 }
  expect(samplesOf({ ...series, data: '1 -2 3.5' })).toEqual([{ point: ['0.40', '-0.50', '1.15'] }])
  const plain = { origin: { value: 0 }, period: 4, dimensions: 1, data: '12.50 7' }
  expect(samplesOf(plain)).toEqual([{ point: ['12.50', '7'] }])
})

it('gives the numbers of one time together where there are several dimensions', () => {
  const value = { origin: { value: 0 }, period: 4, dimensions: 2, data: '1 2 3 4' }
  expect(samplesOf(value)).toEqual([{ point: ['1', '2'] }, { point: ['3', '4'] }])
})

it('says what is beyond the limits in words', () => {
  const value = { origin: { value: 1 }, period: 4, dimensions: 1, data: '1 E U 4' }
  expect(samplesOf(value)).toEqual([])
  expect(samplesText(value)).toBe('2 E U 5')
})
