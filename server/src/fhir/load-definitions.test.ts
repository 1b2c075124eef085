import { expect, it } from 'vitest'

import { loadDefinitions } from './load-definitions.ts'

it('knows the search parameters of each type without loading its module', async () => {
  const definitions = loadDefinitions()
  for (const type of definitions.types)
    expect(definitions.params(type), type).toEqual((await definitions.load(type))?.params)
  expect(definitions.params('Patient').map(({ code }) => code)).toEqual(
    expect.arrayContaining(['_id', 'birthdate', 'family', 'general-practitioner']),
  )
  expect(definitions.params('Person of interest')).toEqual([])
})
