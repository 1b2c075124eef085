import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { limits } from '../../kernel/limits.ts'
import { commitOf, keysOf, writeOf } from '../contract-bench.ts'
import { LaterRows } from './later-rows.ts'
import { openEmbeddedStore } from './store.ts'

const row = Buffer.from('row')

it('gives the rows of one type in their order, and keeps those of others', () => {
  const later = new LaterRows()
  later.add('Patient', { seq: 1, row })
  later.add('Encounter', { seq: 2, row })
  later.add('Patient', { seq: 3, row })
  expect(later.take('Patient').map(({ seq }) => seq)).toEqual([1, 3])
  expect(later.take('Patient')).toEqual([])
  expect(later.take('Encounter').map(({ seq }) => seq)).toEqual([2])
})

it('takes as many rows as a merge, of all types together', () => {
  const later = new LaterRows()
  for (let seq = 1; seq < limits.store.mergeRows; seq++) later.add('Patient', { seq, row })
  expect(later.add('Encounter', { seq: limits.store.mergeRows, row })).toBe(true)
  expect(later.add('Observation', { seq: limits.store.mergeRows + 1, row })).toBe(false)
  later.take('Encounter')
  expect(later.add('Observation', { seq: limits.store.mergeRows + 1, row })).toBe(true)
})

it('finds what waits of a type behind a search of another one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-later-'))
  onTestFinished(async () => rm(folder, { recursive: true }))
  const store = await openEmbeddedStore({ folder })
  const keys = keysOf({ k: ['k=1'], n: [{ p: 'name', text: 'ada' }], r: [{ p: 'date', lo: 1, hi: 2 }] })
  const types = ['Patient', 'Encounter', 'Observation']
  for (let round = 1; round < 4; round++) {
    const writes = types.map((type) => writeOf({ type, id: `${type}-${round}`, keys }))
    await store.commit(commitOf({ writes }))
    for (const type of types.slice(0, round)) {
      const asked = { type, limit: 9 }
      expect(await store.resources.count(type, 'k=1', 9)).toBe(round)
      expect(await store.resources.names({ ...asked, param: 'name', prefix: 'a' })).toHaveLength(round)
      expect(await store.resources.range({ ...asked, param: 'date', lo: 0, hi: 9 })).toHaveLength(round)
    }
  }
  await store.close()
})
