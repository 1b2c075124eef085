import { expect, test } from 'vitest'

import { limits } from '../../kernel/limits.ts'
import { createTurns } from './turns.ts'

const spend = (ms: number) => {
  const from = performance.now()
  while (performance.now() - from < ms);
}

const SLICE = { ...limits.hl7.slice, leastMs: 5, quietMostMs: 5 }

test('a slice that is used up leaves the rest to later turns, and what arrived comes before it', async () => {
  const turns = createTurns(SLICE)
  const order: string[] = []
  const steps = Array.from({ length: 3 }, async (_, at) => {
    await turns.begin()
    order.push(`step ${at}`)
    // What arrives meanwhile: handled at the end of this turn of the loop, as a group commit is.
    setImmediate(() => order.push(`arrived ${at}`))
    spend(SLICE.quietMostMs + 1)
  })
  await Promise.all(steps)
  expect(order.slice(0, 5)).toEqual(['step 0', 'arrived 0', 'step 1', 'arrived 1', 'step 2'])
})

test('short steps share one turn', async () => {
  const turns = createTurns({ ...SLICE, leastMs: 1000, quietMostMs: 1000 })
  const order: string[] = []
  const steps = Array.from({ length: 20 }, async (_, at) => {
    await turns.begin()
    order.push(`step ${at}`)
    if (at === 0) setImmediate(() => order.push('next turn'))
  })
  await Promise.all(steps)
  await new Promise((resolve) => setImmediate(resolve))
  expect(order.indexOf('next turn')).toBe(20)
})

test('what was begun is finished before anything new begins, each in the order of coming', async () => {
  const turns = createTurns(SLICE)
  const order: string[] = []
  const message = async (name: string) => {
    await turns.begin()
    order.push(`begin ${name}`)
    spend(SLICE.quietMostMs + 1)
    await turns.finish()
    order.push(`finish ${name}`)
  }
  await Promise.all(['a', 'b', 'c'].map(message))
  expect(order).toEqual(['begin a', 'finish a', 'begin b', 'finish b', 'begin c', 'finish c'])
})

test('what came in goes to the disk before the first step of a turn', async () => {
  const order: string[] = []
  const turns = createTurns({ ...SLICE, leastMs: 1000, quietMostMs: 1000 }, () => order.push('to the disk'))
  await turns.begin()
  order.push('step')
  expect(order).toEqual(['to the disk', 'step'])
})

test('slices are short while messages come in', async () => {
  const turns = createTurns({ ...SLICE, leastMs: 0, busyMostMs: 1, quietMostMs: 1000, quietShare: 1e6 })
  const order: string[] = []
  turns.arrived()
  const steps = Array.from({ length: 3 }, async (_, at) => {
    await turns.begin()
    order.push(`step ${at}`)
    setImmediate(() => order.push('next turn'))
    spend(2)
  })
  await Promise.all(steps)
  expect(order).toEqual(['step 0', 'next turn', 'step 1', 'next turn', 'step 2'])
})
