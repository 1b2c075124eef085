import { expect, it } from 'vitest'

import type { AlarmSignal } from '../api/alarms.ts'
import { alarmOf, comparison } from './alarm.ts'

const limits = { low: 40, high: 120 }
const raised: AlarmSignal = { phase: 'raised', metric: 'hr', value: 143, limits, at: 1000, heardAt: 2000 }
const cleared: AlarmSignal = { ...raised, phase: 'cleared', value: 112, at: 1500 }
const soon = raised.heardAt + 1000
const later = raised.heardAt + 60_000

const recorded = { id: 'f', since: 1000 }

it('believes a signal before the record has it', () => {
  expect(alarmOf(undefined, raised, soon)).toEqual({
    since: 1000,
    breach: { metric: 'hr', value: 143, limits },
  })
  expect(alarmOf(recorded, cleared, soon)).toBeUndefined()
})

it('believes the record once it was read after the signal, so that a missed signal leaves nothing wrong', () => {
  expect(alarmOf(undefined, raised, later)).toBeUndefined()
  expect(alarmOf({ id: 'g', since: 9000 }, cleared, later)).toEqual({ id: 'g', since: 9000 })
  expect(alarmOf(recorded, raised, later)?.breach?.value).toBe(143)
})

it('takes identity and acknowledgement from the record as soon as it is there', () => {
  const taken = { ...recorded, acknowledged: 3000 }
  expect(alarmOf(taken, raised, soon)).toMatchObject({ id: 'f', acknowledged: 3000, breach: { value: 143 } })
})

it('compares the present value with its limit while it is beyond it, else the one that raised the alarm', () => {
  const at = 1000
  expect(comparison({ ...raised, value: 125 }, { hr: { value: 143, at } })).toBe('143 > 120')
  expect(comparison({ ...raised, value: 125 }, { hr: { value: 118, at } })).toBe('125 > 120')
  expect(comparison({ ...raised, value: 31 })).toBe('31 < 40')
})
