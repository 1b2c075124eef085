import { callbackify } from 'node:util'

import { limits } from '../kernel/limits.ts'
import type { Broker } from './embedded-broker.ts'

export interface ExternalBrokerOptions {
  readonly url: string
  readonly accept: (topic: string, payload: Uint8Array) => Promise<void>
  readonly report: (error: unknown) => void
}

/** Subscribes at a broker of the hospital; each message is acknowledged after it is stored, so that the broker keeps what the hub has not. */
export async function openExternalBroker({ url, accept, report }: ExternalBrokerOptions): Promise<Broker> {
  const { connectAsync } = await import('mqtt')
  const client = await connectAsync(url, {
    clientId: 'mogran-hub',
    clean: false,
    keepalive: limits.devices.keepaliveSeconds,
    connectTimeout: limits.devices.connectMs,
    reconnectPeriod: limits.devices.reconnectMs,
  })
  const stored = callbackify(accept)
  client.on('error', report)
  // The acknowledgement of QoS 1 and 2 leaves when `done` is called without an error.
  client.handleMessage = (packet, done) => {
    const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload
    stored(packet.topic, payload, (error: Error | null) => {
      if (error) report(error)
      done(error ?? undefined)
    })
  }
  await client.subscribeAsync(['devices/+/vitals', 'devices/+/alerts', 'devices/+/status'], { qos: 1 })
  return {
    port: Number(new URL(url).port || 1883),
    close: async () => {
      await client.endAsync()
    },
  }
}
