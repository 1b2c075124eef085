import { expect, it } from 'vitest'

import { durationCode, repeatClocks, repeatPattern, repeatWords } from './repeat-pattern.ts'

it.each([
  [{ frequency: 1, period: 1, periodUnit: 'd' }, 'Q1D', ''],
  [{ period: 6, periodUnit: 'h' }, 'Q6H', ''],
  [{ frequency: 2, period: 1, periodUnit: 'd' }, 'BID', ''],
  [{ frequency: 4, period: 1, periodUnit: 'd' }, 'QID', ''],
  [{ frequency: 6, period: 1, periodUnit: 'd' }, '6ID', ''],
  [{ when: ['HS'] }, 'QHS', ''],
  [{ frequency: 3, period: 1, periodUnit: 'wk' }, '', '3 times every 1 weeks'],
  [{ frequency: 1, period: 1, periodUnit: 'mo' }, '', '1 time every 1 months'],
  [{ frequency: 1, period: '1.50', periodUnit: 'h' }, '', '1 time every 1.5 hours'],
  [
    { frequency: 1, frequencyMax: 2, period: 4, periodMax: 6, periodUnit: 'h' },
    '',
    '1 to 2 times every 4 to 6 hours',
  ],
  [{ when: ['MORN', 'EVE'] }, '', 'at MORN, EVE'],
  [{ offset: 30, when: ['AC'] }, '', '30 minutes at AC'],
  [
    { frequency: 1, period: 1, periodUnit: 'd', dayOfWeek: ['mon', 'fri'] },
    '',
    '1 time every 1 days on mon, fri',
  ],
  [{ timeOfDay: ['08:00:00'] }, '', ''],
])('says how often with a code of table 0335, else in words: %j', (repeat, code, words) => {
  expect(repeatPattern(repeat)).toBe(code)
  expect(repeatWords(repeat)).toBe(words)
})

it('writes times of day and durations as a time quantity does', () => {
  expect(repeatClocks({ timeOfDay: ['08:00:00', '20:30:00'] })).toBe('0800,2030')
  expect(durationCode({ value: 7, unit: 'days', system: 'http://unitsofmeasure.org', code: 'd' })).toBe('D7')
  expect(durationCode({ value: 1, code: 'a' })).toBe('')
})
