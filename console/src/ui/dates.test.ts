import { expect, it } from 'vitest'

import { ageOf, agoOf, clinicalDate, clinicalDay, clinicalInstant, siteInstant } from './dates.ts'
import { site } from './site.ts'

const at = (text: string) => Date.parse(text)

it('writes a day as clinicians do, and never turns it into an instant', () => {
  expect(clinicalDate('1981-07-14', 'en')).toBe('14-Jul-1981')
  expect(clinicalDate('1981-07-14', 'ar')).toBe('14 يوليو 1981')
})

it('keeps a partial date partial', () => {
  expect(clinicalDate('1981-07', 'en')).toBe('Jul-1981')
  expect(clinicalDate('1981', 'en')).toBe('1981')
})

it.each([
  ['2026-11-22', { unit: 'hours', count: 34 }],
  ['2026-11-01', { unit: 'days', count: 22 }],
  ['2026-09-01', { unit: 'weeks', count: 11 }],
  ['2025-05-24', { unit: 'months', count: 17 }],
  ['1981-11-24', { unit: 'years', count: 44 }],
  ['1981-11-23', { unit: 'years', count: 45 }],
  ['1944', { unit: 'years', count: 82 }],
])('gives the age of who was born %s in the unit that fits it', (birth, age) => {
  expect(ageOf(birth, at('2026-11-23T10:00:00Z'))).toEqual(age)
})

it('says how old a value is, and never that it comes from the future', () => {
  const now = at('2026-11-23T10:00:00Z')
  expect(agoOf(now - 119 * 60_000, now)).toEqual({ unit: 'minutes', count: 119 })
  expect(agoOf(now - 120 * 60_000, now)).toEqual({ unit: 'hours', count: 2 })
  expect(agoOf(now + 60_000, now)).toEqual({ unit: 'minutes', count: 0 })
})

it('shows an instant on the day that it has in the zone of the site', () => {
  Object.assign(site, { zone: 'Africa/Khartoum' })
  const late = '2026-11-25T22:04:00Z'
  expect(clinicalInstant(late, 'en')).toBe('26-Nov-2026 00:04')
  expect(clinicalDay(at(late), 'en')).toBe('26-Nov-2026')
})

it.each([
  ['Africa/Khartoum', '2026-11-26T00:04', '2026-11-25T22:04:00.000Z'],
  ['UTC', '2026-11-26T00:04:30', '2026-11-26T00:04:30.000Z'],
  // The clocks of Paris: the first of two 02:30 in October, and 02:30 in March, which there is not.
  ['Europe/Paris', '2026-10-25T02:30', '2026-10-25T00:30:00.000Z'],
  ['Europe/Paris', '2026-03-29T02:30', '2026-03-29T01:30:00.000Z'],
  ['Europe/Paris', '2026-03-29T03:30', '2026-03-29T01:30:00.000Z'],
  ['UTC', '', undefined],
  ['UTC', 'soon', undefined],
])('reads the entry of a field in %s: %s', (zone, local, instant) => {
  Object.assign(site, { zone })
  expect(siteInstant(local)).toBe(instant)
})
