import { beforeAll, expect, it } from 'vitest'

import { entriesOf, fresh, hubForFile } from './fhir-peer.ts'
import type { Json } from './fhir-peer.ts'

// R4, "References", canonical: a definition is referred to by its url, with or without its version.
const { ask, make, names } = hubForFile()
const url = `http://example.org/Questionnaire/${fresh()}`
const byId = new Map<string, string>()

async function named(name: string, resource: Json): Promise<void> {
  byId.set((await make(resource)).id, name)
}

beforeAll(async () => {
  // The order in which they are written says nothing.
  for (const version of ['2', '10', '1'])
    await named(`q${version}`, {
      resourceType: 'Questionnaire',
      url,
      version,
      title: version,
      status: 'active',
    })
  const answered = (name: string, questionnaire: string, status = 'completed') =>
    named(name, { resourceType: 'QuestionnaireResponse', status, questionnaire })
  await answered('r1', `${url}|1`)
  await answered('r2', `${url}|2`, 'amended')
  await answered('any', url, 'stopped')
  await answered('other', `${url}/other`)
})

async function found(path: string): Promise<string> {
  const answer = await ask('GET', path)
  expect(answer.status, answer.text.slice(0, 800)).toBe(200)
  const entries = entriesOf(answer).map(({ resource }) => byId.get(resource?.id ?? '') ?? '?')
  return entries.toSorted().join(' ')
}

it.each([
  [`QuestionnaireResponse?questionnaire=${url}|1&_include=QuestionnaireResponse:questionnaire`, 'q1 r1'],
  [`QuestionnaireResponse?status=amended&_include=QuestionnaireResponse:questionnaire`, 'q2 r2'],
  [`QuestionnaireResponse?questionnaire=${url}&status=amended&_include=*`, 'q2 r2'],
  [
    `QuestionnaireResponse?questionnaire=${url}&_include=QuestionnaireResponse:questionnaire`,
    'any q1 q10 q2 r1 r2',
  ],
  // Without a version the latest is meant.
  ['QuestionnaireResponse?status=stopped&_include=QuestionnaireResponse:questionnaire', 'any q10'],
  [`QuestionnaireResponse?status=amended&_include=QuestionnaireResponse:questionnaire:PlanDefinition`, 'r2'],
  [`Questionnaire?version=1&_revinclude=QuestionnaireResponse:questionnaire`, 'any q1 r1'],
  [`Questionnaire?version=2&_revinclude=*`, 'any q2 r2'],
])('%s: %s', async (path, expected) => {
  expect(await found(`/${path}`)).toBe(expected)
})

it('follows chains by url', async () => {
  expect(await names('/QuestionnaireResponse?questionnaire.title=1', byId)).toBe('any r1')
  expect(await names('/QuestionnaireResponse?questionnaire:Questionnaire.version=2', byId)).toBe('any r2')
})

it('finds definitions by those that refer to them', async () => {
  const referredBy = (query: string) =>
    names(`/Questionnaire?_has:QuestionnaireResponse:questionnaire:${query}`, byId)
  expect(await referredBy('status=amended')).toBe('q2')
  expect(await referredBy('status=completed')).toBe('q1')
  expect(await referredBy('status=stopped')).toBe('q1 q10 q2')
  expect(await referredBy('status=in-progress')).toBe('')
})

it('finds what refers to a definition by the beginning of its version', async () => {
  const below = (value: string) =>
    names(`/QuestionnaireResponse?questionnaire:below=${encodeURIComponent(value)}`, byId)
  expect(await below(url)).toBe('any r1 r2')
  expect(await below(`${url}|2`)).toBe('r2')
  const exact = await make({
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    questionnaire: `${url}/minor|3.1`,
  })
  byId.set(exact.id, 'minor')
  expect([
    await below(`${url}/minor|3`),
    await below(`${url}/minor|3.`),
    await below(`${url}/minor|31`),
  ]).toEqual(['minor', '', ''])
})
