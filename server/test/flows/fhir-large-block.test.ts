import { expect, it } from 'vitest'

import { startFhir } from './fhir-server.ts'
import { watchTurns } from './turns.ts'

const ENTRIES = 10_000
const NOTE = 'x'.repeat(4500)

/** A transaction near the bounds of a Bundle. */
function largeBundle(): string {
  const entries = Array.from({ length: ENTRIES }, (_, index) =>
    JSON.stringify({
      request: { method: 'POST', url: 'Observation' },
      resource: {
        resourceType: 'Observation',
        status: 'final',
        code: { coding: [{ system: 'http://loinc.org', code: String(index) }] },
        subject: { reference: `Patient/${String(index % 50)}` },
        effectiveDateTime: new Date(index * 60_000).toISOString(),
        valueQuantity: { value: index },
        note: [{ text: NOTE }],
      },
    }),
  )
  return `{"resourceType":"Bundle","type":"transaction","entry":[${entries.join(',')}]}`
}

it('never stands still for long while it takes and hands on a transaction of 10,000 entries', async () => {
  const { ask, store } = await startFhir()
  expect((await ask('PUT', '/Patient/a', { body: { resourceType: 'Patient', id: 'a' } })).status).toBe(201)
  const text = Buffer.from(largeBundle())
  expect(text.length).toBeGreaterThan(45_000_000)
  const turns = watchTurns()
  const headers = { prefer: 'return=minimal' }
  const { status } = await ask('POST', '', { text, headers })
  expect(status).toBe(200)
  const commits = await store.log.read(0, 100)
  expect(commits.map(({ changes }) => changes.length)).toContain(ENTRIES)
  const found = await ask('GET', '/Observation?subject=Patient/7&_count=1000')
  expect(found.at('entry.length')).toBe(ENTRIES / 50)
  expect(turns.longest()).toBeLessThan(200)
}, 120_000)
