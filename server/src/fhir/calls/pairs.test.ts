import { expect, it } from 'vitest'

import { limits } from '../../kernel/limits.ts'
import { createPairs } from './call.ts'

it('gives the same list for the same address, a new one once many others were asked, none for a long one', () => {
  const pairs = createPairs()
  const first = pairs('/fhir/Patient?name=x', 'name=x')
  expect(first).toEqual([['name', 'x']])
  expect(pairs('/fhir/Patient?name=x', 'name=x')).toBe(first)
  const long = `name=${'x'.repeat(limits.fhir.knownAddressChars)}`
  expect(pairs(long, long)).not.toBe(pairs(long, long))
  for (let index = 0; index < limits.fhir.knownAddresses; index += 1) pairs(String(index), 'name=y')
  const again = pairs('/fhir/Patient?name=x', 'name=x')
  expect(again).toEqual(first)
  expect(again).not.toBe(first)
})
