import { expect, it } from 'vitest'

import { sidesOf } from './worklist.data.ts'

it.each([
  ['"1981-07-14"', '1981-07-14'],
  ['"12 \\"A\\" Street"', '12 "A" Street'],
  ['["3 Blue Nile Street","Flat 2"]', '3 Blue Nile Street, Flat 2'],
  ['{"system":"urn:x","value":"K1","type":{"coding":[{"system":"urn:y","code":"MR"}]}}', 'K1, MR'],
  ['5.60', '5.60'],
  ['true', 'true'],
  ['[]', '[]'],
  ['{"value":"cut he', '{"value":"cut he'],
  [undefined, '–'],
])('reads %s as %s', (json, text) => {
  expect(sidesOf({ current: json, incoming: '"other"' })[0]).toBe(text)
})

it('shows all of two values that differ only in what is left out', () => {
  const [current, incoming] = ['{"system":"urn:x","value":"K1"}', '{"system":"urn:y","value":"K1"}']
  expect(sidesOf({ current, incoming })).toEqual([current, incoming])
})
