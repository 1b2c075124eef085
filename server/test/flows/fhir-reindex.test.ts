import { expect, it, onTestFinished, vi } from 'vitest'

import { customDefinitions } from '../../src/fhir/custom/custom-definitions.ts'
import { createCustomParameters } from '../../src/fhir/custom/custom-parameters.ts'
import { keysOfRows } from '../../src/fhir/keys/keys-of-row.ts'
import { loadDefinitions } from '../../src/fhir/load-definitions.ts'
import { commitOf, keysOf, writeOf } from '../../src/store/contract-bench.ts'
import { createKeyRebuilder } from '../../src/store/key-rebuild.ts'
import type { Store } from '../../src/store/port.ts'
import { freshStore } from '../fresh-store.ts'
import { administrator, startFhir } from './fhir-server.ts'
import type { FhirServer } from './fhir-server.ts'
import { freshFolder, removeFolder, startHub } from './hub.ts'
import type { Hub } from './hub.ts'

interface Job {
  readonly job: string
  readonly state: string
  readonly done: number
  readonly total: number
  readonly failed: number
}

function jobIn(json: unknown): Job {
  const { resourceType, parameter } = json as {
    readonly resourceType: string
    readonly parameter: readonly Readonly<Record<string, unknown>>[]
  }
  expect(resourceType).toBe('Parameters')
  const pairs = parameter.map(({ name, ...value }) => [name, Object.values(value)[0]])
  return Object.fromEntries(pairs) as Job
}

/** A resource without keys, as if it had been stored before the hub knew its search parameters. */
async function storeWithoutKeys({ store }: FhirServer, type: string, body = ''): Promise<void> {
  const lastUpdated = 1_700_000_000_000
  const meta = { versionId: '1', lastUpdated: new Date(lastUpdated).toISOString() }
  const text = body === '' ? JSON.stringify({ resourceType: type, id: 'a', meta, active: true }) : body
  await store.commit(
    commitOf({ writes: [writeOf({ type, id: 'a', body: text, lastUpdated, keys: keysOf({}) })] }),
  )
}

async function completed({ ask }: FhirServer, path: string): Promise<Job> {
  return vi.waitFor(
    async () => {
      const job = jobIn((await ask('GET', path)).json)
      expect(job.state).toBe('completed')
      return job
    },
    { timeout: 20_000, interval: 20 },
  )
}

it('makes the keys of one type or of everything again, in the background', async () => {
  const server = await startFhir()
  const { ask } = server
  await storeWithoutKeys(server, 'Patient')
  await storeWithoutKeys(server, 'Practitioner')
  const found = async (type: string): Promise<unknown> =>
    (await ask('GET', `/${type}?active=true&_total=accurate`)).at('total')
  expect([await found('Patient'), await found('Practitioner')]).toEqual([0, 0])
  expect((await ask('GET', '/Patient/$reindex')).status).toBe(404)

  const started = await ask('POST', '/Patient/$reindex')
  expect(started.status, started.text).toBe(200)
  const { job } = jobIn(started.json)
  expect(await completed(server, `/Patient/$reindex?job=${job}`)).toEqual({
    job,
    state: 'completed',
    done: 1,
    total: 1,
    failed: 0,
  })
  expect([await found('Patient'), await found('Practitioner')]).toEqual([1, 0])
  expect((await ask('GET', '/$reindex')).status).toBe(404)

  const whole = jobIn((await ask('POST', '/$reindex', { body: { resourceType: 'Parameters' } })).json)
  expect(whole.job).not.toBe(job)
  expect(await completed(server, '/$reindex')).toMatchObject({ job: whole.job, done: 2, total: 2 })
  expect([await found('Patient'), await found('Practitioner')]).toEqual([1, 1])
  expect((await ask('GET', `/$reindex?job=${job}`)).status).toBe(404)
  expect((await ask('GET', '/Patient/a')).at('meta.versionId')).toBe('1')
})

it('counts what has no keys to give, and goes on', async () => {
  const server = await startFhir()
  await storeWithoutKeys(server, 'Patient', 'no JSON')
  await server.ask('PUT', '/Patient/b', { body: { resourceType: 'Patient', id: 'b' } })
  await server.ask('POST', '/Patient/$reindex')
  expect(await completed(server, '/Patient/$reindex')).toMatchObject({ done: 2, total: 2, failed: 1 })
})

it('is for administrators, for known types, not for one resource, and stands in the CapabilityStatement', async () => {
  const { ask, become } = await startFhir()
  expect((await ask('POST', '/Unknown/$reindex')).status).toBe(404)
  expect((await ask('POST', '/Patient/a/$reindex')).status).toBe(404)
  expect((await ask('DELETE', '/Patient/$reindex')).status).toBe(405)
  expect((await ask('POST', '/$reindex?type=Patient')).status).toBe(400)
  const { text } = await ask('GET', '/metadata')
  expect(text).toContain('"urn:mogran:operation:reindex"')
  become({ ...administrator, roles: ['doctor', 'nurse', 'lab-technician', 'pharmacist'] })
  for (const path of ['/$reindex', '/Patient/$reindex'])
    for (const method of ['POST', 'GET']) expect((await ask(method, path)).status).toBe(403)
})

