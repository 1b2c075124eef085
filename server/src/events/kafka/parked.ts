import { limits } from '../../kernel/limits.ts'
import type { RecordChange, Store, StoredRecord } from '../../store/port.ts'
import type { KafkaMessage } from './cloud-event.ts'

const PARKED = 'parked-kafka'

/** A message with its place in the log. */
export interface Placed {
  /** Commit number and index of the change in it. */
  readonly n: number
  readonly index: number
  readonly message: KafkaMessage
}

/**
 * Events that the broker refuses for what they are (too large, a topic that may not be written). Their key waits with everything that comes
 * behind it, so that the order of each patient holds; all other keys go on.
 */
export interface Parked {
  has(key: string): boolean
  /** How many keys wait. */
  size(): number
  /** Durable when it resolves; the same message again changes nothing. */
  keep(messages: readonly Placed[]): Promise<void>
  /** Oldest first, until `send` throws. What was sent is forgotten. */
  retry(key: string, send: (message: KafkaMessage) => Promise<void>): Promise<void>
  keys(): readonly string[]
}

/** Reads which keys wait. Only the process that holds the sink's lease may use it. */
export async function loadParked(records: Store['records']): Promise<Parked> {
  const keys = await knownKeys(records)
  return {
    has: (key) => keys.has(key),
    size: () => keys.size,
    keys: () => [...keys],
    keep: async (messages) => {
      if (messages.length === 0) return
      await records.apply(messages.map((placed) => putOf(placed)))
      for (const { message } of messages) keys.add(message.key)
    },
    retry: async (key, send) => {
      for (;;) {
        const page = await waiting(records, key)
        for (const { id, value } of page) {
          await send(value as unknown as KafkaMessage)
          await records.apply([{ op: 'delete', collection: PARKED, id }])
        }
        if (page.length < limits.events.page) break
      }
      keys.delete(key)
    },
  }
}

function putOf({ n, index, message }: Placed): RecordChange {
  const order = `${String(n).padStart(15, '0')}.${String(index).padStart(6, '0')}`
  const id = `${message.key}|${order}|${message.topic}`
  return { op: 'put', collection: PARKED, id, value: { ...message } }
}

async function waiting(records: Store['records'], key: string): Promise<readonly StoredRecord[]> {
  return records.range({ collection: PARKED, from: `${key}|`, to: `${key}|~`, limit: limits.events.page })
}

/** One look a key: ids begin with it. */
async function knownKeys(records: Store['records']): Promise<Set<string>> {
  const keys = new Set<string>()
  for (let from = ''; ;) {
    const [next] = await records.range({ collection: PARKED, from, limit: 1 })
    if (!next) return keys
    const key = next.id.slice(0, next.id.indexOf('|'))
    keys.add(key)
    from = `${key}|~`
  }
}
