import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { commitOf, keysOf, writeOf } from '../contract-bench.ts'
import type { ResourceWrite } from '../port.ts'
import { numberKey, openDataFile } from './databases.ts'
import { DICTIONARY_1 } from './dictionary-1.ts'
import { KeyHash } from './key-hash.ts'
import { Lz } from './lz.hot.ts'
import { openMeta } from './meta.ts'
import { scalarIn } from './row-derived.ts'
import {
  encodeRow,
  namesOf,
  rangesOf,
  rowContent,
  rowContentLength,
  rowExtras,
  rowFiled,
  rowMethod,
  rowScalars,
  rowTypeLike,
  unpackedRow,
  versionOf,
} from './row.ts'
import { openEmbeddedStore } from './store.ts'

const hash = new KeyHash({ hi: 1, lo: 2 })
const TIME = Date.UTC(2026, 2, 4, 5, 6, 7, 89)

/** As the hub writes a resource, with the keys that every resource has. */
function observed(change: Partial<ResourceWrite> = {}): ResourceWrite {
  const id = change.id ?? '01a22336-22b8-78f2-a09f-3f7d70b76ee8'
  const version = (change.expected ?? 0) + 1
  const meta = `{"versionId":"${version}","lastUpdated":"2026-03-04T05:06:07.089Z","tag":[{"code":"a"}]}`
  const body = `{"resourceType":"Patient","id":"${id}","meta":${meta},"name":[{"family":"é"}]}`
  const keys = keysOf({
    k: ['active=true', `_id=${id}`],
    r: [
      { p: 'date', lo: -Infinity, hi: 5 },
      { p: '_lastUpdated', lo: TIME, hi: TIME + 1 },
    ],
    n: ['é', 'é', 'x'].map((text) => ({ p: 'family', text })),
    s: { _id: id, family: 'é', _facility: '' },
    date: TIME,
    patients: [id],
  })
  return { ...writeOf({ id, keys }), lastUpdated: TIME, bytes: Buffer.from(body), ...change }
}

function lateWrite(): ResourceWrite {
  const lastUpdated = Date.UTC(10_001, 0)
  const bytes = Buffer.from(
    String(observed().bytes).replace('2026-03-04T05:06:07.089Z', '+010001-01-01T00:00:00.000Z'),
  )
  return observed({ lastUpdated, bytes })
}

it.each([
  ['as the hub writes it', observed()],
  ['a later version', observed({ expected: 41, method: 'PATCH' })],
  ['another beginning', observed({ bytes: Buffer.from('{"id":"a","resourceType":"Patient"}') })],
  ['another time', observed({ lastUpdated: TIME + 1 })],
  ['a time of many digits', lateWrite()],
  ['nothing in common with anything', observed({ bytes: Buffer.from('{}'), keys: keysOf({}) })],
  ['its own word for the id', observed({ keys: keysOf({ s: { _id: 'other' } }) })],
  [
    'the time of the change twice',
    observed({ keys: keysOf({ r: [0, 0].map(() => ({ p: '_lastUpdated', lo: TIME, hi: TIME + 1 })) }) }),
  ],
])('gives back what it was given: %s', (_, write) => {
  const row = encodeRow(write, hash)
  const { keys } = write
  for (const each of [row, unpackedRow(row)]) {
    const extras = rowExtras(each)
    expect(versionOf(each).bytes).toEqual(write.bytes)
    expect(rowContent(each)).toEqual(write.bytes)
    expect(rowContentLength(each)).toBe(write.bytes.length)
    expect(rowMethod(each)).toBe(write.method)
    for (const expected of ['Patient', 'Patienta', 'Patienz', ''])
      expect(rowTypeLike(each, expected)).toBe('Patient')
    expect(rangesOf(extras)).toEqual(keys.r)
    expect(rowFiled(each)).toEqual({ ranges: keys.r, names: namesOf(extras) })
    expect(new Set(namesOf(extras).map(({ text }) => text))).toEqual(new Set(keys.n.map(({ text }) => text)))
    expect(extras.s).toEqual(keys.s)
    for (const [name, text] of Object.entries(keys.s ?? {}))
      expect(scalarIn(rowScalars(each), name)).toBe(text)
    expect(extras.c ?? []).toEqual(keys.patients)
  }
})

