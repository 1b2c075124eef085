import { describe, expect, it } from 'vitest'

import type { Soon } from '../kernel/soon.ts'
import { START, commitOf, keysOf, writeOf, type Bench } from './contract-bench.ts'
import type { SearchKeys } from './keys.ts'
import type { NamePosting, Posting } from './scans.ts'

const STEADY = 40
const PAGE = 7

/** What a search that goes on page by page rests on, whatever others write meanwhile. */
export function pagingContract(bench: Bench): void {
  /** Many share a date, a bound and a name, so that the tie decides. */
  const keys = (i: number): SearchKeys =>
    keysOf({
      k: ['active=true'],
      r: [{ p: 'birthdate', lo: Math.floor(i / 5), hi: Math.floor(i / 5) + 1000 }],
      n: [{ p: 'family', text: `name ${String(Math.floor(i / 5)).padStart(3, '0')}` }],
      date: START + Math.floor(i / 5) * 1000,
    })
  const steady = Array.from({ length: STEADY }, (_, i) => `steady${String(i).padStart(2, '0')}`)
  const fill = async (): Promise<void> => {
    const ids = steady.flatMap((id, i) => [id, `moving${i}`])
    const writes = ids.map((id, i) => writeOf({ id, keys: keys(i % 31) }))
    for (let at = 0; at < writes.length; at += 8)
      await bench.store.commit(commitOf({ writes: writes.slice(at, at + 8) }))
  }
  let round = 0
  /** Changes before, at and behind any place: new ones, moved ones, deleted ones, other keys. */
  const disturb = async (n: number): Promise<void> => {
    const [moved, deleted, rekeyed] = [0, 1, 2].map((i) => `moving${(n * 3 + i) % STEADY}`)
    const writes = [0, 9, 17, 30].map((i) => writeOf({ id: `new${n}-${i}`, keys: keys(i) }))
    const { resources } = bench.store
    const versionOf = async (id = ''): Promise<number> => (await resources.read('Patient', id))?.version ?? 0
    const update = writeOf({
      id: moved ?? '',
      expected: await versionOf(moved),
      keys: keys((n * 11) % 31),
    })
    const deletion = writeOf({ id: deleted ?? '', expected: await versionOf(deleted), method: 'DELETE' })
    await bench.store.commit(commitOf({ writes: [...writes, update, deletion] }))
    const version = await versionOf(rekeyed)
    await bench.store.rekey([{ type: 'Patient', id: rekeyed ?? '', version, keys: keys((n * 7) % 31) }])
  }
  const walk = async <Place extends Posting | NamePosting>(
    page: (after: { readonly after?: Place }) => Soon<readonly Place[]>,
  ): Promise<string[]> => {
    const seen: string[] = []
    let after: Place | undefined
    for (let pages = 0; ; pages++) {
      const found = await page(after === undefined ? {} : { after })
      seen.push(...found.map(({ id }) => id))
      after = found.at(-1)
      if (after === undefined) return seen
      // Writes that keep coming behind the place would keep the walk going.
      if (pages < 12) await disturb(round++)
    }
  }
  const steadyIn = (seen: readonly string[]): string[] =>
    seen.filter((id) => id.startsWith('steady')).toSorted()

  describe('paging', () => {
    it.each(['asc', 'desc'] as const)(
      'by date, %s, shows what did not change exactly once, whatever is written meanwhile',
      async (direction) => {
        await fill()
        const request = { type: 'Patient', order: 'date', direction, limit: PAGE } as const
        const { resources } = bench.store
        const keyed = { ...request, key: 'active=true' }
        expect(steadyIn(await walk<Posting>((after) => resources.scan({ ...keyed, ...after })))).toEqual(
          steady,
        )
        expect(steadyIn(await walk<Posting>((after) => resources.scan({ ...request, ...after })))).toEqual(
          steady,
        )
      },
    )

    it.each(['asc', 'desc'] as const)(
      'by commit, %s, shows what did not change exactly once, whatever is written meanwhile',
      async (direction) => {
        await fill()
        const request = { type: 'Patient', order: 'updated', direction, limit: PAGE } as const
        const seen = await walk<Posting>((after) => bench.store.resources.scan({ ...request, ...after }))
        // Walking down, what is written meanwhile is behind the place already.
        const repeated = direction === 'desc' ? seen.length - new Set(seen).size : 0
        expect(repeated).toBe(0)
        expect(steadyIn(seen)).toEqual(steady)
      },
    )

    it('by range and by name shows what did not change exactly once, whatever is written meanwhile', async () => {
      await fill()
      const { resources } = bench.store
      const range = { type: 'Patient', param: 'birthdate', lo: 0, hi: 500, limit: PAGE } as const
      expect(steadyIn(await walk<Posting>((after) => resources.range({ ...range, ...after })))).toEqual(
        steady,
      )
      const names = { type: 'Patient', param: 'family', prefix: 'name', limit: PAGE } as const
      expect(steadyIn(await walk<NamePosting>((after) => resources.names({ ...names, ...after })))).toEqual(
        steady,
      )
    })
  })
}
