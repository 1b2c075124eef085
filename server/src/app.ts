import { fileURLToPath } from 'node:url'

import { consoleFiles } from './app-console.ts'
import { startDemoHospital } from './app-demo.ts'
import { startDevices } from './app-devices.ts'
import { startEvents } from './app-events.ts'
import { startFhir } from './app-fhir.ts'
import type { Foundation } from './app-foundation.ts'
import { layFoundation } from './app-foundation.ts'
import { startHl7 } from './app-hl7.ts'
import { createHttp, requestIdOf } from './app-http.ts'
import type { Config } from './config/config.ts'
import { createDemoAccounts } from './demo/accounts.ts'
import { createFastRoute } from './fhir/rest/fast-route.hot.ts'
import type { FastRouteOptions } from './fhir/rest/fast-route.hot.ts'
import { createFastWrite } from './fhir/rest/fast-write.hot.ts'

export interface RunningHub {
  /** What the ready line says (DESIGN, section 14). */
  readonly ready: Readonly<Record<string, unknown>>
  /** Finishes what is under way and closes everything, the store last. */
  stop(): Promise<void>
}

const CONSOLE = fileURLToPath(new URL('../../console/dist', import.meta.url))

/**
 * Builds the hub from its configuration; the files `app-*.ts` are the only ones that know every part.
 *
 * @throws Fault `unavailable` when something cannot be opened; whatever was started before is closed again
 */
export async function startHub(config: Config): Promise<RunningHub> {
  const closing: Foundation['closing'] = []
  try {
    const foundation = await layFoundation(config, closing)
    return { ready: await startFeatures(foundation), stop: () => closeAll(closing) }
  } catch (error) {
    await closeAll(closing)
    throw error
  }
}

async function startFeatures(foundation: Foundation): Promise<RunningHub['ready']> {
  const { config, log, early, auth, store, address, closing } = foundation
  if (config.HUB_MODE === 'evaluation') {
    const by = { subject: 'hub', kind: 'system', roles: ['administrator'], facilities: 'all' } as const
    await createDemoAccounts(auth.accounts, by)
  }
  const app = createHttp({
    early,
    log,
    trustedProxies: config.HUB_TRUSTED_PROXIES,
    corsOrigins: config.HUB_CORS_ORIGINS,
    callerOf: (authorization, correlation) => auth.callerOf(authorization, correlation),
    notReady: () => undefined,
    health: () => store.health(),
  })
  await app.register(auth.routes)
  await app.register(auth.api, { prefix: '/api/v1' })
  await startFhir(app, foundation)
  const mllp = await startHl7(app, foundation)
  const mqtt = await startDevices(app, foundation)
  await startEvents(foundation)
  await app.register(consoleFiles, {
    folder: config.HUB_CONSOLE ?? CONSOLE,
    about: { site: config.HUB_SITE, mode: config.HUB_MODE, zone: config.HUB_ZONE },
  })
  await app.ready()
  const fast: FastRouteOptions = {
    rest: foundation.fhir.rest,
    prefix: '/fhir/',
    knownCaller: auth.knownCaller,
    requestIdOf,
    vary: config.HUB_CORS_ORIGINS.length > 0 ? ['Origin'] : [],
    onDefect: (error) => log.error({ err: error }, 'request failed'),
  }
  const [fastRoute, fastWrite] = [createFastRoute(fast), createFastWrite(fast)]
  early.serve((request, response) => {
    if (!fastRoute(request, response) && !fastWrite(request, response)) app.routing(request, response)
  })
  closing.push(() => app.close())
  await startDemoHospital(foundation, {
    ...(mllp === undefined ? {} : { mllp }),
    ...(mqtt === undefined ? {} : { mqtt }),
  })
  return {
    http: early.address,
    fhir: `${address}/fhir`,
    ...(mllp === undefined ? {} : { mllp }),
    ...(mqtt === undefined ? {} : { mqtt }),
    store: foundation.storeKind,
  }
}

async function closeAll(closing: Foundation['closing']): Promise<void> {
  for (const close of closing.splice(0).toReversed()) await close()
}
