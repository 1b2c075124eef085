import { expect, it } from 'vitest'

import { Best } from './best.ts'

const numbers = (a: number, b: number) => a - b

it.each([1, 3, 50, 300, 2000])('keeps the first %i as sorting everything would', (most) => {
  // A step that shares no factor with the count visits every number once, in no order.
  const all = Array.from({ length: 1009 }, (_, at) => (at * 617) % 1009)
  const best = new Best(numbers, most)
  for (const one of all) best.add(one)
  expect(best.sorted()).toEqual(all.toSorted(numbers).slice(0, most))
})

it('has nothing of nothing', () => {
  expect(new Best(numbers, 5).sorted()).toEqual([])
})
