import { afterAll, beforeAll, expect, it } from 'vitest'

import { freshDatabase } from '../database.ts'
import { freshFolder, removeFolder, startHub, type Hub } from '../flows/hub.ts'
import { dropDatabase, mongoUrl } from './mongo-server.ts'

const url = await mongoUrl()
const database = freshDatabase()
const WRITERS = 64
const ROUNDS = 3
const SYSTEM = 'http://example.org/ids'

const folders: string[] = []
const hubs: Hub[] = []

beforeAll(async () => {
  for (let i = 0; i < 2; i++) {
    const data = await freshFolder()
    folders.push(data)
    hubs.push(await startHub({ data, env: { MONGODB_URL: new URL(database, url).href } }))
  }
}, 60_000)

afterAll(async () => {
  for (const hub of hubs) await hub.stop()
  for (const folder of folders) await removeFolder(folder)
  await dropDatabase(url, database)
})

interface Sent {
  readonly method: string
  readonly path: string
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** Half of the writers write to one hub, half to the other, all at once. */
async function together(sent: (n: number) => Sent): Promise<Readonly<Record<number, number>>> {
  const statuses = await Promise.all(
    Array.from({ length: WRITERS }, async (_, n) => {
      const { method, path, body, headers } = sent(n)
      const hub = hubs[n % 2]
      const answer = await fetch(`${hub?.http ?? ''}/fhir${path}`, {
        method,
        body: JSON.stringify(body),
        headers: {
          authorization: `Bearer ${hub?.token ?? ''}`,
          'content-type': 'application/fhir+json',
          ...headers,
        },
      })
      await answer.text()
      return answer.status
    }),
  )
  return Object.fromEntries(
    [...Map.groupBy(statuses, (status) => status)].map(([status, of]) => [status, of.length]),
  )
}

async function read(path: string): Promise<Readonly<Record<string, unknown>>> {
  const [hub] = hubs
  const headers = { authorization: `Bearer ${hub?.token ?? ''}` }
  return (await fetch(`${hub?.http ?? ''}/fhir${path}`, { headers })).json() as never
}

it('gives each of many writers of one resource its version, whichever hub they ask', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const id = `round-${String(round)}`
    const path = `/Patient/${id}`
    const updated = await together((n) => ({
      method: 'PUT',
      path,
      body: { resourceType: 'Patient', id, name: [{ family: String(n) }] },
    }))
    expect(updated).toEqual({ 200: WRITERS - 1, 201: 1 })
    const patched = await together((n) => ({
      method: 'PATCH',
      path,
      body: [{ op: 'add', path: '/name/-', value: { family: String(n) } }],
      headers: { 'content-type': 'application/json-patch+json' },
    }))
    expect(patched).toEqual({ 200: WRITERS })
    expect(await read(path)).toMatchObject({ meta: { versionId: String(2 * WRITERS) } })
  }
}, 120_000)

it('makes one resource of one criterion, whichever hub is asked', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const identifier = [{ system: SYSTEM, value: `round-${String(round)}` }]
    const criteria = `identifier=${SYSTEM}|round-${String(round)}`
    const body = { resourceType: 'Patient', identifier }
    const created = await together((n) =>
      n % 4 < 2
        ? { method: 'POST', path: '/Patient', body, headers: { 'if-none-exist': criteria } }
        : { method: 'PUT', path: `/Patient?${criteria}`, body: { ...body, name: [{ family: String(n) }] } },
    )
    expect(created).toEqual({ 200: WRITERS - 1, 201: 1 })
    expect(await read(`/Patient?${criteria}`)).toMatchObject({ total: 1 })
  }
}, 120_000)
