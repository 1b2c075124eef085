import { expect, it, onTestFinished } from 'vitest'

import { freshStore } from '../../test/fresh-store.ts'
import { commitOf, writeOf } from '../store/contract-bench.ts'
import type { Store } from '../store/port.ts'
import { startRelay } from './relay.ts'

it('delivers every commit in order, and again from the last sure one after a failure', async () => {
  const store = await freshStore()
  const place = createPlace({ failures: 2 })
  open({ store, place })
  for (let i = 0; i < 20; i += 1) await commit(store, i)
  await place.until(20)
  expect(place.attempts).toBeGreaterThan(2)
  expect(place.taken).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
})

it('goes on where an earlier relay stopped', async () => {
  const store = await freshStore()
  const first = createPlace()
  const relay = open({ store, place: first })
  await commit(store, 1)
  await first.until(1)
  await relay.close()
  expect(first.isClosed).toBe(true)

  await commit(store, 2)
  const second = createPlace()
  open({ store, place: second })
  await second.until(1)
  expect(second.taken).toEqual([2])
})

it('lets one of two processes deliver, and the other when the first is gone without a word', async () => {
  const store = await freshStore()
  let now = 1_000_000
  const clock = (): number => now
  const place = createPlace()
  const stuck = createPlace({ hangs: true })
  open({ store, place: stuck, clock })
  await commit(store, 1)
  await stuck.attempt()
  open({ store, place, clock })
  now += 60_000
  await place.until(1)
  expect(place.taken).toEqual([1])

  stuck.go()
  await commit(store, 2)
  await place.until(2)
  expect(place.taken).toEqual([1, 2])
  const cursor = await store.records.get('cursors', 'test')
  expect(cursor?.value).toMatchObject({ n: expect.any(Number) })
})

interface Place {
  readonly taken: number[]
  readonly attempts: number
  readonly isClosed: boolean
  until(count: number): Promise<void>
  attempt(): Promise<void>
  go(): void
  deliver(numbers: readonly number[]): Promise<void>
  close(): Promise<void>
}

/** The other side of a sink: fails at first, or hangs until told. */
function createPlace({ failures = 0, hangs = false } = {}): Place {
  const taken: number[] = []
  const state = { attempts: 0, isClosed: false }
  const waiting = new Set<() => void>()
  const gate = Promise.withResolvers<void>()
  const wait = async (isMet: () => boolean): Promise<void> => {
    while (!isMet()) await new Promise<void>((resolve) => waiting.add(resolve))
  }
  const wake = (): void => {
    for (const resolve of waiting) resolve()
    waiting.clear()
  }
  if (!hangs) gate.resolve()
  return {
    taken,
    get attempts() {
      return state.attempts
    },
    get isClosed() {
      return state.isClosed
    },
    until: (count) => wait(() => taken.length >= count),
    attempt: () => wait(() => state.attempts > 0),
    go: () => gate.resolve(),
    deliver: async (numbers) => {
      state.attempts += 1
      wake()
      await gate.promise
      if (state.attempts <= failures) throw new Error('the other side is away')
      taken.push(...numbers)
      wake()
    },
    close: async () => {
      state.isClosed = true
      gate.resolve()
    },
  }
}

function open({ store, place, clock = Date.now }: { store: Store; place: Place; clock?: () => number }) {
  const relay = startRelay({
    store,
    clock,
    onError: () => undefined,
    sink: {
      name: 'test',
      deliver: (commits) => place.deliver(commits.map(({ n }) => n)),
      close: () => place.close(),
    },
  })
  onTestFinished(async () => {
    place.go()
    await relay.close()
  })
  return relay
}

async function commit(store: Store, id: number): Promise<void> {
  await store.commit(commitOf({ writes: [writeOf({ id: `p${id}` })] }))
}
