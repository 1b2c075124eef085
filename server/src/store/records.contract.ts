import { describe, expect, it } from 'vitest'

import { chunksOf, readChunks } from './chunks.ts'
import { commitOf, textOf, type Bench } from './contract-bench.ts'
import { OUTSIDE_LOG } from './outside-log.ts'
import type { ApplyResult, RecordChange, RecordRange } from './port.ts'

/** Named collections of small documents. */
export function recordContract(bench: Bench): void {
  const apply = async (...changes: RecordChange[]): Promise<ApplyResult> => bench.store.records.apply(changes)
  const put = (id: string, parts: object = {}): RecordChange => ({
    op: 'put',
    collection: 'c',
    id,
    value: { id },
    ...parts,
  })
  const insert = (id: string, parts: object = {}): RecordChange => ({
    op: 'insert',
    collection: 'c',
    id,
    value: { id },
    ...parts,
  })
  const reason = async (change: RecordChange): Promise<string> => {
    const result = await apply(change)
    if (result.outcome === 'applied') return 'applied'
    return result.why.kind === 'record' ? result.why.reason : result.why.kind
  }

  describe('records', () => {
    it('keep objects and bytes as they are', async () => {
      const value = { text: 'é😀\u0661', list: [1, 'two', null, { three: true }], n: -0.5 }
      await apply(
        put('object', { value }),
        put('bytes', { value: Uint8Array.from([0, 255, 1]) }),
        put('none', { value: {} }),
      )
      expect((await bench.store.records.get('c', 'object'))?.value).toEqual(value)
      const bytes = await bench.store.records.get('c', 'bytes')
      expect(bytes?.value).toBeInstanceOf(Uint8Array)
      expect(bytes?.value).toEqual(expect.objectContaining({ length: 3, 0: 0, 1: 255, 2: 1 }))
      expect(await bench.store.records.get('c', 'none')).toEqual({ id: 'none', revision: 1, value: {} })
      expect(await bench.store.records.get('other', 'none')).toBeUndefined()
    })

    it('hold a value of one mebibyte', async () => {
      const value = new Uint8Array(1024 * 1024).fill(7)
      await apply(put('large', { value }))
      expect(textOf((await bench.store.records.get('c', 'large'))?.value as Uint8Array)).toBe(textOf(value))
    })

    it('hold in chunks what is larger than one of them', async () => {
      const size = 1024 * 1024
      for (const length of [0, 1, size, 2 * size, 2 * size + 5]) {
        const bytes = Buffer.alloc(length, 'frame')
        await apply(...chunksOf({ collection: 'large', id: `${length}`, bytes }))
        const whole = await readChunks(bench.store.records, { collection: 'large', id: `${length}` })
        expect(whole === undefined || Buffer.compare(whole, bytes)).toBe(0)
      }
      expect(await readChunks(bench.store.records, { collection: 'large', id: 'none' })).toBeUndefined()
    })

    it('count their revisions and compare before they replace', async () => {
      expect(await reason(insert('a'))).toBe('applied')
      expect(await reason(insert('a'))).toBe('exists')
      expect(await reason(put('a'))).toBe('applied')
      const replace = { op: 'replace', collection: 'c', id: 'a', value: { new: true } } as const
      expect(await reason({ ...replace, revision: 1 })).toBe('revision')
      expect(await reason({ ...replace, revision: 2 })).toBe('applied')
      expect(await reason({ ...replace, id: 'none', revision: 1 })).toBe('absent')
      expect(await bench.store.records.get('c', 'a')).toEqual({ id: 'a', revision: 3, value: { new: true } })
    })

    it('go away, with or without a look at the revision', async () => {
      await apply(insert('a'), insert('b'))
      expect(await reason({ op: 'delete', collection: 'c', id: 'a', revision: 2 })).toBe('revision')
      expect(await reason({ op: 'delete', collection: 'c', id: 'a', revision: 1 })).toBe('applied')
      expect(await reason({ op: 'delete', collection: 'c', id: 'a', revision: 1 })).toBe('absent')
      expect(await reason({ op: 'delete', collection: 'c', id: 'b' })).toBe('applied')
      expect(await reason({ op: 'delete', collection: 'c', id: 'b' })).toBe('applied')
      expect(await bench.store.records.get('c', 'a')).toBeUndefined()
      expect(await reason(insert('a'))).toBe('applied')
      expect((await bench.store.records.get('c', 'a'))?.revision).toBe(1)
    })

    it('are found by a second key that no two hold', async () => {
      await apply(insert('a', { second: 'one' }))
      expect(await bench.store.records.bySecond('c', 'one')).toEqual({
        id: 'a',
        revision: 1,
        value: { id: 'a' },
        second: 'one',
      })
      const refused = await apply(insert('b', { second: 'one' }))
      expect(refused).toMatchObject({
        outcome: 'refused',
        index: 0,
        why: { reason: 'second', holder: { id: 'a' } },
      })
      expect(await reason(put('b', { second: 'one' }))).toBe('second')
      expect(await reason(put('b', { collection: 'other', second: 'one' }))).toBe('applied')
      expect(await reason(put('a', { second: 'two' }))).toBe('applied')
      expect(await bench.store.records.bySecond('c', 'one')).toBeUndefined()
      expect(await reason(put('b', { second: 'one' }))).toBe('applied')
      await apply({ op: 'delete', collection: 'c', id: 'b' })
      expect(await bench.store.records.bySecond('c', 'one')).toBeUndefined()
      expect(await reason(insert('d', { second: 'one' }))).toBe('applied')
    })

    it('are gone when they expire, and make room for id and second key', async () => {
      await apply(insert('a', { expires: bench.now + 1000, second: 's' }), insert('b'))
      expect(await bench.store.records.get('c', 'a')).toBeDefined()
      expect(await reason(insert('a'))).toBe('exists')
      bench.now += 1000
      expect(await bench.store.records.get('c', 'a')).toBeUndefined()
      expect(await bench.store.records.bySecond('c', 's')).toBeUndefined()
      expect(await bench.store.records.range({ collection: 'c', limit: 10 })).toMatchObject([{ id: 'b' }])
      expect(await reason({ op: 'replace', collection: 'c', id: 'a', revision: 1, value: {} })).toBe('absent')
      expect(await reason(insert('other', { second: 's' }))).toBe('applied')
      expect(await reason(insert('a'))).toBe('applied')
      expect((await bench.store.records.get('c', 'a'))?.revision).toBe(1)
    })

    it('live on when they are put again before they expire', async () => {
      await apply(insert('a', { expires: bench.now + 1000 }))
      await apply(put('a', { expires: bench.now + 5000 }), put('b', { expires: bench.now + 1000 }), put('b'))
      bench.now += 2000
      await apply(insert('sweeps'))
      expect(await bench.store.records.get('c', 'a')).toMatchObject({ revision: 2 })
      expect(await bench.store.records.get('c', 'b')).toMatchObject({ revision: 2 })
    })

    it('are listed by id in the order of UTF-8 bytes', async () => {
      await apply(
        put('a'),
        put('b'),
        put('\uf8ff'),
        put('\u{1f600}'),
        put('z', { collection: 'd' }),
        put('z', { collection: 'b' }),
      )
      const listed = async (range: Partial<RecordRange>): Promise<string[]> =>
        (await bench.store.records.range({ collection: 'c', limit: 10, ...range })).map(({ id }) => id)
      expect(await listed({})).toEqual(['a', 'b', '\uf8ff', '\u{1f600}'])
      expect(await listed({ reverse: true })).toEqual(['\u{1f600}', '\uf8ff', 'b', 'a'])
      expect(await listed({ from: 'b' })).toEqual(['b', '\uf8ff', '\u{1f600}'])
      expect(await listed({ from: 'b', to: '\uf8ff' })).toEqual(['b'])
      expect(await listed({ to: 'b', reverse: true })).toEqual(['a'])
      expect(await listed({ from: 'a', to: '\uf8ff', reverse: true })).toEqual(['b', 'a'])
      expect(await listed({ reverse: true, limit: 1 })).toEqual(['\u{1f600}'])
      expect(await listed({ from: 'c', to: 'b' })).toEqual([])
    })

    it('are applied in order up to the first refusal', async () => {
      const result = await apply(insert('a'), put('b'), insert('a'), put('d'))
      expect(result).toMatchObject({ outcome: 'refused', index: 2, why: { reason: 'exists' } })
      const ids = (await bench.store.records.range({ collection: 'c', limit: 10 })).map(({ id }) => id)
      expect(ids).toEqual(['a', 'b'])
    })

    it('let exactly one of many racing inserts win', async () => {
      const results = await Promise.all(
        Array.from({ length: 50 }, async (_, i) => reason(insert('a', { value: { i } }))),
      )
      expect(results.filter((outcome) => outcome === 'applied')).toHaveLength(1)
      const steps = await Promise.all(
        Array.from({ length: 20 }, async () =>
          reason({ op: 'replace', collection: 'c', id: 'a', revision: 1, value: {} }),
        ),
      )
      expect(steps.filter((outcome) => outcome === 'applied')).toHaveLength(1)
    })

    it('are raised by commits and by direct changes side by side without losing a step', async () => {
      await apply(insert('counter', { value: { n: 0 } }))
      const raise = async (isCommit: boolean): Promise<void> => {
        for (;;) {
          const before = await bench.store.records.get('c', 'counter')
          const { n } = (before?.value ?? { n: 0 }) as { n: number }
          const change = { op: 'replace', collection: 'c', id: 'counter', value: { n: n + 1 } } as const
          const changes = [{ ...change, revision: before?.revision ?? 0 }]
          const { outcome } = isCommit
            ? await bench.store.commit(commitOf({ records: changes }))
            : await bench.store.records.apply(changes)
          if (outcome !== 'refused') return
        }
      }
      const raises = Array.from({ length: 60 }, async (_, i) => raise(i % 2 === 0))
      await Promise.all(raises)
      expect(await bench.store.records.get('c', 'counter')).toEqual({
        id: 'counter',
        revision: 61,
        value: { n: 60 },
      })
    })

    it('give a second key to one of a commit and a direct change', async () => {
      for (let i = 0; i < 10; i++) {
        const second = `second${i}`
        const [committed, applied] = await Promise.all([
          bench.store.commit(commitOf({ records: [insert(`a${i}`, { second })] })),
          apply(insert(`b${i}`, { second })),
        ])
        const winners = [committed.outcome === 'committed', applied.outcome === 'applied']
        expect(winners.filter(Boolean)).toHaveLength(1)
        expect((await bench.store.records.bySecond('c', second))?.id).toBe(winners[0] ? `a${i}` : `b${i}`)
      }
    })

    it('of the collections outside of the log are no part of a commit', async () => {
      const [collection = ''] = OUTSIDE_LOG
      const change: RecordChange = { op: 'put', collection, id: 'a', value: {} }
      await expect(bench.store.commit(commitOf({ records: [change] }))).rejects.toThrow(collection)
      expect(await bench.store.log.head()).toBe(0)
      const mixed = await apply(put('before'), change, put('between'), insert('before'), put('after'))
      expect(mixed).toMatchObject({ outcome: 'refused', index: 3 })
      expect(await bench.store.records.get(collection, 'a')).toBeDefined()
      expect(await bench.store.records.get('c', 'between')).toBeDefined()
      expect(await bench.store.records.get('c', 'after')).toBeUndefined()
    })

    it('are there after the store was closed and opened again', async () => {
      await apply(put('a', { second: 's' }))
      const { records } = await bench.reopen()
      expect(await records.bySecond('c', 's')).toMatchObject({ id: 'a' })
    })

    it('move a second key from one to another in one commit', async () => {
      await apply(put('a', { second: 's' }))
      const result = await bench.store.commit({
        uuid: crypto.randomUUID(),
        time: bench.now,
        writes: [],
        guards: [],
        records: [{ op: 'delete', collection: 'c', id: 'a' }, insert('b', { second: 's' })],
      })
      expect(result.outcome).toBe('committed')
      expect(await bench.store.records.bySecond('c', 's')).toMatchObject({ id: 'b' })
    })
  })
}
