import Fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { expect, it, onTestFinished } from 'vitest'

import { Me, Tokens } from '../../src/auth/auth.contract.ts'
import { systemCaller } from '../../src/auth/caller.ts'
import type { Auth, AuthOptions } from '../../src/auth/create-auth.ts'
import { limits } from '../../src/kernel/limits.ts'
import type { Store } from '../../src/store/port.ts'
import { freshAuth } from '../fresh-auth.ts'
import { freshStore } from '../fresh-store.ts'

const URL = 'http://hub.example'
const ADA = { login: 'Ada', password: 'correct horse battery' }

it('signs a person in, whatever the case of the login, and says who they are', async () => {
  const { app } = await started()
  const answer = await post(app, '/auth/login', { ...ADA, login: ' aDA ' })
  expect(answer.statusCode).toBe(200)
  expect(answer.headers['cache-control']).toBe('no-store')
  const tokens = Tokens.parse(answer.json())
  expect(tokens.expires_in).toBe(900)
  const me = await app.inject({ url: '/api/v1/me', headers: bearer(tokens.access_token) })
  expect(Me.parse(me.json())).toMatchObject({
    name: 'Ada L.',
    roles: ['nurse'],
    facilities: ['Organization/1'],
    fhirUser: 'Practitioner/1',
  })
  expect(Me.parse(me.json()).permissions).toContain('ward.read')
})

it('gives tokens that others can verify by the published key', async () => {
  const { app } = await started()
  const { access_token } = await signIn(app)
  const keys = createLocalJWKSet((await app.inject('/auth/jwks')).json())
  const { payload, protectedHeader } = await jwtVerify(access_token, keys, { issuer: URL, audience: URL })
  expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'at+jwt' })
  expect(payload).toMatchObject({
    client_id: 'console',
    scope: 'openid fhirUser user/*.cruds',
    fhirUser: 'Practitioner/1',
  })
  expect(payload.jti).toBeDefined()
})

it('refuses a wrong password and an unknown login with the same words', async () => {
  const { app, trail } = await started()
  const answers = [
    await post(app, '/auth/login', { ...ADA, password: 'x' }),
    await post(app, '/auth/login', { login: 'eve', password: 'x' }),
  ]
  expect(answers.map(({ statusCode }) => statusCode)).toEqual([401, 401])
  expect(answers[0]?.body).toBe(answers[1]?.body)
  expect(answers[0]?.headers['www-authenticate']).toContain('Bearer')
  const rows = await trail.rows({ limit: 10 })
  expect(
    rows.filter(({ interaction, outcome }) => interaction === 'login' && outcome === 'refused'),
  ).toHaveLength(2)
})

it('turns an address away after too many attempts for a login, and says for how long', async () => {
  const { app } = await started()
  for (let i = 0; i < limits.auth.attempts; i += 1) await post(app, '/auth/login', { ...ADA, password: 'x' })
  const late = await post(app, '/auth/login', ADA)
  expect(late.statusCode).toBe(429)
  expect(Number(late.headers['retry-after'])).toBeGreaterThan(0)
})

it('rotates refresh tokens and ends the session when one is used twice', async () => {
  const { app, auth } = await started()
  const first = await signIn(app)
  const second = Tokens.parse((await post(app, '/auth/refresh', first)).json())
  await expect(auth.callerOf(bearer(second.access_token).authorization)).resolves.toMatchObject({
    kind: 'person',
  })
  expect((await post(app, '/auth/refresh', first)).statusCode).toBe(401)
  expect((await post(app, '/auth/refresh', second)).statusCode).toBe(401)
})

it('takes a refresh token at the OAuth endpoint, too', async () => {
  const { app } = await started()
  const { refresh_token } = await signIn(app)
  const form = { grant_type: 'refresh_token', refresh_token }
  expect(Tokens.parse((await postForm(app, form)).json()).refresh_token).not.toBe(refresh_token)
  const again = await postForm(app, form)
  expect([again.statusCode, again.json().error]).toEqual([400, 'invalid_grant'])
})

