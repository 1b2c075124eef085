import { expect, it } from 'vitest'

import type { ProfileDefinition, ProfileElement } from '../../generate/profiles/definitions.ts'
import { loadDefinitions } from '../../load-definitions.ts'
import { createWalk } from '../walk.ts'
import { postedPlan } from './posted-plan.ts'
import type { PostedSource } from './posted-plan.ts'
import { tableModel } from './table-model.ts'

const definitions = loadDefinitions()
const table = definitions.elements()
const slicing: ProfileElement = {
  path: 'Patient.name',
  slicing: { discriminator: [{ type: 'value', path: 'use' }] },
}
const slice: ProfileElement = {
  id: 'Patient.name:own',
  path: 'Patient.name',
  sliceName: 'own',
  type: [{ code: 'HumanName', profile: ['http://example.org/name'] }],
}
const profile: ProfileDefinition = {
  resourceType: 'StructureDefinition',
  name: 'P',
  url: 'http://example.org/p',
  type: 'Patient',
  derivation: 'constraint',
  baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
  differential: { element: [slicing, slice] },
}

function source(isCompiled: PostedSource['isCompiled']): PostedSource {
  return {
    profiles: new Map(),
    table,
    model: tableModel(table),
    types: new Set(definitions.types),
    isCompiled,
    walk: createWalk(1000),
    unchecked: new Set(),
    skipped: new Set(),
    allowed: new Map(),
  }
}

it('leaves slices out that a definition does not tell apart, and says so', () => {
  const from = source(() => false)
  expect(postedPlan(profile, from).root.children).toEqual([])
  expect([...from.skipped].join()).toContain('says nothing about use')
})

it('does not take a defect of its own for a slice that cannot be told', () => {
  const from = source(() => {
    throw new TypeError('a defect')
  })
  const use: ProfileElement = { id: 'Patient.name:own.use', path: 'Patient.name.use', fixedCode: 'usual' }
  const whole = { ...profile, differential: { element: [slicing, slice, use] } }
  expect(() => postedPlan(whole, from)).toThrow('a defect')
})
