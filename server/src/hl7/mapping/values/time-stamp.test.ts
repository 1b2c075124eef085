import { expect, it } from 'vitest'

import { readTimeStamp, toDateTime } from './time-stamp.ts'
import { createZone } from './zone.ts'

const inZone = (text: string, zone: string) => {
  const stamp = readTimeStamp(text)
  return stamp && toDateTime(stamp, createZone(zone))
}

it.each([
  ['2026', '2026'],
  ['202603', '2026-03'],
  ['20260301', '2026-03-01'],
  ['202603010830', '2026-03-01T08:30:00+02:00'],
  ['20260301083015', '2026-03-01T08:30:15+02:00'],
  ['20260301083015.1234', '2026-03-01T08:30:15.1234+02:00'],
  ['20260301083015-0500', '2026-03-01T08:30:15-05:00'],
  ['20260701083015', '2026-07-01T08:30:15+03:00'],
  ['20240229', '2024-02-29'],
])('keeps the precision of %s and takes the offset from it, else from the zone', (text, value) => {
  expect(inZone(text, 'Africa/Cairo')).toEqual({ value })
})

it('never fills hours up to a time', () => {
  expect(inZone('2026030108', 'UTC')).toEqual({ value: '2026-03-01', flaw: expect.stringContaining('hours') })
})

it('takes the first of two local times and says so', () => {
  expect(inZone('20261025023000', 'Europe/Berlin')).toEqual({
    value: '2026-10-25T02:30:00+02:00',
    flaw: expect.stringContaining('clocks'),
  })
  expect(inZone('20261025013000', 'Europe/Berlin')).toEqual({ value: '2026-10-25T01:30:00+02:00' })
  expect(inZone('20261025033000', 'Europe/Berlin')).toEqual({ value: '2026-10-25T03:30:00+01:00' })
})

it('says when the clocks skip a local time', () => {
  expect(inZone('20260329023000', 'Europe/Berlin')?.flaw).toContain('clocks')
})

it.each([
  '',
  '26',
  '20261301',
  '20260230',
  '20250229',
  '202603012400',
  '202603010860',
  '20260301083060',
  '20260301083015-0000',
  '20260301083015+1500',
  '2026-03-01',
  '00000101',
  'today',
])('refuses %j', (text) => {
  expect(readTimeStamp(text)).toBeUndefined()
})
