import { expect, it } from 'vitest'

import type { JsonObject } from '../../kernel/json.ts'
import { loadDefinitions } from '../load-definitions.ts'

const definitions = loadDefinitions()

async function found(
  resource: JsonObject & { resourceType: string },
  warnings: boolean,
): Promise<readonly string[]> {
  const module = await definitions.load(resource.resourceType)
  const issues = module?.validate(resource, 20, { warnings }) ?? []
  return issues.flatMap(({ severity, code, at }) => (code === 'invariant' ? [] : `${severity} ${code} ${at}`))
}

const MARITAL = 'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus'
const status = (code: string, system = MARITAL) => ({
  resourceType: 'Patient',
  maritalStatus: { coding: [{ system, code }] },
})

it('advises on a code that its system does not have, where the binding leaves it free', async () => {
  const advice = ['warning code-invalid Patient.maritalStatus.coding[0].code']
  expect(await found(status('nothing'), true)).toEqual(advice)
  expect(await found(status('m'), true)).toEqual(advice)
  expect(await found(status('nothing'), false)).toEqual([])
})

it('says nothing of codes that are there, and of systems that R4 does not list', async () => {
  expect(await found(status('M'), true)).toEqual([])
  expect(await found(status('nothing', 'http://example.org/codes'), true)).toEqual([])
  expect(await found(status('nothing', 'http://loinc.org'), true)).toEqual([])
})

const amount = (code: string, system = 'http://unitsofmeasure.org') => ({
  resourceType: 'Observation',
  status: 'final',
  code: { text: 'x' },
  valueQuantity: { value: 1, system, code },
})

it.each(['Kg', 'mm[Hg', 'bogus!', 'mg//L', 'mm Hg'])(
  'advises on the unit %s, which UCUM has not',
  async (code) => {
    expect(await found(amount(code), true)).toContain('warning code-invalid Observation.value.code')
    expect(await found(amount(code, 'http://example.org/units'), true)).not.toContain(
      'warning code-invalid Observation.value.code',
    )
  },
)

it.each([
  'kg',
  '10*3/uL',
  '{score}',
  '%',
  'mg/{total}',
  '[in_us]/min',
  'dB[SPL]',
  'mL/min/{1.73_m2}',
  'm[H2O]',
])('says nothing of the unit %s', async (code) => {
  expect(await found(amount(code), true)).toEqual([])
})

it('says of a Bundle without type that, and nothing that follows from it', async () => {
  const bundle = {
    resourceType: 'Bundle',
    total: 1,
    entry: [{ fullUrl: 'http://example.org/Patient/1', resource: { resourceType: 'Patient', id: '1' } }],
  }
  const module = await definitions.load('Bundle')
  expect(module?.validate(bundle, 20)).toMatchObject([{ code: 'required', at: 'Bundle.type' }])
  const typed = module?.validate({ ...bundle, type: 'collection' }, 20) ?? []
  expect(typed.map(({ text }) => text.slice(0, 5))).toEqual(['bdl-1'])
})
