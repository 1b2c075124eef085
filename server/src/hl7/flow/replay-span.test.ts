import { expect, it } from 'vitest'

import { limits } from '../../kernel/limits.ts'
import type { RecordRange, StoredRecord } from '../../store/port.ts'
import { countSpan } from './replay-span.ts'

const SPAN = { feed: 'lab', from: '2026-11-01T00:00:00Z', to: '2026-11-30T00:00:00Z' }

it('counts for a bounded time and lets everything else run meanwhile', async () => {
  let turns = 0
  const count = (): void => {
    turns += 1
    next = setImmediate(count)
  }
  let next = setImmediate(count)
  const counted = await countSpan({ range: endless, get: async () => undefined }, SPAN, Date.now)
  clearImmediate(next)
  expect(counted.isCut).toBe(true)
  expect(counted.count).toBeGreaterThan(limits.hl7.replay.page)
  expect(turns).toBeGreaterThan(10)
})

let last = 0

/** Pages that are there at once and never end. */
async function endless({ limit }: RecordRange): Promise<readonly StoredRecord[]> {
  return Array.from({ length: limit }, () => {
    last += 1
    return { id: String(last).padStart(18, '0'), revision: 1, value: { feed: 'lab', state: 'committed' } }
  })
}
