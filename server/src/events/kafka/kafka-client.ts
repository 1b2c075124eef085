import {
  Admin,
  compatibilityPartitioner,
  findErrorBy,
  Producer,
  stringSerializers,
} from '@platformatic/kafka'

import type { KafkaMessage } from './cloud-event.ts'

/** The one place that knows the client library. */
export interface KafkaClient {
  /** All messages in order, kept by every in-sync replica on return. After a failure the next call begins with a new connection. */
  send(messages: readonly KafkaMessage[]): Promise<void>
  close(): Promise<void>
}

export interface KafkaClientOptions {
  /** `host:port`, several of one cluster. */
  readonly brokers: readonly string[]
  /** Made when they are missing. */
  readonly topics: readonly string[]
}

const PARTITIONS = 6
/** The broker's own default. */
const REPLICAS = -1
/** A producer repeats what failed under the same sequence numbers; when this is not enough, the relay begins again from its cursor. */
const CONNECTION = {
  clientId: 'mogran',
  timeout: 5000,
  connectTimeout: 5000,
  retries: 5,
  retryDelay: 400,
} as const

/** What a broker says of a message that it will never take as it is. */
const REFUSALS = [
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TOPIC_EXCEPTION',
  'TOPIC_AUTHORIZATION_FAILED',
  'POLICY_VIOLATION',
] as const

/** Whether the broker refuses what was sent for what it is, so that sending it again is no use. */
export function isRefusal(error: unknown): boolean {
  return error instanceof Error && REFUSALS.some((id) => findErrorBy(error, 'apiId', id) !== null)
}

export function createKafkaClient({ brokers, topics }: KafkaClientOptions): KafkaClient {
  const connection = { ...CONNECTION, bootstrapBrokers: [...brokers] }
  let producer: Producer<string, string, string, string> | undefined
  const drop = async (): Promise<void> => {
    const last = producer
    producer = undefined
    await last?.close(true).catch(() => undefined)
  }
  return {
    send: async (messages) => {
      if (messages.length === 0) return
      if (!producer) await createMissingTopics(connection, topics)
      // Java's and kafkajs's partitions for a key, so that others may join on it.
      producer ??= new Producer({
        ...connection,
        idempotent: true,
        acks: -1,
        serializers: stringSerializers,
        partitioner: (_, key) => compatibilityPartitioner(_, key),
      })
      try {
        await producer.send({
          messages: messages.map(({ headers, ...message }) => ({ ...message, headers: { ...headers } })),
        })
      } catch (error) {
        await drop()
        throw error
      }
    },
    close: drop,
  }
}

async function createMissingTopics(
  connection: typeof CONNECTION & { bootstrapBrokers: string[] },
  topics: readonly string[],
): Promise<void> {
  const admin = new Admin(connection)
  try {
    const known = new Set(await admin.listTopics())
    const missing = topics.filter((topic) => !known.has(topic))
    if (missing.length > 0)
      await admin.createTopics({ topics: missing, partitions: PARTITIONS, replicas: REPLICAS })
  } finally {
    await admin.close()
  }
}
