import { expect, it } from 'vitest'

import { startFhir } from './fhir-server.ts'

it('gives the difference of two versions as a patch that makes one from the other', async () => {
  const { ask } = await startFhir()
  const before = { resourceType: 'Patient', id: 'p', gender: 'male', name: [{ family: 'a' }] }
  const after = {
    resourceType: 'Patient',
    id: 'p',
    birthDate: '1990-01-01',
    name: [{ family: 'a' }, { family: 'b' }],
  }
  await ask('PUT', '/Patient/p', { body: before })
  await ask('PUT', '/Patient/p', { body: after })
  const patch = await ask('GET', '/Patient/p/$diff')
  expect([patch.status, patch.json['resourceType']], patch.text).toEqual([200, 'Parameters'])
  await ask('PUT', '/Patient/p', { body: before })
  const patched = await ask('PATCH', '/Patient/p', { text: patch.text })
  expect(patched.status, patched.text).toBe(200)
  expect({ ...patched.json, meta: undefined }).toEqual({ ...after, meta: undefined })
  expect((await ask('GET', '/Patient/p/$diff?from=2&to=4')).json).toEqual({ resourceType: 'Parameters' })
  for (const query of ['?from=0', '?from=x', '?since=1'])
    expect((await ask('GET', `/Patient/p/$diff${query}`)).status).toBe(400)
  expect((await ask('GET', '/Patient/p/$diff?from=9')).status).toBe(404)
  await ask('PUT', '/Patient/q', { body: { ...before, id: 'q' } })
  expect((await ask('GET', '/Patient/q/$diff')).status).toBe(400)
})
