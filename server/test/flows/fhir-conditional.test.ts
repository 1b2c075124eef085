import { expect, it } from 'vitest'

import { limits } from '../../src/kernel/limits.ts'
import { startFhir } from './fhir-server.ts'

const patient = (value: string, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  resourceType: 'Patient',
  identifier: [{ system: 's', value }],
  ...more,
})

it('creates only when nothing matches', async () => {
  const { ask } = await startFhir()
  const send = async (criteria: string): Promise<number> =>
    (await ask('POST', '/Patient', { body: patient('v'), headers: { 'if-none-exist': criteria } })).status
  expect(await send('identifier=s|v')).toBe(201)
  expect(await send('identifier=s|v')).toBe(200)
  await ask('POST', '/Patient', { body: patient('v') })
  expect(await send('identifier=s|v')).toBe(412)
  expect(await send('')).toBe(400)
  expect(await send('unknownparam=x')).toBe(400)
  expect((await ask('GET', '/Patient')).json['total']).toBe(2)
})

it('makes exactly one resource of 20 parallel conditional creates', async () => {
  const { ask } = await startFhir()
  const sent = Array.from({ length: 20 }, async () =>
    ask('POST', '/Patient', { body: patient('v'), headers: { 'if-none-exist': 'identifier=s|v' } }),
  )
  const statuses = (await Promise.all(sent)).map(({ status }) => status)
  expect(statuses.filter((status) => status === 201).length).toBe(1)
  expect(statuses.filter((status) => status === 200).length).toBe(19)
  expect((await ask('GET', '/Patient/_history')).json['total']).toBe(1)
})

it('updates and deletes what the criteria mean', async () => {
  const { ask } = await startFhir()
  const put = async (body: Record<string, unknown>, query = '?identifier=s|v'): Promise<number> =>
    (await ask('PUT', `/Patient${query}`, { body })).status
  expect(await put(patient('v'))).toBe(201)
  expect(await put(patient('v', { gender: 'male' }))).toBe(200)
  const [{ resource }] = (await ask('GET', '/Patient?identifier=s|v')).json['entry'] as [
    { resource: { id: string; gender: string } },
  ]
  expect(resource.gender).toBe('male')
  expect(await put(patient('v', { id: resource.id }))).toBe(200)
  expect(await put(patient('v', { id: 'other' }))).toBe(400)
  expect(await put(patient('w', { id: 'chosen' }), '?identifier=s|w')).toBe(201)
  expect((await ask('GET', '/Patient/chosen')).status).toBe(200)
  expect([400, 412]).toContain(await put(patient('v'), ''))
  expect((await ask('DELETE', '/Patient?identifier=s|w')).status).toBe(204)
  expect((await ask('GET', '/Patient/chosen')).status).toBe(410)
  expect((await ask('DELETE', '/Patient?identifier=s|w')).status).toBe(204)
  await ask('POST', '/Patient', { body: patient('v') })
  expect(await put(patient('v'))).toBe(412)
  for (const query of ['', '?unknown=x'])
    expect([400, 412]).toContain((await ask('DELETE', `/Patient${query}`)).status)
  expect((await ask('GET', '/Patient')).json['total']).toBe(2)
})

const MR = { system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }
const known = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  resourceType: 'Patient',
  identifier: [{ type: { coding: [MR] }, system: 'hospital', value: '4711' }],
  ...more,
})

it('refuses a second resource for an identifying identifier and names its holder', async () => {
  const { ask } = await startFhir()
  const first = await ask('POST', '/Patient', { body: known() })
  const second = await ask('POST', '/Patient', { body: known({ gender: 'male' }) })
  expect(second.status).toBe(409)
  expect(second.json).toMatchObject({ issue: [{ code: 'duplicate', expression: ['Patient.identifier'] }] })
  expect(second.text).toContain(`Patient/${String(first.json['id'])}`)
  const path = `/Patient/${String(first.json['id'])}`
  expect((await ask('PUT', path, { body: known({ id: first.json['id'], gender: 'male' }) })).status).toBe(200)
  expect((await ask('PUT', '/Patient/other', { body: known({ id: 'other' }) })).status).toBe(409)
  await ask('DELETE', path)
  expect((await ask('POST', '/Patient', { body: known() })).status).toBe(201)
})

it('lets exactly one of many parallel creates have the identifier', async () => {
  const { ask } = await startFhir()
  const statuses = (
    await Promise.all(Array.from({ length: 10 }, async () => ask('POST', '/Patient', { body: known() })))
  ).map(({ status }) => status)
  expect(statuses.filter((status) => status === 201).length).toBe(1)
  expect(statuses.filter((status) => status === 409).length).toBe(9)
})

it('fills absent elements of the holder where the policy says merge', async () => {
  const { ask } = await startFhir({ takenIdentifier: 'merge' })
  const first = await ask('POST', '/Patient', { body: known({ gender: 'male' }) })
  const second = await ask('POST', '/Patient', { body: known({ gender: 'female', birthDate: '1987-04-02' }) })
  expect(second.status).toBe(200)
  expect(second.json).toMatchObject({
    id: first.json['id'],
    gender: 'male',
    birthDate: '1987-04-02',
    meta: { versionId: '2' },
  })
  expect((await ask('GET', '/Patient')).json['total']).toBe(1)
})

it('deletes all that meet the criteria, up to its limit, or none', async () => {
  const { ask } = await startFhir()
  const entry = Array.from({ length: limits.fhir.deleteMost + 1 }, () => ({
    resource: { resourceType: 'Basic', code: { coding: [{ code: 'many' }] } },
    request: { method: 'POST', url: 'Basic' },
  }))
  await ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
  expect((await ask('DELETE', '/Basic?code=many')).status).toBe(412)
  expect((await ask('GET', '/Basic?code=many&_summary=count')).json['total']).toBe(entry.length)
  await ask(
    'DELETE',
    `/Basic/${String((await ask('GET', '/Basic?code=many&_count=1')).at('entry.0.resource.id'))}`,
  )
  expect((await ask('DELETE', '/Basic?code=many')).status).toBe(204)
  expect((await ask('GET', '/Basic?code=many&_summary=count')).json['total']).toBe(0)
})
