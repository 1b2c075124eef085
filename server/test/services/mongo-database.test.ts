import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Decimal128, MongoClient } from 'mongodb'
import { expect, it, onTestFinished } from 'vitest'

import { commitOf, keysOf, textOf, writeOf } from '../../src/store/contract-bench.ts'
import { exportTo, importFrom } from '../../src/store/mongo/backup.ts'
import { databaseOf } from '../../src/store/mongo/database.ts'
import { openMongoStore } from '../../src/store/mongo/store.ts'
import type { Store } from '../../src/store/port.ts'
import { freshDatabase } from '../database.ts'
import { dropDatabase, mongoUrl } from './mongo-server.ts'

const url = await mongoUrl()

async function opened(database = freshDatabase()): Promise<{ store: Store; database: string }> {
  const store = await openMongoStore({ url, database })
  onTestFinished(async () => {
    await store.close()
    await dropDatabase(url, database)
  })
  return { store, database }
}

function client(): MongoClient {
  const made = new MongoClient(url, { retryWrites: false })
  onTestFinished(async () => made.close())
  return made
}

it('keeps the resource as native BSON that any tool can query', async () => {
  const { store, database } = await opened()
  const body = '{"resourceType":"Observation","id":"a","valueQuantity":{"value":1.50},"low":1E2}'
  await store.commit(commitOf({ writes: [writeOf({ type: 'Observation', id: 'a', body })] }))
  const found = await client()
    .db(database)
    .collection('Observation')
    .findOne({ 'resource.valueQuantity.value': Decimal128.fromString('1.5') })
  expect(found?.['lit']).toEqual([{ path: 'low', text: '1E2' }])
  expect(textOf((await store.resources.read('Observation', 'a'))?.bytes)).toBe(body)
})

it('stores a commit that is larger than a document may be, whole', async () => {
  const { store } = await opened()
  const body = JSON.stringify({ resourceType: 'Binary', data: 'x'.repeat(6 * 1024 * 1024) })
  const writes = ['a', 'b', 'c', 'd'].map((id) => writeOf({ type: 'Binary', id, body }))
  expect(await store.commit(commitOf({ writes }))).toEqual({ outcome: 'committed', n: 1 })
  const [commit] = await store.log.read(0, 1)
  expect(commit?.changes.map(({ id, bytes }) => [id, bytes.length])).toEqual(
    ['a', 'b', 'c', 'd'].map((id) => [id, body.length]),
  )
  expect(textOf((await store.resources.read('Binary', 'd'))?.bytes)).toBe(body)
})

it('tells keys apart that differ only behind the length at which they are cut', async () => {
  const { store } = await opened()
  const [one, two] = [`url=${'ü'.repeat(700)}1`, `url=${'ü'.repeat(700)}2`]
  await store.commit(commitOf({ writes: [writeOf({ id: 'a', keys: keysOf({ k: [one] }) })] }))
  expect(await store.resources.count('Patient', one, 10)).toBe(1)
  expect(await store.resources.count('Patient', two, 10)).toBe(0)
  const [row] = await store.resources.fetch('Patient', ['a'])
  expect([row?.has(one), row?.has(two)]).toEqual([true, false])
})

it('shows one process at once what another has committed, and wakes it', async () => {
  const { store, database } = await opened()
  const other = await openMongoStore({ url, database })
  onTestFinished(async () => other.close())
  const grown = other.log.grown(0, AbortSignal.timeout(10_000))
  await store.commit(commitOf({ writes: [writeOf({ id: 'a' })] }))
  expect((await other.resources.read('Patient', 'a'))?.version).toBe(1)
  await grown
  expect(await other.log.head()).toBe(1)
  expect(await other.commit(commitOf({ writes: [writeOf({ id: 'a' })] }))).toMatchObject({
    why: { kind: 'version', current: 1 },
  })
  expect(await other.commit(commitOf({ writes: [writeOf({ id: 'b' })] }))).toEqual({
    outcome: 'committed',
    n: 2,
  })
})

it('restores a backup with everything in it', async () => {
  const { store, database } = await opened()
  const folder = await mkdtemp(join(tmpdir(), 'mogran-backup-'))
  onTestFinished(async () => rm(folder, { recursive: true }))
  const body = '{"resourceType":"Patient","x":0.10,"y":1E2}'
  const records = [{ op: 'put', collection: 'c', id: 'r', value: { a: 1 }, second: 's' }] as const
  await store.commit(
    commitOf({ writes: [writeOf({ id: 'a', body, keys: keysOf({ k: ['active=true'] }) })], records }),
  )
  const report = await exportTo(databaseOf(client().db(database)), join(folder, 'one'))
  expect(report.commits).toBe(1)

  const target = freshDatabase()
  await importFrom({ url, database: target, folder: join(folder, 'one') })
  const { store: copy } = await opened(target)
  expect(textOf((await copy.resources.read('Patient', 'a'))?.bytes)).toBe(body)
  expect(await copy.resources.count('Patient', 'active=true', 10)).toBe(1)
  expect(await copy.records.bySecond('c', 's')).toMatchObject({ id: 'r', value: { a: 1 } })
  await expect(importFrom({ url, database: target, folder: join(folder, 'one') })).rejects.toThrow(
    'not empty',
  )
  expect(await copy.commit(commitOf({}))).toEqual({ outcome: 'committed', n: 2 })
})
