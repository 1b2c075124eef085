import { describe, expect, it } from 'vitest'

import { START, commitOf, keysOf, textOf, writeOf, type Bench } from './contract-bench.ts'

/** Reads, versions and history. */
export function resourceContract(bench: Bench): void {
  const commit = async (...writes: Parameters<typeof writeOf>[0][]): Promise<unknown> =>
    bench.store.commit(commitOf({ writes: writes.map(writeOf) }))

  describe('resources', () => {
    it('gives back the bytes that were written, decimals and all', async () => {
      const body =
        '{"resourceType":"Observation","id":"a","valueQuantity":{"value":0.10000000000000000000001e2},"x":"\u0661é😀"}'
      await commit({ type: 'Observation', id: 'a', body })
      const version = await bench.store.resources.read('Observation', 'a')
      expect(textOf(version?.bytes)).toBe(body)
      expect(version).toMatchObject({
        type: 'Observation',
        id: 'a',
        version: 1,
        lastUpdated: START,
        deleted: false,
        method: 'POST',
        commit: 1,
      })
    })

    it('knows nothing of an id that was never used, nor of the same id in another type', async () => {
      await commit({ id: 'a' })
      expect(await bench.store.resources.read('Patient', 'b')).toBeUndefined()
      expect(await bench.store.resources.read('Group', 'a')).toBeUndefined()
      expect(await bench.store.resources.vread('Patient', 'b', 1)).toBeUndefined()
    })

    it('knows nothing of ids that are too long to be stored', async () => {
      const { resources } = bench.store
      for (const id of [3000, 10_000, 100_000].map((length) => 'x'.repeat(length))) {
        expect(await resources.read('Patient', id)).toBeUndefined()
        expect(await resources.vread('Patient', id, 1)).toBeUndefined()
        expect(await resources.fetch('Patient', [id])).toEqual([undefined])
        const history = await resources.history({ type: 'Patient', id, limit: 1 })
        expect(history.versions).toEqual([])
      }
    })

    it('refuses ids that nothing can be stored under, and lets other commits alone', async () => {
      const [long, empty, good] = await Promise.allSettled([
        commit({ id: 'x'.repeat(1000) }),
        commit({ id: '' }),
        commit({ id: 'good' }),
      ])
      expect([long, empty, good]).toMatchObject([
        { status: 'rejected', reason: { kind: 'malformed' } },
        { status: 'rejected', reason: { kind: 'malformed' } },
        { status: 'fulfilled', value: { outcome: 'committed', n: 1 } },
      ])
    })

    it('keeps each version and shows the newest', async () => {
      await commit({ id: 'a', body: '1' })
      await commit({ id: 'a', body: '2', expected: 1, lastUpdated: START + 1 })
      await commit({ id: 'a', expected: 2, method: 'DELETE', lastUpdated: START + 2 })
      await commit({ id: 'a', body: '4', expected: 3, lastUpdated: START + 3 })
      const { resources } = bench.store
      expect(textOf((await resources.read('Patient', 'a'))?.bytes)).toBe('4')
      expect(textOf((await resources.vread('Patient', 'a', 1))?.bytes)).toBe('1')
      expect(textOf((await resources.vread('Patient', 'a', 2))?.bytes)).toBe('2')
      expect(await resources.vread('Patient', 'a', 3)).toMatchObject({ deleted: true, method: 'DELETE' })
      expect(await resources.vread('Patient', 'a', 5)).toBeUndefined()
    })

    it('reads a deleted resource as its deletion, with no bytes, and fetches it not', async () => {
      await commit({ id: 'a' }, { id: 'b' })
      await commit({ id: 'a', expected: 1, method: 'DELETE', lastUpdated: START + 1 })
      const { resources } = bench.store
      const version = await resources.read('Patient', 'a')
      expect(version).toMatchObject({ version: 2, deleted: true, lastUpdated: START + 1 })
      expect(version?.bytes).toHaveLength(0)
      const rows = await resources.fetch('Patient', ['a', 'none', 'b'])
      expect(rows.map((row) => row?.id)).toEqual([undefined, undefined, 'b'])
    })

    it('fetches rows with the keys that other clauses are verified on', async () => {
      const keys = keysOf({
        k: ['gender=female', 'identifier=x|1'],
        r: [
          { p: 'birthdate', lo: -5, hi: Infinity },
          { p: 'birthdate', lo: -Infinity, hi: 0.5 },
        ],
        n: [{ p: 'family', text: 'osman' }],
        s: { gender: 'female', '-gender': 'x"\\":{"s":{"y":"', x: '\\' },
        date: -1000,
        patients: ['a'],
      })
      await commit({ id: 'a', keys })
      const [row] = await bench.store.resources.fetch('Patient', ['a'])
      expect(row?.has('gender=female')).toBe(true)
      expect(row?.has('gender=male')).toBe(false)
      expect(row?.ranges()).toEqual(keys.r)
      expect(row?.names()).toEqual(keys.n)
      for (const [name, text] of Object.entries(keys.s ?? {})) expect(row?.scalar(name)).toBe(text)
      expect(row?.scalar('y')).toBeUndefined()
      expect(row?.patients()).toEqual(['a'])
      expect(row?.date).toBe(-1000)
    })

    it('lists the types that have or had a resource', async () => {
      expect(await bench.store.resources.types()).toEqual([])
      await commit({ id: 'a' }, { type: 'Observation', id: 'a' }, { type: 'PatientX', id: 'z' })
      await commit({ type: 'Observation', id: 'a', expected: 1, method: 'DELETE' })
      expect((await bench.store.resources.types()).toSorted()).toEqual(['Observation', 'Patient', 'PatientX'])
    })

    it('never lets one read see the bytes of another', async () => {
      const count = 50
      for (let i = 0; i < count; i++)
        await commit({ id: `p${i}`, body: `{"n":${String(i).repeat(1 + (i % 7) * 40)}}` })
      const expected = (i: number): string => `{"n":${String(i).repeat(1 + (i % 7) * 40)}}`
      const reads = Array.from({ length: 10_000 }, async (_, turn) => {
        const i = turn % count
        const [one, rows] = await Promise.all([
          bench.store.resources.read('Patient', `p${i}`),
          bench.store.resources.fetch('Patient', [`p${(i + 1) % count}`]),
        ])
        return textOf(one?.bytes) === expected(i) && textOf(rows[0]?.bytes) === expected((i + 1) % count)
      })
      expect((await Promise.all(reads)).filter((right) => !right)).toEqual([])
    })

    it('has everything after it was closed and opened again', async () => {
      await commit({ id: 'a', keys: keysOf({ k: ['gender=male'] }) })
      await commit({ id: 'a', expected: 1, body: '2', keys: keysOf({ k: ['gender=female'] }) })
      const { resources } = await bench.reopen()
      expect(textOf((await resources.read('Patient', 'a'))?.bytes)).toBe('2')
      expect(await resources.count('Patient', 'gender=female', 10)).toBe(1)
      const male = {
        type: 'Patient',
        key: 'gender=male',
        order: 'date',
        direction: 'asc',
        limit: 10,
      } as const
      expect(await resources.scan(male)).toEqual([])
    })
  })

  describe('history', () => {
    const story = async (): Promise<void> => {
      await commit({ id: 'a', lastUpdated: START })
      await commit({ id: 'b', lastUpdated: START + 10 }, { type: 'Group', id: 'g', lastUpdated: START + 10 })
      await commit({ id: 'a', expected: 1, lastUpdated: START + 20 })
      await commit({ id: 'b', expected: 1, method: 'DELETE', lastUpdated: START + 30 })
    }
    const during = (from: number, to: number) => ({ from: START + from, to: START + to })
    const listed = async (request: object): Promise<string[]> => {
      const { versions } = await bench.store.resources.history({ limit: 100, ...request })
      return versions.map(({ type, id, version }) => `${type}/${id}/${version}`)
    }

    it('runs newest first over the system, a type and a resource', async () => {
      await story()
      const all = await listed({})
      expect(all.slice(0, 2)).toEqual(['Patient/b/2', 'Patient/a/2'])
      expect(all.slice(2, 4).toSorted()).toEqual(['Group/g/1', 'Patient/b/1'])
      expect(all.slice(4)).toEqual(['Patient/a/1'])
      expect(await listed({ type: 'Patient' })).toEqual([
        'Patient/b/2',
        'Patient/a/2',
        'Patient/b/1',
        'Patient/a/1',
      ])
      expect(await listed({ type: 'Patient', id: 'a' })).toEqual(['Patient/a/2', 'Patient/a/1'])
      expect(await listed({ type: 'Patient', id: 'none' })).toEqual([])
    })

    it('begins with `since`, that instant included', async () => {
      await story()
      expect(await listed({ type: 'Patient', since: START + 20 })).toEqual(['Patient/b/2', 'Patient/a/2'])
      expect(await listed({ type: 'Patient', id: 'a', since: START + 20 })).toEqual(['Patient/a/2'])
      expect(await listed({ since: START + 31 })).toEqual([])
    })

    it('shows with `at` what was current at some instant of that time', async () => {
      await story()
      expect(await listed({ type: 'Patient', at: during(15, 16) })).toEqual(['Patient/b/1', 'Patient/a/1'])
      expect(await listed({ type: 'Patient', at: during(20, 21) })).toEqual(['Patient/a/2', 'Patient/b/1'])
      expect(await listed({ type: 'Patient', id: 'a', at: during(-1, 0) })).toEqual([])
      expect(await listed({ type: 'Patient', at: during(5, 25) })).toEqual([
        'Patient/a/2',
        'Patient/b/1',
        'Patient/a/1',
      ])
      expect(await listed({ type: 'Patient', id: 'a', at: during(-9, 99) })).toEqual([
        'Patient/a/2',
        'Patient/a/1',
      ])
      expect(await listed({ type: 'Patient', id: 'a', at: during(20, 99) })).toEqual(['Patient/a/2'])
    })

    it('comes in pages without gap or repetition while new versions arrive', async () => {
      await story()
      for (const scope of [{}, { type: 'Patient' }, { type: 'Patient', id: 'a' }]) {
        const whole = await listed(scope)
        const paged: string[] = []
        let after: string | undefined
        do {
          const page = await bench.store.resources.history({
            ...scope,
            limit: 1,
            ...(after !== undefined && { after }),
          })
          paged.push(...page.versions.map(({ type, id, version }) => `${type}/${id}/${version}`))
          after = page.next
          await commit({ type: 'Group', id: crypto.randomUUID(), lastUpdated: START + 40 })
        } while (after !== undefined)
        expect(paged).toEqual(whole)
      }
    })

    it('counts exactly what it would show', async () => {
      await story()
      const count = async (request: object): Promise<number> => bench.store.resources.historyCount(request)
      expect(await count({})).toBe(5)
      expect(await count({ type: 'Patient' })).toBe(4)
      expect(await count({ type: 'Patient', id: 'b' })).toBe(2)
      expect(await count({ since: START + 20 })).toBe(2)
      expect(await count({ type: 'Patient', at: during(15, 16) })).toBe(2)
    })
  })
}
