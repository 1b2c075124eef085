import { expect, it } from 'vitest'

import type { Caller } from '../../src/auth/caller.ts'
import type { JsonObject } from '../../src/kernel/json.ts'
import { administrator, startFhir } from './fhir-server.ts'
import type { FhirServer } from './fhir-server.ts'

type Json = Readonly<Record<string, unknown>>

const at = (facility: string, more: Partial<Caller> = {}): Caller => ({
  subject: `doctor-${facility}`,
  kind: 'person',
  roles: ['administrator'],
  facilities: [`Organization/${facility}`],
  ...more,
})

async function twoFacilities(): Promise<FhirServer> {
  const server = await startFhir()
  for (const facility of ['north', 'south']) {
    server.become(at(facility))
    const patient = { resourceType: 'Patient', id: facility, name: [{ family: 'Smith' }] }
    expect((await server.ask('PUT', `/Patient/${facility}`, { body: patient })).status).toBe(201)
    const subject = { reference: `Patient/${facility}` }
    const observation = {
      resourceType: 'Observation',
      id: facility,
      status: 'final',
      code: { coding: [{ code: 'x' }] },
      subject,
      focus: [{ reference: 'Patient/north' }, { reference: 'Patient/south' }],
    }
    expect((await server.ask('PUT', `/Observation/${facility}`, { body: observation })).status).toBe(201)
  }
  return server
}

async function idsOf({ ask }: FhirServer, query: string): Promise<string> {
  const reply = await ask('GET', `/${query}`)
  expect(reply).toMatchObject({ status: 200 })
  const entries = (reply.json['entry'] ?? []) as { resource: { resourceType: string; id: string } }[]
  return entries
    .map(({ resource }) => `${resource.resourceType}/${resource.id}`)
    .toSorted()
    .join(' ')
}

it('shows a caller of one facility nothing of another one, on every way', async () => {
  const server = await twoFacilities()
  server.become(at('north'))
  expect(await idsOf(server, 'Patient')).toBe('Patient/north')
  expect(await idsOf(server, 'Patient?family=smith')).toBe('Patient/north')
  expect(await idsOf(server, 'Patient?_id=north,south')).toBe('Patient/north')
  expect(await idsOf(server, 'Patient?_sort=family')).toBe('Patient/north')
  expect(await idsOf(server, 'Observation?code=x&_include=*')).toBe('Observation/north Patient/north')
  expect(await idsOf(server, 'Patient?_revinclude=Observation:focus')).toBe('Observation/north Patient/north')
  expect(await idsOf(server, 'Patient?_has:Observation:patient:code=x')).toBe('Patient/north')
  expect(await idsOf(server, 'Observation?focus:Patient.family=smith')).toBe('Observation/north')
  expect((await server.ask('GET', '/Patient?_total=accurate&_count=0')).json['total']).toBe(1)
  for (const path of ['/Patient/south', '/Patient/south/_history', '/Patient/south/_history/1'])
    expect((await server.ask('GET', path)).status).toBe(404)
  expect((await server.ask('GET', '/Patient/north/_history')).status).toBe(200)
  expect(await idsOf(server, 'Patient/_history')).toBe('Patient/north')
  expect(await idsOf(server, '_history')).toBe('Observation/north Patient/north')
  const body = { resourceType: 'Patient', id: 'south' }
  expect((await server.ask('PUT', '/Patient/south', { body })).status).toBe(404)
  expect((await server.ask('DELETE', '/Patient/south')).status).toBe(404)
  server.become(administrator)
  expect((await server.ask('GET', '/Patient/south')).headers.get('etag')).toBe('W/"1"')
})

