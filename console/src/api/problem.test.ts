import { expect, it } from 'vitest'

import { textsOf } from './problem.ts'

const issue = (text: string, ...expression: readonly string[]) => ({
  details: { text },
  ...(expression.length > 0 && { expression }),
})

it('says where a problem is, once', () => {
  const texts = textsOf({
    resourceType: 'OperationOutcome',
    issue: [
      issue('This is no date.', 'PID-7'),
      issue('body.text: is too long', 'body.text'),
      issue('The hub is busy; ask again.'),
      { expression: ['PID-3'] },
    ],
  })
  expect(texts).toEqual(['PID-7: This is no date.', 'body.text: is too long', 'The hub is busy; ask again.'])
})

it('reads errors of the sign-in', () => {
  expect(textsOf({ error: 'invalid_grant', error_description: 'Sign in again.' })).toEqual(['Sign in again.'])
  expect(textsOf('no JSON')).toEqual([])
})
