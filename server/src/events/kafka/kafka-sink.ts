import type { Clock } from '../../kernel/clock.ts'
import { limits } from '../../kernel/limits.ts'
import type { LoggedCommit, Store } from '../../store/port.ts'
import { canonicalPatient } from '../canonical-patient.ts'
import type { Sink } from '../relay.ts'
import type { TopicEvent, Topics } from '../topics/topics.ts'
import { cloudEvent } from './cloud-event.ts'
import type { KafkaMessage } from './cloud-event.ts'
import type { KafkaClient } from './kafka-client.ts'
import { createKafkaClient, isRefusal } from './kafka-client.ts'
import { loadParked } from './parked.ts'
import type { Parked, Placed } from './parked.ts'

export interface KafkaSinkOptions {
  /** `host:port`, several of one cluster. */
  readonly brokers: readonly string[]
  /** All defined topics are sent, each under its own name; the generic `<type>.<interaction>` are not. */
  readonly topics: Topics
  /** Base address of the hub, for `ce_source`. */
  readonly source: () => string
  readonly store: Store
  readonly clock: Clock
  /** Told once for each key that has to wait because the broker refuses an event of it. */
  readonly onParked: (key: string, error: unknown) => void
}

/** Topic events as CloudEvents on Kafka, for `startRelay`. A key whose event is refused waits; the others go on. */
export function createKafkaSink(options: KafkaSinkOptions): Sink {
  const { brokers, topics, store, clock } = options
  const client = createKafkaClient({ brokers, topics: topics.names })
  const defined = new Set(topics.names)
  const sending = { ...options, client }
  let parked: Parked | undefined
  let retried = clock()

  const retryParked = async (): Promise<void> => {
    parked ??= await loadParked(store.records)
    if (parked.size() === 0 || clock() - retried < limits.events.parkedRetryMs) return
    retried = clock()
    for (const key of parked.keys())
      try {
        await parked.retry(key, (message) => client.send([message]))
      } catch (error) {
        if (!isRefusal(error)) throw error
      }
  }
  return {
    name: 'kafka',
    deliver: async (commits) => {
      await retryParked()
      parked ??= await loadParked(store.records)
      const wanted = await eventsOf(topics, commits, defined)
      const placed = await Promise.all(wanted.map((event) => messageOf(sending, event)))
      const waits = placed.filter(({ message }) => parked?.has(message.key) === true)
      await parked.keep(waits)
      await deliver(
        sending,
        parked,
        placed.filter((one) => !waits.includes(one)),
      )
    },
    rest: retryParked,
    close: () => client.close(),
  }
}

async function eventsOf(
  topics: Topics,
  commits: readonly LoggedCommit[],
  defined: ReadonlySet<string>,
): Promise<readonly TopicEvent[]> {
  const events = await Promise.all(commits.map((commit) => topics.eventsOf(commit)))
  return events.flat().filter(({ topic }) => defined.has(topic))
}

async function messageOf({ store, source }: KafkaSinkOptions, event: TopicEvent): Promise<Placed> {
  const { type, id, patients } = event.change
  const [first] = type === 'Patient' ? [id] : patients
  const patient = first === undefined ? undefined : await canonicalPatient(store.resources, first)
  return { n: event.n, index: event.index, message: cloudEvent(event, source(), patient) }
}

type Sending = KafkaSinkOptions & { readonly client: KafkaClient }

/** All at once; when the broker refuses one of them, one after the other, and what is refused waits. */
async function deliver(
  { client, onParked }: Sending,
  parked: Parked,
  placed: readonly Placed[],
): Promise<void> {
  const messages: readonly KafkaMessage[] = placed.map(({ message }) => message)
  try {
    return await client.send(messages)
  } catch (error) {
    if (!isRefusal(error)) throw error
  }
  for (const one of placed)
    try {
      if (parked.has(one.message.key)) await parked.keep([one])
      else await client.send([one.message])
    } catch (error) {
      if (!isRefusal(error)) throw error
      await parked.keep([one])
      onParked(one.message.key, error)
    }
}
