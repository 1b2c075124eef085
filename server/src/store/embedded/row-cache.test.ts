import { expect, it } from 'vitest'

import { keysOf, writeOf } from '../contract-bench.ts'
import { KeyHash } from './key-hash.ts'
import { OwnRow } from './own-row.ts'
import { RowCache } from './row-cache.ts'
import { encodeRow } from './row.ts'

const HASH = new KeyHash({ hi: 1, lo: 2 })
const TEXT = JSON.stringify({ resourceType: 'Patient', text: { div: 'x'.repeat(2000) } })

function rowOf(seq: number): OwnRow {
  const keys = keysOf({ k: [`number=${String(seq)}`] })
  const row = encodeRow(writeOf({ id: `p${String(seq)}`, keys, bytes: Buffer.from(TEXT) }), HASH)
  return new OwnRow(row, HASH, 'Patient')
}

function ask(cache: RowCache, seq: number): boolean {
  if (cache.get(seq) !== undefined) return true
  cache.offer(seq, rowOf(seq))
  return false
}

it('takes a row in when it is asked for a second time, and gives it as it was', () => {
  const cache = new RowCache(1_000_000)
  expect([ask(cache, 7), ask(cache, 7), ask(cache, 7)]).toEqual([false, false, true])
  const row = cache.get(7)
  expect(String(row?.bytes)).toBe(TEXT)
  expect([row?.id, row?.has('number=7'), row?.has('number=8')]).toEqual(['p7', true, false])
  cache.delete(7)
  expect(cache.get(7)).toBeUndefined()
  expect(cache.bytes).toBe(0)
})

it('takes in two rows that are asked for in turn, whatever their numbers', () => {
  const cache = new RowCache(1_000_000)
  const [one, other] = [7, 7 + 3 * 2 ** 15]
  for (const seq of [one, other, one, other]) ask(cache, seq)
  expect([ask(cache, one), ask(cache, other)]).toEqual([true, true])
})

it('stays within its bound, and keeps what is asked for again and again', () => {
  const most = 400_000
  const cache = new RowCache(most)
  for (let seq = 1; seq < 5000; seq += 1) {
    ask(cache, seq)
    ask(cache, seq)
    for (const hot of [1, 2, 3]) ask(cache, hot)
    expect(cache.bytes).toBeLessThanOrEqual(most)
  }
  expect(cache.bytes).toBeGreaterThan(most * 0.9)
  expect([1, 2, 3, 10].map((seq) => cache.get(seq) !== undefined)).toEqual([true, true, true, false])
})

it('serves a part of more rows than it holds, asked for in turn again and again', () => {
  const cache = new RowCache(400_000)
  const round = () => Array.from({ length: 300 }, (_, at) => ask(cache, at + 1)).filter(Boolean).length
  for (let turn = 0; turn < 50; turn += 1) round()
  expect(cache.bytes).toBeLessThanOrEqual(400_000)
  expect(round()).toBeGreaterThan(60)
})

it('is not emptied by a walk over many rows', () => {
  const cache = new RowCache(400_000)
  for (const seq of [1, 1, 2, 2]) ask(cache, seq)
  const held = cache.bytes
  for (let seq = 10; seq < 20_000; seq += 1) ask(cache, seq)
  expect(cache.bytes).toBe(held)
})
