import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { keysOf, START, writeOf } from '../contract-bench.ts'
import { hashKey, openIndexFile } from './index-file.ts'
import { KeyHash } from './key-hash.ts'
import { MergeLists } from './merge-lists.ts'
import { POSTING, seqAt, sortAt } from './postings.hot.ts'
import { encodeRow } from './row.ts'

const HASH = new KeyHash({ hi: 1, lo: 2 })

const rowOf = (id: string, k: readonly string[], date = START): Buffer =>
  encodeRow(writeOf({ id, keys: keysOf({ k, date }) }), HASH)

it('makes one list of changes for all keys of the same rows, in order of date', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-merge-'))
  const index = openIndexFile(join(folder, 'index.mdb'))
  onTestFinished(async () => {
    await index.env.close()
    await rm(folder, { recursive: true })
  })
  const merged = new MergeLists(HASH)
  merged.changeKeys(5, rowOf('a', ['subject=1', 'patient=1', 'status=final'], START + 9), false)
  merged.changeKeys(6, rowOf('b', ['subject=1', 'patient=1', 'status=amended']), false)
  merged.changeKeys(2, rowOf('b', ['subject=1', 'patient=1', 'status=final']), true)
  const lists = new Map(
    merged.lists(index).map(({ place, changes }) => [place.prefix.toString('hex'), changes]),
  )
  const changesOf = (key: string) => lists.get(hashKey(HASH.of('Patient', key).short, 0).toString('hex'))
  const told = (key: string) => {
    const changes = changesOf(key)
    return Array.from({ length: changes?.count ?? 0 }, (_, at) => {
      const bytes = changes?.bytes ?? Buffer.alloc(0)
      const mark = changes?.isDropped(at) === true ? '-' : '+'
      return `${mark}${seqAt(bytes, at * POSTING)}@${sortAt(bytes, at * POSTING) - START}`
    })
  }
  expect(told('subject=1')).toEqual(['-2@0', '+6@0', '+5@9'])
  expect(changesOf('patient=1')).toBe(changesOf('subject=1'))
  expect(told('status=final')).toEqual(['-2@0', '+5@9'])
  expect(told('status=amended')).toEqual(['+6@0'])
})
