import type { Foundation } from './app-foundation.ts'
import { startDemo } from './demo/start-demo.ts'

/** The demo hospital in evaluation mode: started last, stopped first. Its token is that of the demo administrator. */
export async function startDemoHospital(
  foundation: Foundation,
  ports: { mllp?: number; mqtt?: number },
): Promise<void> {
  const { config, early, log, closing } = foundation
  const { mllp, mqtt } = ports
  if (!config.demo || mllp === undefined || mqtt === undefined) return
  const answer = await fetch(`${early.address}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ login: 'admin', password: 'demo' }),
  })
  const { access_token: token } = (await answer.json()) as { access_token?: string }
  if (token === undefined) {
    log.warn('the demo hospital stays away: somebody changed the password of the account "admin"')
    return
  }
  const targets = { host: config.HUB_HOST, mllp, mqtt, http: early.address, token }
  const demo = startDemo(targets, (code) =>
    log.warn({ code }, 'the demo hospital has ended; the hub goes on without it'),
  )
  closing.push(() => demo.stop())
}
