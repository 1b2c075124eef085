import { describe, expect, it } from 'vitest'

import { START, commitOf, keysOf, textOf, writeOf, type Bench } from './contract-bench.ts'

/** The commit log, which every sink reads from its own place. */
export function logContract(bench: Bench): void {
  describe('log', () => {
    it('tells commits in order, with their bodies and patients', async () => {
      const { store } = bench
      const keys = keysOf({ patients: ['p1', 'p2'] })
      await store.commit(
        commitOf({
          uuid: '018f0000-0000-7000-8000-000000000001',
          time: START + 3,
          facility: 'Organization/1',
          correlation: 'MSG1',
          writes: [writeOf({ id: 'a', body: '1', keys }), writeOf({ type: 'Group', id: 'g' })],
        }),
      )
      await store.commit(commitOf({ records: [{ op: 'put', collection: 'c', id: 'r', value: {} }] }))
      await store.commit(
        commitOf({ writes: [writeOf({ id: 'a', expected: 1, method: 'DELETE', lastUpdated: START + 1 })] }),
      )
      expect(await store.log.head()).toBe(3)
      const [first, second, third] = await store.log.read(0, 10)
      expect(first).toMatchObject({
        n: 1,
        uuid: '018f0000-0000-7000-8000-000000000001',
        time: START + 3,
        facility: 'Organization/1',
        correlation: 'MSG1',
        changes: [
          { type: 'Patient', id: 'a', version: 1, commit: 1, method: 'POST', patients: ['p1', 'p2'] },
          { type: 'Group', id: 'g', version: 1, commit: 1, patients: [] },
        ],
      })
      expect(textOf(first?.changes[0]?.bytes)).toBe('1')
      expect(second).toMatchObject({ n: 2, changes: [] })
      expect(second).not.toHaveProperty('facility')
      expect(third?.changes).toMatchObject([
        { id: 'a', version: 2, deleted: true, method: 'DELETE', patients: ['p1', 'p2'] },
      ])
    })

    it('is read in pages from any place', async () => {
      for (let i = 0; i < 5; i++) await bench.store.commit(commitOf({ writes: [writeOf({ id: `p${i}` })] }))
      const numbers = async (after: number, limit: number): Promise<number[]> =>
        (await bench.store.log.read(after, limit)).map(({ n }) => n)
      expect(await numbers(0, 2)).toEqual([1, 2])
      expect(await numbers(3, 10)).toEqual([4, 5])
      expect(await numbers(5, 10)).toEqual([])
      await bench.reopen()
      expect(await numbers(4, 10)).toEqual([5])
    })

    it('keeps the audit rows of commits, in order and in pages of whole commits', async () => {
      const { store } = bench
      await store.commit(commitOf({ audit: ['{"a":1}', '{"ä":2}'], facility: 'Organization/1' }))
      await store.commit(commitOf({ writes: [writeOf({ id: 'a' })] }))
      await store.commit(commitOf({ audit: ['c'] }))
      await bench.reopen()
      const audit = async (after: number, limit: number): Promise<unknown> =>
        bench.store.log.audit(after, limit)
      expect(await audit(0, 10)).toEqual({ upTo: 3, lines: ['{"a":1}', '{"ä":2}', 'c'] })
      expect(await audit(0, 2)).toEqual({ upTo: 1, lines: ['{"a":1}', '{"ä":2}'] })
      expect(await audit(1, 1)).toEqual({ upTo: 2, lines: [] })
      expect(await audit(3, 10)).toEqual({ upTo: 3, lines: [] })
      expect(await bench.store.log.read(0, 1)).toMatchObject([{ n: 1, facility: 'Organization/1' }])
    })

    it('wakes who waits for more, and who does not want to wait any longer', async () => {
      const { store } = bench
      const never = new AbortController()
      const grown = store.log.grown(0, never.signal)
      await store.commit(commitOf({}))
      await grown
      await store.log.grown(0, never.signal)
      const gaveUp = new AbortController()
      const waiting = store.log.grown(1, gaveUp.signal)
      gaveUp.abort()
      await waiting
      await store.log.grown(1, gaveUp.signal)
      expect(await store.log.head()).toBe(1)
    })
  })
}
