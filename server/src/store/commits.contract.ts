import { describe, expect, it } from 'vitest'

import { chunksOf, readChunks } from './chunks.ts'
import { START, commitOf, keysOf, writeOf, type Bench } from './contract-bench.ts'
import type { CommitResult, Guard } from './port.ts'

/** Version expectations, guards, atomicity; alone and against each other. */
export function commitContract(bench: Bench): void {
  const commit = async (parts: Parameters<typeof commitOf>[0]): Promise<CommitResult> =>
    bench.store.commit(commitOf(parts))
  const create = async (id: string, key?: string): Promise<CommitResult> =>
    commit({ writes: [writeOf({ id, ...(key !== undefined && { keys: keysOf({ k: [key] }) }) })] })

  describe('commits', () => {
    it('numbers commits from 1 without a gap, also past refusals', async () => {
      expect(await create('a')).toEqual({ outcome: 'committed', n: 1 })
      expect(await create('a')).toMatchObject({ outcome: 'refused' })
      expect(await commit({})).toEqual({ outcome: 'committed', n: 2 })
      await bench.reopen()
      expect(await create('b')).toEqual({ outcome: 'committed', n: 3 })
    })

    it('refuses a write on another version than the current one and says which that is', async () => {
      await create('a')
      const refused = async (id: string, expected: number): Promise<unknown> => {
        const result = await commit({ writes: [writeOf({ id, expected })] })
        return result.outcome === 'refused' ? result.why : result
      }
      expect(await refused('a', 0)).toEqual({ kind: 'version', type: 'Patient', id: 'a', current: 1 })
      expect(await refused('a', 2)).toEqual({ kind: 'version', type: 'Patient', id: 'a', current: 1 })
      expect(await refused('b', 1)).toEqual({ kind: 'version', type: 'Patient', id: 'b', current: 0 })
    })

    it('carries records that are together larger than any document, with its writes or not at all', async () => {
      const bytes = Buffer.alloc(20 * 1024 * 1024, 'document')
      const of = (id: string) => chunksOf({ collection: 'large', id, bytes })
      expect(await commit({ writes: [writeOf({ id: 'a' })], records: of('a') })).toMatchObject({ n: 1 })
      const refused = await commit({ writes: [writeOf({ id: 'a' })], records: of('b') })
      expect(refused).toMatchObject({ outcome: 'refused' })
      await bench.reopen()
      const read = async (id: string) => readChunks(bench.store.records, { collection: 'large', id })
      expect(Buffer.compare((await read('a')) ?? bytes.subarray(1), bytes)).toBe(0)
      expect(await read('b')).toBeUndefined()
    })

    it('writes all of a commit or nothing', async () => {
      await create('taken')
      const insert = { op: 'insert', collection: 'c', id: 'r', value: { a: 1 } } as const
      const result = await commit({
        writes: [writeOf({ id: 'new' }), writeOf({ id: 'taken' })],
        records: [insert],
      })
      expect(result).toMatchObject({ outcome: 'refused', why: { kind: 'version', id: 'taken' } })
      expect(await bench.store.resources.read('Patient', 'new')).toBeUndefined()
      expect(await bench.store.records.get('c', 'r')).toBeUndefined()
      await commit({ records: [insert] })
      const again = await commit({
        writes: [writeOf({ id: 'new' })],
        records: [{ op: 'put', collection: 'c', id: 'other', value: {} }, insert],
      })
      expect(again).toMatchObject({
        why: {
          kind: 'record',
          collection: 'c',
          id: 'r',
          reason: 'exists',
          holder: { id: 'r', revision: 1, value: { a: 1 } },
        },
      })
      expect(await bench.store.records.get('c', 'other')).toBeUndefined()
      expect(await bench.store.resources.read('Patient', 'new')).toBeUndefined()
      expect(await bench.store.log.head()).toBe(2)
    })

    it('takes no resource twice in one commit', async () => {
      const result = await commit({ writes: [writeOf({ id: 'a' }), writeOf({ id: 'a' })] })
      expect(result).toMatchObject({ outcome: 'refused', why: { kind: 'version', id: 'a' } })
    })

    it('lets exactly one of many racing writers win, and lets the others alone', async () => {
      const racing = Array.from({ length: 40 }, async () => create('contended'))
      const beside = Array.from({ length: 40 }, async (_, i) => create(`own${i}`))
      const results = await Promise.all(racing)
      expect(results.filter(({ outcome }) => outcome === 'committed')).toHaveLength(1)
      expect((await Promise.all(beside)).every(({ outcome }) => outcome === 'committed')).toBe(true)
      expect(await bench.store.log.head()).toBe(41)
    })
  })

  describe('guards', () => {
    const unchanged = (since: number, key?: string): Guard => ({
      kind: 'unchanged',
      type: 'Patient',
      since,
      ...(key !== undefined && { key }),
    })
    const holds = async (guard: Guard): Promise<boolean> => {
      const result = await commit({ guards: [guard] })
      if (result.outcome === 'refused') expect(result.why).toEqual({ kind: 'guard', guard })
      return result.outcome === 'committed'
    }

    it('see what was written with a key since a commit', async () => {
      await create('a', 'identifier=x|1')
      expect(await holds(unchanged(1, 'identifier=x|1'))).toBe(true)
      expect(await holds(unchanged(0, 'identifier=x|1'))).toBe(false)
      expect(await holds(unchanged(0, 'identifier=x|2'))).toBe(true)
      expect(await holds(unchanged(0))).toBe(false)
      expect(await holds({ kind: 'unchanged', type: 'Group', since: 0 })).toBe(true)
    })

    it('are all looked at, and the first that does not hold is named', async () => {
      await create('a', 'identifier=x|1')
      await create('b', 'identifier=x|2')
      const first = unchanged(0, 'identifier=x|2')
      const guards = [
        unchanged(0, 'identifier=x|3'),
        unchanged(1, 'identifier=x|1'),
        first,
        unchanged(0, 'identifier=x|1'),
      ]
      expect(await commit({ guards })).toMatchObject({
        outcome: 'refused',
        why: { kind: 'guard', guard: first },
      })
      expect((await commit({ guards: guards.slice(0, 2) })).outcome).toBe('committed')
    })

    it('see what lost the key since, by an update or a deletion', async () => {
      await create('a', 'identifier=x|1')
      await create('b', 'identifier=x|2')
      await commit({ writes: [writeOf({ id: 'a', expected: 1, lastUpdated: START + 1 })] })
      await commit({ writes: [writeOf({ id: 'b', expected: 1, method: 'DELETE', lastUpdated: START + 1 })] })
      expect(await holds(unchanged(2, 'identifier=x|1'))).toBe(false)
      expect(await holds(unchanged(3, 'identifier=x|1'))).toBe(true)
      expect(await holds(unchanged(3, 'identifier=x|2'))).toBe(false)
    })

    it('see what exists', async () => {
      await create('a')
      await create('gone')
      await commit({ writes: [writeOf({ id: 'gone', expected: 1, method: 'DELETE' })] })
      const exists = (id: string, version?: number): Guard => ({
        kind: 'exists',
        type: 'Patient',
        id,
        ...(version !== undefined && { version }),
      })
      expect(await holds(exists('a'))).toBe(true)
      expect(await holds(exists('a', 1))).toBe(true)
      expect(await holds(exists('a', 2))).toBe(false)
      expect(await holds(exists('gone'))).toBe(false)
      expect(await holds(exists('none'))).toBe(false)
    })

    it('see the revision of a record, also as an earlier commit of the same moment left it', async () => {
      const lease: Guard = { kind: 'record', collection: 'c', id: 'lease', revision: 1 }
      expect(await holds(lease)).toBe(false)
      const content = { collection: 'c', id: 'lease', value: {} } as const
      await bench.store.records.apply([{ op: 'insert', ...content, expires: START + 1000 }])
      expect(await holds(lease)).toBe(true)
      const [before, taken, behind] = await Promise.all([
        holds(lease),
        commit({ records: [{ op: 'replace', revision: 1, ...content, expires: START + 1000 }] }),
        commit({ guards: [lease], writes: [writeOf({ id: 'late' })] }),
      ])
      expect([before, taken.outcome, behind.outcome]).toEqual([true, 'committed', 'refused'])
      expect(await bench.store.resources.read('Patient', 'late')).toBeUndefined()
      expect(await holds({ ...lease, revision: 2 })).toBe(true)
      bench.now += 1000
      expect(await holds({ ...lease, revision: 2 })).toBe(false)
    })

    it('make a conditional create happen once, however many try at the same time', async () => {
      const since = await bench.store.log.head()
      const key = 'identifier=x|1'
      const results = await Promise.all(
        Array.from({ length: 40 }, async (_, i) =>
          commit({
            writes: [writeOf({ id: `p${i}`, keys: keysOf({ k: [key] }) })],
            guards: [unchanged(since, key)],
          }),
        ),
      )
      expect(results.filter(({ outcome }) => outcome === 'committed')).toHaveLength(1)
      expect(await bench.store.resources.count('Patient', key, 100)).toBe(1)
    })
  })
}
