import { fileURLToPath } from 'node:url'

import type { FastifyInstance } from 'fastify'

import type { Foundation } from './app-foundation.ts'
import { callerOfRequest } from './app-http.ts'
import { authoriseCommand } from './auth/authorise.ts'
import { createAssociations } from './devices/association.ts'
import { devicesApi } from './devices/devices-api.ts'
import { createGateway } from './devices/gateway.ts'
import { loadProfiles } from './devices/profile.ts'
import { fault } from './kernel/fault.ts'

const DRIVERS = fileURLToPath(new URL('../../device-drivers', import.meta.url))
const TICK_MS = 1000

/** The gateway with its API and its broker. @returns the port of the broker; undefined when this process has none */
export async function startDevices(
  app: FastifyInstance,
  foundation: Foundation,
): Promise<number | undefined> {
  const { config, store, live, clock, log, closing } = foundation
  const { resources } = foundation.fhir
  if (!config.HUB_ROLES.includes('devices')) return undefined
  const [profile] = await loadProfiles(DRIVERS)
  if (!profile) throw fault('unavailable', { code: 'required', text: 'device-drivers/ holds no profile' })
  const associations = createAssociations(store)
  const report = (error: unknown, device: string) =>
    log.warn({ err: error, device }, 'a device message was refused')
  const gateway = createGateway({ store, resources, live, associations, profile, clock, report })
  await app.register(devicesApi, {
    prefix: '/api/v1/devices',
    gateway,
    associations,
    resources,
    clock,
    callerOf: callerOfRequest,
    authorise: authoriseCommand,
  })
  const tick = setInterval(() => {
    gateway.tick().catch((error: unknown) => log.error({ err: error }, 'charting failed; it is tried again'))
  }, TICK_MS)
  closing.push(async () => clearInterval(tick))
  const broker = await openBroker(foundation, (topic, payload) => gateway.accept(topic, payload))
  if (broker) closing.push(() => broker.close())
  return broker?.port
}

async function openBroker(
  { config, log }: Foundation,
  accept: (topic: string, payload: Uint8Array) => Promise<void>,
) {
  if (config.MQTT_URL !== undefined) {
    const { openExternalBroker } = await import('./devices/external-broker.ts')
    const report = (error: unknown) => log.warn({ err: error }, 'the MQTT broker is away')
    return openExternalBroker({ url: config.MQTT_URL, accept, report })
  }
  if (config.HUB_MQTT_PORT === undefined) return undefined
  const { openEmbeddedBroker } = await import('./devices/embedded-broker.ts')
  return openEmbeddedBroker({ host: config.HUB_HOST, port: config.HUB_MQTT_PORT, accept })
}
