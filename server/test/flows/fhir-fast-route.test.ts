import { once } from 'node:events'
import { type IncomingMessage, request as requestTo } from 'node:http'

import { expect, it, onTestFinished } from 'vitest'

import { freshFolder, removeFolder, startHub, type Hub } from './hub.ts'

/** Changes nothing, but the fast way knows few headers. */
const LONG_WAY = { 'x-unheard-of': 'yes' }

it('answers a plain read by the fast way exactly as by the long way, errors included', async () => {
  const hub = await freshHub()
  // Letters of one, two, three and four bytes: the bytes must pass as they are.
  const patient = { resourceType: 'Patient', name: [{ family: 'Åström-محمد-漢字-𝒜' }], active: true }
  const { id } = await hub.json<{ id: string }>('/fhir/Patient', {
    method: 'POST',
    body: JSON.stringify(patient),
  })
  const { id: gone } = await hub.json<{ id: string }>('/fhir/Patient', {
    method: 'POST',
    body: JSON.stringify(patient),
  })
  await hub.ask(`/fhir/Patient/${gone}`, { method: 'DELETE' })
  const { id: large } = await hub.json<{ id: string }>('/fhir/Patient', {
    method: 'POST',
    body: JSON.stringify({ ...patient, address: [{ text: 'x'.repeat(5000) }] }),
  })
  const { id: photo } = await hub.json<{ id: string }>('/fhir/Binary', {
    method: 'POST',
    body: JSON.stringify({ resourceType: 'Binary', contentType: 'image/png', data: 'iVBORw0KGgo=' }),
  })
  const statuses: (number | undefined)[] = []
  const others = [`Patient/${large}`, `Binary/${photo}`]
  for (const path of [
    ...others,
    `Patient/${id}`,
    `Patient/${gone}`,
    'Patient/unknown',
    `Observation/${id}`,
  ]) {
    const packed = { ...own(hub), 'accept-encoding': 'gzip' }
    expect(await get(hub, `/fhir/${path}`, packed)).toEqual(
      await get(hub, `/fhir/${path}`, { ...packed, ...LONG_WAY }),
    )
    const fast = await get(hub, `/fhir/${path}`)
    expect(fast).toEqual(await get(hub, `/fhir/${path}`, { ...own(hub), ...LONG_WAY }))
    statuses.push(fast.status)
  }
  expect(statuses).toEqual([200, 200, 200, 410, 404, 404])
  const { text } = await get(hub, `/fhir/Patient/${id}`)
  expect(JSON.parse(text)).toMatchObject(patient)
})

it('answers a search by the fast way exactly as by the long way, errors included', async () => {
  const hub = await freshHub()
  const ids: string[] = []
  for (const family of ['Åström', 'Ås-محمد-漢字-𝒜', 'Other']) {
    const body = JSON.stringify({ resourceType: 'Patient', name: [{ family }] })
    ids.push((await hub.json<{ id: string }>('/fhir/Patient', { method: 'POST', body })).id)
  }
  for (let day = 1; day <= 9; day++) {
    const body = JSON.stringify({
      resourceType: 'Observation',
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }], text: 'x'.repeat(3000) },
      subject: { reference: `Patient/${ids[0]}` },
      effectiveDateTime: `2024-01-0${String(day)}`,
    })
    await hub.ask('/fhir/Observation', { method: 'POST', body })
  }
  const statuses: (number | undefined)[] = []
  const lengths: number[] = []
  for (const query of [
    'Patient?name=%C3%A5s',
    'Patient?name=nobody',
    'Patient?',
    `Observation?subject=Patient/${ids[0]}&code=http://loinc.org|8867-4&_sort=-date&_count=3`,
    `Observation?subject=Patient/${ids[0]}&code=http://loinc.org|8867-4&_sort=-date`,
    `Observation?subject=${ids[0]}&_sort=date&_count=2&_include=Observation:subject&_total=accurate`,
    `Patient?_id=${ids[0]}&_revinclude=Observation:subject`,
    'Observation?_count=2&_elements=status',
    'Observation?_summary=count',
    'Patient?unknown=x',
    'Patient?birthdate=never',
    'Patient?_content=x',
    'Unknown?name=x',
  ]) {
    for (const headers of [own(hub), { ...own(hub), 'accept-encoding': 'gzip' }]) {
      const fast = await get(hub, `/fhir/${query}`, headers)
      expect(fast, query).toEqual(await get(hub, `/fhir/${query}`, { ...headers, ...LONG_WAY }))
      // What is asked again is not read again.
      expect(await get(hub, `/fhir/${query}`, headers), query).toEqual(fast)
      if (headers['accept-encoding'] !== undefined) continue
      statuses.push(fast.status)
      lengths.push((JSON.parse(fast.text) as { entry?: unknown[] }).entry?.length ?? 0)
    }
  }
  expect(statuses).toEqual([200, 200, 200, 200, 200, 200, 200, 200, 200, 400, 400, 501, 404])
  expect(lengths).toEqual([2, 0, 3, 3, 9, 3, 10, 2, 0, 0, 0, 0, 0])
})

it('lets nobody read the fast way who may not read the long way', async () => {
  const hub = await freshHub()
  const { id } = await hub.json<{ id: string }>('/fhir/Patient', {
    method: 'POST',
    body: JSON.stringify({ resourceType: 'Patient' }),
  })
  const [head, body] = hub.token.split('.')
  const refused = [{}, { authorization: 'Bearer x' }, { authorization: `Bearer ${head}.${body}.AAAA` }]
  const path = `/fhir/Patient/${id}`
  for (const address of [path, '/fhir/Patient?active=true']) {
    for (const headers of refused) expect((await get(hub, address, headers)).status).toBe(401)
    expect((await get(hub, address)).status).toBe(200)
    for (const headers of refused) expect((await get(hub, address, headers)).status).toBe(401)
  }
  const conditional = { ...own(hub), 'if-none-match': 'W/"1"' }
  expect((await get(hub, path, conditional)).status).toBe(304)
  expect((await get(hub, path, { ...own(hub), accept: 'text/html' })).status).toBe(406)
})

it('varies by origin as the long way does where pages of other origins may call', async () => {
  const hub = await freshHub({ HUB_CORS_ORIGINS: 'https://app.example.org' })
  for (const text of ['', 'x'.repeat(5000)]) {
    const body = JSON.stringify({ resourceType: 'Basic', code: { text: `a${text}` } })
    const { id } = await hub.json<{ id: string }>('/fhir/Basic', { method: 'POST', body })
    const fast = await get(hub, `/fhir/Basic/${id}`)
    expect(fast.headers.vary).toContain('Origin')
    expect(fast).toEqual(await get(hub, `/fhir/Basic/${id}`, { ...own(hub), ...LONG_WAY }))
  }
})

async function freshHub(env: Readonly<Record<string, string>> = {}): Promise<Hub> {
  const data = await freshFolder()
  const hub = await startHub({ data, env })
  onTestFinished(async () => {
    await hub.kill()
    await removeFolder(data)
  })
  return hub
}

function own({ token }: Hub): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}`, 'x-request-id': 'same-for-both' }
}

/** `fetch` adds headers of its own, which would send every request the long way. */
async function get(hub: Hub, path: string, headers = own(hub)) {
  const sent = requestTo(`${hub.http}${path}`, { headers }).end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  // Compressed as it comes, the length of a packed body is either told or not.
  const { date: _date, ...rest } = response.headers
  return { status: response.statusCode, headers: rest, text: Buffer.concat(chunks).toString('utf8') }
}
