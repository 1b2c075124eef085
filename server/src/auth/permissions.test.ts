import { describe, expect, it } from 'vitest'

import { Fault } from '../kernel/fault.ts'
import { authorise, authoriseCommand, constraintFor, meets } from './authorise.ts'
import { type Caller, systemCaller } from './caller.ts'
import {
  INTERACTIONS,
  type Interaction,
  may,
  mayUse,
  RESOURCE_TYPES,
  ROLES,
  type Role,
} from './permissions.ts'
import { parseScopes } from './scopes.ts'

const PAIRS = RESOURCE_TYPES.flatMap((type) =>
  INTERACTIONS.map((interaction) => [type, interaction] as const),
)

const person = (...roles: Role[]): Caller => ({ subject: 'a', kind: 'person', roles, facilities: 'all' })

/** Whether the door lets the role pass; what it says otherwise must name the missing right. */
function passes(role: Role, interaction: Interaction, type: string): boolean {
  try {
    authorise(person(role), interaction, type)
    return true
  } catch (error) {
    if (!(error instanceof Fault) || error.message !== `The right to ${interaction} ${type} is missing.`)
      throw error
    return false
  }
}

describe('the permission table', () => {
  it('holds the 146 R4 types, each once', () => {
    expect(RESOURCE_TYPES).toHaveLength(146)
    expect(new Set(RESOURCE_TYPES).size).toBe(146)
  })

  for (const role of ROLES) {
    it(`decides alike for the data and for the check at the door: ${role}`, () => {
      const wrong = PAIRS.filter(
        ([type, interaction]) => may([role], interaction, type) !== passes(role, interaction, type),
      )
      expect(wrong).toEqual([])
    })

    it(`lets nobody search what they may not read, or change what they may not see: ${role}`, () => {
      const unseen = PAIRS.filter(
        ([type, interaction]) =>
          may([role], interaction, type) && !(may([role], 'read', type) && may([role], 'search', type)),
      )
      expect(unseen).toEqual([])
    })
  }
})

describe('what hospitals expect of the table', () => {
  it.each<[Role, string, boolean]>([
    ['receptionist', 'read Observation', false],
    ['receptionist', 'create Patient', true],
    ['receptionist', 'read Condition', false],
    ['billing', 'update MedicationRequest', false],
    ['billing', 'create Claim', true],
    ['nurse', 'create MedicationRequest', false],
    ['doctor', 'create MedicationRequest', true],
    ['doctor', 'read Claim', false],
    ['lab-technician', 'create Observation', true],
    ['lab-technician', 'read MedicationRequest', false],
    ['pharmacist', 'create MedicationDispense', true],
    ['pharmacist', 'create Observation', false],
    ['doctor', 'delete Patient', false],
    ['administrator', 'delete Patient', true],
    ['administrator', 'update AuditEvent', false],
    ['administrator', 'delete AuditEvent', false],
  ])('%s, %s: %s', (role, right, expected) => {
    const [interaction = '', type = ''] = right.split(' ')
    expect(may([role], interaction as Interaction, type)).toBe(expected)
  })

  it('adds the rights of several roles and gives none without a role', () => {
    expect(may(['billing', 'nurse'], 'create', 'Claim')).toBe(true)
    expect(may(['billing', 'nurse'], 'create', 'Observation')).toBe(true)
    expect(RESOURCE_TYPES.some((type) => may([], 'read', type))).toBe(false)
  })

  it('knows no type that R4 does not have', () => {
    for (const type of ['SubscriptionStatus', 'constructor', '__proto__', ''])
      expect(may(['administrator'], 'read', type)).toBe(false)
  })

  it('keeps replaying messages and accounts for the administrator', () => {
    for (const role of ROLES) {
      expect(mayUse([role], 'messages.replay')).toBe(role === 'administrator')
      expect(mayUse([role], 'accounts.manage')).toBe(role === 'administrator')
    }
  })
})

describe('a token with scopes', () => {
  const client: Caller = {
    ...systemCaller('c', 'system'),
    scopes: parseScopes('openid system/Patient.rs system/Observation.read'),
  }

  it('does what both role and scope allow', () => {
    expect(() => authorise(client, 'read', 'Patient')).not.toThrow()
    expect(() => authorise(client, 'search', 'Observation')).not.toThrow()
    expect(() => authorise(client, 'create', 'Patient')).toThrow('The scope to create Patient is missing.')
    expect(() => authorise(client, 'read', 'Encounter')).toThrow('scope')
  })

  it('cannot reach around its scopes by a command', () => {
    expect(() => authoriseCommand(client, 'messages.read')).toThrow('The right messages.read is missing.')
    expect(() => authoriseCommand(systemCaller('s', 'system'), 'messages.read')).not.toThrow()
  })
})

describe('the constraint of a caller', () => {
  const ward: Caller = {
    ...person('nurse'),
    facilities: ['Organization/a', 'Organization/b'],
    patient: 'Patient/1',
  }

  it('asks for one of the facilities and for the compartment', () => {
    const clauses = constraintFor(ward, 'Observation')
    expect(clauses).toEqual([
      ['_facility=Organization/a', '_facility=Organization/b'],
      ['_compartment=Patient/1'],
    ])
    const keys = new Set(['_facility=Organization/b', '_compartment=Patient/1'])
    expect(meets(clauses, (key) => keys.has(key))).toBe(true)
    expect(meets(clauses, (key) => key === '_compartment=Patient/1')).toBe(false)
  })

  it('shows nothing to somebody without a facility', () => {
    expect(meets(constraintFor({ ...person('nurse'), facilities: [] }, 'Patient'), () => true)).toBe(false)
  })

  it('leaves terminology and directory open, and group-wide callers unlimited', () => {
    expect(constraintFor(ward, 'ValueSet')).toEqual([])
    expect(constraintFor(ward, 'Practitioner')).toEqual([])
    expect(constraintFor(person('nurse'), 'Patient')).toEqual([])
  })
})
