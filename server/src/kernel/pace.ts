import { setImmediate } from 'node:timers/promises'

import { limits } from './limits.ts'

/**
 * For long work on the main thread: `await pace()` between its steps lets everything else run whenever a slice of time is used up, and
 * costs nothing otherwise.
 */
export type Pace = () => Promise<void> | undefined

export function createPace(): Pace {
  let started = performance.now()
  const next = async (): Promise<void> => {
    await setImmediate()
    started = performance.now()
  }
  return () => (performance.now() - started < limits.work.sliceMs ? undefined : next())
}

/** The items one after the other, with such pauses. */
export async function eachPaced<Item, Result>(
  items: readonly Item[],
  make: (item: Item) => Result,
): Promise<readonly Result[]> {
  const pace = createPace()
  const results: Result[] = []
  for (const item of items) {
    results.push(make(item))
    const pause = pace()
    if (pause) await pause
  }
  return results
}
