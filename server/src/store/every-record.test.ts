import { expect, it } from 'vitest'

import { limits } from '../kernel/limits.ts'
import { everyRecord } from './every-record.ts'
import type { RecordRange, StoredRecord } from './port.ts'

const PAGES = 8

it('lets everything else run between the pages of a long range', async () => {
  let turns = 0
  const count = (): void => {
    turns += 1
    next = setImmediate(count)
  }
  let next = setImmediate(count)
  let found = 0
  for await (const record of everyRecord({ range: slowly }, { collection: 'c' }))
    found += record.id.length > 0 ? 1 : 0
  clearImmediate(next)
  expect(found).toBeGreaterThan(PAGES)
  expect(turns).toBeGreaterThanOrEqual(PAGES - 1)
})

/** Full pages that are there at once, each of which took a slice of time. */
let page = 0
async function slowly({ limit }: RecordRange): Promise<readonly StoredRecord[]> {
  const until = performance.now() + limits.work.sliceMs
  while (performance.now() < until);
  page += 1
  if (page > PAGES) return []
  return Array.from({ length: limit }, (_, at) => ({ id: `${page}-${at}`, revision: 1, value: {} }))
}
