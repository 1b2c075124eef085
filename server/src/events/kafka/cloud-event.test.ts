import { expect, it } from 'vitest'

import { cloudEvent } from './cloud-event.ts'

const change = {
  type: 'Observation',
  id: 'o1',
  version: 2,
  lastUpdated: 0,
  deleted: false,
  method: 'PUT' as const,
  commit: 17,
  bytes: Buffer.from('{"secret":true}'),
  patients: ['p1'],
}
const event = { topic: 'lab.result.critical', n: 17, index: 3, time: Date.UTC(2026, 10, 23, 10), change }

it('refers to the resource, keyed by its patient, without its content', () => {
  const message = cloudEvent({ ...event, facility: 'Organization/a' }, 'https://hub.example', 'p1')
  expect(message).toMatchObject({
    topic: 'lab.result.critical',
    key: 'Patient/p1',
    headers: {
      ce_specversion: '1.0',
      ce_id: '17-3',
      ce_type: 'org.mogran.lab.result.critical.v1',
      ce_source: 'https://hub.example',
      ce_subject: 'Observation/o1',
      ce_time: '2026-11-23T10:00:00.000Z',
      'content-type': 'application/json',
    },
  })
  const data = { reference: 'Observation/o1', version: 2, patient: 'Patient/p1', facility: 'Organization/a' }
  expect(JSON.parse(message.value)).toEqual(data)
})

it('is keyed by the resource when it belongs to no patient, and by itself when it is one', () => {
  const device = { ...change, type: 'Device', id: 'd', patients: [] }
  expect(cloudEvent({ ...event, change: device }, 'x', undefined).key).toBe('Device/d')
  const patient = { ...change, type: 'Patient', id: 'p9', patients: [] }
  expect(cloudEvent({ ...event, change: patient }, 'x', 'p9').key).toBe('Patient/p9')
})