it('signs out: neither token is good any more', async () => {
  const { app, auth } = await started()
  const tokens = await signIn(app)
  const { authorization } = bearer(tokens.access_token)
  await auth.callerOf(authorization)
  expect((await post(app, '/auth/logout', tokens)).statusCode).toBe(204)
  await expect(refusalOf(auth, authorization)).resolves.toMatchObject({ kind: 'unauthenticated' })
  expect((await post(app, '/auth/refresh', tokens)).statusCode).toBe(401)
})

it.each([
  ['a form', { client_id: 'boot', client_secret: 's3cr:t&+%' }, undefined],
  ['Basic', {}, `Basic ${Buffer.from('boot:s3cr%3At%26%2B%25').toString('base64')}`],
])('gives the bootstrap client administrator rights by %s', async (_, credentials, authorization) => {
  const { app, auth } = await started()
  const answer = await postForm(app, { grant_type: 'client_credentials', ...credentials }, authorization)
  expect(answer.json()).toMatchObject({ token_type: 'Bearer', expires_in: 900, scope: 'system/*.cruds' })
  expect(answer.headers['pragma']).toBe('no-cache')
  const caller = await auth.callerOf(bearer(answer.json().access_token).authorization)
  expect(caller).toEqual({ subject: 'boot', kind: 'client', roles: ['administrator'], facilities: 'all' })
})

it('narrows a client to the scopes that it asked for', async () => {
  const { app, auth } = await started()
  const form = { grant_type: 'client_credentials', client_id: 'boot', client_secret: 's3cr:t&+%' }
  const answer = (await postForm(app, { ...form, scope: 'system/Patient.rs user/*.cruds' })).json()
  expect(answer.scope).toBe('system/Patient.rs')
  const caller = await auth.callerOf(bearer(answer.access_token).authorization)
  expect(caller.scopes).toEqual([{ context: 'system', type: 'Patient', letters: 'rs' }])
  const refused = await postForm(app, { ...form, scope: 'launch' })
  expect([refused.statusCode, refused.json().error]).toEqual([400, 'invalid_scope'])
})

it.each([
  ['a wrong secret', 'grant_type=client_credentials&client_id=boot&client_secret=x', 401, 'invalid_client'],
  ['no client', 'grant_type=client_credentials', 401, 'invalid_client'],
  ['no grant type', 'client_id=boot', 400, 'invalid_request'],
  ['a parameter twice', 'grant_type=client_credentials&scope=a&scope=b', 400, 'invalid_request'],
  ['another grant', 'grant_type=password', 400, 'unsupported_grant_type'],
])('answers as RFC 6749 says: %s', async (...[, payload, status, error]) => {
  const { app } = await started()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const answer = await app.inject({ method: 'POST', url: '/auth/token', headers, payload })
  expect([answer.statusCode, answer.json().error]).toEqual([status, error])
})

it('keeps signing key and accounts over a restart, the key sealed by a secret', async () => {
  const store = await freshStore()
  const first = await started({ secret: 'a' }, store)
  const { authorization } = bearer((await signIn(first.app)).access_token)
  expect(JSON.stringify(await store.records.get('signing-keys', '1'))).not.toContain('pkcs8')
  const again = await started({ secret: 'a' }, store)
  await expect(again.auth.callerOf(authorization)).resolves.toMatchObject({ kind: 'person' })
  await expect(started({ secret: 'b' }, store)).rejects.toMatchObject({ kind: 'unavailable' })
})

it('seals a signing key that was made without a secret, and goes on with it', async () => {
  const store = await freshStore()
  const first = await started({}, store)
  const { authorization } = bearer((await signIn(first.app)).access_token)
  expect(JSON.stringify(await store.records.get('signing-keys', '1'))).toContain('pkcs8')
  const sealed = await started({ secret: 'a' }, store)
  expect(JSON.stringify(await store.records.get('signing-keys', '1'))).not.toContain('pkcs8')
  await expect(sealed.auth.callerOf(authorization)).resolves.toMatchObject({ kind: 'person' })
  await expect(started({}, store)).rejects.toMatchObject({ kind: 'unavailable' })
})

