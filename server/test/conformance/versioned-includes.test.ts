import { expect, it } from 'vitest'

import { entriesOf, fresh, hubForFile, idsOf, tagged } from './fhir-peer.ts'
import type { Answer, Json } from './fhir-peer.ts'

// R4, "Search", including other resources: of a versioned reference, the specified version is provided.
const { ask, make, base } = hubForFile()

async function patientOfTwoVersions(): Promise<string> {
  const home = await make({ resourceType: 'Organization', name: 'first home' })
  const managingOrganization = { reference: `Organization/${home.id}` }
  const { id } = await make({ resourceType: 'Patient', gender: 'male', managingOrganization })
  const put = await ask('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id, gender: 'female' } })
  expect(put.status).toBe(200)
  return id
}

async function observed(tag: string, ...references: readonly string[]): Promise<void> {
  for (const reference of references) await observe(tag, { subject: { reference } })
}

async function observe(tag: string, more: Json): Promise<void> {
  await make({ resourceType: 'Observation', ...tagged(tag), status: 'final', code: { text: 'x' }, ...more })
}

const included = (answer: Answer): readonly string[] =>
  entriesOf(answer)
    .flatMap(({ search, resource }) =>
      search?.mode === 'include' && resource
        ? `${String(resource['gender'] ?? resource['name'])} ${String(resource.meta['versionId' as keyof object])}`
        : [],
    )
    .toSorted()

async function searched(tag: string, more: string): Promise<Answer> {
  const answer = await ask('GET', `/Observation?_tag=${tag}&${more}`)
  expect(answer.status, answer.text.slice(0, 800)).toBe(200)
  return answer
}

it('gives the version that is referred to, once, beside the current one', async () => {
  const tag = fresh()
  const id = await patientOfTwoVersions()
  const old = `Patient/${id}/_history/1`
  await observed(tag, old, `${base()}/${old}`)
  for (const include of ['Observation:subject', '*', 'Observation:patient:Patient'])
    expect(included(await searched(tag, `_include=${include}`)), include).toEqual(['male 1'])
  await observed(tag, `Patient/${id}`, `Patient/${id}/_history/2`)
  const both = await searched(tag, '_include=Observation:subject')
  expect(included(both)).toEqual(['female 2', 'male 1'])
  expect(
    new Set(entriesOf(both).flatMap(({ search, fullUrl }) => (search?.mode === 'include' ? fullUrl : []))),
  ).toEqual(new Set([`${base()}/Patient/${id}`]))
})

it('follows what that version refers to', async () => {
  const tag = fresh()
  await observed(tag, `Patient/${await patientOfTwoVersions()}/_history/1`)
  const query = '_include=Observation:subject&_include:iterate=Patient:organization'
  expect(included(await searched(tag, query))).toEqual(['first home 1', 'male 1'])
})

it('takes both of two references of one resource', async () => {
  const tag = fresh()
  const id = await patientOfTwoVersions()
  await observe(tag, { focus: [{ reference: `Patient/${id}/_history/1` }, { reference: `Patient/${id}` }] })
  expect(included(await searched(tag, '_include=Observation:focus'))).toEqual(['female 2', 'male 1'])
})

it('gives no other version in place of one that is not there, and says so', async () => {
  const tag = fresh()
  const id = await patientOfTwoVersions()
  await observed(tag, `Patient/${id}/_history/7`, `Patient/${id}/_history/x`)
  const answer = await searched(tag, '_include=Observation:subject')
  expect(idsOf(answer)).toHaveLength(2)
  expect(included(answer)).toEqual([])
  expect(answer.text).toContain('Versions that are not kept are meant by 2 references')
})

it('finds what refers to one version by it, and no other', async () => {
  const tag = fresh()
  const id = await patientOfTwoVersions()
  await observed(tag, `Patient/${id}/_history/1`, `Patient/${id}/_history/2`, `Patient/${id}`)
  const found = async (value: string) => idsOf(await searched(tag, `subject=${value}`)).length
  expect(await found(`Patient/${id}`)).toBe(3)
  expect(await found(`Patient/${id}/_history/1`)).toBe(1)
  expect(await found(`${base()}/Patient/${id}/_history/2`)).toBe(1)
  expect(await found(`Patient/${id}/_history/3`)).toBe(0)
  expect(await found(`Patient/${id}/_history/1&code:text=x`)).toBe(1)
})

it('finds, chains and goes back by what is referred to, whatever the version', async () => {
  const tag = fresh()
  const id = await patientOfTwoVersions()
  await observed(tag, `Patient/${id}/_history/1`)
  for (const query of [`subject=Patient/${id}`, `patient=${id}`, 'patient.gender=female', '_sort=subject'])
    expect(idsOf(await searched(tag, query)), query).toHaveLength(1)
  const back = await ask('GET', `/Patient?_id=${id}&_revinclude=Observation:subject`)
  expect(idsOf(back, 'include')).toHaveLength(1)
})
