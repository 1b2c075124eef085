import type { RecordStore } from '../../store/port.ts'
import { startDelivery, type Delivery, type DeliveryDeps } from './delivery.ts'
import type { Destination } from './destination.ts'
import { moveToLanes } from './lanes.ts'
import type { SentRate } from './sent-rate.ts'

/** The destinations that are sent to. */
export interface Deliveries {
  /**
   * Ends those that are gone or have changed, when the message that is under way is answered, and begins those that are new. The same destinations
   * again change nothing.
   */
  follow(destinations: readonly Destination[]): Promise<void>
  wake(destination: string): void
  /** The same for a person: who waits before the next attempt makes it now. */
  hurry(destination: string): void
  wakeAll(): void
  failuresOf(destination: string): number
  nextTryOf(destination: string): number | undefined
  sentBy(destination: string, nowMs: number): SentRate | undefined
  /** Breaks off at once: what has no answer is sent again. */
  stop(): Promise<void>
}

export function createDeliveries(
  records: RecordStore,
  depsOf: (destination: Destination) => Omit<DeliveryDeps, 'destination'>,
): Deliveries {
  const running = new Map<string, { readonly delivery: Delivery; readonly settings: string }>()
  let turn: Promise<void> = Promise.resolve()
  const followNow = async (destinations: readonly Destination[]): Promise<void> => {
    const wanted = new Map(destinations.map((one) => [one.name, one]))
    const ending = [...running].filter(
      ([name, { settings }]) => JSON.stringify(wanted.get(name)) !== settings,
    )
    await Promise.all(
      ending.map(async ([name, { delivery }]) => {
        await delivery.finish()
        running.delete(name)
      }),
    )
    for (const destination of destinations) {
      const { name } = destination
      if (running.has(name)) continue
      await moveToLanes(records, name, destination.lanes)
      const delivery = startDelivery({ ...depsOf(destination), destination })
      running.set(name, { delivery, settings: JSON.stringify(destination) })
    }
  }
  return {
    async follow(destinations) {
      const work = turn.then(async () => followNow(destinations))
      turn = work.catch(() => undefined)
      return work
    },
    wake: (destination) => running.get(destination)?.delivery.wake(),
    hurry: (destination) => running.get(destination)?.delivery.hurry(),
    wakeAll() {
      for (const { delivery } of running.values()) delivery.wake()
    },
    nextTryOf: (destination) => running.get(destination)?.delivery.nextTryMs,
    failuresOf: (destination) => running.get(destination)?.delivery.failures ?? 0,
    sentBy: (destination, nowMs) => running.get(destination)?.delivery.sent(nowMs),
    async stop() {
      await Promise.all([...running.values()].map(async ({ delivery }) => delivery.stop()))
      running.clear()
    },
  }
}
