import { expect, it } from 'vitest'

import { pathsBetween } from './item-places.ts'

const stay = (bed: string, status: string) => ({ bed, status })
const before = {
  status: 'a',
  stays: [stay('1', 'active'), stay('2', 'left')],
  names: [{ family: 'One', given: ['A'] }],
}

const isOne = (list: string, one: unknown, other: unknown) =>
  list !== 'stays' || (one as { bed: string }).bed === (other as { bed: string }).bed

const long = (text: string) => ({
  items: Array.from({ length: 60 }, (_, at) => ({ text: `${text}${at}`, at })),
})

it('finds an item where it stands now, as it is or with most of what it had', () => {
  const after = {
    status: 'b',
    stays: [stay('3', 'active'), stay('1', 'left'), stay('2', 'left')],
    names: [{ family: 'Two', given: ['A'] }],
  }
  const was = pathsBetween(after, before, isOne)
  const paths = ['status', 'stays[0].bed', 'stays[1].status', 'stays[2].bed', 'names[0].given[0]', 'new[0].x']
  expect(paths.map(was)).toEqual([
    'status',
    undefined,
    'stays[0].status',
    'stays[1].bed',
    'names[0].given[0]',
    'new[0].x',
  ])
  expect(pathsBetween(before, after, isOne)('stays[1].bed')).toBe('stays[2].bed')
})

it('has no place for an item that has gone, and compares a long list only by what stands where it was', () => {
  expect(pathsBetween(before, { stays: [] })('stays[0].bed')).toBeUndefined()
  expect(pathsBetween(long('a'), long('b'))('items[7].at')).toBe('items[7].at')
})
