import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, it, onTestFinished } from 'vitest'

import { commitOf, keysOf, writeOf } from '../contract-bench.ts'
import type { SearchKeys } from '../keys.ts'
import type { Store } from '../port.ts'
import type { Posting } from '../scans.ts'
import { openEmbeddedStore } from './store.ts'

/** Enough that lists have more chunks than change at once. */
const RESOURCES = 5000
const GROUP = 250
const ROUNDS = 8

interface Drawn {
  readonly ids: readonly string[]
  readonly random: Random
}

type Model = Map<string, { version: number; keys: SearchKeys }>

it('finds what a plain list finds where most postings come out of order', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mogran-long-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  let store = await openEmbeddedStore({ folder, mergeRows: GROUP })
  const model: Model = new Map()
  const random = randomFrom(19)
  for (let from = 0; from < RESOURCES; from += GROUP)
    await write(store, model, {
      ids: Array.from({ length: GROUP }, (_, i) => `p${from + i}`),
      random,
    })
  await expectSame(store, model)
  for (let round = 0; round < ROUNDS; round++) {
    await write(store, model, { ids: some(random, GROUP), random })
    if (round === 2) await rekey(store, model, { ids: some(random, 20), random })
    if (round % 4 !== 3) continue
    await expectSame(store, model)
    await store.close()
    store = await openEmbeddedStore({ folder, mergeRows: GROUP })
    await expectSame(store, model)
  }
  expect(store.health()).toMatchObject({ merge_failures: 0 })
  await store.close()
}, 60_000)

async function write(store: Store, model: Model, { ids, random }: Drawn): Promise<void> {
  const writes = ids.map((id) => {
    const version = model.get(id)?.version ?? 0
    const keys = keysIn(random)
    model.set(id, { version: version + 1, keys })
    return writeOf({ id, expected: version, keys })
  })
  expect((await store.commit(commitOf({ writes }))).outcome).toBe('committed')
}

async function rekey(store: Store, model: Model, { ids, random }: Drawn): Promise<void> {
  const changes = ids.map((id) => {
    const { version } = model.get(id) ?? { version: 0 }
    const keys = keysIn(random)
    model.set(id, { version, keys })
    return { type: 'Patient', id, version, keys }
  })
  expect(await store.rekey(changes)).toBe(ids.length)
}

function keysIn(random: Random): SearchKeys {
  const date = random(100_000) * 1000
  return keysOf({
    k: ['all', `half=${random(2)}`],
    r: [{ p: 'date', lo: date, hi: date + 1000 }],
    date,
  })
}

async function expectSame(store: Store, model: Model): Promise<void> {
  for (const key of ['all', 'half=1']) {
    const having = [...model].filter(([, { keys }]) => keys.k.includes(key))
    for (const direction of ['asc', 'desc'] as const) {
      const sign = direction === 'asc' ? 1 : -1
      const found = await allPages(async (page) =>
        store.resources.scan({ type: 'Patient', key, order: 'date', direction, ...page }),
      )
      const sorts = found.map(({ sort }) => sort * sign)
      expect(sorts).toEqual(sorts.toSorted((a, b) => a - b))
      expect(idsOf(found)).toBe(idsOf(having.map(([id]) => ({ id }))))
    }
    expect(await store.resources.count('Patient', key, RESOURCES * 2)).toBe(having.length)
  }
  const [lo, hi] = [20_000_000, 40_000_000]
  const having = [...model].filter(
    ([
      ,
      {
        keys: { r },
      },
    ]) => r.some((range) => range.lo < hi && range.hi > lo),
  )
  const found = await allPages(async (page) =>
    store.resources.range({ type: 'Patient', param: 'date', lo, hi, ...page }),
  )
  expect(idsOf(found)).toBe(idsOf(having.map(([id]) => ({ id }))))
}

function idsOf(found: readonly { id: string }[]): string {
  return found
    .map(({ id }) => id)
    .toSorted()
    .join(' ')
}

async function allPages(
  read: (page: { limit: number; after?: Posting }) => Promise<readonly Posting[]>,
): Promise<Posting[]> {
  const found: Posting[] = []
  for (;;) {
    const after = found.at(-1)
    const page = await read({ limit: 700, ...(after !== undefined && { after }) })
    if (page.length === 0) return found
    found.push(...page)
  }
}

function some(random: Random, count: number): string[] {
  return [...new Set(Array.from({ length: count }, () => `p${random(RESOURCES)}`))]
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
