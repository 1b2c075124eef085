import { describe, expect, it } from 'vitest'

import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import type { SearchKeys } from '../../store/keys.ts'
import { loadDefinitions } from '../load-definitions.ts'

type Resource = JsonObject & { readonly resourceType: string }

const definitions = loadDefinitions()
const BASE = 'http://127.0.0.1:8080/fhir'
const context = {
  lastUpdated: Date.parse('2024-05-01T00:00:00Z'),
  facilities: ['Organization/north'],
  base: BASE,
}

async function keysOf(resource: Resource): Promise<SearchKeys> {
  const module = await definitions.load(resource.resourceType)
  if (!module) throw new Error('no such type')
  return module.extract(resource, context)
}

async function equality(resource: Resource, param: string): Promise<readonly string[]> {
  const { k } = await keysOf(resource)
  return k.filter((key) => key.startsWith(`${param}=`) || key.startsWith(`${param}:`))
}

const patient = (more: JsonObject): Resource => ({ resourceType: 'Patient', id: 'p', ...more })
const observation = (more: JsonObject): Resource => ({
  resourceType: 'Observation',
  id: 'o',
  status: 'final',
  ...more,
})
const LOINC = 'http://loinc.org'

describe('token keys', () => {
  it('have a form for the code, the pair and the system', async () => {
    expect(
      await equality(observation({ code: { coding: [{ system: LOINC, code: '8867-4' }] } }), 'code'),
    ).toEqual(['code:missing=false', 'code=8867-4', `code=${LOINC}|`, `code=${LOINC}|8867-4`])
  })

  it('have a form without system only for a coding without one', async () => {
    expect(await equality(observation({ code: { coding: [{ code: 'HR' }] } }), 'code')).toEqual([
      'code:missing=false',
      'code=hr',
      'code=|hr',
    ])
  })

  it('fold the code and leave the system as it is', async () => {
    const resource = patient({ identifier: [{ system: 'http://A.org/MRN', value: 'AbC' }] })
    expect(await equality(resource, 'identifier')).toContain('identifier=http://A.org/MRN|abc')
  })

  it('give a code element the one system of its value set', async () => {
    expect(await equality(patient({ gender: 'female' }), 'gender')).toContain(
      'gender=http://hl7.org/fhir/administrative-gender|female',
    )
  })

  it('take only the e-mail addresses for email', async () => {
    const telecom = [
      { system: 'phone', value: '+249 1' },
      { system: 'email', value: 'Amna@Example.org' },
    ]
    expect(await equality(patient({ telecom }), 'email')).toContain('email=amna@example.org')
    expect(await equality(patient({ telecom }), 'email')).not.toContain('email=+249 1')
    expect(await equality(patient({ telecom }), 'phone')).toContain('phone=+249 1')
  })

  it('say of each patient whether he is dead', async () => {
    expect(await equality(patient({}), 'deceased')).toContain('deceased=false')
    expect(await equality(patient({ deceasedBoolean: false }), 'deceased')).toContain('deceased=false')
    expect(await equality(patient({ deceasedDateTime: '2024' }), 'deceased')).toContain('deceased=true')
  })
})

describe('special token keys', () => {
  it('find an identifier by its type', async () => {
    const type = { coding: [{ system: 'http://t', code: 'MR' }] }
    const resource = patient({ identifier: [{ type, system: 'http://s', value: 'V1' }] })
    expect(await equality(resource, 'identifier')).toContain('identifier:of-type=http://t|mr|v1')
  })

  it('have the codes of meta', async () => {
    const resource = patient({
      meta: { tag: [{ system: 'http://t', code: 'x' }], profile: ['http://p'], source: 'urn:s' },
    })
    const { k } = await keysOf(resource)
    expect(k).toEqual(
      expect.arrayContaining(['_tag=http://t|x', '_profile=http://p', '_source=urn:s', '_id:missing=false']),
    )
  })

  it('stay within the bound of the store and stay different', async () => {
    const long = 'x'.repeat(5000)
    const { k } = await keysOf(patient({ identifier: [{ value: `${long}1` }, { value: `${long}2` }] }))
    const keys = k.filter((key) => key.startsWith('identifier=x'))
    expect(new Set(keys).size).toBe(2)
    for (const key of k) expect(Buffer.byteLength(key)).toBeLessThanOrEqual(limits.store.keyBytes)
  })
})

const subject = (reference: string) => observation({ subject: { reference } })

