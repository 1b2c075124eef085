import { expect, it } from 'vitest'

import { partOf, SEGMENTS_AT_ONCE } from './segment-list.tsx'

const segments = Array.from({ length: 3 * SEGMENTS_AT_ONCE }, (_, at) => ({
  label: `OBX[${at + 1}]`,
  fields: [],
}))

it('brings the part that has the chosen field, or the chosen segment', () => {
  expect(partOf(segments, undefined).start).toBe(0)
  expect(partOf(segments, 'OBX[1]-5').start).toBe(0)
  expect(partOf(segments, `OBX[${SEGMENTS_AT_ONCE + 1}]-5`).start).toBe(SEGMENTS_AT_ONCE)
  expect(partOf(segments, `OBX[${2 * SEGMENTS_AT_ONCE}]`).start).toBe(SEGMENTS_AT_ONCE)
})

it('stays where it is for a field that the message does not have', () => {
  expect(partOf(segments, 'ZZZ-1', { sought: 'x', start: SEGMENTS_AT_ONCE })).toEqual({
    sought: 'x',
    start: SEGMENTS_AT_ONCE,
    chosen: 'ZZZ-1',
  })
})
