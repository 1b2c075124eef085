import { describe, expect, it } from 'vitest'

import { UTC } from '../keys/zone.ts'
import { isHit, overlaps, reach } from './comparison.ts'
import type { Interval } from './comparison.ts'
import { dateInterval } from './date-value.ts'
import { numberInterval } from './number-value.ts'
import { prefixed } from './values.ts'

const day = (text: string): Interval => dateInterval(text, 'date', UTC)

const DATES: Readonly<Record<string, Interval>> = {
  A: day('2012-12-31'),
  B: day('2013'),
  C: day('2013-03'),
  D: day('2013-03-14'),
  E: day('2013-03-14T10:30:00Z'),
  F: day('2013-03-14T23:30:00-05:00'),
  G: { lo: day('2013-03-10').lo, hi: day('2013-03-20').hi },
  H: { lo: day('2013-06-01').lo, hi: Infinity },
  I: { lo: -Infinity, hi: day('2012-06-30').hi },
}

describe('date prefixes on intervals', () => {
  it.each([
    ['2013', 'BCDEFG'],
    ['2013-03', 'CDEFG'],
    ['2013-03-14', 'DE'],
    ['2013-03-14T10:30:00Z', 'E'],
    ['2013-03-14T10:30Z', 'E'],
    ['2013-03-15', 'F'],
    ['2012-12-31', 'A'],
    ['ne2013', 'AHI'],
    ['ne2013-03-14', 'ABCFGHI'],
    ['gt2013-03-14', 'BCFGH'],
    ['gt2013', 'H'],
    ['gt2012-12-31', 'BCDEFGH'],
    ['lt2013', 'AI'],
    ['lt2013-03-14', 'ABCGI'],
    ['lt2013-03-14T10:30:00Z', 'ABCDGI'],
    ['ge2013-03-14', 'BCDEFGH'],
    ['ge2013-06', 'BH'],
    ['ge2013-03-15T04:30:00Z', 'BCFGH'],
    ['le2013-03-14', 'ABCDEGI'],
    ['le2013', 'ABCDEFGI'],
    ['le2012-12-31', 'AI'],
    ['sa2013-03-14', 'FH'],
    ['sa2012-12-31', 'BCDEFGH'],
    ['sa2013-03-20', 'H'],
    ['eb2013-03-14', 'AI'],
    ['eb2013', 'AI'],
    ['eb2013-06-01', 'ACDEFGI'],
  ])('date=%s finds %s', (value, expected) => {
    const { comparator, text } = prefixed(value)
    const searched = day(text)
    const found = Object.entries(DATES).filter(([, stored]) => isHit(comparator, stored, searched))
    expect(found.map(([name]) => name).join('')).toBe(expected)
    // What the store is asked for must never miss a hit.
    expect(found.every(([, stored]) => overlaps(stored, reach(comparator, searched)))).toBe(true)
  })

  it.each(['2013-13', '2013-02-30', 'foo', '05', '', '2013-03-14T25:00Z'])('refuses %s', (text) => {
    expect(() => day(text)).toThrow('not a date')
  })

  it('takes a blank in an offset for the plus sign that was not encoded', () => {
    expect(day('2013-03-14T10:30:00 02:00')).toEqual(day('2013-03-14T08:30:00Z'))
  })
})

const NUMBERS = [0.05, 0.1, 0.14, 0.15, 0.5, 5, 9.4, 10, 10.4]

describe('number prefixes', () => {
  it.each([
    ['0.1', [0.05, 0.1, 0.14]],
    ['0.10', [0.1]],
    ['1e-1', [0.05, 0.1, 0.14]],
    ['10', [10, 10.4]],
    ['10.0', [10]],
    ['1e1', [5, 9.4, 10, 10.4]],
    ['ne10', [0.05, 0.1, 0.14, 0.15, 0.5, 5, 9.4]],
    ['gt0.15', [0.5, 5, 9.4, 10, 10.4]],
    ['ge0.15', [0.15, 0.5, 5, 9.4, 10, 10.4]],
    ['lt0.15', [0.05, 0.1, 0.14]],
    ['le0.15', [0.05, 0.1, 0.14, 0.15]],
    ['sa5', [9.4, 10, 10.4]],
    ['eb5', [0.05, 0.1, 0.14, 0.15, 0.5]],
  ])('probability=%s finds %j', (value, expected) => {
    const { comparator, text } = prefixed(value)
    const searched = numberInterval(comparator, text, 'probability')
    const points = NUMBERS.map((number) => ({ lo: number, hi: number }))
    const found = points.filter((stored) => isHit(comparator, stored, searched))
    expect(found.map(({ lo }) => lo)).toEqual(expected)
    expect(found.every((stored) => overlaps(stored, reach(comparator, searched)))).toBe(true)
  })

  it.each(['', 'x', '1.', '--1', 'NaN', 'Infinity'])('refuses "%s"', (text) => {
    expect(() => numberInterval('eq', text, 'probability')).toThrow('not a number')
  })
})
