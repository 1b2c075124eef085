import { expect, it } from 'vitest'

import { readConfig } from './config.ts'

it('has a default for everything, and the demo hospital in evaluation mode only', () => {
  expect(readConfig({}, [])).toMatchObject({
    HUB_MODE: 'evaluation',
    HUB_HTTP_PORT: 8080,
    HUB_LOG_KEEP: 604_800_000,
    demo: true,
  })
  expect(readConfig({}, ['--empty']).demo).toBe(false)
  expect(readConfig({ HUB_DEMO: 'off' }, []).demo).toBe(false)
  expect(readConfig({ HUB_MODE: 'production' }, []).demo).toBe(false)
})

it.each([
  [{ HUB_HTTP_PORT: '70000' }, 'HUB_HTTP_PORT'],
  [{ HUB_ZONE: 'Khartoum' }, 'HUB_ZONE'],
  [{ HUB_LOG_KEEP: 'a week' }, 'HUB_LOG_KEEP'],
  [{ HUB_ROLES: 'http,dancing' }, 'HUB_ROLES'],
  [{ MONGODB_URL: 'postgres://x' }, 'MONGODB_URL'],
  [{ HUB_BOOTSTRAP_CLIENT: 'no-secret' }, 'HUB_BOOTSTRAP_CLIENT'],
  [{ HUB_SECRET: 'too short' }, 'HUB_SECRET'],
  [{ HUB_CORS_ORIGINS: 'app.example.org' }, 'HUB_CORS_ORIGINS'],
  [{ HUB_CORS_ORIGINS: 'https://app.example.org/' }, 'HUB_CORS_ORIGINS'],
])('refuses %j and names the variable', (environment, name) => {
  expect(() => readConfig(environment, [])).toThrow(name)
})

it('opens plain-text listeners for messages and devices by itself in evaluation only', () => {
  expect(readConfig({}, [])).toMatchObject({ HUB_MLLP_PORT: 2575, HUB_MQTT_PORT: 1883 })
  const production = readConfig({ HUB_MODE: 'production', HUB_MQTT_PORT: '0' }, [])
  expect([production.HUB_MLLP_PORT, production.HUB_MQTT_PORT]).toEqual([undefined, 0])
})

it('refuses default and short secrets and the demo in production', () => {
  const production = { HUB_MODE: 'production' }
  expect(() => readConfig({ ...production, HUB_BOOTSTRAP_CLIENT: 'admin:admin' }, [])).toThrow(
    'HUB_BOOTSTRAP_CLIENT',
  )
  expect(() => readConfig({ ...production, HUB_BOOTSTRAP_CLIENT: 'ci:short' }, [])).toThrow('at least 16')
  expect(() => readConfig({ ...production, HUB_DEMO: 'on' }, [])).toThrow('HUB_DEMO')
  expect(readConfig({ ...production, HUB_BOOTSTRAP_CLIENT: 'ci:0123456789abcdef' }, []).HUB_MODE).toBe(
    'production',
  )
})

it('refuses words that it does not know', () => {
  expect(() => readConfig({}, ['--emtpy'])).toThrow('--empty')
})
