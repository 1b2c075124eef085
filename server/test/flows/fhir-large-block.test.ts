import { expect, it, onTestFinished } from 'vitest'

import { startFhir } from './fhir-server.ts'

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

/** Processor time of the longest turns of this thread's event loop, in milliseconds: what others on the machine do is not counted. */
function watchTurns(): { longest(): number } {
  let longest = 0
  let before = process.threadCpuUsage()
  let isOver = false
  const turn = (): void => {
    const { user, system } = process.threadCpuUsage(before)
    longest = Math.max(longest, (user + system) / 1000)
    before = process.threadCpuUsage()
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  onTestFinished(() => void (isOver = true))
  return { longest: () => longest }
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

/** A resource near the bound of one. */
function largeResponse(): string {
  const item = Array.from({ length: 85_000 }, (_, index) => ({
    linkId: String(index),
    text: 'Some question text',
    answer: [{ valueString: `answer text ${String(index)}` }],
  }))
  return JSON.stringify({ resourceType: 'QuestionnaireResponse', status: 'completed', item })
}

it('never stands still for long over one large resource', async () => {
  const { ask } = await startFhir()
  await ask('POST', '/QuestionnaireResponse', {
    body: { resourceType: 'QuestionnaireResponse', status: 'completed' },
  })
  const resource = largeResponse()
  expect(resource.length).toBeGreaterThan(7_900_000)
  const headers = { prefer: 'return=minimal' }
  const single = watchTurns()
  expect((await ask('POST', '/QuestionnaireResponse', { text: Buffer.from(resource), headers })).status).toBe(
    201,
  )
  expect(single.longest()).toBeLessThan(200)
  const request = JSON.stringify({ method: 'POST', url: 'QuestionnaireResponse' })
  const bundle = `{"resourceType":"Bundle","type":"transaction","entry":[{"request":${request},"resource":${resource}}]}`
  const inBundle = watchTurns()
  expect((await ask('POST', '', { text: Buffer.from(bundle), headers })).status).toBe(200)
  expect(inBundle.longest()).toBeLessThan(200)
}, 120_000)