it('shows a deletion to those who saw what was deleted, and to nobody else', async () => {
  const server = await twoFacilities()
  for (const facility of ['north', 'south']) {
    server.become(at(facility))
    expect((await server.ask('DELETE', `/Observation/${facility}`)).status).toBe(204)
  }
  const deletions = async (path: string): Promise<readonly string[]> => {
    const { json, status } = await server.ask('GET', path)
    expect(status).toBe(200)
    const entries = json['entry'] as readonly { request: { method: string; url: string } }[]
    expect(json['total']).toBe(entries.length)
    return entries.flatMap(({ request }) => (request.method === 'DELETE' ? request.url : []))
  }
  for (const caller of [at('north'), at('north', { facilities: 'all', patient: 'Patient/north' })]) {
    server.become(caller)
    for (const path of ['/Observation/_history', '/_history', '/Observation/north/_history'])
      expect(await deletions(path), path).toEqual(['Observation/north'])
    expect((await server.ask('GET', '/Observation/north')).status).toBe(410)
    expect((await server.ask('GET', '/Observation/south')).status).toBe(404)
    expect((await server.ask('GET', '/Observation/south/_history')).status).toBe(404)
    expect((await server.ask('DELETE', '/Observation/south')).status).toBe(404)
    const body = { resourceType: 'Observation', id: 'south', status: 'final', code: { text: 'x' } }
    const subject = { reference: 'Patient/north' }
    expect((await server.ask('PUT', '/Observation/south', { body: { ...body, subject } })).status).toBe(404)
  }
})

it('keeps a resource in its facility when somebody of another one may update it', async () => {
  const server = await twoFacilities()
  server.become(administrator)
  expect(
    (
      await server.ask('PUT', '/Patient/north', {
        body: { resourceType: 'Patient', id: 'north', gender: 'male' },
      })
    ).status,
  ).toBe(200)
  server.become(at('north'))
  expect((await server.ask('GET', '/Patient/north')).status).toBe(200)
  server.become(at('south'))
  expect((await server.ask('GET', '/Patient/north')).status).toBe(404)
})

it('keeps a caller with one patient inside the compartment of that patient', async () => {
  const server = await twoFacilities()
  server.become(at('north', { facilities: 'all', patient: 'Patient/north' }))
  expect(await idsOf(server, 'Patient')).toBe('Patient/north')
  expect(await idsOf(server, 'Observation?code=x&_include=*')).toBe('Observation/north Patient/north')
  expect((await server.ask('GET', '/Observation/south')).status).toBe(404)
  expect(await idsOf(server, 'Patient/south/Observation')).toBe('')
  const foreign = {
    resourceType: 'Observation',
    status: 'final',
    code: { text: 'x' },
    subject: { reference: 'Patient/south' },
  }
  expect((await server.ask('POST', '/Observation', { body: foreign })).status).toBe(403)
  expect(
    (
      await server.ask('POST', '/Observation', {
        body: { ...foreign, subject: { reference: 'Patient/north' } },
      })
    ).status,
  ).toBe(201)
})

it('refuses what the role may not do and judges each entry of a batch by itself', async () => {
  const server = await startFhir()
  server.become({ ...administrator, roles: ['receptionist'] })
  const patient = { resourceType: 'Patient' }
  const condition = { resourceType: 'Condition', subject: { reference: 'Patient/1' } }
  expect((await server.ask('POST', '/Condition', { body: condition })).json).toMatchObject({
    issue: [{ code: 'forbidden' }],
  })
  expect((await server.ask('GET', '/Condition')).status).toBe(403)
  const entry = [
    { request: { method: 'POST', url: 'Condition' }, resource: condition },
    { request: { method: 'GET', url: 'Patient' } },
  ]
  const batch = await server.ask('POST', '', { body: { resourceType: 'Bundle', type: 'batch', entry } })
  expect([batch.at('entry.0.response.status'), batch.at('entry.1.response.status')]).toEqual([
    '403 Forbidden',
    '200 OK',
  ])
  const transaction = await server.ask('POST', '', {
    body: {
      resourceType: 'Bundle',
      type: 'transaction',
      entry: [{ request: { method: 'POST', url: 'Patient' }, resource: patient }, entry[0]],
    },
  })
  expect(transaction.status).toBe(403)
  server.become(administrator)
  expect((await server.ask('GET', '/_history')).json['total']).toBe(0)
})

it('writes an audit row with every change, in the same commit', async () => {
  const server = await startFhir()
  const created = await server.ask('POST', '/Patient', { body: { resourceType: 'Patient' } })
  const { lines } = await server.store.log.audit(0, 10)
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { action: 'C', entity: `Patient/${String(created.json['id'])}` },
  ])
  // One commit holds the resource and its row: nothing else was written.
  expect(await server.store.log.head()).toBe(1)
})

