/** A small record of random resources, in which values repeat often enough for every search to have hits and misses. */

export type Json = Readonly<Record<string, unknown>>
export type Resource = Json & { readonly resourceType: string; readonly id: string }
export type Random = () => number

export function pick<Value>(random: Random, values: readonly Value[]): Value {
  const value = values[Math.floor(random() * values.length)]
  if (value === undefined) throw new Error('nothing to pick from')
  return value
}

function some(random: Random, share: number, make: () => Json): Json {
  return random() < share ? make() : {}
}

function times<Value>(random: Random, most: number, make: () => Value): readonly Value[] {
  return Array.from({ length: Math.floor(random() * (most + 1)) }, make)
}

export const FAMILIES = [
  'Müller',
  'muller',
  'Miller',
  'Ng',
  "O'Brien",
  'Abd al-Rahman',
  'Öztürk',
  'Straße',
  'مريم',
]
export const GIVENS = ['Anna', 'ANNE', 'Zoë', 'zoe', 'Jan  Piet', 'Bo']
export const CODES = ['8867-4', '8480-6', '8462-4', 'Local', 'LOCAL', 'a,b', 'x|y', 'p$q']
export const SYSTEMS = ['http://loinc.org', 'http://terminology.hl7.org/CodeSystem/v3-ActCode', 'urn:local']
export const DATES = [
  '2012',
  '2013',
  '2013-03',
  '2013-03-14',
  '2013-03-14T10:30:00Z',
  '2013-03-14T10:30:15.250Z',
  '2013-03-14T23:30:00-05:00',
  '2013-06-01',
  '2013-12-31T23:59:59Z',
]
export const BIRTHS = ['1980', '1980-05', '1980-05-17', '1990-01-01', '1990-12-31', '2001-02-03']
export const AMOUNTS = [5, 5.34, 5.35, 5.4, 5.44, 5.45, 0, -3, 5400, 0.0054, 10, 100]
const UCUM = 'http://unitsofmeasure.org'
const UNITS = [
  { system: UCUM, code: 'mg', unit: 'mg' },
  { system: UCUM, code: 'ug', unit: 'ug' },
  { system: UCUM, code: 'g', unit: 'gram' },
  { system: UCUM, code: 'mm[Hg]', unit: 'mmHg' },
  { system: 'urn:units', code: 'box' },
  { unit: 'mg' },
  {},
]
export const URLS = [
  'http://a.org/vs',
  'http://a.org/vs/',
  'http://a.org/vs/sub',
  'http://a.org/vs2',
  'http://A.org/vs',
  'urn:oid:1.2.3',
]
export const TAGS = ['red', 'green', 'blue']

