import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { keysOf, START, writeOf } from '../contract-bench.ts'
import type { Changes } from './changes.ts'
import { openIndexFile } from './index-file.ts'
import { KeyHash } from './key-hash.ts'
import { MergeLists } from './merge-lists.ts'
import { HashWalk } from './merge-runs.ts'
import { isDropped, rowOf as rowOfPosting, type BuiltRun } from './posting-runs.ts'
import { POSTING, seqAt, sortAt } from './postings.hot.ts'
import { encodeRow } from './row.ts'

/** More than a short list has. */
const MANY = 50
const HASH = new KeyHash({ hi: 1, lo: 2 })

const rowOf = (id: string, k: readonly string[], date = START): Buffer =>
  encodeRow(writeOf({ id, keys: keysOf({ k, date }) }), HASH)

it('makes one list of changes for all keys of the same rows, in order of date', async () => {
  const merged = new MergeLists(HASH)
  merged.changeKeys(5, rowOf('a', ['subject=1', 'patient=1', 'status=final'], START + 9), false)
  merged.changeKeys(6, rowOf('b', ['subject=1', 'patient=1', 'status=amended']), false)
  merged.changeKeys(2, rowOf('b', ['subject=1', 'patient=1', 'status=final']), true)
  for (let seq = MANY; seq > 6; seq--)
    merged.changeKeys(seq, rowOf(`r${seq}`, ['subject=1', 'patient=1']), false)
  const lists = await listsOf(merged)
  expect(told(lists, 'subject=1').slice(0, 3)).toEqual(['-2@0', '+6@0', '+7@0'])
  expect(told(lists, 'subject=1').at(-1)).toBe('+5@9')
  expect(lists.get(nameOf('patient=1'))).toBe(lists.get(nameOf('subject=1')))
  // Short lists go into the run; what they drop may lie in the B-tree, what long ones drop in a run.
  expect(told(lists, 'status=final')).toEqual(['-2@0'])
  expect(told(lists, 'status=amended')).toEqual([])
  const run = toldIn(merged.run())
  expect(run.get(nameOf('status=final'))).toEqual(['-2@0', '+5@9'])
  expect(run.get(nameOf('status=amended'))).toEqual(['+6@0'])
  expect(run.get(nameOf('subject=1'))).toEqual(['-2@0'])
})

it('tells a run the last word of a posting that is dropped and comes again', () => {
  const merged = new MergeLists(HASH)
  merged.changeKeys(2, rowOf('a', ['status=final']), true)
  merged.changeKeys(2, rowOf('a', ['status=final']), false)
  expect(toldIn(merged.run()).get(nameOf('status=final'))).toEqual(['+2@0'])
})

const nameOf = (key: string): string => String(HASH.of('Patient', key).short)

async function listsOf(merged: MergeLists): Promise<ReadonlyMap<string, Changes>> {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-merge-'))
  const index = openIndexFile(join(folder, 'index.mdb'))
  onTestFinished(async () => {
    await index.env.close()
    await rm(folder, { recursive: true })
  })
  return new Map(
    merged
      .lists(index)
      .map(({ place, changes }) => [
        String(place.prefix.readUIntBE(1, 6) + (place.prefix[0] ?? 0) * 2 ** 48),
        changes,
      ]),
  )
}

function told(lists: ReadonlyMap<string, Changes>, key: string): string[] {
  const changes = lists.get(nameOf(key))
  return Array.from({ length: changes?.count ?? 0 }, (_, at) => {
    const bytes = changes?.bytes ?? Buffer.alloc(0)
    const mark = changes?.isDropped(at) === true ? '-' : '+'
    return `${mark}${seqAt(bytes, at * POSTING)}@${sortAt(bytes, at * POSTING) - START}`
  })
}

function toldIn(run: BuiltRun): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  const walk = new HashWalk([run], true)
  while (walk.next())
    found.set(
      String(walk.hash),
      walk.postings.map((one) => `${isDropped(one) ? '-' : '+'}${rowOfPosting(one)}@${one.sort - START}`),
    )
  return found
}
