import { expect, it } from 'vitest'

import { byAge, itemView } from './item-view.ts'

interface Given {
  readonly time: number
  readonly message: string
  readonly reference: string
}

const item = (id: string, given: Given) =>
  itemView({ id, kind: 'element', feed: 'default', element: 'birthDate', ...given })

it('lists the oldest first, and what one message asks for together', () => {
  const views = [
    item('new', { time: 2000, message: '02', reference: 'Patient/1' }),
    item('second of a', { time: 1000, message: '0a', reference: 'Patient/2' }),
    item('of b', { time: 1000, message: '0b', reference: 'Patient/1' }),
    item('first of a', { time: 1000, message: '0a', reference: 'Encounter/9' }),
  ]
  expect(views.toSorted(byAge).map(({ id }) => id)).toEqual(['first of a', 'second of a', 'of b', 'new'])
})
