import { describe, expect, it, onTestFinished, vi } from 'vitest'

import { commitOf, keysOf, writeOf, type Bench } from './contract-bench.ts'
import {
  createKeyRebuilder,
  type KeyRebuilder,
  type KeyRebuilderOptions,
  type RebuildProgress,
} from './key-rebuild.ts'

const RESOURCES = 25
const STEP = 4

interface Odd {
  /** Behind so many keys there are none. */
  readonly most?: number
  /** By id: the rebuild whose keys cannot be made. */
  readonly lost?: Readonly<Record<string, string>>
  /** Has more keys than a row counts, and a document holds. */
  readonly tooMany?: string
}

const TOO_MANY = Array.from({ length: 70_000 }, (_, n) => String(n).padStart(300, 'x'))

/** Keys of everything that is stored, made again behind the back of those who read and write. */
export function keyRebuildContract(bench: Bench): void {
  describe('key rebuild', () => {
    const keyed: string[] = []
    const rebuilder = (key: string, { most = Infinity, lost = {}, tooMany = '' }: Odd = {}): KeyRebuilder => {
      const keys: KeyRebuilderOptions['keysOf'] = async (row, unmade) => {
        if (keyed.length >= most) throw new Error('enough')
        keyed.push(row.id)
        const rebuild = lost[row.id]
        if (rebuild !== undefined) unmade(rebuild, new Error('too much'))
        return keysOf({ k: row.id === tooMany ? TOO_MANY : [key], date: row.date })
      }
      const clock = (): number => bench.now
      const made = createKeyRebuilder({
        store: bench.store,
        keysOf: keys,
        clock,
        onError: () => undefined,
        onUnmade: () => undefined,
        step: STEP,
      })
      onTestFinished(() => made.close())
      return made
    }
    const fill = async (): Promise<void> => {
      keyed.length = 0
      const ids = Array.from({ length: RESOURCES }, (_, i) => `p${i}`)
      const writes = ids.map((id, i) => writeOf({ type: i % 5 === 0 ? 'Group' : 'Patient', id }))
      for (const write of writes) await bench.store.commit(commitOf({ writes: [write] }))
    }
    const finished = async (rebuild: KeyRebuilder): Promise<RebuildProgress> =>
      vi.waitFor(
        async () => {
          const [progress] = await rebuild.progress()
          if (progress?.isFinished !== true) throw new Error('not finished')
          return progress
        },
        { timeout: 20_000, interval: 5 },
      )
    const found = async (key: string): Promise<number> => {
      const { resources } = bench.store
      return (await resources.count('Patient', key, 100)) + (await resources.count('Group', key, 100))
    }

    it('gives each resource its keys once, tells how far it is, and writes no version', async () => {
      await fill()
      const { log, resources } = bench.store
      const commits = await log.read(0, 100)
      const rebuild = rebuilder('a=1')
      await rebuild.start({ name: 'definitions', target: 'x' })
      const counts = { done: RESOURCES, total: RESOURCES, failed: 0 }
      expect(await finished(rebuild)).toMatchObject({ name: 'definitions', target: 'x', ...counts })
      expect(keyed.toSorted()).toEqual(Array.from({ length: RESOURCES }, (_, i) => `p${i}`).toSorted())
      expect(await found('a=1')).toBe(RESOURCES)
      expect(await log.read(0, 100)).toEqual(commits)
      expect(await resources.historyCount({})).toBe(RESOURCES)
    })

    it('takes the types that are named, and does the same target once, another one again', async () => {
      await fill()
      const rebuild = rebuilder('a=1')
      await rebuild.start({ name: 'n', target: 'x', types: ['Group'] })
      await finished(rebuild)
      expect([keyed.length, await found('a=1')]).toEqual([5, 5])
      await rebuild.start({ name: 'n', target: 'x', types: ['Group'] })
      await rebuild.start({ name: 'n', target: 'y', types: ['Group'] })
      await finished(rebuild)
      expect(keyed).toHaveLength(10)
    })

    it('goes on where it was stopped, also in another process', async () => {
      await fill()
      const first = rebuilder('a=1')
      await first.start({ name: 'n', target: 'x' })
      await vi.waitFor(() => expect(keyed.length).toBeGreaterThan(STEP), { timeout: 20_000, interval: 1 })
      await first.close()
      await bench.reopen()
      const second = rebuilder('a=1')
      expect(await finished(second)).toMatchObject({ done: RESOURCES })
      expect(await found('a=1')).toBe(RESOURCES)
      // At most the step that was under way is done twice.
      expect(keyed.length).toBeLessThanOrEqual(RESOURCES + STEP)
    })

    it('is shared by two processes that do not do the same', async () => {
      await fill()
      const both = [rebuilder('a=1'), rebuilder('a=1')]
      await Promise.all(both.map((rebuild) => rebuild.start({ name: 'n', target: 'x' })))
      for (const rebuild of both) await finished(rebuild)
      expect(await found('a=1')).toBe(RESOURCES)
      expect(keyed.length).toBeLessThanOrEqual(RESOURCES + 2 * STEP)
    })

    it('leaves the keys of what has none to give, counts and names it, and goes on', async () => {
      await fill()
      const rebuild = rebuilder('a=1', { most: 10 })
      await rebuild.start({ name: 'n', target: 'x' })
      const progress = await finished(rebuild)
      expect(progress).toMatchObject({ done: RESOURCES, failed: RESOURCES - 10 })
      const named = progress.unmade.map(({ id }) => id)
      expect(named).toHaveLength(RESOURCES - 10)
      expect(new Set([...keyed, ...named]).size).toBe(RESOURCES)
      expect(await found('a=1')).toBe(10)
    })

    it('counts only what is missing of its own keys', async () => {
      await fill()
      const rebuild = rebuilder('a=1', { lost: { p7: 'n', p8: 'other' } })
      await rebuild.start({ name: 'n', target: 'x' })
      const unmade = [{ type: 'Patient', id: 'p7', version: 1 }]
      expect(await finished(rebuild)).toMatchObject({ done: RESOURCES, failed: 1, unmade })
      expect(await found('a=1')).toBe(RESOURCES)
    })

    it('ends where the store cannot take the keys of one', async () => {
      await fill()
      const rebuild = rebuilder('a=1', { tooMany: 'p7' })
      await rebuild.start({ name: 'n', target: 'x' })
      const unmade = [{ type: 'Patient', id: 'p7', version: 1 }]
      expect(await finished(rebuild)).toMatchObject({ done: RESOURCES, failed: 1, unmade })
      expect(await found('a=1')).toBe(RESOURCES - 1)
    })
  })
}
