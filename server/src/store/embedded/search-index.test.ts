import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { limits } from '../../kernel/limits.ts'
import { commitOf, keysOf, writeOf } from '../contract-bench.ts'
import type { SearchKeys } from '../keys.ts'
import type { Store } from '../port.ts'
import type { Posting } from '../scans.ts'
import { compareUtf8 } from './sorted-blocks.ts'
import { openEmbeddedStore } from './store.ts'

interface Resource {
  readonly version: number
  /** Absent when deleted. */
  readonly keys?: SearchKeys
}

const WORDS = ['', 'a', 'ab', 'abe', 'é', 'o\uf8ff', 'o\u{1f600}', 'zoe', 'z'.repeat(600)]

it('finds what a plain list finds, whatever is merged, in whatever order it came', async () => {
  const folder = await freshFolder()
  const random = randomFrom(7)
  const model = new Map<string, Resource>()
  let store = await open(folder, 40)
  for (let i = 0; i < 600; i++) {
    await change(store, model, random)
    if (i % 150 === 75) {
      await store.close()
      store = await open(folder, i > 300 ? 500 : 40)
    }
    if (i % 100 === 50) await expectSame(store, model, random)
  }
  await expectSame(store, model, random)
  await store.close()
  // Derived: what is lost is made anew.
  await rm(join(folder, 'index.mdb'))
  store = await open(folder, 100)
  await expectSame(store, model, random)
  expect(store.health()).toMatchObject({ merge_failures: 0 })
  await store.close()
}, 60_000)

it('finds what large commits brought, between small ones, whatever is merged', async () => {
  const folder = await freshFolder()
  const random = randomFrom(11)
  const model = new Map<string, Resource>()
  const store = await open(folder, 150, 30)
  for (let round = 0; round < 12; round++) {
    const many = new Set(Array.from({ length: 60 }, () => `r${random(400)}`))
    // They are under way together: a large one knows its place only when it is its turn.
    const groups = [[`s${round}`], [...many], [`t${round}`, `s${round + 1}`], [`u${round}`]]
    await Promise.all(groups.map((ids) => changeAll(store, model, { ids, random })))
    if (round % 3 === 0) await expectSame(store, model, random)
  }
  await expectSame(store, model, random)
  expect(store.health()).toMatchObject({ merge_failures: 0 })
  await store.close()
}, 60_000)

it('leaves nothing of a large commit that is refused', async () => {
  const store = await open(await freshFolder(), 1000, 2)
  const keys = keysOf({ k: ['k=1'] })
  const write = (id: string, expected = 0) => writeOf({ id, expected, keys })
  const refused = await store.commit(commitOf({ writes: [write('a'), write('b', 3), write('c')] }))
  expect(refused.outcome).toBe('refused')
  expect(await store.resources.count('Patient', 'k=1', 10)).toBe(0)
  const taken = await store.commit(commitOf({ writes: [write('c'), write('d')] }))
  expect(taken.outcome).toBe('committed')
  expect(await store.resources.count('Patient', 'k=1', 10)).toBe(2)
  await store.close()
})

it('closes behind the running slice of a long merge; the rest is found and merged later', async () => {
  const folder = await freshFolder()
  const count = limits.store.mergeRows * 3
  const store = await open(folder, count)
  const writes = Array.from({ length: count }, (_, i) =>
    writeOf({ id: `p${i}`, keys: keysOf({ k: ['all'] }) }),
  )
  await store.commit(commitOf({ writes }))
  await store.close()
  const again = await open(folder, count * 2)
  expect(again.health()['unmerged_rows']).toBeGreaterThanOrEqual(limits.store.mergeRows)
  expect(await again.resources.count('Patient', 'all', count * 2)).toBe(count)
  await again.close()
}, 60_000)

it('finds every key of a merge that takes several transactions', async () => {
  const folder = await freshFolder()
  const store = await open(folder, 1000)
  const lists = Array.from({ length: 50 }, (_, i) => Array.from({ length: 50 }, (__, k) => `${i}=${k}`))
  const writes = lists.map((k, i) => writeOf({ id: `p${i}`, keys: keysOf({ k }) }))
  await store.commit(commitOf({ writes }))
  await store.close()
  const merged = await open(folder, 10)
  expect(merged.health()).toMatchObject({ unmerged_rows: 0 })
  const keys = lists.flat()
  const counts = await Promise.all(keys.map(async (key) => merged.resources.count('Patient', key, 10)))
  expect(counts).toEqual(keys.map(() => 1))
  await merged.close()
})

async function change(store: Store, model: Map<string, Resource>, random: Random): Promise<void> {
  await changeAll(store, model, { ids: [`r${random(400)}`], random })
}

async function changeAll(
  store: Store,
  model: Map<string, Resource>,
  { ids, random }: { readonly ids: readonly string[]; readonly random: Random },
): Promise<void> {
  const writes = ids.map((id) => {
    const current = model.get(id)
    const isDeletion = current?.keys !== undefined && random(5) === 0
    const keys = isDeletion ? undefined : randomKeys(random)
    const version = current?.version ?? 0
    model.set(id, { version: version + 1, ...(keys !== undefined && { keys }) })
    return writeOf({
      id,
      expected: version,
      ...(keys === undefined ? { method: 'DELETE' as const } : { keys }),
    })
  })
  expect((await store.commit(commitOf({ writes }))).outcome).toBe('committed')
}

