import { expect, it } from 'vitest'

import { createPartitions } from './partitions.ts'

it('runs one partition in order, others beside it, and a message of two partitions behind both', async () => {
  const partitions = createPartitions(10)
  const gate = Promise.withResolvers<void>()
  const log: string[] = []
  const note = (name: string) => async () => void log.push(name)
  const all = [
    partitions.run(['a'], async () => {
      await gate.promise
      log.push('a1')
    }),
    partitions.run(['b'], note('b1')),
    partitions.run(['a', 'b'], note('both')),
    partitions.run(['b'], note('b2')),
    partitions.run(['c'], note('c1')),
  ]
  await all[4]
  expect(log).toEqual(['b1', 'c1'])
  gate.resolve()
  await Promise.all(all)
  expect(log).toEqual(['b1', 'c1', 'a1', 'both', 'b2'])
  expect([partitions.inFlight, partitions.outstanding]).toEqual([0, 0])
})

it('never has more at work than its limit, and gives a place on when work fails', async () => {
  const partitions = createPartitions(2)
  let most = 0
  const work = Array.from({ length: 20 }, async (_, at) =>
    partitions.run([String(at)], async () => {
      most = Math.max(most, partitions.inFlight)
      await Promise.resolve()
      if (at % 3 === 0) throw new Error('failed')
    }),
  )
  const results = await Promise.allSettled(work)
  expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(7)
  expect(most).toBe(2)
  await partitions.run(['0'], async () => undefined)
  expect(partitions.inFlight).toBe(0)
})
