import { describe, expect, it } from 'vitest'

import type { JsonObject } from '../../kernel/json.ts'
import { loadDefinitions } from '../load-definitions.ts'

type Resource = JsonObject & { readonly resourceType: string }

const definitions = loadDefinitions()

async function rules(resource: Resource): Promise<readonly string[]> {
  const module = await definitions.load(resource.resourceType)
  if (!module) throw new Error('no such type')
  return module.validate(resource, 20).map(({ text, at }) => `${text.split(':')[0]} ${at}`)
}

const heartRate = { coding: [{ system: 'http://loinc.org', code: '8867-4' }] }
const observation = (more: JsonObject): Resource => ({
  resourceType: 'Observation',
  status: 'final',
  code: heartRate,
  ...more,
})
const patient = (more: JsonObject): Resource => ({ resourceType: 'Patient', ...more })
const bundle = (type: string, ...entry: readonly JsonObject[]): Resource => ({
  resourceType: 'Bundle',
  type,
  entry,
})
const unknown = {
  coding: [{ system: 'http://terminology.hl7.org/CodeSystem/data-absent-reason', code: 'unknown' }],
}

const profiled = (path: string): Resource => ({
  resourceType: 'StructureDefinition',
  url: 'http://example.org/x',
  name: 'X',
  status: 'draft',
  kind: 'resource',
  abstract: false,
  type: 'Patient',
  baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Patient',
  derivation: 'constraint',
  differential: { element: [{ id: 'a', path }] },
})

const BROKEN: readonly [string, Resource][] = [
  [
    'per-1 Patient.name[0].period',
    patient({ name: [{ family: 'A', period: { start: '2024-02', end: '2024-01' } }] }),
  ],
  ['eld-19 StructureDefinition.differential.element[0]', profiled('Patient.na me')],
  ['qty-3 Observation.value', observation({ valueQuantity: { value: 1, code: 'mg' } })],
  ['cpt-2 Patient.telecom[0]', patient({ telecom: [{ value: '1' }] })],
  ['att-1 Patient.photo[0]', patient({ photo: [{ data: 'aGVs' }] })],
  ['ref-1 Observation.subject', observation({ subject: { reference: '#p' } })],
  ['obs-6 Observation', observation({ valueString: 'a', dataAbsentReason: unknown })],
  [
    'obs-7 Observation',
    observation({ valueString: 'a', component: [{ code: heartRate, valueString: 'b' }] }),
  ],
  ['obs-3 Observation.referenceRange[0]', observation({ referenceRange: [{ age: { low: { value: 1 } } }] })],
  [
    'dom-2 Observation',
    observation({
      contained: [{ resourceType: 'Patient', id: 'a', contained: [{ resourceType: 'Patient', id: 'b' }] }],
    }),
  ],
  ['dom-3 Observation', observation({ contained: [{ resourceType: 'Patient', id: 'a' }] })],
  [
    'dom-4 Observation',
    observation({
      subject: { reference: '#a' },
      contained: [{ resourceType: 'Patient', id: 'a', meta: { versionId: '1' } }],
    }),
  ],
  [
    'dom-5 Observation',
    observation({
      subject: { reference: '#a' },
      contained: [{ resourceType: 'Patient', id: 'a', meta: { security: [{ code: 'R' }] } }],
    }),
  ],
  [
    'ext-1 Patient.extension[0]',
    patient({
      extension: [{ url: 'http://a', valueString: 'a', extension: [{ url: 'b', valueString: 'b' }] }],
    }),
  ],
  ['pat-1 Patient.contact[0]', patient({ contact: [{ gender: 'male' }] })],
  ['rng-2 Observation.value', observation({ valueRange: { low: { value: 2 }, high: { value: 1 } } })],
  ['rat-1 Observation.value', observation({ valueRatio: { numerator: { value: 1 } } })],
  ['bdl-1 Bundle', { resourceType: 'Bundle', type: 'collection', total: 1 }],
  ['bdl-3 Bundle', bundle('batch', { resource: patient({ active: true }) })],
  ['bdl-5 Bundle.entry[0]', bundle('collection', { fullUrl: 'http://a/Patient/1' })],
  [
    'bdl-7 Bundle',
    bundle(
      'collection',
      ...[1, 2].map(() => ({ fullUrl: 'http://a/Patient/1', resource: patient({ active: true }) })),
    ),
  ],
  [
    'bdl-11 Bundle',
    {
      ...bundle('document', { fullUrl: 'http://a/Patient/1', resource: patient({ active: true }) }),
      identifier: { system: 'http://a', value: '1' },
      timestamp: '2024-01-01T00:00:00Z',
    },
  ],
  [
    'org-3 Organization.telecom[0]',
    { resourceType: 'Organization', name: 'A', telecom: [{ system: 'phone', value: '1', use: 'home' }] },
  ],
  [
    'tim-1 ServiceRequest.occurrence.repeat',
    {
      resourceType: 'ServiceRequest',
      status: 'active',
      intent: 'order',
      subject: { reference: 'Patient/1' },
      occurrenceTiming: { repeat: { duration: 1 } },
    },
  ],
  [
    'ctm-1 CareTeam.participant[0]',
    {
      resourceType: 'CareTeam',
      participant: [{ member: { reference: 'Patient/1' }, onBehalfOf: { reference: 'Organization/1' } }],
    },
  ],
  [
    'sqty-1 Observation.referenceRange[0].low',
    observation({ referenceRange: [{ low: { value: 1, comparator: '<' } }] }),
  ],
]

const KEPT: readonly [string, Resource][] = [
  [
    'a period whose precisions overlap',
    patient({ name: [{ family: 'A', period: { start: '2024-02-15', end: '2024-02' } }] }),
  ],
  [
    'a component of another code beside a value',
    observation({ valueString: 'a', component: [{ code: { coding: [{ code: 'x' }] }, valueString: 'b' }] }),
  ],
  [
    'a contained resource that is used',
    observation({ subject: { reference: '#a' }, contained: [{ resourceType: 'Patient', id: 'a' }] }),
  ],
  [
    'a contained resource that refers to its container',
    observation({
      contained: [
        {
          resourceType: 'Provenance',
          id: 'a',
          target: [{ reference: '#' }],
          recorded: '2024-01-01T00:00:00Z',
          agent: [{ who: { display: 'A' } }],
        },
      ],
    }),
  ],
  ['paths of elements, choices and slices', profiled('Patient.deceased[x]:late')],
  ['a reference with display only', observation({ subject: { display: 'A' } })],
  [
    'a range over different units',
    observation({ valueRange: { low: { value: 2, unit: 'g' }, high: { value: 1, unit: 'kg' } } }),
  ],
  [
    'a member of a care team who acts for somebody',
    {
      resourceType: 'CareTeam',
      participant: [{ member: { reference: 'Practitioner/1' }, onBehalfOf: { reference: 'Organization/1' } }],
    },
  ],
]

describe('invariants', () => {
  it.each(BROKEN)('refuses what breaks %s', async (rule, resource) => {
    expect(await rules(resource)).toContain(rule)
  })

  it.each(KEPT)('accepts %s', async (_, resource) => {
    expect(await rules(resource)).toEqual([])
  })
})
