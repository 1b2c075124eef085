import { expect, it } from 'vitest'

import { openAlarms } from './alarm-view.ts'
import type { Flag } from './record.contract.ts'

const FIRST = '2026-11-22T08:00:00.250Z'
const SECOND = '2026-11-22T09:00:00Z'

function flagOf(start: string, more: Partial<Flag> = {}): Flag {
  return {
    id: start,
    status: 'active',
    code: { coding: [{ system: 'urn:mogran:alarm', code: 'vitals.critical' }] },
    subject: { reference: 'Patient/p' },
    period: { start },
    ...more,
  }
}

it('lists what goes on, oldest first, and nothing that ended or is no alarm', () => {
  const fall = { coding: [{ system: 'urn:mogran:alarm', code: 'fall-risk' }] }
  const flags = [
    flagOf(SECOND),
    flagOf(FIRST),
    flagOf('a', { status: 'inactive' }),
    flagOf('b', { code: fall }),
  ]
  expect(openAlarms(flags, [])).toEqual([
    { id: FIRST, patient: 'Patient/p', since: Date.parse(FIRST) },
    { id: SECOND, patient: 'Patient/p', since: Date.parse(SECOND) },
  ])
})

it('puts behind the others what somebody acknowledged, and says since when', () => {
  const acknowledged = { id: FIRST, sent: '2026-11-22T08:01:00Z' }
  const alarms = openAlarms([flagOf(FIRST), flagOf(SECOND)], [acknowledged])
  expect(alarms.map(({ id }) => id)).toEqual([SECOND, FIRST])
  expect(alarms[1]?.acknowledged).toBe(Date.parse(acknowledged.sent))
})

it('reads value and limits from the reading that the Flag contains', () => {
  const reading = {
    code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
    valueQuantity: { value: 133 },
    referenceRange: [{ low: { value: 40 }, high: { value: 120 } }],
  }
  const [alarm] = openAlarms([flagOf(FIRST, { contained: [reading] })], [])
  expect(alarm?.breach).toEqual({ metric: 'hr', value: 133, limits: { low: 40, high: 120 } })
  const { referenceRange: _none, ...bare } = reading
  expect(openAlarms([flagOf(FIRST, { contained: [bare] })], [])[0]?.breach).toBeUndefined()
})
