import { fileURLToPath } from 'node:url'

import type { Foundation } from './app-foundation.ts'
import { keepLogShort } from './app-store.ts'
import { startRelay } from './events/relay.ts'
import { loadTopics } from './events/topics/topics.ts'
import { startEventFeed } from './events/websocket/event-feed.ts'
import { serveWebSocket } from './events/websocket/websocket-server.ts'

const TOPICS = fileURLToPath(new URL('../../fhir-profiles/topics', import.meta.url))

/** The sinks of the commit log that this process serves: WebSocket where it speaks HTTP, Kafka where it relays and a broker is named. */
export async function startEvents(foundation: Foundation): Promise<void> {
  const { config, store, early, live, auth, audit, clock, log, address, closing } = foundation
  const trimmer = keepLogShort(foundation)
  closing.push(() => trimmer.close())
  const topics = loadTopics(TOPICS, store.resources)
  const onError = (error: unknown) =>
    log.error({ err: error }, 'events could not be read; they are tried again')
  if (config.HUB_ROLES.includes('http')) {
    const feed = await startEventFeed({ log: store.log, resources: store.resources, topics, onError })
    closing.push(() => feed.close())
    const sockets = serveWebSocket({
      server: early.server,
      feed,
      live,
      callerOf: (authorization, correlation) => auth.callerOf(authorization, correlation),
      origins: [address],
      audit,
      clock,
      onError,
    })
    closing.push(() => sockets.close())
  }
  if (config.HUB_ROLES.includes('relay') && config.KAFKA_BROKERS !== undefined) {
    // The client takes most of a second to load: only who uses Kafka waits for it.
    const { createKafkaSink } = await import('./events/kafka/kafka-sink.ts')
    const brokers = config.KAFKA_BROKERS.split(',').map((broker) => broker.trim())
    const sink = createKafkaSink({
      brokers,
      topics,
      store,
      clock,
      source: () => address,
      onParked: (key, error) =>
        log.error({ err: error, key }, 'the broker refuses an event; its key waits and is tried again'),
    })
    const relay = startRelay({ store, sink, clock, onError })
    closing.push(() => relay.close())
  }
}
