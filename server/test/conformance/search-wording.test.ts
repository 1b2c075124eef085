import { beforeAll, expect, it } from 'vitest'

import { hubForFile, idsOf } from './fhir-peer.ts'
import { FIXTURES, OBSERVATIONS, OTHERS, PATIENTS } from './search-wording.ts'

const { ask } = hubForFile()

beforeAll(async () => {
  const entry = FIXTURES.map((resource) => ({
    resource,
    request: { method: 'PUT', url: `${String(resource['resourceType'])}/${String(resource['id'])}` },
  }))
  const answer = await ask('POST', '', { body: { resourceType: 'Bundle', type: 'transaction', entry } })
  if (answer.status !== 200) throw new Error(answer.text)
})

it.each([
  ['patients', '/Patient?_id=p1,p2,p3&', PATIENTS],
  ['observations', '/Observation?_id=b1,b2,b3,b4,b5,b6&', OBSERVATIONS],
  ['everything else', '', OTHERS],
])('finds %s as the search page of R4 says', async (_what, start, wanted) => {
  const found: Record<string, string> = {}
  for (const query of Object.keys(wanted)) {
    const answer = await ask('GET', start + query)
    found[query] = answer.status === 200 ? [...idsOf(answer)].toSorted().join(' ') : String(answer.status)
  }
  expect(found).toEqual(wanted)
})
