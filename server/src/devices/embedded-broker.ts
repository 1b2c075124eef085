import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { callbackify } from 'node:util'

import { Aedes } from 'aedes'

import { limits } from '../kernel/limits.ts'

export interface Broker {
  readonly port: number
  close(): Promise<void>
}

export interface BrokerOptions {
  readonly host: string
  readonly port: number
  /** Resolves when the publication may be acknowledged; a rejection leaves it unacknowledged and ends the connection. */
  readonly accept: (topic: string, payload: Uint8Array) => Promise<void>
}

/**
 * The MQTT broker of the evaluation mode. Devices publish, nobody may subscribe: values leave the hub over FHIR and WebSocket only.
 * aedes acknowledges before it hands on, therefore the hub stores in `authorizePublish`, which runs before the acknowledgement.
 */
export async function openEmbeddedBroker({ host, port, accept }: BrokerOptions): Promise<Broker> {
  const stored = callbackify(accept)
  const broker = await Aedes.createBroker({
    connectTimeout: limits.devices.connectMs,
    authorizePublish: (_client, packet, done) => {
      const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload
      stored(packet.topic, payload, (error: Error | null) => done(error))
    },
    authorizeSubscribe: (_client, _subscription, done) => done(null, null),
  })
  const server = createServer(broker.handle)
  server.maxConnections = limits.devices.fleetMost
  server.listen(port, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.close()
      await new Promise<void>((resolve) => broker.close(() => resolve()))
    },
  }
}
