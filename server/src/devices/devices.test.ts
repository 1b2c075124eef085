import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { chartMinute } from './charting.ts'
import { loadProfiles } from './profile.ts'
import type { Reading } from './reading.ts'
import { readAlert, readVitals } from './reading.ts'

const DRIVERS = fileURLToPath(new URL('../../../device-drivers', import.meta.url))
const [monitor] = await loadProfiles(DRIVERS)
if (!monitor) throw new Error('no profile')

interface Vector {
  readonly payload: string
  readonly time: string
  readonly values: Record<string, number>
  readonly off: string[]
  readonly questionable: string[]
}
const vectors = JSON.parse(readFileSync(`${DRIVERS}/generic-monitor/vectors/panel.json`, 'utf8')) as Vector[]

it.each(vectors)('reads the golden payload of $time', ({ payload, time, values, off, questionable }) => {
  const reading = readVitals(monitor, 'bed-1', Buffer.from(payload))
  expect(reading).toEqual({ device: 'bed-1', time: Date.parse(time), values, off, questionable })
})

it.each([
  ['no JSON', 'hr=80', 'no JSON'],
  ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 'no JSON'],
  ['a time without a zone', '{"device_id":"bed-1","ts":"2026-11-23T10:00:00","hr":80}', 'ts'],
  ['another device', '{"device_id":"bed-2","ts":"2026-11-23T10:00:00Z","hr":80}', 'another device'],
])('refuses %s and says where', (_what, payload, text) => {
  expect(() => readVitals(monitor, 'bed-1', Buffer.from(payload))).toThrow(text)
})

it('refuses an alert of unknown priority', () => {
  const payload = {
    device_id: 'bed-1',
    ts: '2026-11-23T10:00:00Z',
    code: 'apnea',
    priority: 'urgent',
    phase: 'start',
  }
  expect(() => readAlert('bed-1', Buffer.from(JSON.stringify(payload)))).toThrow('priority')
})

it('charts the median of a minute with its least and most, pressures as one panel', () => {
  const readings = [at(0, { hr: 70, sys: 120, dia: 80 }), at(1, { hr: 90 }), at(2, { hr: 72 })]
  const charted = chartMinute({
    profile: monitor,
    device: 'bed-1',
    patient: 'Patient/1',
    minute: 60_000,
    readings,
  })
  expect(charted).toHaveLength(2)
  expect(charted[0]).toMatchObject({
    code: { coding: [{ code: '8867-4' }, { code: '147842' }] },
    subject: { reference: 'Patient/1' },
    effectivePeriod: { start: '1970-01-01T00:01:00.000Z', end: '1970-01-01T00:01:59.999Z' },
    valueQuantity: { value: 72, code: '/min' },
    component: [{ valueQuantity: { value: 70 } }, { valueQuantity: { value: 90 } }, { valueInteger: 3 }],
  })
  expect(charted[1]).toMatchObject({
    code: { coding: [{ code: '85354-9' }] },
    component: [{ valueQuantity: { value: 120, code: 'mm[Hg]' } }, { valueQuantity: { value: 80 } }],
  })
})

it('charts nothing for a minute in which every sensor was off', () => {
  const readings = [{ device: 'bed-1', time: 1, values: {}, off: ['hr'], questionable: [] }]
  expect(
    chartMinute({ profile: monitor, device: 'bed-1', patient: 'Patient/1', minute: 0, readings }),
  ).toEqual([])
})

function at(second: number, values: Readonly<Record<string, number>>): Reading {
  return { device: 'bed-1', time: 60_000 + second * 1000, values, off: [], questionable: [] }
}
