import { expect, it } from 'vitest'

import { entriesOf, expectRefused, fresh, hubForFile, idsOf, tagged } from './fhir-peer.ts'
import type { Json } from './fhir-peer.ts'

// What has no offset is meant in HUB_ZONE, in resources as in requests: Khartoum is two hours ahead of UTC.
const { ask, make } = hubForFile({ HUB_ZONE: 'Africa/Khartoum' })

async function patientWith(resources: Readonly<Record<string, Json>>) {
  const { id } = await make({ resourceType: 'Patient' })
  const names = new Map<string, string>()
  for (const [name, more] of Object.entries(resources)) {
    const subject = { reference: `Patient/${id}` }
    names.set(
      (await make({ resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject, ...more }))
        .id,
      name,
    )
  }
  const within = async (query: string): Promise<string> => {
    const answer = await ask('GET', `/Patient/${id}/$everything?_type=Observation&${query}`)
    expect(answer.status, answer.text.slice(0, 400)).toBe(200)
    return entriesOf(answer)
      .flatMap(({ resource }) => names.get(resource?.id ?? '') ?? [])
      .toSorted()
      .join(' ')
  }
  return { id, within }
}

it('bounds $everything at the midnights of the zone', async () => {
  const { within } = await patientWith({
    a: { effectiveDateTime: '2026-01-31T21:59:59Z' },
    b: { effectiveDateTime: '2026-01-31T22:00:00Z' },
    c: { effectiveDateTime: '2026-02-01' },
    d: { effectiveDateTime: '2026-02-01T23:59:59+02:00' },
    e: { effectiveDateTime: '2026-02-02T00:00:00+02:00' },
  })
  expect(await within('start=2026-02-01&end=2026-02-01')).toBe('b c d')
  expect(await within('start=2026-02-02')).toBe('e')
  expect(await within('end=2026-01-31')).toBe('a')
  expect(await within('end=2026-01')).toBe('a')
  expect(await within('start=2026-02&end=2026')).toBe('b c d e')
})

it('takes what lasted into the span, was known by its month only, or has no date', async () => {
  const { within } = await patientWith({
    long: { effectivePeriod: { start: '2025-12-01', end: '2026-01-15' } },
    month: { effectiveDateTime: '2026-01' },
    none: {},
    open: { effectivePeriod: { start: '2025-01-01' } },
    since: { effectivePeriod: { end: '2026-03-01' } },
    times: { effectiveTiming: { event: ['2020-01-01', '2026-01-10'] } },
  })
  expect(await within('start=2026-01-10&end=2026-01-10')).toBe('long month none open since times')
  expect(await within('start=2026-01-16&end=2026-01-20')).toBe('month none open since')
  expect(await within('start=2026-02-01&end=2026-02-28')).toBe('none open since')
  expect(await within('start=2026-03-02')).toBe('none open')
  expect(await within('end=2024')).toBe('none since times')
})

it('asks for the past of a history in the zone', async () => {
  const { id } = await make({ resourceType: 'Patient' })
  const now = new Date()
  const khartoum = (days: number): string =>
    new Date(now.getTime() + 2 * 3_600_000 + days * 86_400_000).toISOString().slice(0, 16)
  const counted = async (query: string): Promise<unknown> =>
    (await ask('GET', `/Patient/${id}/_history?${query}`)).json['total']
  expect(await counted(`_since=${khartoum(0).slice(0, 10)}`)).toBe(1)
  expect(await counted(`_at=${khartoum(0).slice(0, 10)}`)).toBe(1)
  expect(await counted(`_at=${khartoum(-1).slice(0, 10)}`)).toBe(0)
  expect(await counted(`_since=${khartoum(1).slice(0, 10)}`)).toBe(0)
})

it('searches dates in the zone', async () => {
  const tag = fresh()
  const { id } = await make({
    resourceType: 'Observation',
    ...tagged(tag),
    status: 'final',
    code: { text: 'x' },
    effectiveDateTime: '2026-01-31T22:00:00Z',
  })
  expect(idsOf(await ask('GET', `/Observation?_tag=${tag}&date=2026-02-01`))).toEqual([id])
  expect(idsOf(await ask('GET', `/Observation?_tag=${tag}&date=2026-01-31`))).toEqual([])
})

it('refuses a span that is no date', async () => {
  const { id } = await make({ resourceType: 'Patient' })
  for (const query of [
    'start=2026-02-30',
    'end=tomorrow',
    '_since=2026-13',
    'start=2026-02-01&start=2026-02-02',
  ])
    expectRefused(await ask('GET', `/Patient/${id}/$everything?${query}`), 400)
})
