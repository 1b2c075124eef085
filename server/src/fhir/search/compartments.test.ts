import { expect, it } from 'vitest'

import { loadDefinitions } from '../load-definitions.ts'
import { COMPARTMENTS, SELF } from './compartment-table.ts'
import { memberClause } from './compartments.ts'

const definitions = loadDefinitions()

it.each(Object.keys(COMPARTMENTS))(
  'places resources into the compartment of a %s by parameters that they have',
  async (owner) => {
    for (const [type, codes] of Object.entries(COMPARTMENTS[owner] ?? {})) {
      const module = await definitions.load(type)
      const references = module?.params.filter((param) => param.type === 'reference').map(({ code }) => code)
      expect([...(references ?? []), SELF], `${owner} ${type}`).toEqual(expect.arrayContaining([...codes]))
    }
  },
)

it('knows who is never part of one', async () => {
  const organization = await definitions.load('Organization')
  const observation = await definitions.load('Observation')
  if (!organization || !observation) throw new Error('types are missing')
  expect(memberClause(organization, 'Encounter/1')).toBeUndefined()
  expect(memberClause(observation, 'constructor/1')).toBeUndefined()
  expect(memberClause(observation, 'Encounter/1')?.anyOf).toEqual([
    { by: 'key', key: 'encounter=Encounter/1' },
  ])
})