function randomKeys(random: Random): SearchKeys {
  const intervals = Array.from({ length: random(3) }, () => {
    const lo = random(1000) - 500
    return { p: 'date', lo, hi: [lo, lo + 1, lo + random(50), lo + 5000, Infinity][random(5)] ?? lo }
  })
  return keysOf({
    k: ['hot=1', `warm=${random(5)}`, `cold=${random(300)}`],
    r: random(20) === 0 ? [...intervals, { p: 'date', lo: -Infinity, hi: random(100) }] : intervals,
    n: Array.from({ length: random(3) }, () => ({
      p: 'name',
      text: `${WORDS[random(WORDS.length)]}${random(9)}`,
    })),
    date: random(300) * 86_400_000 - 10 ** 12,
  })
}

async function expectSame(store: Store, model: Map<string, Resource>, random: Random): Promise<void> {
  const live = [...model].flatMap(([id, { keys }]) => (keys === undefined ? [] : [{ id, keys }]))
  for (const key of ['hot=1', 'warm=2', `cold=${random(300)}`, undefined]) {
    const having = live.filter(({ keys }) => key === undefined || keys.k.includes(key))
    for (const direction of ['asc', 'desc'] as const) {
      const found = await allPages(async (page) =>
        store.resources.scan({
          type: 'Patient',
          order: 'date',
          direction,
          ...(key !== undefined && { key }),
          ...page,
        }),
      )
      const sign = direction === 'asc' ? 1 : -1
      expectOrdered(found.map(({ sort }) => sort * sign))
      expect(found.map(({ id }) => id).toSorted()).toEqual(having.map(({ id }) => id).toSorted())
    }
    expect(await store.resources.count('Patient', key, 10_000)).toBe(having.length)
  }
  for (const [lo, hi] of [
    [0, 0],
    [-100, 20],
    [400, Infinity],
    [-Infinity, -400],
  ] as const) {
    const having = live.filter(({ keys }) => keys.r.some((range) => shares(range, { lo, hi })))
    const found = await allPages(async (page) =>
      store.resources.range({ type: 'Patient', param: 'date', lo, hi, ...page }),
    )
    expectOrdered(found.map(({ sort }) => sort))
    expect(found.map(({ id }) => id).toSorted()).toEqual(having.map(({ id }) => id).toSorted())
  }
  for (const prefix of WORDS) await expectNames(store, live, prefix)
}

async function expectNames(
  store: Store,
  live: readonly { id: string; keys: SearchKeys }[],
  prefix: string,
): Promise<void> {
  // Names are filed by their first 400 characters.
  const cut = prefix.slice(0, 400)
  const having = live.filter(({ keys }) => keys.n.some(({ text }) => text.startsWith(cut)))
  const found: { id: string; text: string; tie: number | string }[] = []
  for (;;) {
    const after = found.at(-1)
    const request = {
      type: 'Patient',
      param: 'name',
      prefix: cut,
      limit: 9,
      ...(after !== undefined && { after }),
    }
    const page = await store.resources.names(request)
    if (page.length === 0) break
    found.push(...page)
  }
  expect(found.map(({ id }) => id).toSorted()).toEqual(having.map(({ id }) => id).toSorted())
  expect(found.map(({ text }) => text)).toEqual(found.map(({ text }) => text).toSorted(compareUtf8))
}

async function allPages(
  read: (page: { limit: number; after?: Posting }) => Promise<readonly Posting[]>,
): Promise<Posting[]> {
  const found: Posting[] = []
  for (;;) {
    const after = found.at(-1)
    const page = await read({ limit: 17, ...(after !== undefined && { after }) })
    if (page.length === 0) return found
    found.push(...page)
  }
}

/** R4 search compares intervals by the points that they share; one with equal ends is a point. */
function shares(a: { lo: number; hi: number }, b: { lo: number; hi: number }): boolean {
  if (a.lo === a.hi || b.lo === b.hi)
    return contains(a, b.lo) || contains(b, a.lo) || (a.lo === b.lo && a.hi === b.hi)
  return contains(a, b.lo) || contains(b, a.lo)
}

function contains(range: { lo: number; hi: number }, point: number): boolean {
  return range.lo <= point && point < range.hi
}

function expectOrdered(values: readonly number[]): void {
  expect(values).toEqual(values.toSorted((a, b) => a - b))
}

type Random = (below: number) => number

/** The same numbers in each run. */
function randomFrom(seed: number): Random {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

async function open(
  folder: string,
  mergeRows: number,
  bulkWrites: number = limits.store.bulkWrites,
): Promise<Store> {
  return openEmbeddedStore({ folder, mergeRows, bulkWrites })
}

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-index-'))
  onTestFinished(async () => rm(folder, { recursive: true }))
  return folder
}
