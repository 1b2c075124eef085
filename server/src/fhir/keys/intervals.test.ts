import { describe, expect, it } from 'vitest'

import { dateInterval, numberInterval } from './intervals.ts'

const at = (text: string) => Date.parse(text)

describe('dateInterval', () => {
  it.each([
    ['2024', '2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z'],
    ['2024-02', '2024-02-01T00:00:00Z', '2024-03-01T00:00:00Z'],
    ['2024-12', '2024-12-01T00:00:00Z', '2025-01-01T00:00:00Z'],
    ['2024-02-29', '2024-02-29T00:00:00Z', '2024-03-01T00:00:00Z'],
    ['2024-02-29T10:30+02:00', '2024-02-29T08:30:00Z', '2024-02-29T08:31:00Z'],
    ['2024-02-29T10:30:15Z', '2024-02-29T10:30:15Z', '2024-02-29T10:30:16Z'],
    ['2024-02-29T10:30:15.5-01:00', '2024-02-29T11:30:15.500Z', '2024-02-29T11:30:15.600Z'],
    ['2024-02-29T10:30:15.123Z', '2024-02-29T10:30:15.123Z', '2024-02-29T10:30:15.124Z'],
  ])('expands %s to all the time that it stands for', (text, lo, hi) => {
    expect(dateInterval(text)).toEqual({ lo: at(lo), hi: at(hi) })
  })

  it('takes a value without zone in the zone of the caller', () => {
    const twoHours = 2 * 3_600_000
    expect(dateInterval('2024-02-29', twoHours)?.lo).toBe(at('2024-02-28T22:00:00Z'))
    expect(dateInterval('2024-02-29T10:30:00', twoHours)?.lo).toBe(at('2024-02-29T08:30:00Z'))
  })

  it.each(['2023-02-29', '2024-13', '2024-1-1', '24-01-01', '2024-01-01T25:00:00Z', 'today', ''])(
    'refuses "%s"',
    (text) => {
      expect(dateInterval(text)).toBeUndefined()
    },
  )
})

describe('numberInterval', () => {
  it.each([
    ['100', 99.5, 100.5],
    ['100.00', 99.995, 100.005],
    ['1e2', 50, 150],
    ['5.4', 5.35, 5.45],
    ['-3', -3.5, -2.5],
    ['0.1e-1', 0.005, 0.015],
  ])('reads the precision of %s from its digits', (text, lo, hi) => {
    expect(numberInterval(text)).toEqual({ lo, hi })
  })

  it.each(['', '1,5', 'NaN', '0x10', '1e9999'])('refuses "%s"', (text) => {
    expect(numberInterval(text)).toBeUndefined()
  })
})
