import { describe, expect, it, onTestFinished, vi } from 'vitest'

import { limits } from '../kernel/limits.ts'
import { START, commitOf, keysOf, textOf, writeOf, type Bench } from './contract-bench.ts'
import { startLogTrimmer } from './log-trimmer.ts'
import type { RecordChange } from './port.ts'

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

    describe('trimmed', () => {
      const DAY = 86_400_000
      const commitEachDay = async (days: number): Promise<void> => {
        for (let i = 0; i < days; i++) {
          const write = writeOf({ id: 'p', expected: i, keys: keysOf({ k: [`day=${i}`] }) })
          await bench.store.commit(commitOf({ time: START + i * DAY, writes: [write] }))
        }
        bench.now = START + days * DAY
      }
      const trim = async (upTo: number, day: number): Promise<number> =>
        bench.store.log.trim({ upTo, before: START + day * DAY })

      it('loses its oldest commits up to a number and a time, and says so to who comes from before', async () => {
        await commitEachDay(6)
        expect(await trim(4, 2)).toBe(2)
        for (let round = 0; round < 2; round++) {
          const { log } = bench.store
          expect([await log.trimmed(), await log.head()]).toEqual([2, 6])
          await expect(log.read(1, 10)).rejects.toMatchObject({ kind: 'gone' })
          await expect(log.read(0, 10)).rejects.toMatchObject({ kind: 'gone' })
          expect((await log.read(2, 10)).map(({ n }) => n)).toEqual([3, 4, 5, 6])
          await bench.reopen()
        }
        expect(await trim(3, 100)).toBe(1)
        expect(await trim(3, 100)).toBe(0)
      })

      it('keeps its last commit, its numbers and the history of resources', async () => {
        await commitEachDay(4)
        expect(await trim(Infinity, 100)).toBe(3)
        const { log, resources } = await bench.reopen()
        expect([await log.trimmed(), await log.head()]).toEqual([3, 4])
        const { versions } = await resources.history({ type: 'Patient', id: 'p', limit: 10 })
        expect(versions.map(({ version }) => version)).toEqual([4, 3, 2, 1])
        expect(textOf((await resources.vread('Patient', 'p', 1))?.bytes)).toContain('"versionId":"1"')
        expect(await bench.store.commit(commitOf({}))).toMatchObject({ n: 5 })
      })

      it('fails a guard whose commits are not there to be looked at, and no other one', async () => {
        await commitEachDay(4)
        await trim(2, 100)
        const guarded = async (since: number): Promise<string> => {
          const guard = { kind: 'unchanged', type: 'Patient', key: 'day=9', since } as const
          return (await bench.store.commit(commitOf({ guards: [guard] }))).outcome
        }
        expect(await guarded(1)).toBe('refused')
        expect(await guarded(2)).toBe('committed')
        expect(await guarded(4)).toBe('committed')
      })

      it('waits for every cursor and for the time that commits are kept', async () => {
        await commitEachDay(8)
        const cursor = (id: string, n: number): RecordChange => {
          return { op: 'put', collection: 'cursors', id, value: { n } }
        }
        await bench.store.records.apply([cursor('kafka', 3), cursor('tasks', 5)])
        const options = { store: bench.store, clock: () => bench.now, everyMs: 1 }
        const onError = (error: unknown): never => {
          throw error
        }
        const trimmer = startLogTrimmer({ ...options, keepMs: 2 * DAY, onError })
        onTestFinished(() => trimmer.close())
        const trimmedTo = async (n: number): Promise<void> =>
          vi.waitFor(async () => expect(await bench.store.log.trimmed()).toBe(n), { timeout: 10_000 })
        await trimmedTo(3)
        await bench.store.records.apply([cursor('kafka', 8)])
        await trimmedTo(5)
        await bench.store.records.apply([cursor('tasks', 8)])
        await trimmedTo(6)
        await trimmer.close()
      })

      it('forgets a cursor that nobody has held for that time, where no other process could', async () => {
        await commitEachDay(8)
        const cursor = (id: string, n: number, until: number): RecordChange => {
          return { op: 'put', collection: 'cursors', id, value: { n, holder: '', until } }
        }
        const day = (number: number) => START + number * DAY
        await bench.store.records.apply([cursor('gone', 2, day(3)), cursor('held', 5, day(7))])
        let now = day(7)
        const trimmer = startLogTrimmer({
          store: bench.store,
          clock: () => now,
          everyMs: 1,
          keepMs: 2 * DAY,
          isAlone: true,
          onError: (error) => {
            throw error
          },
        })
        onTestFinished(() => trimmer.close())
        const { log, records } = bench.store
        await vi.waitFor(async () => expect(await log.trimmed()).toBe(2), { timeout: 10_000 })
        // Its sink may not have started yet.
        expect(await records.get('cursors', 'gone')).toBeDefined()
        now += limits.store.sinksStartMs
        await vi.waitFor(async () => expect(await log.trimmed()).toBe(5), { timeout: 10_000 })
        expect(await records.get('cursors', 'gone')).toBeUndefined()
        await trimmer.close()
      })
    })
  })
}
