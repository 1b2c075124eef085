import { expect, it } from 'vitest'

import { uuid7 } from './ids.ts'

it('makes ids of version 7 that sort by their time and are never equal', () => {
  const ids = Array.from({ length: 5000 }, (_unused, index) => uuid7(1_700_000_000_000 + index))
  for (const id of ids)
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(ids.toSorted()).toEqual(ids)
  expect(new Set(ids.map((id) => id.slice(14))).size).toBe(ids.length)
})
