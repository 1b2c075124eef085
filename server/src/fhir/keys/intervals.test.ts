import { describe, expect, it } from 'vitest'

import { dateInterval } from './intervals.ts'
import { zoneOffset } from './zone.ts'

const at = (text: string) => Date.parse(text)

describe('dateInterval', () => {
  it.each([
    ['2024', '2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z'],
    ['2024-02', '2024-02-01T00:00:00Z', '2024-03-01T00:00:00Z'],
    ['2024-12', '2024-12-01T00:00:00Z', '2025-01-01T00:00:00Z'],
    ['2024-02-29', '2024-02-29T00:00:00Z', '2024-03-01T00:00:00Z'],
    ['2024-02-29T10:30+02:00', '2024-02-29T08:30:00Z', '2024-02-29T08:31:00Z'],
    ['2024-02-29T10:30:15Z', '2024-02-29T10:30:15Z', '2024-02-29T10:30:16Z'],
    ['2016-12-31T23:59:60Z', '2016-12-31T23:59:59Z', '2017-01-01T00:00:00Z'],
    ['2024-02-29T10:30:15.5-01:00', '2024-02-29T11:30:15.500Z', '2024-02-29T11:30:15.600Z'],
    ['2024-02-29T10:30:15.123Z', '2024-02-29T10:30:15.123Z', '2024-02-29T10:30:15.124Z'],
  ])('expands %s to all the time that it stands for', (text, lo, hi) => {
    expect(dateInterval(text)).toEqual({ lo: at(lo), hi: at(hi) })
  })

  it('takes a value without offset in the zone of the hub, its clock changes included', () => {
    const cairo = zoneOffset('Africa/Cairo')
    expect(dateInterval('2024-02-29', cairo)?.lo).toBe(at('2024-02-28T22:00:00Z'))
    expect(dateInterval('2024-02-29T10:30:00', cairo)?.lo).toBe(at('2024-02-29T08:30:00Z'))
    expect(dateInterval('2024-07-01', cairo)?.lo).toBe(at('2024-06-30T21:00:00Z'))
    // Clocks went forward on 26 April: the day has 23 hours.
    expect(dateInterval('2024-04-26', cairo)).toEqual({
      lo: at('2024-04-25T22:00:00Z'),
      hi: at('2024-04-26T21:00:00Z'),
    })
    expect(dateInterval('2024-02-29T10:30:00Z', cairo)?.lo).toBe(at('2024-02-29T10:30:00Z'))
  })

  it.each(['2023-02-29', '2024-13', '2024-1-1', '24-01-01', '2024-01-01T25:00:00Z', 'today', ''])(
    'refuses "%s"',
    (text) => {
      expect(dateInterval(text)).toBeUndefined()
    },
  )
})
