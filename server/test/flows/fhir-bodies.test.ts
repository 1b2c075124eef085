import { once } from 'node:events'
import { get } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { deflateSync, gunzipSync, gzipSync } from 'node:zlib'

import { expect, it } from 'vitest'

import { authorise } from '../../src/auth/authorise.ts'
import type { Caller } from '../../src/auth/caller.ts'
import { administrator, startFhir } from './fhir-server.ts'

const PATIENT = JSON.stringify({ resourceType: 'Patient', name: [{ family: 'x'.repeat(5000) }] })

it.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
])('takes bodies packed by %s', async (coding, pack) => {
  const { ask } = await startFhir()
  const created = await ask('POST', '/Patient', {
    text: pack(PATIENT),
    headers: { 'content-encoding': coding },
  })
  expect(created.status, created.text).toBe(201)
  expect(created.at('name.0.family')).toBe('x'.repeat(5000))
})

it('refuses what unpacks to more than it takes, what is broken, and codings that it does not know', async () => {
  const { ask } = await startFhir()
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '))
  expect(bomb.length).toBeLessThan(100_000)
  const status = async (text: Uint8Array, coding: string): Promise<number> =>
    (await ask('POST', '/Patient', { text, headers: { 'content-encoding': coding } })).status
  expect(await status(bomb, 'gzip')).toBe(413)
  expect(await status(Buffer.from('no gzip at all'), 'gzip')).toBe(400)
  expect(await status(gzipSync(PATIENT).subarray(0, 40), 'gzip')).toBe(400)
  expect(await status(Buffer.from(PATIENT), 'zstd')).toBe(415)
})

it('packs larger answers for those who take it', async () => {
  const { ask, base } = await startFhir()
  const { json } = await ask('POST', '/Patient', { text: PATIENT })
  const url = `${base}/Patient/${String(json['id'])}`
  // `fetch` unpacks by itself; this does not.
  const answer = async (coding: string) => {
    const [response] = (await once(get(url, { headers: { 'accept-encoding': coding } }), 'response')) as [
      IncomingMessage,
    ]
    const { vary, 'content-encoding': packing } = response.headers
    return { bytes: Buffer.concat(await response.toArray()), coding: packing, vary }
  }
  const plain = await answer('identity')
  const packed = await answer('br, gzip')
  expect([plain.coding, packed.coding, packed.vary]).toEqual([undefined, 'gzip', 'Accept-Encoding'])
  expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 2)
  expect(gunzipSync(packed.bytes).equals(plain.bytes)).toBe(true)
  expect((await answer('gzip;q=0')).coding).toBeUndefined()
})

it('keeps raw content as it is, and never serves it as a page of its own', async () => {
  const { ask, base } = await startFhir()
  const raw = Buffer.from([0, 255, 1, 254])
  const png = { 'content-type': 'image/png' }
  const created = await ask('POST', '/Binary', { text: raw, headers: png })
  expect(created.status, created.text).toBe(201)
  const id = String(created.json['id'])
  const image = await fetch(`${base}/Binary/${id}`, { headers: { accept: 'image/*' } })
  expect(Buffer.from(await image.arrayBuffer()).equals(raw)).toBe(true)
  expect(image.headers.get('content-type')).toBe('image/png')
  expect(image.headers.get('content-security-policy')).toContain('sandbox')
  expect(image.headers.get('x-content-type-options')).toBe('nosniff')
  const replaced = await ask('PUT', `/Binary/${id}`, {
    text: '<b>',
    headers: { 'content-type': 'text/html' },
  })
  expect(replaced.status, replaced.text).toBe(200)
  const headers = { accept: 'application/fhir+json' }
  expect((await ask('GET', `/Binary/${id}`, { headers })).json).toMatchObject({
    contentType: 'text/html',
    data: 'PGI+',
  })
  expect((await ask('GET', `/Binary/${id}/_history/1`, { headers })).json['contentType']).toBe('image/png')
  expect((await ask('GET', `/Binary/${id}`, { headers: { 'if-none-match': 'W/"2"' } })).status).toBe(304)
})

