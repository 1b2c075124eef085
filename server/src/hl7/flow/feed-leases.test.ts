import { expect, it, onTestFinished, vi } from 'vitest'

import { freshStore } from '../../../test/fresh-store.ts'
import { limits } from '../../kernel/limits.ts'
import { createFeedLeases } from './feed-leases.ts'

const QUARTER = limits.hl7.leaseMs / 4

/** Two processes on one store, whose feeds the test changes; time passes when it is asked who holds the feed. */
async function twoProcesses() {
  const { records } = await freshStore()
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  let now = 1_000_000
  const problems: unknown[] = []
  const start = async (feeds: Set<string>) => {
    const leases = createFeedLeases({
      records,
      clock: () => now,
      feeds: () => feeds,
      report: (error) => problems.push(error),
      onTaken: () => undefined,
    })
    onTestFinished(async () => leases.stop())
    await leases.start()
    return leases
  }
  const [own, other] = [new Set(['east']), new Set(['east'])]
  const [first, second] = [await start(own), await start(other)]
  const holders = () => [first, second].map((leases) => leases.holds('east'))
  const later = () => {
    now += QUARTER
    vi.advanceTimersByTime(QUARTER)
    return holders()
  }
  return { own, other, holders, later, problems }
}

it('gives a feed whose file is gone here to the process that still has it', async () => {
  const { own, holders, later, problems } = await twoProcesses()
  expect(holders()).toEqual([true, false])
  own.delete('east')
  expect(holders()).toEqual([false, false])
  await expect.poll(later).toEqual([false, true])
  const after: (readonly boolean[])[] = []
  await expect.poll(() => after.push(later())).toBeGreaterThan(10)
  expect(after.map(([first]) => first)).not.toContain(true)
  expect(problems).toEqual([])
})

it('lets one process take what waits of a feed that none has any more, until one has it again', async () => {
  const { own, other, holders, later, problems } = await twoProcesses()
  own.delete('east')
  other.delete('east')
  expect(holders()).toEqual([false, false])
  await expect.poll(() => later().filter(Boolean).length).toBe(1)
  other.add('east')
  await expect.poll(later).toEqual([false, true])
  expect(problems).toEqual([])
})
