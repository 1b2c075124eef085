import { setImmediate } from 'node:timers/promises'

import { expect, it, vi } from 'vitest'

import { limits } from './limits.ts'
import { createTurns, Lost, untilWon } from './turns.ts'

it('lets those who want one of the same names work one after another, in the order of their coming', async () => {
  const turns = createTurns()
  const told: string[] = []
  const work = (name: string) => async () => {
    told.push(`${name} begins`)
    await setImmediate()
    told.push(`${name} ends`)
  }
  await Promise.all([
    turns.take(['a', 'b'], work('first')),
    turns.take(['b', 'a'], work('second')),
    turns.take(['c'], work('other')),
  ])
  expect(told.indexOf('second begins')).toBeGreaterThan(told.indexOf('first ends'))
  expect(told.indexOf('other begins')).toBeLessThan(told.indexOf('first ends'))
})

it('knows a name as long as somebody works on it, also when that fails', async () => {
  const turns = createTurns()
  const end = Promise.withResolvers<void>()
  const working = turns.take(['a'], () => end.promise)
  expect([turns.areTaken(() => ['a']), turns.areTaken(() => ['b'])]).toEqual([true, false])
  end.reject(new Error('broken'))
  await expect(working).rejects.toThrow('broken')
  await setImmediate()
  expect(turns.areTaken(() => ['a'])).toBe(false)
})

it('sends away who waits too long, and lets nobody pass by whom that one waited for', async () => {
  vi.useFakeTimers()
  try {
    const turns = createTurns()
    const end = Promise.withResolvers<void>()
    const first = turns.take(['a'], () => end.promise)
    const late = turns.take(['a'], async () => 'late').catch((error: unknown) => error)
    await vi.advanceTimersByTimeAsync(limits.fhir.turnMs)
    expect(await late).toMatchObject({ kind: 'busy' })
    let isOver = false
    const third = turns.take(['a'], async () => (isOver = true))
    await vi.advanceTimersByTimeAsync(1)
    expect(isOver).toBe(false)
    end.resolve()
    await Promise.all([first, third])
    expect(isOver).toBe(true)
  } finally {
    vi.useRealTimers()
  }
})

it('does not push in where it is known what it is about', async () => {
  const turns = createTurns()
  const end = Promise.withResolvers<void>()
  const first = turns.take(['a'], () => end.promise)
  const tries: boolean[] = []
  const second = untilWon(turns, async (inTurn) => ({ tries: tries.push(inTurn) }), ['a'])
  await setImmediate()
  expect(tries).toEqual([])
  end.resolve()
  await Promise.all([first, second])
  expect(tries).toEqual([true])
})

it('tries again in turn what was lost, and gives up at last', async () => {
  const turns = createTurns()
  let tries = 0
  const won = await untilWon(turns, async () => (tries++ < 3 ? new Lost(['a']) : { tries }))
  expect(won).toEqual({ tries: 4 })
  await expect(untilWon(turns, async () => new Lost(['a']))).rejects.toMatchObject({ kind: 'conflict' })
})
