import { expect, it } from 'vitest'

import { loadDefinitions } from '../load-definitions.ts'
import { nameAdvice } from './similar-names.ts'

it.each([
  ['BirthDate', 'did you mean birthDate?'],
  ['birthdate', 'did you mean birthDate?'],
  ['brithDate', 'did you mean birthDate?'],
  ['deceased', 'did you mean deceasedBoolean or deceasedDateTime?'],
  ['_brithDate', 'did you mean birthDate?'],
  ['shoeSize', 'remove it or mend its name.'],
  ['x'.repeat(10_000), 'remove it or mend its name.'],
])('an unknown name is told of with those that are much like it: %s', (name, advice) => {
  expect(nameAdvice(name, ['birthDate', 'deceasedBoolean', 'deceasedDateTime', 'gender'])).toBe(advice)
})

it('names of elements are those of the place where they stand', async () => {
  const module = await loadDefinitions().load('Bundle')
  const contact = { telcom: [{ value: '1' }] }
  const resource = {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      {
        resource: { resourceType: 'Patient', contact: [contact] },
        request: { method: 'POST', url: 'Patient' },
      },
    ],
  }
  const [issue] = module?.validate(resource, 20) ?? []
  expect(issue?.at).toBe('Bundle.entry[0].resource.contact[0].telcom')
  expect(issue?.text).toContain('did you mean telecom?')
})
