import { expect, it } from 'vitest'

import { currentAlarms } from './alarm-bar.data.ts'

const limits = { low: 40, high: 120 }
const recorded = { id: 'f', since: 1000, patient: 'Patient/p', name: 'ELTAYEB, Amna', place: '03' }
const signal = { phase: 'raised', metric: 'hr', value: 143, limits, at: 1000, heardAt: 2000 } as const

it('shows an alarm as soon as it is heard, and with its name once the record has it', () => {
  const breach = { metric: 'hr', value: 143, limits }
  expect(currentAlarms([], { 'Patient/p': signal }, 2500)).toEqual([
    { since: 1000, breach, patient: 'Patient/p', name: '' },
  ])
  expect(currentAlarms([recorded], { 'Patient/p': signal }, 2500)).toEqual([{ ...recorded, breach }])
})

it('drops an alarm as soon as its end is heard, and believes the record later', () => {
  const cleared = { ...signal, phase: 'cleared', at: 1500 } as const
  expect(currentAlarms([recorded], { 'Patient/p': cleared }, 2500)).toEqual([])
  expect(currentAlarms([recorded], { 'Patient/p': cleared }, 60_000)).toEqual([recorded])
})

it('keeps what was heard of one patient away from the others', () => {
  expect(currentAlarms([recorded], { 'Patient/q': signal }, 2500).map(({ patient }) => patient)).toEqual([
    'Patient/q',
    'Patient/p',
  ])
})
