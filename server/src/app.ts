import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { pino } from 'pino'

import { consoleFiles } from './app-console.ts'
import { createHttp } from './app-http.ts'
import { openStore } from './app-store.ts'
import type { AuditArchive } from './audit/create-audit-trail.ts'
import { createAuditTrail } from './audit/create-audit-trail.ts'
import type { Auth } from './auth/create-auth.ts'
import { createAuth } from './auth/create-auth.ts'
import type { Config } from './config/config.ts'
import { createDemoAccounts } from './demo/accounts.ts'
import { loadDefinitions } from './fhir/load-definitions.ts'
import type { Clock } from './kernel/clock.ts'
import { systemClock } from './kernel/clock.ts'
import type { Store } from './store/port.ts'

export interface RunningHub {
  readonly ready: Readonly<Record<string, unknown>>
  /** Finishes what is under way and closes everything, the store last. */
  stop(): Promise<void>
}

/** What every part is built from. */
export interface Foundation {
  readonly config: Config
  readonly clock: Clock
  readonly log: Logger
  readonly store: Store
  readonly audit: AuditArchive
  readonly auth: Auth
}

/** Steps that undo what was started, run in reverse order. */
type Closing = (() => Promise<void>)[]

const CONSOLE = fileURLToPath(new URL('../../console/dist', import.meta.url))

/**
 * Builds the hub from its configuration: the one place that knows every part.
 *
 * @throws Fault `unavailable` when the store cannot be opened; whatever was started before is closed again
 */
export async function startHub(config: Config): Promise<RunningHub> {
  const closing: Closing = []
  try {
    return await start(config, closing)
  } catch (error) {
    await closeAll(closing)
    throw error
  }
}

async function start(config: Config, closing: Closing): Promise<RunningHub> {
  const clock = systemClock
  // Standard output belongs to the ready line.
  const log = pino({ level: config.HUB_LOG_LEVEL, base: null }, pino.destination({ dest: 2, sync: true }))
  mkdirSync(config.HUB_DATA, { recursive: true, mode: 0o700 })
  const definitions = loadDefinitions()
  const { store, kind } = await openStore(config, definitions.hash)
  closing.push(() => store.close())
  const onError = (error: unknown) => log.error({ err: error }, 'audit rows could not be shipped')
  const audit = createAuditTrail({ folder: join(config.HUB_DATA, 'audit'), store, clock, onError })
  closing.push(() => audit.close())
  let address = config.HUB_PUBLIC_URL ?? `http://${config.HUB_HOST}:${config.HUB_HTTP_PORT}`
  const auth = await createAuth({
    store,
    audit,
    clock,
    publicUrl: () => address,
    mode: config.HUB_MODE,
    ...(config.HUB_BOOTSTRAP_CLIENT === undefined ? {} : { bootstrapClient: config.HUB_BOOTSTRAP_CLIENT }),
  })
  const app = createHttp({
    log,
    trustedProxies: config.HUB_TRUSTED_PROXIES,
    callerOf: (authorization, correlation) => auth.callerOf(authorization, correlation),
    notReady: () => undefined,
    health: () => store.health(),
  })
  await routes(app, { config, clock, log, store, audit, auth })
  const listening = await app.listen({ host: config.HUB_HOST, port: config.HUB_HTTP_PORT })
  closing.push(() => app.close())
  address = config.HUB_PUBLIC_URL ?? listening
  return { ready: { http: listening, fhir: `${listening}/fhir`, store: kind }, stop: () => closeAll(closing) }
}

async function routes(app: FastifyInstance, { config, auth }: Foundation): Promise<void> {
  if (config.HUB_MODE === 'evaluation') {
    await createDemoAccounts(auth.accounts, {
      subject: 'hub',
      kind: 'system',
      roles: ['administrator'],
      facilities: 'all',
    })
  }
  await app.register(auth.routes)
  await app.register(auth.api, { prefix: '/api/v1' })
  await app.register(consoleFiles, {
    folder: config.HUB_CONSOLE ?? CONSOLE,
    about: { site: config.HUB_SITE, mode: config.HUB_MODE, zone: config.HUB_ZONE },
  })
}

async function closeAll(closing: Closing): Promise<void> {
  for (const close of closing.splice(0).toReversed()) await close()
}
