import { beforeAll, expect, it } from 'vitest'

import { fresh, hubForFile, profileOn } from './fhir-peer.ts'
import type { Json } from './fhir-peer.ts'

// R4, "Profiling": what a profile says in FHIRPath, with the profile known to the hub from a POST only.
const { ask, make } = hubForFile()
const own = `http://example.org/${fresh()}/`

const BROKEN = 'breaks'
const TOO_SLOW = `${'a'.repeat(40)}!`

/** Expression, a Patient that meets it, one that does not. */
const RULES: readonly (readonly [string, Json, Json])[] = [
  ["name.family.all(matches('^[A-Z][a-z]+$'))", { name: [{ family: 'Abc' }] }, { name: [{ family: 'abc' }] }],
  [
    "telecom.value.all(matchesFull('[0-9]{4}'))",
    { telecom: [{ value: '1234' }] },
    { telecom: [{ value: '12345' }] },
  ],
  ["id.replaceMatches('[0-9]', '') = 'p'", { id: 'p1' }, { id: 'q1' }],
  [
    "telecom.select(value.toQuantity('g')).all($this < 5 'kg')",
    { telecom: [{ value: "4 'kg'" }] },
    { telecom: [{ value: "6 'kg'" }] },
  ],
  [
    "identifier.aggregate(iif($total.empty() or $this.value > $total, value, $total)) = 'b'",
    { identifier: [{ value: 'b' }, { value: 'a' }] },
    { identifier: [{ value: 'b' }, { value: 'c' }] },
  ],
  [
    'identifier.all(system = %ucum)',
    { identifier: [{ system: 'http://unitsofmeasure.org' }] },
    { identifier: [{ system: 'http://example.org' }] },
  ],
  ['name.count() <= 1', { name: [{ text: 'A' }] }, { name: [{ text: 'A' }, { text: 'B' }] }],
  [
    'birthDate <= today() - 18 years',
    { birthDate: '1970-01-01' },
    { birthDate: new Date().toISOString().slice(0, 10) },
  ],
  [
    'name.given.count() = name.given.distinct().count()',
    { name: [{ given: ['A', 'B'] }] },
    { name: [{ given: ['A', 'A'] }] },
  ],
  ["(name.family & '!').length() > 3", { name: [{ family: 'Abc' }] }, { name: [{ family: 'A' }] }],
  ['multipleBirth.ofType(integer) * 2 < 9', { multipleBirthInteger: 4 }, { multipleBirthInteger: 5 }],
  ["gender in ('male' | 'female')", { gender: 'male' }, { gender: 'other' }],
  [
    'contact.where(gender = %resource.gender).exists()',
    { gender: 'male', contact: [{ gender: 'male' }] },
    { gender: 'male', contact: [{ gender: 'female', name: { text: 'A' } }] },
  ],
  [
    "birthDate.extension('http://a').value = 1",
    { birthDate: '1970', _birthDate: { extension: [{ url: 'http://a', valueInteger: 1 }] } },
    { birthDate: '1970' },
  ],
  [
    'contained.all($this is DomainResource) and gender is Element and %resource is DomainResource',
    { ...contained({ resourceType: 'Organization', id: 'c', name: 'A' }), gender: 'male' },
    { gender: 'male', ...contained({ resourceType: 'Binary', id: 'c', contentType: 'text/plain' }) },
  ],
  [
    'descendants().where($this is Period).all(start <= end)',
    { name: [{ period: { start: '2020', end: '2021' } }] },
    {
      name: [
        { period: { start: '2022', end: '2022' }, text: '' },
        { period: { start: '2023', end: '2022' } },
      ],
    },
  ],
  [
    'contained.where($this is Organization).name.exists()',
    contained({ resourceType: 'Organization', id: 'c', name: 'A' }),
    contained({ resourceType: 'Practitioner', id: 'c', name: [{ text: 'A' }] }),
  ],
  ['contained.ofType(Practitioner).empty()', {}, contained({ resourceType: 'Practitioner', id: 'c' })],
  ['iif(active, name.exists(), true)', { active: true, name: [{ text: 'A' }] }, { active: true }],
  [
    "extension.value.ofType(Quantity).all($this < 2 'kg')",
    { extension: [{ url: 'http://w', valueQuantity: weight(1900, 'g') }] },
    {
      extension: [
        { url: 'http://w', valueQuantity: weight(1, 'kg') },
        { url: 'http://w', valueQuantity: weight(1, 't') },
      ],
    },
  ],
]

function contained(resource: Json): Json {
  return { contained: [resource], generalPractitioner: [{ reference: '#c' }] }
}

function weight(value: number, code: string): Json {
  return { value, unit: code, system: 'http://unitsofmeasure.org', code }
}

async function profile(name: string, expressions: readonly string[]): Promise<void> {
  const constraint = expressions.map((expression, index) => ({
    key: `r-${String(index)}`,
    severity: 'error',
    human: BROKEN,
    expression,
  }))
  const element = [{ id: 'Patient', path: 'Patient', constraint }]
  await make(profileOn('Patient', own + name, { differential: { element } }))
}

async function told(name: string, patient: Json): Promise<string> {
  const answer = await ask('POST', `/Patient/$validate?profile=${own}${name}`, {
    body: { resourceType: 'Patient', ...patient },
  })
  expect(answer.status, answer.text.slice(0, 800)).toBe(200)
  return (answer.json['issue'] as readonly { details: { text: string } }[])
    .map(({ details }) => details.text)
    .join('\n')
}

beforeAll(async () => {
  for (const [index, [expression]] of RULES.entries()) await profile(`Rule${String(index)}`, [expression])
  await profile('Slow', ["name.family.matches('^(a+)+$')", 'name.exists()'])
  await profile('Long', ['descendants().all(%resource.descendants().count() > descendants().count())'])
  await profile('Grown', ["name.text.replace('', name.text).length() > 0"])
  await profile('Wide', ["descendants().all(%resource.name[0].text.lower() != 'b')"])
  await profile('Wrong', ["name.family.matches('[')", 'name.lowBoundary().exists()'])
})

it.each(RULES.map(([expression, good, bad], index) => [expression, index, { good, bad }] as const))(
  'checks %s',
  async (_expression, index, { good, bad }) => {
    const name = `Rule${String(index)}`
    expect(await told(name, good)).not.toMatch(/breaks|not checked/)
    expect(await told(name, bad)).toContain(`r-0: ${BROKEN}`)
  },
)

it.each([
  ['Slow', { name: [{ family: TOO_SLOW }] }, 'r-0'],
  ['Long', { name: Array.from({ length: 2000 }, () => ({ text: 'A' })) }, 'r-0'],
  [
    'Wide',
    { name: [{ text: 'A'.repeat(1_000_000) }, ...Array.from({ length: 99 }, () => ({ text: 'A' }))] },
    'r-0',
  ],
  ['Grown', { name: [{ text: 'A'.repeat(1_000_000) }] }, 'r-0'],
  ['Wrong', { name: [{ family: 'A' }] }, 'r-1, r-0'],
])('says of %s which rules it could not check', async (name, patient, keys) => {
  const text = await told(name, patient)
  expect(text).toContain(`not checked: ${keys}`)
  expect(text).not.toContain(BROKEN)
})
