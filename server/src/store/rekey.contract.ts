import { describe, expect, it } from 'vitest'

import { START, commitOf, keysOf, textOf, writeOf, type Bench } from './contract-bench.ts'
import type { KeyChange } from './port.ts'

/** Other keys for versions that stay as they are. */
export function rekeyContract(bench: Bench): void {
  const change = (id: string, version: number, keys: Parameters<typeof keysOf>[0]): KeyChange => ({
    type: 'Patient',
    id,
    version,
    keys: keysOf(keys),
  })
  const scan = async (key?: string): Promise<string[]> => {
    const request = { type: 'Patient', order: 'date', direction: 'asc', limit: 100 } as const
    const found = await bench.store.resources.scan({ ...request, ...(key !== undefined && { key }) })
    return found.map(({ id }) => id)
  }
  const named = async (prefix: string): Promise<string[]> =>
    (await bench.store.resources.names({ type: 'Patient', param: 'family', prefix, limit: 10 })).map(
      ({ id }) => id,
    )
  const between = async (lo: number, hi: number): Promise<string[]> =>
    (await bench.store.resources.range({ type: 'Patient', param: 'birthdate', lo, hi, limit: 10 })).map(
      ({ id }) => id,
    )

  describe('rekey', () => {
    it('finds a resource under its new keys, at its new date, and no longer under the old ones', async () => {
      const old = { k: ['gender=male', 'active=true'], n: [{ p: 'family', text: 'osman' }], patients: ['a'] }
      const r = [{ p: 'birthdate', lo: 10, hi: 20 }]
      await bench.store.commit(
        commitOf({
          writes: [
            writeOf({ id: 'a', keys: keysOf({ ...old, r, date: START }) }),
            writeOf({ id: 'b', keys: keysOf({ k: ['active=true'], date: START + 1 }) }),
          ],
        }),
      )
      const keys = {
        k: ['active=true', 'nickname=z'],
        n: [{ p: 'family', text: 'oz' }],
        r: [{ p: 'birthdate', lo: 30, hi: 40 }],
        date: START + 2,
        patients: ['a'],
      }
      for (let round = 0; round < 2; round++) {
        expect(await bench.store.rekey([change('a', 1, keys)])).toBe(1)
        expect(await scan('nickname=z')).toEqual(['a'])
        expect(await scan('active=true')).toEqual(['b', 'a'])
        expect(await scan()).toEqual(['b', 'a'])
        expect(await scan('gender=male')).toEqual([])
        expect(await named('o')).toEqual(['a'])
        expect(await named('os')).toEqual([])
        expect(await between(0, 25)).toEqual([])
        expect(await between(25, 35)).toEqual(['a'])
        const [row] = await bench.store.resources.fetch('Patient', ['a'])
        expect(row).toMatchObject({ version: 1, commit: 1, method: 'POST', date: START + 2 })
        expect([row?.has('nickname=z'), row?.has('gender=male')]).toEqual([true, false])
        expect([row?.names(), row?.ranges(), row?.patients()]).toEqual([keys.n, keys.r, ['a']])
        await bench.reopen()
      }
    })

    it('writes no version and nothing into the log, and keeps the bytes and the order of commits', async () => {
      const body = '{"resourceType":"Patient","id":"a","multipleBirthInteger":1.00}'
      await bench.store.commit(commitOf({ writes: [writeOf({ id: 'a', body }), writeOf({ id: 'b' })] }))
      const before = await bench.store.log.read(0, 10)
      await bench.store.rekey([change('a', 1, { k: ['gender=male'] })])
      const { log, resources } = bench.store
      expect(await log.read(0, 10)).toEqual(before)
      expect(await log.head()).toBe(1)
      expect((await resources.history({ type: 'Patient', id: 'a', limit: 10 })).versions).toHaveLength(1)
      expect((await resources.history({ type: 'Patient', limit: 10 })).versions).toHaveLength(2)
      expect(await resources.historyCount({})).toBe(2)
      const read = await resources.read('Patient', 'a')
      expect([read?.version, textOf(read?.bytes)]).toEqual([1, body])
      const updated = await resources.scan({
        type: 'Patient',
        order: 'updated',
        direction: 'asc',
        limit: 10,
      })
      expect(updated.map(({ id }) => id)).toEqual(['a', 'b'])
    })

    it('passes over what is not current, deleted or unknown', async () => {
      await bench.store.commit(commitOf({ writes: [writeOf({ id: 'a' }), writeOf({ id: 'b' })] }))
      await bench.store.commit(
        commitOf({
          writes: [
            writeOf({ id: 'a', expected: 1, keys: keysOf({ k: ['gender=female'] }) }),
            writeOf({ id: 'b', expected: 1, method: 'DELETE' }),
          ],
        }),
      )
      const k = ['gender=male']
      const changes = [change('a', 1, { k }), change('b', 1, { k }), change('b', 2, { k })]
      expect(await bench.store.rekey([...changes, change('c', 1, { k })])).toBe(0)
      expect(await scan('gender=male')).toEqual([])
      expect(await scan('gender=female')).toEqual(['a'])
    })

    it('goes with the next version, whose keys count alone', async () => {
      await bench.store.commit(commitOf({ writes: [writeOf({ id: 'a' })] }))
      await bench.store.rekey([change('a', 1, { k: ['gender=male'] })])
      await bench.store.commit(
        commitOf({ writes: [writeOf({ id: 'a', expected: 1, keys: keysOf({ k: ['gender=female'] }) })] }),
      )
      expect(await scan('gender=male')).toEqual([])
      expect(await scan('gender=female')).toEqual(['a'])
      expect(await bench.store.resources.count('Patient', undefined, 10)).toBe(1)
    })
  })
}
