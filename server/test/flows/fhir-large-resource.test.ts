import { expect, it } from 'vitest'

import { startFhir } from './fhir-server.ts'
import { watchTurns } from './turns.ts'

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
