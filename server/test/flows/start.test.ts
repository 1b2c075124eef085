import { expect, it, onTestFinished } from 'vitest'

import { exitOf, freshFolder, removeFolder, startHub } from './hub.ts'

it('says where it listens, answers, and stops cleanly on SIGTERM', async () => {
  const data = await folder()
  const hub = await startHub({ data })
  expect(hub).toMatchObject({ fhir: `${hub.http}/fhir`, store: 'embedded' })
  expect(hub.mqtt).toBeGreaterThan(0)
  expect((await fetch(`${hub.http}/healthz`)).status).toBe(200)
  expect((await fetch(`${hub.http}/readyz`)).status).toBe(200)
  expect(await hub.stop()).toBe(0)
})

it('refuses a second process on the same data folder with code 78 and leaves the first alone', async () => {
  const data = await folder()
  const hub = await startHub({ data })
  onTestFinished(() => hub.kill())
  const second = await exitOf({ data })
  expect(second.code).toBe(78)
  expect(second.said).toContain('another hub process is using the data folder')
  expect((await hub.ask('/api/v1/me')).status).toBe(200)
})

it('starts again on a folder whose process was killed', async () => {
  const data = await folder()
  await (await startHub({ data })).kill()
  const again = await startHub({ data })
  expect(await again.stop()).toBe(0)
})

it.each([
  [{ HUB_HTTP_PORT: 'many' }, 'HUB_HTTP_PORT'],
  [{ HUB_MODE: 'production', HUB_BOOTSTRAP_CLIENT: 'admin:admin' }, 'HUB_BOOTSTRAP_CLIENT'],
  [{ HUB_MODE: 'production', HUB_DEMO: 'on' }, 'HUB_DEMO'],
])('ends with code 78 and names the variable: %j', async (env, name) => {
  const end = await exitOf({ data: await folder(), env })
  expect(end.code).toBe(78)
  expect(end.said).toContain(name)
})

it('knows the demo people in evaluation mode only', async () => {
  const data = await folder()
  const evaluation = await startHub({ data })
  expect((await login(evaluation.http)).status).toBe(200)
  await evaluation.stop()
  const production = await startHub({ data, env: { HUB_MODE: 'production', HUB_DEMO: '' } })
  onTestFinished(() => production.kill())
  expect((await login(production.http)).status).toBe(401)
})

it('asks for a token wherever there is something to protect', async () => {
  const hub = await startHub({ data: await folder() })
  onTestFinished(() => hub.kill())
  const answers = await Promise.all(
    ['/fhir/Patient/1', '/fhir/Patient?name=x', '/api/v1/me'].map((path) => fetch(`${hub.http}${path}`)),
  )
  for (const answer of answers) {
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toContain('Bearer')
    expect(await answer.json()).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ code: 'login' }],
    })
  }
})

async function folder(): Promise<string> {
  const data = await freshFolder()
  onTestFinished(() => removeFolder(data))
  return data
}

async function login(http: string): Promise<Response> {
  return fetch(`${http}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login: 'nurse', password: 'demo' }),
  })
}
