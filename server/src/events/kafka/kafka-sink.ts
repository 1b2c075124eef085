import type { Sink } from '../relay.ts'
import type { Topics } from '../topics/topics.ts'
import { cloudEvent } from './cloud-event.ts'
import { createKafkaClient } from './kafka-client.ts'

export interface KafkaSinkOptions {
  /** `host:port`, several of one cluster. */
  readonly brokers: readonly string[]
  /** All defined topics are sent, each under its own name; the generic `<type>.<interaction>` are not. */
  readonly topics: Topics
  /** Base address of the hub, for `ce_source`. */
  readonly source: () => string
}

/** Topic events as CloudEvents on Kafka, for `startRelay`. */
export function createKafkaSink({ brokers, topics, source }: KafkaSinkOptions): Sink {
  const client = createKafkaClient({ brokers, topics: topics.names })
  const defined = new Set(topics.names)
  return {
    name: 'kafka',
    deliver: async (commits) => {
      const events = await Promise.all(commits.map((commit) => topics.eventsOf(commit)))
      const wanted = events.flat().filter(({ topic }) => defined.has(topic))
      await client.send(wanted.map((event) => cloudEvent(event, source())))
    },
    close: () => client.close(),
  }
}
