import { describe, expect, it } from 'vitest'

import { START, commitOf, keysOf, writeOf, type Bench } from './contract-bench.ts'
import type { Posting, RangeRequest, ScanRequest } from './scans.ts'

/** The four primitives of the planner: count, scan, range and names. */
export function searchContract(bench: Bench): void {
  const commit = async (...writes: Parameters<typeof writeOf>[0][]): Promise<unknown> =>
    bench.store.commit(commitOf({ writes: writes.map(writeOf) }))
  const ids = (postings: readonly { id: string }[]): string[] => postings.map(({ id }) => id)

  describe('scan', () => {
    const scan = async (request: Partial<ScanRequest>): Promise<readonly Posting[]> =>
      bench.store.resources.scan({ type: 'Patient', order: 'date', direction: 'asc', limit: 100, ...request })

    it('finds by key in the order of the clinical date, in both directions', async () => {
      const at = (days: number): object => ({
        keys: keysOf({ k: ['gender=male'], date: START + days * 86_400_000 }),
      })
      await commit({ id: 'later', ...at(2) }, { id: 'first', ...at(-40_000) }, { id: 'middle', ...at(0) })
      await commit(
        { id: 'other', keys: keysOf({ k: ['gender=female'] }) },
        { type: 'Group', id: 'g', ...at(1) },
      )
      expect(ids(await scan({ key: 'gender=male' }))).toEqual(['first', 'middle', 'later'])
      expect(ids(await scan({ key: 'gender=male', direction: 'desc' }))).toEqual(['later', 'middle', 'first'])
      expect(ids(await scan({ key: 'gender=male', limit: 2 }))).toEqual(['first', 'middle'])
      expect(ids(await scan({ key: 'gender=m' }))).toEqual([])
    })

    it('walks a whole type by date and by commit', async () => {
      await commit({ id: 'a', keys: keysOf({ date: START + 5 }) })
      await commit({ id: 'b', keys: keysOf({ date: START + 1 }), lastUpdated: START + 1 })
      await commit({ id: 'a', expected: 1, keys: keysOf({ date: START + 5 }), lastUpdated: START + 2 })
      expect(ids(await scan({}))).toEqual(['b', 'a'])
      expect(ids(await scan({ order: 'updated' }))).toEqual(['b', 'a'])
      expect(ids(await scan({ order: 'updated', direction: 'desc' }))).toEqual(['a', 'b'])
    })

    it('shows a resource under its current keys only, and a deleted one under none', async () => {
      await commit(
        { id: 'a', keys: keysOf({ k: ['gender=male', 'active=true'] }) },
        { id: 'b', keys: keysOf({ k: ['active=true'] }) },
      )
      await commit({
        id: 'a',
        expected: 1,
        keys: keysOf({ k: ['gender=female', 'active=true'] }),
        lastUpdated: START + 1,
      })
      await commit({ id: 'b', expected: 1, method: 'DELETE', lastUpdated: START + 1 })
      expect(ids(await scan({ key: 'gender=male' }))).toEqual([])
      expect(ids(await scan({ key: 'gender=female' }))).toEqual(['a'])
      expect(ids(await scan({ key: 'active=true' }))).toEqual(['a'])
      expect(ids(await scan({}))).toEqual(['a'])
      expect(ids(await scan({ order: 'updated' }))).toEqual(['a'])
    })

    it('brings rows along, when they are wanted and at hand, that are the ones that would be fetched', async () => {
      const keys = keysOf({
        k: ['gender=male'],
        r: [{ p: 'birthdate', lo: 1, hi: 2 }],
        n: [{ p: 'name', text: 'amal' }],
      })
      await commit({ id: 'a', keys }, { id: 'b', keys })
      await commit({ id: 'a', expected: 1, keys, lastUpdated: START + 1 })
      const { resources } = bench.store
      const wanted = { type: 'Patient', limit: 10, withRows: true } as const
      // More than once: a store may remember what it has read.
      for (let round = 0; round < 3; round += 1) {
        const found = [
          ...(await scan({ ...wanted, key: 'gender=male' })),
          ...(await scan(wanted)),
          ...(await resources.range({ ...wanted, param: 'birthdate', lo: 0, hi: 5 })),
          ...(await resources.names({ ...wanted, param: 'name', prefix: 'am' })),
        ]
        expect(ids(found).toSorted()).toEqual(['a', 'a', 'a', 'a', 'b', 'b', 'b', 'b'])
        for (const { id, row } of found) {
          if (row === undefined) continue
          const [same] = await resources.fetch('Patient', [id])
          expect([row.id, row.version, row.has('gender=male'), row.ranges(), row.names()]).toEqual([
            id,
            id === 'a' ? 2 : 1,
            true,
            keys.r,
            keys.n,
          ])
          expect(Buffer.from(row.bytes)).toEqual(Buffer.from(same?.bytes ?? []))
        }
      }
    })

    it('pages by place, stable under writes before and behind it', async () => {
      const many = Array.from({ length: 30 }, (_, i) => ({
        id: `p${String(i).padStart(2, '0')}`,
        keys: keysOf({ k: ['active=true'], date: START + Math.floor(i / 4) }),
      }))
      for (const one of many) await commit(one)
      for (const direction of ['asc', 'desc'] as const) {
        const seen: string[] = []
        let after: Posting | undefined
        for (;;) {
          const page = await scan({
            key: 'active=true',
            direction,
            limit: 7,
            ...(after !== undefined && { after }),
          })
          seen.push(...ids(page))
          after = page.at(-1)
          if (after === undefined) break
          if (seen.length > 20) continue
          await commit({ id: crypto.randomUUID(), keys: keysOf({ k: ['active=true'], date: START - 1000 }) })
          await commit({ id: crypto.randomUUID(), keys: keysOf({ k: ['active=true'], date: START + 1000 }) })
        }
        const first = seen.filter((id) => id.startsWith('p'))
        expect(direction === 'asc' ? first : first.toReversed()).toEqual(many.map(({ id }) => id))
        expect(new Set(seen).size).toBe(seen.length)
      }
    })

    it('counts up to a cap', async () => {
      await commit(
        ...Array.from({ length: 5 }, (_, i) => ({ id: `p${i}`, keys: keysOf({ k: ['active=true'] }) })),
      )
      const { resources } = bench.store
      expect(await resources.count('Patient', 'active=true', 100)).toBe(5)
      expect(await resources.count('Patient', 'active=true', 3)).toBe(3)
      expect(await resources.count('Patient', undefined, 100)).toBe(5)
      expect(await resources.count('Patient', 'active=false', 100)).toBe(0)
      expect(await resources.count('Group', undefined, 100)).toBe(0)
    })
  })

  describe('range', () => {
    const range = async (request: Partial<RangeRequest>): Promise<string[]> =>
      ids(
        await bench.store.resources.range({
          type: 'Observation',
          param: 'date',
          lo: 0,
          hi: 0,
          limit: 100,
          ...request,
        }),
      )
    const spans = async (entries: Record<string, readonly (readonly [number, number])[]>): Promise<void> => {
      for (const [id, list] of Object.entries(entries)) {
        const r = list.map(([lo, hi]) => ({ p: 'date', lo, hi }))
        await commit({ type: 'Observation', id, keys: keysOf({ r }) })
      }
    }

    it('finds the intervals that share a point with the wanted one, by lower bound', async () => {
      await spans({
        before: [[0, 10]],
        touching: [[10, 20]],
        inside: [[22, 23]],
        around: [[-1000, 1000]],
        behind: [[30, 40]],
        open: [[25, Infinity]],
        ever: [[-Infinity, Infinity]],
      })
      expect(await range({ lo: 20, hi: 30 })).toEqual(['ever', 'around', 'inside', 'open'])
      expect(await range({ lo: 19, hi: 20 })).toEqual(['ever', 'around', 'touching'])
      expect(await range({ lo: -Infinity, hi: 0 })).toEqual(['ever', 'around'])
      expect(await range({ lo: 1000, hi: Infinity })).toEqual(['ever', 'open'])
      expect(await range({ lo: 20, hi: 30, param: 'value' })).toEqual([])
    })

    it('takes equal bounds as a point', async () => {
      await spans({ five: [[5, 5]], six: [[5, 6]], four: [[4, 5]] })
      expect((await range({ lo: 5, hi: 5 })).toSorted()).toEqual(['five', 'six'])
      expect(await range({ lo: 4, hi: 5 })).toEqual(['four'])
    })

    it('finds a resource with several fitting intervals once, over all pages', async () => {
      await spans({
        twice: [
          [1, 2],
          [3, 400],
        ],
        other: [[2, 3]],
        third: [[2, 9]],
      })
      const seen: string[] = []
      let after: Posting | undefined
      for (;;) {
        const request = { type: 'Observation', param: 'date', lo: 0, hi: 50, limit: 1 }
        const page = await bench.store.resources.range({ ...request, ...(after !== undefined && { after }) })
        seen.push(...ids(page))
        after = page.at(-1)
        if (after === undefined) break
      }
      expect(seen[0]).toBe('twice')
      expect(seen.toSorted()).toEqual(['other', 'third', 'twice'])
    })

    it('forgets what an update or a deletion took away', async () => {
      await spans({ a: [[1, 2]], b: [[1, 2]] })
      await commit({
        type: 'Observation',
        id: 'a',
        expected: 1,
        keys: keysOf({ r: [{ p: 'date', lo: 7, hi: 8 }] }),
      })
      await commit({ type: 'Observation', id: 'b', expected: 1, method: 'DELETE' })
      expect(await range({ lo: 1, hi: 2 })).toEqual([])
      expect(await range({ lo: 7, hi: 8 })).toEqual(['a'])
    })
  })

  describe('names', () => {
    const named = async (id: string, ...texts: string[]): Promise<unknown> =>
      commit({ id, keys: keysOf({ n: texts.map((text) => ({ p: 'family', text })) }) })
    const request = { type: 'Patient', param: 'family', limit: 100 }

    it('finds by prefix in the order of UTF-8 bytes', async () => {
      await named('astral', 'o\u{1f600}')
      await named('private', 'o\uf8ff')
      await named('osman', 'osman')
      await named('oz', 'oz')
      await named('ali', 'ali')
      const found = await bench.store.resources.names({ ...request, prefix: 'o' })
      expect(ids(found)).toEqual(['osman', 'oz', 'private', 'astral'])
      expect(found[0]?.text).toBe('osman')
      expect(ids(await bench.store.resources.names({ ...request, prefix: 'os' }))).toEqual(['osman'])
      expect(await bench.store.resources.names({ ...request, param: 'given', prefix: 'o' })).toEqual([])
    })

    it('finds a resource with several fitting names once, over all pages', async () => {
      await named('a', 'amin', 'amir', 'other')
      await named('b', 'amin')
      await named('c', 'amir')
      const seen: string[] = []
      let after: { text: string; tie: number | string } | undefined
      for (;;) {
        const page = await bench.store.resources.names({
          ...request,
          prefix: 'am',
          limit: 1,
          ...(after !== undefined && { after }),
        })
        seen.push(...ids(page))
        after = page.at(-1)
        if (after === undefined) break
      }
      expect(seen.toSorted()).toEqual(['a', 'b', 'c'])
      expect(seen[2]).toBe('c')
    })
  })
}
