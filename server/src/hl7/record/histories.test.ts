import { expect, it } from 'vitest'

import type { JsonObject } from '../../kernel/json.ts'
import { limits } from '../../kernel/limits.ts'
import { timesOf, withHistories, withLate } from './histories.ts'

const parts = [{ history: 'stateHistory', of: 'state', period: 'period', tells: true }] as const

const at = (minute: number) => new Date(Date.UTC(2026, 2, 1) + minute * 60_000).toISOString()
const timesAt = (minute: number) => new Map([['stateHistory', at(minute)]])

function toggled(times: number): JsonObject {
  let whole: JsonObject = withHistories({ state: 'a' }, { parts, times: timesAt(0), was: {} })
  for (let minute = 1; minute < times; minute++) {
    const is = { ...whole, state: minute % 2 === 0 ? 'a' : 'b' }
    whole = withHistories(is, { parts, times: timesAt(minute), was: whole })
  }
  return whole
}

it('takes the times out of what a message says', () => {
  const sent = { state: 'a', stateHistory: [{ state: 'a', period: { start: at(1) } }] }
  expect(timesOf(sent, parts)).toEqual({ next: { state: 'a' }, times: timesAt(1) })
})

it('keeps a bounded number of items, the newest', () => {
  const { stateHistory } = toggled(limits.hl7.historyItems + 2)
  expect(stateHistory).toHaveLength(limits.hl7.historyItems)
  expect(stateHistory).toMatchObject({
    [limits.hl7.historyItems - 1]: { period: { start: at(limits.hl7.historyItems + 1) } },
  })
})

it('writes nothing of what holds now, whatever comes late', () => {
  const whole = toggled(2)
  expect(withLate(whole, { state: 'c' }, { parts, times: timesAt(5) })).toBe(whole)
  expect(withLate(whole, { state: 'b' }, { parts, times: timesAt(1) })).toBe(whole)
})
