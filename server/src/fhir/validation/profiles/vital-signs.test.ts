import { describe, expect, it } from 'vitest'

import type { JsonObject } from '../../../kernel/json.ts'
import { loadDefinitions } from '../../load-definitions.ts'

const definitions = loadDefinitions()
const R4 = 'http://hl7.org/fhir/StructureDefinition/'
const OWN = 'https://mogran.org/fhir/StructureDefinition/facility-patient'

type Resource = JsonObject & { readonly resourceType: string }

async function found(
  resource: Resource,
  options: { readonly warnings?: boolean; readonly profiles?: readonly string[] } = {},
): Promise<readonly string[]> {
  const module = await definitions.load(resource.resourceType)
  if (!module) throw new Error('no such type')
  // Members that a test sets to undefined are absent in JSON.
  const issues = module.validate(JSON.parse(JSON.stringify(resource)) as JsonObject, 20, options)
  return issues.map(({ severity, code, at }) => `${severity} ${code} ${at}`)
}

const quantity = (value: number) => ({
  value,
  unit: 'mmHg',
  system: 'http://unitsofmeasure.org',
  code: 'mm[Hg]',
})
const loinc = (code: string) => ({ coding: [{ system: 'http://loinc.org', code }] })
const systolic = { code: loinc('8480-6'), valueQuantity: quantity(120) }
const diastolic = { code: loinc('8462-4'), valueQuantity: quantity(80) }
const pressure = (more: JsonObject): Resource => ({
  resourceType: 'Observation',
  meta: { profile: [`${R4}bp`] },
  status: 'final',
  category: [
    {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/observation-category', code: 'vital-signs' }],
    },
  ],
  code: loinc('85354-9'),
  subject: { reference: 'Patient/1' },
  effectiveDateTime: '2026-11-25',
  component: [systolic, diastolic],
  ...more,
})

describe('the blood pressure profile of R4', () => {
  it('accepts a pressure, also with components of its own and with a reason where a value is missing', async () => {
    expect(await found(pressure({}))).toEqual([])
    const other = { code: loinc('8478-0'), valueQuantity: quantity(93) }
    expect(await found(pressure({ component: [other, diastolic, systolic] }))).toEqual([])
    const absent = { code: systolic.code, dataAbsentReason: loinc('LA1') }
    expect(await found(pressure({ component: [absent, diastolic] }))).toEqual([])
    expect(
      await found(pressure({ effectiveDateTime: undefined, effectivePeriod: { start: '2026' } })),
    ).toEqual([])
  })

  it.each([
    ['one component', { component: [systolic] }, 'error required Observation.component'],
    [
      'two systolic values',
      { component: [systolic, systolic, diastolic] },
      'error structure Observation.component',
    ],
    ['another code', { code: loinc('8867-4') }, 'error required Observation.code.coding'],
    [
      'a component in another unit',
      { component: [systolic, { ...diastolic, valueQuantity: { ...quantity(80), code: 'kPa' } }] },
      'error value Observation.component[1].value.code',
    ],
    [
      'a component without value and reason',
      { component: [{ code: systolic.code }, diastolic] },
      'error invariant Observation.component[0]',
    ],
    ['a value of its own', { valueQuantity: quantity(120) }, 'error structure Observation.value'],
    ['no moment', { effectiveDateTime: undefined }, 'error required Observation.effective'],
    ['a year only', { effectiveDateTime: '2026' }, 'error invariant Observation.effective'],
    [
      'a location as its subject',
      { subject: { reference: 'Location/1' } },
      'error value Observation.subject.reference',
    ],
    ['another category', { category: [loinc('1')] }, 'error required Observation.category'],
  ])('refuses %s', async (_, change, issue) => {
    expect(await found(pressure(change))).toContain(issue)
  })

  it('checks resources in Bundles and contained ones, too', async () => {
    const entry = {
      fullUrl: 'urn:uuid:0b7f6b5c-91b5-4f5e-8f6a-4a4f2c6f2f10',
      resource: pressure({ component: [systolic, systolic] }),
    }
    const bundle: Resource = { resourceType: 'Bundle', type: 'collection', entry: [entry] }
    expect(await found(bundle)).toContain('error required Bundle.entry[0].resource.component')
  })
})

describe('an Observation with the code of a vital sign', () => {
  const nameless = pressure({ meta: undefined, category: undefined })

  it('is told in a validation where it leaves the profile that it does not name', async () => {
    const advice = await found(nameless, { warnings: true })
    expect(advice).toContain('warning required Observation.category')
    expect(advice.filter((each) => !each.startsWith('warning'))).toEqual([])
    expect(await found(pressure({ meta: undefined }), { warnings: true })).toEqual([
      'warning invariant Observation',
    ])
  })

  it('is not refused for it when it is written', async () => {
    expect(await found(nameless)).toEqual([])
  })

  it('is left alone when the code is of another system', async () => {
    const other = { ...nameless, code: { coding: [{ system: 'urn:local', code: '85354-9' }] } }
    expect(await found(other, { warnings: true })).toEqual(['warning invariant Observation'])
  })
})

describe('profiles that a resource names', () => {
  it('are a warning when the hub does not hold them', async () => {
    const resource: Resource = {
      resourceType: 'Patient',
      meta: { profile: ['http://example.org/p', `${R4}Patient`] },
      text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">A</div>' },
    }
    expect(await found(resource)).toEqual(['warning not-found Patient.meta.profile[0]'])
    expect(await found(resource, { warnings: true })).toEqual(['warning not-found Patient.meta.profile[0]'])
  })

  it('are an error when they are for another type', async () => {
    const resource: Resource = { resourceType: 'Patient', meta: { profile: [`${R4}bp|4.0.1`] } }
    expect(await found(resource)).toEqual(['error value Patient.meta.profile[0]'])
  })

  it('are an error when somebody asks for one that the hub does not hold', async () => {
    const resource: Resource = { resourceType: 'Patient', active: true }
    expect(await found(resource, { profiles: ['http://example.org/p'] })).toEqual(['error not-found Patient'])
    expect(await found(resource, { profiles: [`${R4}Patient`] })).toEqual([])
    expect(
      await found(pressure({ meta: undefined, component: [systolic] }), { profiles: [`${R4}bp`] }),
    ).toContain('error required Observation.component')
  })
  it('are not those of another version', async () => {
    const resource: Resource = {
      resourceType: 'Patient',
      meta: { profile: [`${R4}vitalsigns|9`, `${R4}Patient|5.0.0`, `${OWN}|2.0.0`] },
    }
    expect(await found(resource)).toEqual(
      [0, 1, 2].map((n) => `warning not-found Patient.meta.profile[${n}]`),
    )
    for (const asked of [`${R4}bp|9`, `${R4}bp|4.0.10`, `${R4}Patient|5.0.0`, `${OWN}|2.0.0`])
      expect(await found({ resourceType: 'Patient' }, { profiles: [asked] })).toEqual([
        'error not-found Patient',
      ])
    for (const held of [`${R4}bp|4.0.1`, `${R4}bp|4.0.0`, `${R4}bp|4.0`, `${OWN}|1.0.0`, `${OWN}|1.0`])
      expect(await found({ resourceType: 'Basic', code: {} }, { profiles: [held] })).not.toContain(
        'error not-found Basic',
      )
  })
})
