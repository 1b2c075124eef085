import { expect, it } from 'vitest'

import { parseScopes, scopesAllow, scopeText } from './scopes.ts'

it('reads SMART v2 and v1 and leaves out what it does not grant', () => {
  const scopes = parseScopes(
    'openid system/Patient.rs patient/*.read user/Observation.write system/X.sr system/Observation.rs?code=1 /.',
  )
  expect(scopeText(scopes)).toBe('system/Patient.rs patient/*.rs user/Observation.cud')
})

it('allows what one of the scopes covers', () => {
  const scopes = parseScopes('system/Patient.rs system/Observation.c')
  expect(scopesAllow(scopes, 'search', 'Patient')).toBe(true)
  expect(scopesAllow(scopes, 'create', 'Patient')).toBe(false)
  expect(scopesAllow(scopes, 'create', 'Observation')).toBe(true)
  expect(scopesAllow([], 'read', 'Patient')).toBe(false)
})
