import { expect, it, onTestFinished } from 'vitest'

import { freshFolder } from '../fresh-store.ts'
import { startHub } from './hub.ts'
import type { Hub } from './hub.ts'

type Json = Readonly<Record<string, unknown>>

interface Found {
  readonly status: number
  readonly ids: readonly string[]
  readonly notes: string
}

type Sent = readonly [body?: Json, headers?: Json]

function clientOf(hub: Hub) {
  const ask = async (method: string, path: string, ...[body, headers = {}]: Sent): Promise<Response> =>
    fetch(`${hub.http}/fhir${path}`, {
      method,
      headers: { authorization: `Bearer ${hub.token}`, 'content-type': 'application/fhir+json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  const find = async (query: string): Promise<Found> => {
    const answer = await ask('GET', query)
    const bundle = (await answer.json()) as {
      entry?: readonly { resource: Json; search: { mode: string } }[]
    }
    const of = (mode: string): readonly Json[] =>
      (bundle.entry ?? []).flatMap(({ resource, search }) => (search.mode === mode ? [resource] : []))
    return {
      status: answer.status,
      ids: of('match').map(({ id }) => String(id)),
      notes: JSON.stringify(answer.status === 200 ? of('outcome') : bundle),
    }
  }
  return { ask, find }
}

async function hubOn(data: string): Promise<Hub> {
  const hub = await startHub({ data })
  onTestFinished(async () => {
    await hub.stop()
  })
  return hub
}

const TRIBE = 'http://example.org/tribe'

function person(id: string, tribe: string): Json {
  return { resourceType: 'Patient', id, extension: [{ url: TRIBE, valueString: tribe }] }
}

function parameter(more: Json = {}): Json {
  return {
    resourceType: 'SearchParameter',
    id: 'tribe',
    url: 'http://example.org/SearchParameter/tribe',
    name: 'tribe',
    description: 'x',
    status: 'active',
    code: 'tribe',
    base: ['Patient'],
    type: 'string',
    expression: `Patient.extension('${TRIBE}').value.as(string)`,
    ...more,
  }
}

async function built(find: (query: string) => Promise<Found>, query: string): Promise<Found> {
  return expect
    .poll(async () => find(query), { timeout: 20_000, interval: 200 })
    .toMatchObject({ status: 200, notes: '[]' })
    .then(async () => find(query))
}

it('searches by a parameter that was posted: pending until its index is built, also after a restart', async () => {
  const data = await freshFolder()
  const first = await hubOn(data)
  const { ask, find } = clientOf(first)
  for (const n of [1, 2, 3])
    await ask('PUT', `/Patient/old-${String(n)}`, person(`old-${String(n)}`, 'Dinka'))
  expect((await find('/Patient?tribe=dinka')).status).toBe(400)

  expect((await ask('PUT', '/SearchParameter/tribe', parameter())).status).toBe(201)
  await ask('PUT', '/Patient/new', person('new', 'DINKA'))
  const pending = await find('/Patient?tribe=dinka')
  expect(pending.ids).toContain('new')
  expect(pending.notes).toContain('\\"tribe\\" is pending')
  const conditional = { 'if-none-exist': 'tribe=dinka' }
  expect((await ask('POST', '/Patient', { resourceType: 'Patient' }, conditional)).status).toBe(503)

  // A kill before the index is built: the next hub builds it.
  await first.kill()
  const second = clientOf(await hubOn(data))
  const found = await built(second.find, '/Patient?tribe=dinka&_sort=-_id')
  expect(found.ids).toEqual(['old-3', 'old-2', 'old-1', 'new'])
  expect((await second.find('/Patient?tribe:exact=DINKA')).ids).toEqual(['new'])
  expect((await second.find('/Observation?subject:Patient.tribe=dinka')).status).toBe(200)
  expect((await second.ask('POST', '/Patient', { resourceType: 'Patient' }, conditional)).status).toBe(412)

  const changed = parameter({
    expression: `Patient.extension('${TRIBE}').value.as(string) | Patient.name.text`,
  })
  await second.ask('PUT', '/SearchParameter/tribe', changed)
  expect((await second.find('/Patient?tribe=dinka')).notes).toContain('pending')
  await second.ask('DELETE', '/SearchParameter/tribe')
  expect((await second.find('/Patient?tribe=dinka')).status).toBe(400)
})

it('leaves out a posted parameter that it can not search by', async () => {
  const { ask, find } = clientOf(await hubOn(await freshFolder()))
  const wrong: Readonly<Record<string, Json>> = {
    function: { expression: "Patient.name.family.matches('(a+)+b')" },
    element: { expression: 'Patient.nothing' },
    syntax: { expression: 'Patient.name[' },
    deep: { expression: `${'('.repeat(900)}Patient.name${')'.repeat(900)}`, type: 'token' },
    kind: { expression: 'Patient.name', type: 'date' },
    taken: { expression: 'Patient.name.family', code: 'family' },
    draft: { status: 'draft' },
  }
  for (const [name, more] of Object.entries(wrong)) {
    const body = parameter({ id: name, code: `x-${name}`, ...more })
    expect((await ask('PUT', `/SearchParameter/${name}`, body)).status, name).toBe(201)
    expect((await find(`/Patient?x-${name}=x`)).status, name).toBe(400)
  }
  expect((await find('/Patient?family=x')).status).toBe(200)
})