it('declares in metadata what it does, without asking who calls', async () => {
  const server = await startFhir()
  const { json, headers, at: valueAt } = await server.ask('GET', '/metadata')
  expect(json).toMatchObject({
    resourceType: 'CapabilityStatement',
    fhirVersion: '4.0.1',
    kind: 'instance',
    implementation: { url: server.base },
  })
  const resources = valueAt('rest.0.resource') as {
    type: string
    searchParam: { name: string }[]
    interaction: { code: string }[]
  }[]
  expect(resources.length).toBe(146)
  const patient = resources.find(({ type }) => type === 'Patient')
  expect(patient?.interaction.map(({ code }) => code)).toContain('search-type')
  for (const { searchParam } of resources)
    expect(new Set(searchParam.map(({ name }) => name)).size).toBe(searchParam.length)
  for (const { name } of patient?.searchParam ?? [])
    expect((await server.ask('GET', `/Patient?${name}:missing=true&_count=1`)).status).toBe(200)
  const again = await server.ask('GET', '/metadata', {
    headers: { 'if-none-match': headers.get('etag') ?? '' },
  })
  expect(again.status).toBe(304)
})

function codes(list: unknown): readonly string[] {
  const named = list as readonly { code?: string; name?: string }[]
  return named.map(({ code, name }) => code ?? name ?? '').toSorted()
}

it('has a CapabilityStatement that its own validator finds valid, with all that is registered', async () => {
  const { ask, fhir } = await startFhir()
  const { json } = await ask('GET', '/metadata')
  const module = await fhir.rest.definitions.load('CapabilityStatement')
  expect(module?.validate(json as JsonObject, 20)).toEqual([])
  const [rest = {}] = json['rest'] as readonly Json[]
  expect(codes(rest['interaction'])).toEqual(['batch', 'history-system', 'search-system', 'transaction'])
  expect(rest['compartment']).toHaveLength(5)
  const patient = (rest['resource'] as readonly Json[]).find(({ type }) => type === 'Patient')
  expect(codes(patient?.['operation'])).toEqual(
    expect.arrayContaining(['everything', 'meta-add', 'validate']),
  )
  expect(json['patchFormat']).toEqual(['application/json-patch+json', 'application/fhir+json'])
})

it('says clearly what it does not do', async () => {
  const { ask } = await startFhir()
  const status = async (method: string, path: string): Promise<number> =>
    (await ask(method, path, method === 'GET' ? {} : { body: { resourceType: 'Patient' } })).status
  expect(await status('POST', '/Patient/$match')).toBe(501)
  expect(await status('GET', '/ValueSet/$expand')).toBe(501)
  expect(await status('GET', '/Patient/$nonsense')).toBe(404)
  expect(await status('GET', '/unknown/route/x/y')).toBe(404)
  const reply = await ask('POST', '/Patient/1', { body: {} })
  expect([reply.status, reply.headers.get('allow')]).toEqual([405, 'GET, HEAD, PUT, DELETE, PATCH, OPTIONS'])
  expect(
    (await ask('GET', '/Patient/none', { headers: { 'x-request-id': 'r-1' } })).headers.get('x-request-id'),
  ).toBe('r-1')
})

it('shows the audit trail to those who may read it, and to nobody of one facility', async () => {
  const server = await twoFacilities()
  server.become(administrator)
  const all = (await idsOf(server, 'AuditEvent?_count=100')).split(' ')
  expect(all.length).toBeGreaterThan(3)
  expect(await idsOf(server, 'AuditEvent?altid=doctor-north')).toContain('AuditEvent/')
  expect((await server.ask('GET', `/${all[0] ?? ''}`)).status).toBe(200)
  for (const caller of [at('north'), at('north', { facilities: 'all', roles: ['doctor'] })]) {
    server.become(caller)
    expect(await idsOf(server, 'AuditEvent?_count=100')).toBe('')
    expect((await server.ask('GET', `/${all[0] ?? ''}`)).status).toBe(404)
  }
  server.become(at('north', { roles: ['nurse'] }))
  expect((await server.ask('GET', '/AuditEvent')).status).toBe(403)
})
