import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import type { JsonObject } from '../../../kernel/json.ts'
import { RUNTIME, RUNTIME_NAMES, type CompiledFile } from '../../compiled.ts'
import { createBindings } from '../../generate/bindings.ts'
import { readCorrections } from '../../generate/corrections.ts'
import { file } from '../../generate/emit-module.ts'
import { modelOf } from '../../generate/model.ts'
import {
  readProfiles,
  type ProfileDefinition,
  type ProfileElement,
} from '../../generate/profiles/definitions.ts'
import { emitProfile } from '../../generate/profiles/emit-profile.ts'
import { definitionsFolder, readSpecification } from '../../generate/specification.ts'
import { loadDefinitions } from '../../load-definitions.ts'
import { Check } from '../check.ts'
import { checkProfile } from './check-profile.ts'
import type { ProfilePlan } from './plan.ts'

const corrections = readCorrections()
const specification = readSpecification(definitionsFolder(), corrections)
const model = modelOf(specification)
const sources = readProfiles(specification, corrections.removedProfiles)
const types = new Set(loadDefinitions().types)
const BASE = 'http://hl7.org/fhir/StructureDefinition/'

/** Compiles a profile as the generator does and checks a resource that is valid R4 against it. */
function check(resource: JsonObject, element: readonly ProfileElement[]): readonly string[] {
  const type = typeof resource['resourceType'] === 'string' ? resource['resourceType'] : ''
  const profile: ProfileDefinition = {
    resourceType: 'StructureDefinition',
    url: 'http://example.org/profile',
    name: 'Tested',
    type,
    baseDefinition: `${BASE}${type}`,
    differential: { element },
  }
  const plan = compiled(profile)
  const run = new Check(
    { type, most: 20, resource, warnings: false, stored: false },
    {
      codeSystemOf: () => undefined,
      types,
      checkOf: () => undefined,
      extensionOf: () => undefined,
      elements: () => ({}),
      profileOf: () => undefined,
      profileIn: () => {
        throw new Error('there are none')
      },
    },
  )
  checkProfile(plan, resource, run)
  return run.issues.map(({ code, at, text }) => `${code} ${at} ${/"(\w+)"/.exec(text)?.[1] ?? ''}`.trim())
}