it('holds nothing twice that its header tells', () => {
  const write = observed()
  const row = encodeRow(write, hash)
  expect(row.length).toBeLessThan(olderRow(write, hash).length - 60)
  expect(row.indexOf('2026-03-04')).toBe(-1)
})

it('reads the rows of older stores', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-row-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const writes = ['a', 'b', 'c'].map((id) => observed({ id }))
  const store = await openEmbeddedStore({ folder })
  await store.commit(commitOf({ writes }))
  await store.close()

  const data = openDataFile(join(folder, 'data.mdb'))
  const own = new KeyHash(openMeta(data).hashSeed)
  data.env.transactionSync(() => {
    for (const [at, write] of writes.entries())
      data.rows.putSync(numberKey(at + 1), olderRow(write, own, { isPlain: at === 0 }))
  })
  await data.env.close()
  await rm(join(folder, 'index.mdb'))

  const again = await openEmbeddedStore({ folder })
  onTestFinished(() => again.close())
  for (const { id, bytes } of writes)
    expect(await again.resources.read('Patient', id)).toMatchObject({ bytes, version: 1, method: 'POST' })
  const named = await again.resources.names({ type: 'Patient', param: 'family', prefix: 'é', limit: 9 })
  expect(named.map(({ id }) => id)).toEqual(['a', 'b', 'c'])
  expect(await again.resources.count('Patient', 'active=true', 9)).toBe(3)
  const [first] = await again.resources.fetch('Patient', ['a'])
  expect(['_id', 'family', '_facility', 'x'].map((name) => first?.scalar(name))).toEqual([
    'a',
    'é',
    '',
    undefined,
  ])
  await again.commit(commitOf({ writes: [observed({ id: 'b', expected: 1 })] }))
  expect(await again.resources.vread('Patient', 'b', 1)).toMatchObject({ bytes: writes[1]?.bytes })
  expect(await again.resources.count('Patient', '_id=b', 9)).toBe(1)
})

/** A row as stores had it that left nothing out. */
function olderRow(write: ResourceWrite, own: KeyHash, { isPlain = false } = {}): Buffer {
  const { keys, type, id } = write
  const extras = Buffer.from(
    JSON.stringify({
      r: keys.r.map(({ p, lo, hi }) => [p, lo, hi]),
      n: keys.n.map(({ p, text }) => [p, text]),
      s: keys.s,
      c: keys.patients,
    }),
  )
  const text = Buffer.concat([extras, write.bytes])
  const header = Buffer.alloc(46)
  header[0] = isPlain ? 1 : 2
  header[2] = type.length
  header[3] = id.length
  header.writeUInt32BE(write.expected + 1, 4)
  header.writeUIntBE(1, 14, 6)
  header.writeUIntBE(write.lastUpdated, 20, 6)
  header.writeUIntBE(write.lastUpdated, 26, 6)
  header.writeDoubleBE(keys.date, 32)
  header.writeUInt16BE(keys.k.length, 40)
  header.writeUInt32BE(extras.length, 42)
  const hashes = Buffer.alloc(8 * keys.k.length)
  for (const [at, key] of keys.k.entries()) {
    const { hi, lo } = own.of(type, key)
    hashes.writeInt32BE(hi, at * 8)
    hashes.writeInt32BE(lo, at * 8 + 4)
  }
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  const packed = isPlain ? text : (new Lz(Buffer.from(DICTIONARY_1)).compress(text) ?? text)
  const front = [header, Buffer.from(type + id), hashes]
  return Buffer.concat(isPlain ? [...front, text] : [...front, length, packed])
}
