import { connect } from 'node:net'

import { expect, it } from 'vitest'

import { expectRefused, fresh, hubForFile, idsOf } from './fhir-peer.ts'
import type { Json } from './fhir-peer.ts'

// Parameters that are read wrongly meet nothing, or too much: a second patient is made, or the wrong one deleted.
const { ask, make, base, token } = hubForFile()

const patient = (value: string): Json => ({
  resourceType: 'Patient',
  identifier: [{ system: 'urn:x', value }],
})

/** A POST with an If-None-Exist of these bytes, as curl sends what it is given. @returns the status line */
async function createUnless(criteria: Uint8Array): Promise<string> {
  const { hostname, port } = new URL(base())
  const body = Buffer.from(JSON.stringify({ resourceType: 'Patient' }))
  const head = [
    'POST /fhir/Patient HTTP/1.1',
    `Host: ${hostname}:${port}`,
    `Authorization: Bearer ${token()}`,
    'Content-Type: application/fhir+json',
    `Content-Length: ${String(body.length)}`,
    'Connection: close',
    'If-None-Exist: ',
  ].join('\r\n')
  const socket = connect(Number(port), hostname)
  socket.write(Buffer.concat([Buffer.from(head), criteria, Buffer.from('\r\n\r\n'), body]))
  const received: Buffer[] = []
  for await (const chunk of socket) received.push(chunk as Buffer)
  return Buffer.concat(received).toString('utf8').split('\r\n', 1)[0] ?? ''
}

it('reads If-None-Exist as UTF-8, and refuses other bytes', async () => {
  const value = `محمد-${fresh()}`
  await make(patient(value))
  expect(await createUnless(Buffer.from(`identifier=urn:x|${value}`))).toBe('HTTP/1.1 200 OK')
  expect(await createUnless(Buffer.from(`identifier=urn:x|${encodeURIComponent(value)}`))).toBe(
    'HTTP/1.1 200 OK',
  )
  expect(await createUnless(Buffer.from('identifier=urn:x|M\xfcller', 'latin1'))).toBe(
    'HTTP/1.1 400 Bad Request',
  )
})

it('refuses escapes that are no UTF-8, wherever parameters stand', async () => {
  const broken = 'identifier=%FF'
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  expectRefused(await ask('GET', `/Patient?${broken}`), 400)
  expectRefused(await ask('GET', `/Patient?${broken}&_format=json`), 400)
  expectRefused(await ask('POST', '/Patient/_search', { raw: broken, headers: form }), 400)
  expectRefused(await ask('DELETE', `/Patient?${broken}`), 400)
  expectRefused(
    await ask('POST', '/Patient', { body: patient('a'), headers: { 'if-none-exist': broken } }),
    400,
  )
  const entry = [{ request: { method: 'GET', url: `Patient?${broken}` } }]
  const batch = await ask('POST', '', { body: { resourceType: 'Bundle', type: 'batch', entry } })
  expect(batch.at('entry.0.response.status')).toBe('400 Bad Request')
  expect(batch.at('entry.0.response.outcome.issue.0.expression.0')).toBe('Bundle.entry[0]')
})

it('takes a lone percent sign for itself', async () => {
  const value = `100%-${fresh()}`
  const { id } = await make(patient(value))
  expect(idsOf(await ask('GET', `/Patient?identifier=urn:x|${value}`))).toEqual([id])
})

it('refuses criteria without a value: the rest would mean more', async () => {
  const value = fresh()
  await make(patient(value))
  const criteria = `identifier=urn:x|${value}&name=`
  const headers = { 'if-none-exist': criteria }
  expectRefused(await ask('POST', '/Patient', { body: patient(value), headers }), 400)
  for (const method of ['PUT', 'DELETE'])
    expectRefused(
      await ask(method, `/Patient?${criteria}`, method === 'PUT' ? { body: patient(value) } : {}),
      400,
    )
  const url = `Patient?${criteria}`
  const entry = [{ request: { method: 'DELETE', url } }]
  expectRefused(await ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } }), 400)
  expect(idsOf(await ask('GET', `/${url}`))).toHaveLength(1)
})

it('refuses criteria that say nothing, or what every name begins with', async () => {
  const family = fresh()
  const { id } = await make({ resourceType: 'Patient', name: [{ family }], gender: 'male' })
  for (const odd of [
    'family=%20',
    'family=%E2%80%8B',
    'name:contains=%20',
    'name=%20,x',
    'gender:not=,',
    'gender:not=|',
  ])
    for (const method of ['DELETE', 'PUT']) {
      const sent = method === 'PUT' ? { body: { resourceType: 'Patient' } } : {}
      expectRefused(await ask(method, `/Patient?${odd}`, sent), 400)
    }
  for (const odd of ['identifier=,', 'identifier=%20', 'family=%20']) {
    const headers = { 'if-none-exist': odd }
    expectRefused(await ask('POST', '/Patient', { body: { resourceType: 'Patient' }, headers }), 400)
  }
  for (const odd of ['family=%20', 'identifier=|', 'general-practitioner:identifier=|'])
    expectRefused(await ask('GET', `/Patient?${odd}`), 400)
  expect(idsOf(await ask('GET', `/Patient?family=${family}`))).toEqual([id])
})

it('refuses criteria that choose among what they mean, but not those that shape the answer', async () => {
  const value = fresh()
  const { id } = await make(patient(value))
  const criteria = `identifier=urn:x|${value}`
  for (const more of ['_count=1', '_sort=_lastUpdated', '_contained=true', '_include=Patient:organization']) {
    expectRefused(await ask('DELETE', `/Patient?${criteria}&${more}`), 400)
    const headers = { 'if-none-exist': `${criteria}&${more}` }
    expectRefused(await ask('POST', '/Patient', { body: patient(value), headers }), 400)
  }
  const put = await ask('PUT', `/Patient?${criteria}&_format=json`, { body: { ...patient(value), id } })
  expect(put.status).toBe(200)
})

it('refuses two values where one is meant', async () => {
  const { id } = await make(patient(fresh()))
  for (const query of ['_count=1&_count=2', '_total=none&_total=accurate', '_summary=true&_summary=false'])
    expectRefused(await ask('GET', `/Patient?${query}`), 400)
  for (const query of [
    '_since=2020&_since=2021',
    '_at=2020&_at=2021',
    '_list=a&_list=b',
    '_count=1&_count=2',
  ])
    expectRefused(await ask('GET', `/Patient/${id}/_history?${query}`), 400)
  for (const query of [
    '_count=5000&_count=5000',
    '_sort=_id&_sort=-_lastUpdated',
    '_elements=name&_elements=id',
  ])
    expect((await ask('GET', `/Patient?_id=${id}&${query}`)).status, query).toBe(200)
})