/** A hub on a store whose code finds values in the way that `walkHash` stands for. */
async function hubFinding(store: Store, walkHash: string) {
  const definitions = customDefinitions({ ...loadDefinitions(), walkHash })
  const custom = createCustomParameters({
    reader: store.resources,
    definitions,
    isShared: false,
    onError: (error) => expect.fail(String(error)),
  })
  const keys = createKeyRebuilder({
    store,
    keysOf: keysOfRows(definitions, 'http://127.0.0.1/fhir'),
    clock: Date.now,
    onError: () => undefined,
    onUnmade: () => undefined,
  })
  await custom.refresh()
  custom.run(keys)
  const onSearchParameters = async () => custom.refresh()
  const server = await startFhir({ store, definitions, keys, onSearchParameters })
  const close = async () => {
    await custom.close()
    await keys.close()
  }
  const found = async () => {
    const { text } = await server.ask('GET', '/Patient?nick=dove&_total=accurate')
    return { isPending: text.includes('is pending'), isFound: text.includes('"total":1') }
  }
  return { ...server, found, close }
}

const NICK = {
  resourceType: 'SearchParameter',
  id: 'nick',
  url: 'http://example.org/nick',
  name: 'nick',
  description: 'x',
  status: 'active',
  code: 'nick',
  base: ['Patient'],
  type: 'string',
  expression: 'Patient.name.given',
}

it('builds the index of a posted parameter again when the hub finds its values in another way', async () => {
  const store = await freshStore()
  const wait = { timeout: 20_000, interval: 50 }
  const before = await hubFinding(store, '1')
  expect((await before.ask('PUT', '/SearchParameter/nick', { body: NICK })).status).toBe(201)
  await vi.waitFor(
    async () => expect(await before.found()).toEqual({ isPending: false, isFound: false }),
    wait,
  )
  const meta = { versionId: '1', lastUpdated: '2023-11-14T22:13:20.000Z' }
  const dove = { resourceType: 'Patient', id: 'a', meta, name: [{ given: ['Dove'] }] }
  await storeWithoutKeys(before, 'Patient', JSON.stringify(dove))
  await before.close()

  const same = await hubFinding(store, '1')
  expect(await same.found()).toEqual({ isPending: false, isFound: false })
  await same.close()
  const after = await hubFinding(store, '2')
  expect(await after.found()).toEqual({ isPending: true, isFound: false })
  await vi.waitFor(async () => expect(await after.found()).toEqual({ isPending: false, isFound: true }), wait)
  await after.close()
})

const PATIENTS = 3000

async function jobOf(hub: Hub, method = 'GET'): Promise<Job> {
  return jobIn(await hub.json('/fhir/Patient/$reindex', { method }))
}

async function fill(hub: Hub): Promise<void> {
  const entry = Array.from({ length: PATIENTS }, (_, index) => ({
    request: { method: 'POST', url: 'Patient' },
    resource: { resourceType: 'Patient', active: true, identifier: [{ value: String(index) }] },
  }))
  const body = JSON.stringify({ resourceType: 'Bundle', type: 'transaction', entry })
  const answer = await hub.ask('/fhir', { method: 'POST', body, headers: { prefer: 'return=minimal' } })
  expect(answer.status).toBe(200)
}

it(
  'names the running job to who asks again, and goes on with it after a kill',
  { timeout: 180_000 },
  async () => {
    const data = await freshFolder()
    onTestFinished(() => removeFolder(data))
    const hub = await startHub({ data })
    onTestFinished(() => hub.kill())
    await fill(hub)
    const started = await jobOf(hub, 'POST')
    expect(started).toMatchObject({ state: 'in-progress', total: PATIENTS })
    expect((await jobOf(hub, 'POST')).job).toBe(started.job)
    await vi.waitFor(async () => expect((await jobOf(hub)).done).toBeGreaterThan(0), {
      timeout: 10_000,
      interval: 1,
    })
    await hub.kill()

    const again = await startHub({ data })
    onTestFinished(() => again.kill())
    const half = await jobOf(again)
    expect(half).toMatchObject({ job: started.job, state: 'in-progress' })
    expect([half.done > 0, half.done < PATIENTS]).toEqual([true, true])
    // The lease of the hub that was killed runs out first.
    await vi.waitFor(async () => expect((await jobOf(again)).state).toBe('completed'), {
      timeout: 120_000,
      interval: 100,
    })
    expect(await jobOf(again)).toEqual({ ...half, state: 'completed', done: PATIENTS, failed: 0 })
  },
)