it('lets demo people in during evaluation only', async () => {
  const store = await freshStore()
  const { app } = await started({}, store)
  expect((await post(app, '/auth/login', { login: 'demo', password: 'demo' })).statusCode).toBe(200)
  const production = await started({ mode: 'production' }, store)
  expect((await post(production.app, '/auth/login', { login: 'demo', password: 'demo' })).statusCode).toBe(
    401,
  )
})

it('manages accounts, and a new password or a closed account ends the sessions at once', async () => {
  const { app, auth, boss } = await started()
  const bob = { login: 'bob', name: 'Bob', password: 'twelve letters', roles: ['doctor'], facilities: 'all' }
  const made = await app.inject({ method: 'POST', url: '/api/v1/accounts', headers: boss, payload: bob })
  expect([made.statusCode, made.json().login]).toEqual([201, 'bob'])
  const { access_token } = await signIn(app, bob)
  await expect(auth.callerOf(bearer(access_token).authorization)).resolves.toMatchObject({
    roles: ['doctor'],
  })

  const url = `/api/v1/accounts/${made.json().id}`
  expect(
    (await app.inject({ method: 'PATCH', url, headers: boss, payload: { disabled: true } })).json().disabled,
  ).toBe(true)
  await expect(refusalOf(auth, bearer(access_token).authorization)).resolves.toMatchObject({
    kind: 'unauthenticated',
  })
  expect((await post(app, '/auth/login', bob)).statusCode).toBe(401)
  expect((await app.inject({ url: '/api/v1/accounts', headers: boss })).json()).toHaveLength(3)
})

it('remembers a checked token and gives each request its own correlation id', async () => {
  const { app, auth } = await started()
  const { authorization } = bearer((await signIn(app)).access_token)
  const first = auth.callerOf(authorization, 'r1')
  expect(first).toBeInstanceOf(Promise)
  await first
  expect(auth.callerOf(authorization, 'r2')).toMatchObject({ correlation: 'r2', kind: 'person' })
  await expect(refusalOf(auth, undefined)).resolves.toMatchObject({ kind: 'unauthenticated' })
  await expect(refusalOf(auth, 'Basic abc')).resolves.toMatchObject({ kind: 'unauthenticated' })
})

async function started(options: Partial<AuthOptions> = {}, store?: Store) {
  const used = store ?? (await freshStore())
  const { auth, trail } = await freshAuth(used, options)
  if (!(await auth.accounts.byLogin('ada'))) await createPeople(auth)
  const app = Fastify()
  await app.register(auth.routes)
  await app.register(auth.api, { prefix: '/api/v1' })
  onTestFinished(() => app.close())
  const form = { grant_type: 'client_credentials', client_id: 'boot', client_secret: 's3cr:t&+%' }
  const boss = bearer((await postForm(app, form)).json().access_token)
  return { app, auth, trail, boss }
}

async function createPeople({ accounts }: Auth): Promise<void> {
  const by = systemCaller('test', 'system')
  const nurse = {
    name: 'Ada L.',
    roles: ['nurse' as const],
    facilities: ['Organization/1'],
    fhirUser: 'Practitioner/1',
  }
  await accounts.create(by, { ...ADA, ...nurse })
  await accounts.create(by, {
    login: 'demo',
    password: 'demo',
    name: 'D',
    roles: ['nurse'],
    facilities: 'all',
    demo: true,
  })
}

async function signIn(app: FastifyInstance, who = ADA) {
  return Tokens.parse((await post(app, '/auth/login', who)).json())
}

async function post(app: FastifyInstance, url: string, payload: object): Promise<LightMyRequestResponse> {
  return app.inject({ method: 'POST', url, payload })
}

async function postForm(
  app: FastifyInstance,
  form: Record<string, string>,
  authorization?: string,
): Promise<LightMyRequestResponse> {
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    ...(authorization ? { authorization } : {}),
  }
  return app.inject({
    method: 'POST',
    url: '/auth/token',
    headers,
    payload: String(new URLSearchParams(form)),
  })
}

async function refusalOf(auth: Auth, authorization: string | undefined): Promise<unknown> {
  try {
    return await auth.callerOf(authorization)
  } catch (error) {
    return error
  }
}

function bearer(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` }
}
