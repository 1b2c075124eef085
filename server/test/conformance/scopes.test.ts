import { beforeAll, expect, it } from 'vitest'

import { CLIENT } from '../flows/hub.ts'
import { entriesOf, expectRefused, fresh, hubForFile } from './fhir-peer.ts'
import type { Json } from './fhir-peer.ts'

const { ask, make } = hubForFile()
const PATIENT = { resourceType: 'Patient' }
const value = fresh()
let id = ''
/** Of a token that may read and search patients. */
let headers: Readonly<Record<string, string>> = {}

/** Asks for a token of the bootstrap client that may do no more than this. */
async function tokenOf(scope: string): Promise<Response> {
  const url = new URL('/auth/token', (await ask('GET', '/metadata')).at('implementation.url') as string)
  const authorization = `Basic ${Buffer.from(CLIENT).toString('base64')}`
  const body = new URLSearchParams({ grant_type: 'client_credentials', scope })
  return fetch(url, { method: 'POST', body, headers: { authorization } })
}

beforeAll(async () => {
  const organization = await make({ resourceType: 'Organization', name: value })
  const managingOrganization = { reference: `Organization/${organization.id}` }
  const identifier = [{ system: 'urn:x', value }]
  id = (await make({ ...PATIENT, active: true, identifier, managingOrganization })).id
  const subject = { reference: `Patient/${id}` }
  await make({ resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject })
  const granted = (await (await tokenOf('system/Patient.rs')).json()) as { access_token: string }
  headers = { authorization: `Bearer ${granted.access_token}` }
})

it('HT-14 shows nothing of types that the scopes of a token leave out, by whatever way', async () => {
  for (const path of [
    '/Observation',
    `/Patient/${id}/Observation`,
    '/?_type=Patient,Observation',
    '/Observation/_history',
    `/Observation/$lastn?patient=${id}`,
    `/Patient?organization.name=${value}`,
    '/Patient?_has:Observation:patient:code=x',
  ])
    expectRefused(await ask('GET', path, { headers }), 403)
  for (const path of [
    `/Patient?_id=${id}&_include=*`,
    `/Patient?_id=${id}&_revinclude=Observation:subject`,
    `/Patient/${id}/$everything`,
    `/Patient/${id}/*`,
    '/_history',
  ]) {
    const entries = entriesOf(await ask('GET', path, { headers }))
    const types = entries.flatMap(({ resource }) => resource?.resourceType ?? [])
    expect([...new Set(types)], path).toEqual(['Patient'])
  }
})

const contentType = 'application/json-patch+json'
const SAME = '[{"op":"replace","path":"/active","value":true}]'

it('HT-14 wants the right to write for what turns out to write nothing, too', async () => {
  const patch = { raw: SAME, headers: { ...headers, 'content-type': contentType } }
  expectRefused(await ask('PATCH', `/Patient/${id}`, patch), 403)
  expectRefused(await ask('PATCH', `/Patient?_id=${fresh()}`, patch), 403)
  const unless = { ...headers, 'if-none-exist': `identifier=urn:x|${value}` }
  expectRefused(await ask('POST', '/Patient', { body: PATIENT, headers: unless }), 403)
  expectRefused(await ask('DELETE', `/Patient?_id=${fresh()}`, { headers }), 403)
  const coding = { system: 'urn:x', code: 'nobody-has-it' }
  const parameter = [{ name: 'meta', valueMeta: { tag: [coding] } }]
  const body = { resourceType: 'Parameters', parameter }
  expectRefused(await ask('POST', `/Patient/${id}/$meta-delete`, { body, headers }), 403)
})

it.each<[string, Json]>([
  [
    'a patch',
    {
      resource: { resourceType: 'Binary', contentType, data: Buffer.from(SAME).toString('base64') },
      request: { method: 'PATCH', url: 'Patient?active=true' },
    },
  ],
  [
    'a create',
    { resource: PATIENT, request: { method: 'POST', url: 'Patient', ifNoneExist: 'active=true' } },
  ],
  ['a deletion', { request: { method: 'DELETE', url: 'Patient?active=false' } }],
])('HT-14 wants it for %s of a transaction', async (_what, entry) => {
  const body = { resourceType: 'Bundle', type: 'transaction', entry: [entry] }
  const refused = await ask('POST', '', { body, headers })
  expectRefused(refused, 403)
  expect(refused.at('issue.0.expression.0')).toBe('Bundle.entry[0]')
})

it('HT-15 decided: patient tokens come with SMART on FHIR; such a scope is not granted', async () => {
  expect((await tokenOf('system/*.rs')).status).toBe(200)
  const refused = await tokenOf('patient/*.rs')
  expect([refused.status, ((await refused.json()) as Json)['error']]).toEqual([400, 'invalid_scope'])
})
