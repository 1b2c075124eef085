import { expect, it } from 'vitest'

import { followed } from './held-list.ts'

const row = (id: string, state = 'dead') => ({ id, state })

it('keeps the rows in their places while newer ones come, and counts those', () => {
  const held = { messages: [row('3'), row('2'), row('1')], next: '1' }
  const latest = { messages: [row('5'), row('4'), row('3', 'committed')], next: '3' }
  expect(followed(held, latest)).toEqual({
    list: { messages: [row('3', 'committed'), row('2'), row('1')], next: '1' },
    newer: 2,
  })
})

it('keeps everything when a whole page is newer', () => {
  const held = { messages: [row('2'), row('1')] }
  expect(followed(held, { messages: [row('9'), row('8')], next: '8' })).toEqual({ list: held, newer: 2 })
})

it('drops what does not belong to the list any more', () => {
  const held = { messages: [row('3'), row('2'), row('1')] }
  expect(followed(held, { messages: [row('3'), row('1')] }).list?.messages).toEqual([row('3'), row('1')])
})
