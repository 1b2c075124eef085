import { expect, it } from 'vitest'

import type { JsonObject } from '../../kernel/json.ts'
import { KEY_ENCODING } from '../../store/keys.ts'
import { loadDefinitions } from '../load-definitions.ts'

const definitions = loadDefinitions()
const context = {
  lastUpdated: 1_700_000_000_000,
  facilities: ['Organization/north'],
  base: 'http://hub.example.org/fhir',
}

async function keysOf(resource: JsonObject & { readonly resourceType: string }) {
  const module = await definitions.load(resource.resourceType)
  if (!module) throw new Error('no such type')
  return module.extract(resource, context)
}

const OBSERVATION = {
  resourceType: 'Observation',
  id: 'o1',
  meta: { profile: ['http://p.example.org/a|1'], tag: [{ system: 'urn:t', code: 'Red' }] },
  contained: [{ resourceType: 'Device', id: 'd', status: 'active' }],
  device: { reference: '#d' },
  status: 'final',
  code: {
    coding: [{ system: 'http://loinc.org', code: '8480-6', display: 'Systolic' }, { code: 'SYS' }],
    text: 'Bläßdruck',
  },
  subject: { reference: 'Patient/p1', identifier: { system: 'urn:mrn', value: 'M1' } },
  effectiveDateTime: '2024-02',
  valueQuantity: { value: 120, system: 'http://unitsofmeasure.org', code: 'mm[Hg]', unit: 'mmHg' },
}

const KEYS = [
  '_id:missing=false',
  '_profile:missing=false',
  '_profile=http://p.example.org/a|1',
  '_profile=http://p.example.org/a',
  '_tag:missing=false',
  '_tag=red',
  '_tag=urn:t|',
  '_tag=urn:t|red',
  'code:missing=false',
  'code=8480-6',
  'code=http://loinc.org|',
  'code=http://loinc.org|8480-6',
  'code=sys',
  'code=|sys',
  'combo-code:missing=false',
  'combo-code=8480-6',
  'combo-code=http://loinc.org|',
  'combo-code=http://loinc.org|8480-6',
  'combo-code=sys',
  'combo-code=|sys',
  'combo-value-quantity:missing=false',
  'date:missing=false',
  'device:missing=false',
  'device=#d',
  'patient:missing=false',
  'patient=Patient/p1',
  'patient=p1',
  'patient:identifier=m1',
  'patient:identifier=urn:mrn|',
  'patient:identifier=urn:mrn|m1',
  'status:missing=false',
  'status=final',
  'status=http://hl7.org/fhir/observation-status|',
  'status=http://hl7.org/fhir/observation-status|final',
  'subject:missing=false',
  'subject=Patient/p1',
  'subject=p1',
  'subject:identifier=m1',
  'subject:identifier=urn:mrn|',
  'subject:identifier=urn:mrn|m1',
  'value-quantity:missing=false',
  '_lastUpdated:missing=false',
  '_compartment=Patient/p1',
  'patient+code=Patient/p1+8480-6',
  'patient+code=Patient/p1+http://loinc.org|',
  'patient+code=Patient/p1+http://loinc.org|8480-6',
  'patient+code=Patient/p1+sys',
  'patient+code=Patient/p1+|sys',
  '#Device',
  '#Device:_id=d',
  '#Device:_id=|d',
  '#Device:status=active',
  '#Device:status=http://hl7.org/fhir/device-status|active',
  '_facility=Organization/north',
]

const amount = (param: string) => [
  { p: param, lo: 120, hi: 120 },
  { p: `${param}|~g1.m-1.s-2`, lo: 15_998_640, hi: 15_998_640 },
  { p: `${param}||mm[Hg]`, lo: 120, hi: 120 },
  { p: `${param}||mmHg`, lo: 120, hi: 120 },
]

/**
 * What stands in every store. Whoever changes a line here changes `KEY_ENCODING`, so that stored keys are rebuilt; forms are explained in
 * `fhir/search/README.md`.
 */
it('the text of the keys is that of key encoding 5', async () => {
  expect(KEY_ENCODING).toBe(5)
  const { k, r, n, s, date, patients } = await keysOf(OBSERVATION)
  expect(k).toEqual(KEYS)
  expect(r).toEqual([
    ...amount('combo-value-quantity'),
    { p: 'date', lo: Date.UTC(2024, 1), hi: Date.UTC(2024, 2) },
    ...amount('value-quantity'),
    { p: '_lastUpdated', lo: 1_700_000_000_000, hi: 1_700_000_000_001 },
  ])
  expect(n).toEqual([
    { p: '_profile', text: 'http://p.example.org/a|1' },
    { p: 'code:text', text: 'systolic' },
    { p: 'code:text', text: 'blassdruck' },
    { p: 'combo-code:text', text: 'systolic' },
    { p: 'combo-code:text', text: 'blassdruck' },
  ])
  expect(s).toEqual({
    _id: 'o1',
    _tag: 'red',
    code: '8480-6',
    '-code': 'sys',
    'combo-code': '8480-6',
    '-combo-code': 'sys',
    patient: 'Patient/p1',
    status: 'final',
    subject: 'Patient/p1',
  })
  expect([date, patients]).toEqual([Date.UTC(2024, 1), ['p1']])
})
