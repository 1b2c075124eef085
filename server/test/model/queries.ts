import { AMOUNTS, BIRTHS, CODES, DATES, FAMILIES, GIVENS, pick, SYSTEMS, TAGS, URLS } from './world.ts'
import type { Random } from './world.ts'

export type Pair = readonly [name: string, value: string]

export interface Asked {
  readonly type: string
  readonly filters: readonly Pair[]
  readonly sort: readonly string[]
  /** `_contained` and `_containedType` */
  readonly contained?: { readonly which: 'true' | 'both'; readonly returned: 'container' | 'contained' }
}

type Make = (random: Random) => Pair

const PREFIXES = ['', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb']
const UCUM = 'http://unitsofmeasure.org'

/** At commas, bars and dollars a value of a search needs a backslash. */
const escaped = (text: string): string => text.replaceAll(/[\\,|$]/g, '\\$&')

function token(random: Random): string {
  return random() < 0.2 ? `${oneToken(random)},${oneToken(random)}` : oneToken(random)
}

function oneToken(random: Random): string {
  const code = escaped(varied(random, pick(random, CODES)))
  const system = pick(random, SYSTEMS)
  return pick(random, [code, `${system}|${code}`, `|${code}`, `${system}|`])
}

function varied(random: Random, text: string): string {
  return pick(random, [text, text, text.toUpperCase(), text.toLowerCase()])
}

function part(random: Random, text: string): string {
  const end = 1 + Math.floor(random() * text.length)
  return escaped(varied(random, Array.from(text).slice(0, end).join('')))
}

function number(random: Random): string {
  const value = pick(random, AMOUNTS)
  return pick(random, [String(value), value.toFixed(2), value.toFixed(0), `${String(Math.round(value))}e0`])
}

function quantity(random: Random): string {
  const unit = pick(random, [
    '',
    '',
    `|${UCUM}|mg`,
    `|${UCUM}|ug`,
    `|${UCUM}|g`,
    `|${UCUM}|mm[Hg]`,
    '||mg',
    '||gram',
    '|urn:units|box',
  ])
  return `${pick(random, PREFIXES)}${number(random)}${unit}`
}

const date = (random: Random, dates: readonly string[]): string =>
  pick(random, PREFIXES) + pick(random, dates)
const missing =
  (code: string): Make =>
  (random) => [`${code}:missing`, pick(random, ['true', 'false'])]

const PATIENT: readonly Make[] = [
  (random) => ['family', part(random, pick(random, FAMILIES))],
  (random) => ['family:exact', escaped(pick(random, FAMILIES))],
  (random) => ['family:contains', part(random, pick(random, ['l', 'er', 'al-', 'ß', 'مِ', 'ri', '-']))],
  (random) => ['given', part(random, pick(random, GIVENS))],
  (random) => ['name', `${part(random, pick(random, FAMILIES))},${part(random, pick(random, GIVENS))}`],
  (random) => ['name:contains', part(random, pick(random, GIVENS))],
  (random) => [
    'gender',
    pick(random, ['male', 'female', 'male,other', 'http://hl7.org/fhir/administrative-gender|male', 'MALE']),
  ],
  (random) => [
    'gender',
    pick(random, [
      'http://hl7.org/fhir/administrative-gender|MALE',
      'http://hl7.org/fhir/administrative-gender|',
    ]),
  ],
  (random) => ['gender:not', pick(random, ['male', 'female,male'])],
  (random) => ['birthdate', date(random, BIRTHS)],
  (random) => [
    'identifier',
    pick(random, ['A1', 'a1', `${pick(random, SYSTEMS)}|A1`, '|B2', `${pick(random, SYSTEMS)}|`]),
  ],
  (random) => ['identifier:of-type', `urn:types|${pick(random, ['XX', 'YY'])}|${pick(random, ['A1', 'a1'])}`],
  (random) => [
    'organization',
    pick(random, [
      'Organization/organization-1',
      'organization-2',
      'Organization/organization-3,Organization/organization-4',
    ]),
  ],
  (random) => ['organization:below', `Organization/organization-${String(Math.floor(random() * 8))}`],
  (random) => ['organization:above', `Organization/organization-${String(Math.floor(random() * 8))}`],
  (random) => ['organization.name', pick(random, ['north', 'south', 'x'])],
  (random) => ['organization.partof.name', pick(random, ['north', 'so'])],
  () => ['organization:Organization.partof:Organization.partof', 'Organization/organization-0'],
  (random) => ['_has:Observation:subject:code', token(random)],
  (random) => [
    '_has:Observation:subject:combo-code-value-quantity',
    `${oneToken(random)}$${quantity(random)}`,
  ],
  (random) => ['_has:Observation:subject:date', date(random, DATES)],
  (random) => ['_has:RiskAssessment:subject:probability', pick(random, ['0.1', 'gt1', 'le0.15'])],
  (random) => ['organization._has:Patient:organization:family', part(random, pick(random, FAMILIES))],
  () => ['_list', 'list-0'],
  (random) => ['_id', `patient-${String(Math.floor(random() * 30))},patient-1`],
  (random) => ['_id:not', `patient-${String(Math.floor(random() * 30))}`],
  missing('birthdate'),
  missing('identifier'),
  missing('organization'),
]

const OBSERVATION: readonly Make[] = [
  (random) => ['code', token(random)],
  (random) => ['code:not', token(random)],
  (random) => ['code:text', part(random, pick(random, ['Heart rate', 'Prëssure', 'other']))],
  (random) => ['category', token(random)],
  (random) => ['category:not', token(random)],
  (random) => ['status', pick(random, ['final', 'amended,preliminary'])],
  (random) => ['date', date(random, DATES)],
  (random) => ['date', `${date(random, DATES)},${date(random, DATES)}`],
  (random) => ['value-quantity', quantity(random)],
  (random) => ['combo-value-quantity', quantity(random)],
  (random) => ['code-value-quantity', `${oneToken(random)}$${quantity(random)}`],
  (random) => ['component-code-value-quantity', `${oneToken(random)}$${quantity(random)}`],
  (random) => ['combo-code-value-quantity', `${oneToken(random)}$${quantity(random)}`],
  (random) => ['subject', `Patient/patient-${String(Math.floor(random() * 30))}`],
  () => ['subject', 'http://other.org/fhir/Patient/patient-0'],
  (random) => ['subject:identifier', pick(random, ['urn:local|A1', 'b2', 'urn:local|'])],
  (random) => ['subject.family', part(random, pick(random, FAMILIES))],
  (random) => ['subject:Patient.birthdate', date(random, BIRTHS)],
  (random) => ['subject:Patient.organization.name', pick(random, ['north', 'south'])],
  (random) => ['subject:Patient._has:RiskAssessment:subject:probability', pick(random, ['gt1', 'lt0.15'])],
  missing('value-quantity'),
  missing('date'),
  missing('category'),
  missing('subject'),
]

const TABLE: Readonly<Record<string, { readonly make: readonly Make[]; readonly sort: readonly string[] }>> =
  {
    Patient: {
      make: PATIENT,
      sort: ['family', 'given', 'birthdate', 'gender', 'identifier', '_id', '_lastUpdated', 'organization'],
    },
    Observation: {
      make: OBSERVATION,
      sort: ['date', 'date', 'date', 'code', 'value-quantity', 'status', '_id', '_lastUpdated', 'subject'],
    },
    Organization: {
      make: [
        (random) => ['name', pick(random, ['north', 'NORTHERN', 's'])],
        (random) => ['partof:below', `Organization/organization-${String(Math.floor(random() * 8))}`],
        (random) => ['partof:above', `Organization/organization-${String(Math.floor(random() * 8))}`],
        (random) => [
          '_has:Patient:organization:_has:Observation:subject:status',
          pick(random, ['final', 'amended']),
        ],
        missing('partof'),
      ],
      sort: ['name', '_id'],
    },
    ValueSet: {
      make: [
        (random) => ['url', pick(random, URLS)],
        (random) => ['url:below', pick(random, [...URLS, 'http://a.org', 'http://a.org/', 'urn:oid'])],
        (random) => ['url:above', pick(random, [...URLS, 'http://a.org/vs/sub/deep', 'http://a.org/vs2/x'])],
        missing('url'),
      ],
      sort: ['url', '_id'],
    },
    RiskAssessment: {
      make: [
        (random) => [
          'probability',
          pick(random, PREFIXES) +
            pick(random, ['0.1', '0.10', '1e-1', '10', '10.0', '1e1', '0.15', '5', '0.5']),
        ],
        (random) => ['subject', `Patient/patient-${String(Math.floor(random() * 30))}`],
      ],
      sort: ['probability', '_id'],
    },
  }

const COMMON: readonly Make[] = [
  (random) => ['_tag', pick(random, [...TAGS, 'urn:tags|red', 'urn:tags|', '|red'])],
  (random) => ['_tag:not', pick(random, TAGS)],
  (random) => ['_profile', pick(random, ['http://p.org/a', 'http://p.org/a|1', 'http://p.org/b'])],
  (random) => ['_profile:below', pick(random, ['http://p.org', 'http://p.org/b'])],
]

export function randomSearch(random: Random): Asked {
  return random() < 0.1 ? searchOfContained(random) : searchOfStored(random)
}

/** Nothing outside refers to a contained resource, and it has no address of its own. */
const isInward = ([name]: Pair): boolean => !/^_has|^_list|^_id|\._has/.test(name)

function searchOfContained(random: Random): Asked {
  const made = Array.from({ length: pick(random, [0, 1, 1, 2, 3]) }, () =>
    pick(random, random() < 0.2 ? COMMON : PATIENT)(random),
  )
  const keys = Array.from(
    { length: pick(random, [0, 1, 2]) },
    () => pick(random, ['', '-']) + pick(random, ['family', 'birthdate', 'gender', 'organization']),
  )
  const contained = {
    which: pick(random, ['true', 'both'] as const),
    returned: pick(random, ['container', 'contained'] as const),
  }
  return { type: 'Patient', filters: made.filter(isInward), sort: keys, contained }
}

function searchOfStored(random: Random): Asked {
  const type = pick(random, [
    'Patient',
    'Patient',
    'Observation',
    'Observation',
    'Observation',
    'Organization',
    'ValueSet',
    'RiskAssessment',
  ])
  const { make, sort } = TABLE[type] ?? { make: [], sort: [] }
  const count = pick(random, [0, 1, 1, 1, 2, 2, 3])
  const filters = Array.from({ length: count }, () => pick(random, random() < 0.15 ? COMMON : make)(random))
  const keys = Array.from(
    { length: pick(random, [0, 1, 1, 2]) },
    () => pick(random, ['', '-']) + pick(random, sort),
  )
  return { type, filters, sort: keys }
}
