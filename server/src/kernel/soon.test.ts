import { expect, it } from 'vitest'

import { soon } from './soon.ts'

const double = (value: number) => value * 2

it('goes on in the same turn with what is there, and later with what is promised', async () => {
  expect(soon(21, double)).toBe(42)
  const later = soon(Promise.resolve(21), double)
  expect(later).toBeInstanceOf(Promise)
  expect(await later).toBe(42)
})