function compiled(profile: ProfileDefinition): ProfilePlan {
  const bindings = createBindings({ terminology: sources.terminology, syntaxes: corrections.syntaxes })
  const js = emitProfile(profile, { model, corrections, sources, bindings })
  const folder = mkdtempSync(join(tmpdir(), 'mogran-profile-'))
  try {
    const path = join(folder, 'profile.cjs')
    writeFileSync(path, file({ runtime: RUNTIME_NAMES }, [bindings.declarations(), `return ${js}`]))
    return (createRequire(path)(path) as CompiledFile<ProfilePlan>)(RUNTIME)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const patient = (...systems: readonly string[]): JsonObject => ({
  resourceType: 'Patient',
  telecom: systems.map((system) => ({ system, value: '1' })),
})

const telecom = (
  slicing: ProfileElement['slicing'],
  ...systems: readonly string[]
): readonly ProfileElement[] => [
  { path: 'Patient.telecom', ...(slicing ? { slicing } : {}) },
  ...systems.flatMap((system): readonly ProfileElement[] => [
    { path: 'Patient.telecom', sliceName: system, max: '1' },
    { path: 'Patient.telecom.system', min: 1, fixedCode: system },
  ]),
]
const entry = (resourceType: string) => ({ resource: { resourceType, id: 'a' } })
const bundle = (...entries: readonly JsonObject[]) => ({
  resourceType: 'Bundle',
  type: 'collection',
  entry: entries,
})
const bySystem = [{ type: 'value', path: 'system' }]

describe('slicing', () => {
  it('lets others stand anywhere when it is open', () => {
    const open = telecom({ discriminator: bySystem, rules: 'open' }, 'phone', 'email')
    expect(check(patient('url', 'email', 'phone'), open)).toEqual([])
    expect(check(patient('email', 'email'), open)).toEqual(['structure Patient.telecom'])
  })

  it('refuses others when it is closed', () => {
    const closed = telecom({ discriminator: bySystem, rules: 'closed' }, 'phone', 'email')
    expect(check(patient('phone', 'url'), closed)).toEqual(['structure Patient.telecom[1]'])
  })

  it('wants others behind when it is open at the end', () => {
    const atEnd = telecom({ discriminator: bySystem, rules: 'openAtEnd' }, 'phone', 'email')
    expect(check(patient('email', 'phone', 'url'), atEnd)).toEqual([])
    expect(check(patient('email', 'url', 'phone'), atEnd)).toEqual(['structure Patient.telecom[2]'])
  })

  it('wants the order of the profile when it is ordered', () => {
    const ordered = telecom({ discriminator: bySystem, rules: 'open', ordered: true }, 'phone', 'email')
    expect(check(patient('phone', 'email'), ordered)).toEqual([])
    expect(check(patient('email', 'phone'), ordered)).toEqual(['structure Patient.telecom[1] phone'])
  })
})

const reached = (...telecoms: readonly (readonly [string, string])[]): JsonObject => ({
  resourceType: 'Patient',
  telecom: telecoms.map(([system, use]) => ({ system, use, value: '1' })),
})

describe('a slice', () => {
  const byUse = { discriminator: [{ type: 'value', path: 'use' }], rules: 'open' }
  const elements: readonly ProfileElement[] = [
    { id: 'Patient.telecom', path: 'Patient.telecom', slicing: { discriminator: bySystem, rules: 'open' } },
    { id: 'Patient.telecom:phone', path: 'Patient.telecom', sliceName: 'phone', max: '2', slicing: byUse },
    { id: 'Patient.telecom:phone.system', path: 'Patient.telecom.system', min: 1, fixedCode: 'phone' },
    { id: 'Patient.telecom:phone/home', path: 'Patient.telecom', sliceName: 'phone/home', min: 1, max: '1' },
    { id: 'Patient.telecom:phone/home.use', path: 'Patient.telecom.use', min: 1, fixedCode: 'home' },
  ]
  it('can be sliced again', () => {
    expect(check(reached(['phone', 'home'], ['phone', 'work'], ['email', 'home']), elements)).toEqual([])
    expect(check(reached(['phone', 'work'], ['email', 'home']), elements)).toEqual([
      'required Patient.telecom home',
    ])
    expect(check(reached(['phone', 'home'], ['phone', 'home']), elements)).toEqual([
      'structure Patient.telecom',
    ])
  })

  it('of one variant of a choice leaves out the others', () => {
    const quantity: readonly ProfileElement[] = [{ path: 'Observation.valueQuantity', max: '1' }]
    const observation = { resourceType: 'Observation', status: 'final', code: { text: 'a' } }
    expect(check({ ...observation, valueQuantity: { value: 1 } }, quantity)).toEqual([])
    expect(check({ ...observation, valueString: 'a' }, quantity)).toEqual(['structure Observation.value'])
  })
})

describe('discriminators', () => {
  it('tell items apart by what exists', () => {
    const elements: readonly ProfileElement[] = [
      {
        path: 'Patient.name',
        slicing: { discriminator: [{ type: 'exists', path: 'period' }], rules: 'open' },
      },
      { path: 'Patient.name', sliceName: 'former', min: 0, max: '1' },
      { path: 'Patient.name.period', min: 1 },
      { path: 'Patient.name', sliceName: 'current', min: 1, max: '1' },
      { path: 'Patient.name.period', max: '0' },
    ]
    const old = { family: 'A', period: { end: '2020' } }
    expect(check({ resourceType: 'Patient', name: [old, { family: 'B' }] }, elements)).toEqual([])
    expect(check({ resourceType: 'Patient', name: [old] }, elements)).toEqual([
      'required Patient.name current',
    ])
  })

  it('tell entries of a Bundle apart by type and by profile', () => {
    const byType: readonly ProfileElement[] = [
      {
        path: 'Bundle.entry',
        slicing: { discriminator: [{ type: 'type', path: 'resource' }], rules: 'closed' },
      },
      { path: 'Bundle.entry', sliceName: 'patient', min: 1, max: '1' },
      { path: 'Bundle.entry.resource', min: 1, type: [{ code: 'Patient' }] },
    ]
    expect(check(bundle(entry('Patient')), byType)).toEqual([])
    expect(check(bundle(entry('Device'), entry('Patient')), byType)).toEqual(['structure Bundle.entry[0]'])
    const byProfile: readonly ProfileElement[] = [
      {
        path: 'Bundle.entry',
        slicing: { discriminator: [{ type: 'profile', path: 'resource' }], rules: 'open' },
      },
      { path: 'Bundle.entry', sliceName: 'patient', min: 1 },
      { path: 'Bundle.entry.resource', type: [{ code: 'Patient', profile: [`${BASE}Patient`] }] },
    ]
    expect(check(bundle(entry('Device')), byProfile)).toEqual(['required Bundle.entry patient'])
  })

  it('tell extensions apart by url without saying so', () => {
    const elements: readonly ProfileElement[] = [
      {
        path: 'Patient.extension',
        sliceName: 'channel',
        min: 1,
        type: [
          { code: 'Extension', profile: ['https://mogran.org/fhir/StructureDefinition/contact-channel'] },
        ],
      },
    ]
    const extension = { url: 'https://mogran.org/fhir/StructureDefinition/contact-channel', valueCode: 'sms' }
    expect(check({ resourceType: 'Patient', extension: [extension] }, elements)).toEqual([])
    expect(
      check({ resourceType: 'Patient', extension: [{ ...extension, url: 'http://a' }] }, elements),
    ).toEqual(['required Patient.extension channel'])
  })
})

describe('limits of a profile', () => {
  it('are checked on lengths, lowest and highest values, fixed values and patterns', () => {
    const observation = {
      resourceType: 'Observation',
      status: 'final',
      code: { coding: [{ code: 'a' }, { code: 'b' }] },
    }
    const rules: readonly ProfileElement[] = [
      { path: 'Observation.code', patternCodeableConcept: { coding: [{ code: 'b' }] } },
      { path: 'Observation.valueInteger', minValueInteger: 1, maxValueInteger: 5 },
      { path: 'Observation.valueString', maxLength: 3 },
    ]
    expect(check({ ...observation, valueInteger: 5 }, rules)).toEqual([])
    expect(check({ ...observation, valueInteger: 6 }, rules)).toEqual(['value Observation.value'])
    expect(check({ ...observation, valueInteger: 0 }, rules)).toEqual(['value Observation.value'])
    expect(check({ ...observation, valueString: 'abcd' }, rules)).toEqual(['too-long Observation.value'])
    expect(check({ ...observation, code: { coding: [{ code: 'a' }] } }, rules)).toEqual([
      'value Observation.code coding',
    ])
    const fixed: readonly ProfileElement[] = [
      { path: 'Observation.code', fixedCodeableConcept: { coding: [{ code: 'b' }] } },
    ]
    expect(check(observation, fixed)).toEqual(['value Observation.code coding'])
  })

  it('cannot speak of elements that R4 does not have', () => {
    expect(() => check(patient(), [{ path: 'Patient.nickname', min: 1 }])).toThrow(/no element nickname/)
  })
})

const named = (...name: readonly JsonObject[]) => ({ resourceType: 'Patient', name })

describe('elements that a profile requires', () => {
  const absent = { extension: [{ url: 'http://example.org/absent', valueCode: 'unknown' }] }
  const birthDate = [{ path: 'Patient.birthDate', min: 1 }]
  const given = [{ path: 'Patient.name' }, { path: 'Patient.name.given', min: 2 }]
  const deceased = [{ path: 'Patient.deceased[x]', min: 1 }]

  it('are there when only an extension stands for the value', () => {
    expect(check({ resourceType: 'Patient', _birthDate: absent }, birthDate)).toEqual([])
    expect(check({ resourceType: 'Patient', _birthDate: absent }, deceased)).toEqual([
      'required Patient.deceased',
    ])
    expect(check({ resourceType: 'Patient' }, birthDate)).toEqual(['required Patient.birthDate'])
  })

  it('are counted with those that an extension stands for', () => {
    expect(check(named({ given: ['A', null], _given: [null, absent] }), given)).toEqual([])
    expect(check(named({ given: ['A', 'B'] }, { given: ['A'] }), given)).toEqual([
      'required Patient.name[1].given',
    ])
  })

  it('are there in any variant of a choice', () => {
    for (const variant of [
      { deceasedBoolean: false },
      { deceasedDateTime: '2024' },
      { _deceasedBoolean: absent },
    ])
      expect(check({ resourceType: 'Patient', ...variant }, deceased)).toEqual([])
  })
})