describe('reference keys', () => {
  it('name type and id, and the id alone', async () => {
    expect(await equality(subject('Patient/1'), 'subject')).toEqual([
      'subject:missing=false',
      'subject=Patient/1',
      'subject=1',
    ])
  })

  it('take an absolute reference below the own base for a relative one', async () => {
    expect(await equality(subject(`${BASE}/Patient/1/_history/2`), 'subject')).toEqual([
      'subject:missing=false',
      'subject=Patient/1',
      'subject=1',
      'subject=Patient/1/_history/2',
    ])
    expect(await equality(subject('http://other.org/fhir/Patient/1'), 'subject')).toEqual([
      'subject:missing=false',
      'subject=http://other.org/fhir/Patient/1',
    ])
  })

  it('name a version of elsewhere with and without it', async () => {
    const version = 'http://other.org/fhir/Patient/1/_history/2'
    expect(await equality(subject(version), 'subject')).toEqual([
      'subject:missing=false',
      `subject=${version}`,
      'subject=http://other.org/fhir/Patient/1',
    ])
  })

  it('have the identifier of a logical reference', async () => {
    const resource = observation({ subject: { identifier: { system: 'http://s', value: 'V' } } })
    expect(await equality(resource, 'subject')).toContain('subject:identifier=http://s|v')
  })

  it('tell patients from other subjects', async () => {
    expect(await equality(subject('Patient/1'), 'patient')).toContain('patient=Patient/1')
    expect(await equality(subject('Device/1'), 'patient')).toEqual([])
  })

  it('put a resource into the compartments of its patients and their facility', async () => {
    const { k, patients } = await keysOf(
      observation({ subject: { reference: 'Patient/1' }, code: { coding: [{ system: LOINC, code: '1' }] } }),
    )
    expect(patients).toEqual(['1'])
    expect(k).toEqual(
      expect.arrayContaining([
        '_compartment=Patient/1',
        '_facility=Organization/north',
        `patient+code=Patient/1+${LOINC}|1`,
      ]),
    )
    expect((await keysOf(patient({}))).patients).toEqual(['p'])
  })
})

describe('ranges, names and sort scalars', () => {
  it('hold the time that a date stands for, and order by the clinical one', async () => {
    const { r, date } = await keysOf(
      observation({ effectivePeriod: { start: '2024-01-01', end: '2024-01-02' } }),
    )
    const lo = Date.parse('2024-01-01T00:00:00Z')
    expect(r).toContainEqual({ p: 'date', lo, hi: Date.parse('2024-01-03T00:00:00Z') })
    expect(date).toBe(lo)
    expect((await keysOf(observation({}))).date).toBe(context.lastUpdated)
  })

  it('leave a period open at its missing end', async () => {
    const { r } = await keysOf(observation({ effectivePeriod: { start: '2024-01-01' } }))
    expect(r).toContainEqual({ p: 'date', lo: Date.parse('2024-01-01T00:00:00Z'), hi: Infinity })
  })

  it('hold a quantity as it is, by unit too, and an inexact one as open', async () => {
    const unit = { system: 'http://unitsofmeasure.org', code: 'mg' }
    const { r } = await keysOf(observation({ valueQuantity: { value: 5.4, ...unit } }))
    expect(r).toContainEqual({ p: 'value-quantity', lo: 5.4, hi: 5.4 })
    expect(r).toContainEqual({ p: 'value-quantity|~g1', lo: 0.0054, hi: 0.0054 })
    expect(r).toContainEqual({ p: 'value-quantity||mg', lo: 5.4, hi: 5.4 })
    const below = await keysOf(observation({ valueQuantity: { value: 5, comparator: '<', ...unit } }))
    expect(below.r).toContainEqual({ p: 'value-quantity', lo: -Infinity, hi: 5 })
  })

  it('fold names', async () => {
    const { n } = await keysOf(patient({ name: [{ family: 'Müller', given: ['ANNA  Maria'] }] }))
    expect(n).toContainEqual({ p: 'family', text: 'muller' })
    expect(n).toContainEqual({ p: 'given', text: 'anna maria' })
    expect(n).toContainEqual({ p: 'name', text: 'muller' })
  })

  it('keep the lowest and the highest token for sorting', async () => {
    const { s } = await keysOf(patient({ identifier: [{ value: 'B' }, { value: 'a' }, { value: 'C' }] }))
    expect(s).toMatchObject({ identifier: 'a', '-identifier': 'c' })
  })
})

const codings = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ system: LOINC, code: `c${String(i)}` }))

describe('many keys', () => {
  it('are found without looking through all of them for each one', async () => {
    const from = process.threadCpuUsage()
    const keys = await equality(observation({ code: { coding: codings(14_000) } }), 'code')
    expect(keys).toHaveLength(2 * 14_000 + 2)
    // One by one it would take tens of seconds.
    expect(process.threadCpuUsage(from).user).toBeLessThan(5_000_000)
  })

  it('are refused when one resource has more than the index takes', async () => {
    const many = keysOf(observation({ code: { coding: codings(limits.store.resourceKeys) } }))
    await expect(many).rejects.toMatchObject({ kind: 'too-costly' })
    const wide = Array.from({ length: limits.store.resourceKeys + 1 }, () => ({ given: ['Amal'] }))
    await expect(keysOf(patient({ name: wide }))).rejects.toMatchObject({ kind: 'too-costly' })
  })
})
