import { expect, it } from 'vitest'

import { latestOf } from './latest-version.ts'

const edition = (version?: string, date?: string, lastUpdated = 0) => ({
  resource: { ...(version === undefined ? {} : { version }), ...(date === undefined ? {} : { date }) },
  lastUpdated,
})

it.each([
  [['1', '10', '9.1'], '10'],
  [['2.0.0', '2.0.0-ballot', '1.9'], '2.0.0'],
  [['1.0', '1.0.1'], '1.0.1'],
  [['v3', 'v12'], 'v12'],
])('takes the highest number of %s', (versions, expected) => {
  const editions = versions.map((version) => edition(version))
  expect(latestOf(editions)?.resource).toEqual({ version: expected })
  expect(latestOf(editions.toReversed())?.resource).toEqual({ version: expected })
})

it('goes by date where a version is no number, then by when it was written', () => {
  const spring = edition('spring', '2020-03', 5)
  expect(latestOf([edition('9', '2019'), spring, edition('1', '2020-01')])).toBe(spring)
  const later = edition('1', undefined, 9)
  expect(latestOf([edition('1', undefined, 3), later])).toBe(later)
  expect(latestOf([])).toBeUndefined()
})
