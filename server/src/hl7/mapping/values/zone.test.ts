import { expect, it } from 'vitest'

import { createZone } from './zone.ts'

const HOUR_MS = 3_600_000

it.each([
  ['Europe/Berlin', '2026-03-28T00:00Z', 72],
  ['Europe/Berlin', '2026-10-24T00:00Z', 72],
  ['Africa/Khartoum', '2017-10-31T00:00Z', 72],
  ['Australia/Lord_Howe', '2026-04-04T00:00Z', 72],
  ['Asia/Kathmandu', '1985-12-31T00:00Z', 48],
])('gives offsets in %s from %s on by which the calendar shows the local time again', (name, from, hours) => {
  const zone = createZone(name)
  const calendar = new Intl.DateTimeFormat('sv-SE', {
    timeZone: name,
    dateStyle: 'short',
    timeStyle: 'short',
  })
  const start = Date.parse(from)
  const times = Array.from({ length: hours * 4 }, (_, at) => start + (at * HOUR_MS) / 4)
  // Backwards and forwards, so that each hour is asked again.
  const wrong = [...times.toReversed(), ...times].filter((time) => {
    const { minutes, isCertain } = zone.offsetAt(time)
    const shown = calendar.format(time - minutes * 60_000)
    return isCertain && shown !== new Date(time).toISOString().slice(0, 16).replace('T', ' ')
  })
  expect(wrong).toEqual([])
})

it('knows the offsets on both sides of a change, and that the hour between is in doubt', () => {
  const zone = createZone('Europe/Berlin')
  const local = (text: string) => zone.offsetAt(Date.parse(`${text}Z`))
  expect(local('2026-10-25T01:30')).toEqual({ minutes: 120, isCertain: true })
  expect(local('2026-10-25T02:30')).toEqual({ minutes: 120, isCertain: false })
  expect(local('2026-10-25T03:30')).toEqual({ minutes: 60, isCertain: true })
  expect(local('2026-07-01T12:00')).toEqual({ minutes: 120, isCertain: true })
  expect(local('2026-07-01T12:45')).toEqual({ minutes: 120, isCertain: true })
})
