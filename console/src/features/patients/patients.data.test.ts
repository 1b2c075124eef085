import { expect, it } from 'vitest'

import { queryOf } from './patients.data.ts'

it.each([
  ['eltayeb', { name: 'eltayeb' }],
  ['ELTAYEB, Amna', { name: 'ELTAYEB\\, Amna' }],
  ['MRN-4711', { identifier: 'MRN-4711' }],
  ['1981-07-14', { birthdate: '1981-07-14' }],
  [' 1981-07 ', { birthdate: '1981-07' }],
  ['4711', { identifier: '4711' }],
])('searches %s by what it looks like', (typed, query) => {
  expect(queryOf(typed)).toMatchObject(query)
})