it('gives content only to those who may read the resource behind it', async () => {
  const server = await startFhir()
  const { ask, become } = server
  become({ ...administrator, facilities: ['Organization/a'] })
  const patient = await ask('POST', '/Patient', { body: { resourceType: 'Patient' } })
  const context = `Patient/${String(patient.json['id'])}`
  const headers = { 'content-type': 'text/plain', 'x-security-context': context }
  become(administrator)
  const created = await ask('POST', '/Binary', { text: 'secret', headers })
  expect(created.at('securityContext.reference')).toBe(context)
  const path = `/Binary/${String(created.json['id'])}`
  const raw = await ask('GET', path)
  expect([raw.text, raw.headers.get('x-security-context')]).toEqual(['secret', context])
  // Raw content that names no context does not open what was closed.
  const plain = { 'content-type': 'text/plain' }
  const puts = ['a', 'b', 'c'].map(async (text) => ask('PUT', path, { text, headers: plain }))
  expect((await Promise.all(puts)).map(({ status }) => status)).toEqual([200, 200, 200])
  const again = await ask('PUT', path, { text: 'more', headers: { ...plain, 'if-match': 'W/"4"' } })
  expect(again.at('securityContext.reference')).toBe(context)
  const late = await ask('PUT', path, { text: 'late', headers: { ...plain, 'if-match': 'W/"4"' } })
  expect(late.status).toBe(412)
  const fresh = async () => (await ask('PUT', '/Binary/fresh', { text: 'x', headers: plain })).status
  expect([await fresh(), (await ask('DELETE', '/Binary/fresh')).status, await fresh()]).toEqual([
    201, 204, 201,
  ])
  await ask('DELETE', `/${context}`)
  expect((await ask('GET', path)).status).toBe(403)
})

function ownPatient({ patient }: Caller, type: string): readonly (readonly string[])[] {
  return patient === undefined || type !== 'Patient' ? [] : [[`_compartment=${patient}`]]
}

it('hides content from searches, includes, histories and Bundles of those who may not read what stands behind it', async () => {
  const { ask, become } = await startFhir({ rules: { authorise, constraintFor: ownPatient } })
  const ids: string[] = []
  for (const id of ['mine', 'other']) {
    expect((await ask('PUT', `/Patient/${id}`, { body: { resourceType: 'Patient', id } })).status).toBe(201)
    const headers = { 'content-type': 'text/plain', 'x-security-context': `Patient/${id}` }
    const made = await ask('POST', '/Binary', { text: `of ${id}`, headers })
    ids.push(String(made.json['id']))
  }
  const [mine = '', other = ''] = ids
  const basis = { status: 'draft', intent: 'order', subject: { reference: 'Patient/mine' } }
  const carePlan = { resourceType: 'CarePlan', id: 'c', ...basis, supportingInfo: ids.map(binary) }
  expect((await ask('PUT', '/CarePlan/c', { body: carePlan })).status).toBe(201)
  become({ ...administrator, patient: 'Patient/mine' })
  const seen = async (path: string) => {
    const reply = await ask('GET', path)
    expect(reply.status, reply.text).toBe(200)
    return [reply.text.includes(mine), reply.text.includes(`Binary/${other}"`), reply.json['total']]
  }
  expect(await seen('/Binary?_total=accurate')).toEqual([true, false, 1])
  expect(await seen(`/Binary?_id=${mine},${other}`)).toEqual([true, false, 1])
  expect(await seen('/Binary/_history')).toEqual([true, false, 1])
  const included = (await ask('GET', '/CarePlan?_include=*')).json['entry'] as readonly {
    fullUrl: string
  }[]
  expect(included.map(({ fullUrl }) => fullUrl.split('/').at(-1) ?? '').toSorted()).toEqual(
    ['c', mine, 'mine'].toSorted(),
  )
  expect((await ask('GET', `/Binary/${other}/_history`)).status).toBe(403)
  expect((await ask('GET', `/Binary/${other}/_history/1`)).status).toBe(403)
  const entry = [{ request: { method: 'GET', url: `Binary/${other}` } }]
  const batch = await ask('POST', '/', { body: { resourceType: 'Bundle', type: 'batch', entry } })
  expect(batch.at('entry.0.response.status')).toMatch(/^403/)
})

function binary(id: string): { readonly reference: string } {
  return { reference: `Binary/${id}` }
}
