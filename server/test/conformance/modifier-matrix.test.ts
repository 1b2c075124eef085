import { expect, it } from 'vitest'

import { expectRefused, hubForFile } from './fhir-peer.ts'

const { ask } = hubForFile()

const CODES = 'http://hl7.org/fhir/administrative-gender|male'

/** A value that fits, for each modifier of R4 but `above` and `below`. */
const VALUES: Readonly<Record<string, string>> = {
  missing: 'true',
  exact: 'x',
  contains: 'x',
  text: 'x',
  not: 'x',
  'of-type': 'http://example.org/s|MR|1',
  in: 'http://hl7.org/fhir/ValueSet/administrative-gender',
  'not-in': 'http://hl7.org/fhir/ValueSet/administrative-gender',
  identifier: 'http://example.org/s|1',
  Patient: '1',
  iterate: 'x',
  nosuch: 'x',
}

const CODED = ['missing', 'text', 'not', 'in', 'not-in', 'above', 'below']

/** R4, "Search", 3.1.1.4.4: what each kind of parameter may be asked, by what its elements hold. */
interface Row {
  readonly parameter: string
  readonly modifiers: readonly string[]
  /** What `above` and `below` are asked with. */
  readonly address: string
}

const MATRIX: readonly Row[] = (
  [
    ['Observation?code', CODED],
    ['Patient?_tag', CODED],
    ['Patient?gender', CODED.filter((each) => each !== 'text')],
    ['Patient?identifier', ['missing', 'text', 'not', 'of-type']],
    ['Patient?telecom', ['missing', 'not']],
    ['Patient?active', ['missing', 'not']],
    ['Patient?deceased', ['missing', 'not']],
    ['ValueSet?version', ['missing', 'not']],
    ['ImagingStudy?series', ['missing', 'not']],
    ['MessageHeader?event', CODED],
    ['Group?value', CODED],
    ['Patient?_id', ['missing', 'not']],
    ['Patient?family', ['missing', 'exact', 'contains']],
    ['Patient?birthdate', ['missing']],
    ['Patient?_lastUpdated', ['missing']],
    ['RiskAssessment?probability', ['missing']],
    ['Observation?value-quantity', ['missing']],
    ['Location?near', ['missing']],
    ['Observation?code-value-quantity', []],
    ['ValueSet?url', ['missing', 'above', 'below'], 'http://example.org/a/b'],
    ['Patient?_profile', ['missing', 'above', 'below'], 'http://example.org/a/b'],
    ['Encounter?subject', ['missing', 'identifier', 'Patient']],
    ['Bundle?composition', ['missing']],
    ['ConceptMap?source-uri', ['missing', 'below'], 'http://example.org/v|1'],
    ['QuestionnaireResponse?questionnaire', ['missing', 'below'], 'http://example.org/q|1'],
    ['Organization?partof', ['missing', 'identifier', 'above', 'below'], 'Organization/1'],
  ] as const
).map(([parameter, modifiers, address = CODES]) => ({ parameter, modifiers, address }))

it.each(MATRIX)('$parameter takes the modifiers that its elements can answer, and no other', async (row) => {
  const { parameter, modifiers, address } = row
  const values = Object.entries({ ...VALUES, above: address, below: address })
  for (const [modifier, value] of values) {
    const answer = await ask('GET', `/${parameter}:${modifier}=${encodeURIComponent(value)}`)
    if (!modifiers.includes(modifier)) refusedNaming(answer, modifiers)
    else expect(answer.status, `${modifier} ${answer.text.slice(0, 500)}`).toBe(200)
  }
})

/** The answer says what may be asked instead. */
function refusedNaming(answer: Awaited<ReturnType<typeof ask>>, modifiers: readonly string[]): void {
  expectRefused(answer, 400)
  for (const each of modifiers) expect(answer.text).toContain(each)
}

it('knows what a posted parameter finds, through chains and _has, too', async () => {
  const posted = {
    resourceType: 'SearchParameter',
    url: 'http://example.org/marital',
    name: 'marital',
    description: 'x',
    status: 'active',
    code: 'marital',
    base: ['Patient'],
    type: 'token',
    expression: 'Patient.maritalStatus',
  }
  expect((await ask('POST', '/SearchParameter', { body: posted })).status).toBe(201)
  expectRefused(await ask('GET', '/Patient?marital:of-type=a|b|c'), 400)
  expect((await ask('GET', '/Patient?marital:text=x')).status).toBe(200)
  expectRefused(await ask('GET', '/Observation?subject:Patient.gender:text=x'), 400)
  expectRefused(await ask('GET', '/Patient?_has:Observation:subject:code:of-type=a|b|c'), 400)
  const headers = { 'if-none-exist': 'gender:of-type=a|b|c' }
  expectRefused(await ask('POST', '/Patient', { body: { resourceType: 'Patient' }, headers }), 400, 412)
  const lenient = { headers: { prefer: 'handling=lenient' } }
  const answer = await ask('GET', '/Patient?gender:of-type=a|b|c', lenient)
  expect([answer.status, answer.text.includes('gender:of-type')]).toEqual([200, true])
})