function ids(type: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${type.toLowerCase()}-${String(n)}`)
}

export function makeWorld(random: Random, size: number): readonly Resource[] {
  const organizations = ids('Organization', 8)
  const patients = ids('Patient', size)
  return [
    ...organizations.map((id, n) => organization(random, id, organizations.slice(0, n))),
    ...patients.map((id) => patient(random, id, organizations)),
    ...ids('Observation', size * 2).map((id) => observation(random, id, { patients, organizations })),
    ...ids('ValueSet', 12).map((id) => valueSet(random, id)),
    ...ids('RiskAssessment', 20).map((id) => riskAssessment(random, id, patients)),
    list(random, patients),
  ]
}

function meta(random: Random): Json {
  return some(random, 0.6, () => ({
    meta: {
      tag: [{ system: 'urn:tags', code: pick(random, TAGS) }],
      ...some(random, 0.3, () => ({
        profile: [pick(random, ['http://p.org/a', 'http://p.org/a|1', 'http://p.org/b'])],
      })),
    },
  }))
}

function organization(random: Random, id: string, above: readonly string[]): Resource {
  return {
    resourceType: 'Organization',
    id,
    ...meta(random),
    name: pick(random, ['North', 'South', 'northern star']),
    ...(above.length > 0
      ? some(random, 0.7, () => ({ partOf: { reference: `Organization/${pick(random, above)}` } }))
      : {}),
  }
}

function patient(random: Random, id: string, organizations: readonly string[]): Resource {
  const names = times(random, 2, () => ({
    family: pick(random, FAMILIES),
    ...some(random, 0.7, () => ({
      given: [pick(random, GIVENS), ...times(random, 1, () => pick(random, GIVENS))],
    })),
  }))
  return {
    resourceType: 'Patient',
    id,
    ...meta(random),
    ...(names.length > 0 ? { name: names } : {}),
    ...some(random, 0.7, () => ({ gender: pick(random, ['male', 'female', 'other']) })),
    ...some(random, 0.7, () => ({ birthDate: pick(random, BIRTHS) })),
    ...some(random, 0.6, () => ({
      managingOrganization: { reference: `Organization/${pick(random, organizations)}` },
    })),
    ...some(random, 0.5, () => ({
      identifier: [
        {
          ...some(random, 0.7, () => ({ system: pick(random, SYSTEMS) })),
          value: pick(random, ['A1', 'a1', 'B2']),
          ...some(random, 0.5, () => ({
            type: { coding: [{ system: 'urn:types', code: pick(random, ['XX', 'YY']) }] },
          })),
        },
      ],
    })),
  }
}

function concept(random: Random): Json {
  const coding = times(random, 2, () => ({
    ...some(random, 0.8, () => ({ system: pick(random, SYSTEMS) })),
    code: pick(random, CODES),
    ...some(random, 0.4, () => ({ display: pick(random, ['Heart rate', 'heart beat', 'Pressure']) })),
  }))
  return { ...(coding.length > 0 ? { coding } : {}), text: pick(random, ['Heart', 'other', 'Prëssure']) }
}

function quantity(random: Random): Json {
  return {
    value: pick(random, AMOUNTS),
    ...pick(random, UNITS),
    ...some(random, 0.1, () => ({ comparator: pick(random, ['<', '>', '<=', '>=']) })),
  }
}

function effective(random: Random): Json {
  const kind = random()
  if (kind < 0.2) return {}
  if (kind < 0.6) return { effectiveDateTime: pick(random, DATES) }
  if (kind < 0.7) return { effectiveTiming: { event: ['2013-03-01', '2013-05-01'] } }
  return {
    effectivePeriod: pick(random, [
      { start: '2013-03-10', end: '2013-03-20' },
      { start: '2013-06-01' },
      { end: '2012-06-30' },
      { start: '2012-12-31', end: '2013-01-01T00:00:00Z' },
    ]),
  }
}

function observation(
  random: Random,
  id: string,
  { patients, organizations }: { patients: readonly string[]; organizations: readonly string[] },
): Resource {
  const component = times(random, 2, () => ({ code: concept(random), valueQuantity: quantity(random) }))
  return {
    resourceType: 'Observation',
    id,
    ...meta(random),
    status: pick(random, ['final', 'amended', 'preliminary']),
    code: concept(random),
    ...some(random, 0.8, () => observed(random, patients, organizations)),
    ...effective(random),
    ...some(random, 0.6, () => ({ valueQuantity: quantity(random) })),
    ...some(random, 0.5, () => ({ category: [concept(random)] })),
    ...(component.length > 0 ? { component } : {}),
  }
}

/** A patient of the record, or one or two who are only known here. */
function observed(random: Random, patients: readonly string[], organizations: readonly string[]): Json {
  if (random() < 0.7) return { subject: subject(random, patients) }
  const inside = ['p', 'q'].slice(0, pick(random, [1, 1, 2]))
  return {
    contained: inside.map((id) => patient(random, id, organizations)),
    subject: { reference: '#p' },
    ...(inside.length > 1 ? { performer: [{ reference: '#q' }] } : {}),
  }
}

/** The contained resources of a resource. */
export function containedOf(resource: Resource): readonly Resource[] {
  return (resource['contained'] ?? []) as readonly Resource[]
}

function subject(random: Random, patients: readonly string[]): Json {
  const kind = random()
  if (kind < 0.8) return { reference: `Patient/${pick(random, patients)}` }
  if (kind < 0.9) return { identifier: { system: 'urn:local', value: pick(random, ['A1', 'B2']) } }
  return { reference: 'http://other.org/fhir/Patient/patient-0' }
}

function valueSet(random: Random, id: string): Resource {
  return {
    resourceType: 'ValueSet',
    id,
    status: 'active',
    ...some(random, 0.9, () => ({ url: pick(random, URLS) })),
  }
}

function riskAssessment(random: Random, id: string, patients: readonly string[]): Resource {
  return {
    resourceType: 'RiskAssessment',
    id,
    status: 'final',
    subject: { reference: `Patient/${pick(random, patients)}` },
    prediction: times(random, 2, () => ({
      probabilityDecimal: pick(random, [0.05, 0.1, 0.14, 0.15, 0.5, 5, 9.4, 10, 10.4]),
    })).concat([{ probabilityDecimal: 0.5 }]),
  }
}

function list(random: Random, patients: readonly string[]): Resource {
  const entry = Array.from({ length: 5 }, () => ({
    item: { reference: `Patient/${pick(random, patients)}` },
  }))
  return { resourceType: 'List', id: 'list-0', status: 'current', mode: 'working', entry }
}
