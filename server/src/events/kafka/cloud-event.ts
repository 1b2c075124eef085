import type { TopicEvent } from '../topics/topics.ts'

/** One message as the client sends it. */
export interface KafkaMessage {
  readonly topic: string
  /** Decides the partition: events with the same key keep their order. */
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  readonly value: string
}

/**
 * A topic event as CloudEvent in Kafka's binary mode. The data only refers to the resource: who reads it asks the hub with rights of their
 * own, and a payload in Kafka cannot be recalled.
 *
 * @param source base address of the hub.
 * @param patientId the canonical patient whose compartment holds the resource; absent when it belongs to none.
 * @see CloudEvents 1.0, "Kafka Protocol Binding", section 3.2
 */
export function cloudEvent(
  { topic, n, index, time, change, facility }: TopicEvent,
  source: string,
  patientId: string | undefined,
): KafkaMessage {
  const reference = `${change.type}/${change.id}`
  const patient = patientId === undefined ? undefined : `Patient/${patientId}`
  return {
    topic,
    key: patient ?? reference,
    headers: {
      ce_specversion: '1.0',
      ce_id: `${n}-${index}`,
      ce_type: `org.mogran.${topic}.v1`,
      ce_source: source,
      ce_subject: reference,
      ce_time: new Date(time).toISOString(),
      'content-type': 'application/json',
    },
    value: JSON.stringify({ reference, version: change.version, patient, facility }),
  }
}
