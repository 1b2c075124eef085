import type { JsonObject } from '../kernel/json.ts'

/** Signals that do not wait for a commit (DESIGN, section 2, rule 5): straight to the WebSocket sinks that may see them. */
export interface LiveSignal {
  readonly topic: 'vitals.update' | 'vitals.critical' | 'device.offline' | 'device.online'
  /** Milliseconds UTC of the reading. */
  readonly time: number
  /** `Patient/<id>` when the device is associated with one. */
  readonly patient?: string
  readonly facilities: readonly string[]
  readonly data: JsonObject
}

export interface LiveBus {
  publish(signal: LiveSignal): void
  subscribe(listener: (signal: LiveSignal) => void): () => void
}

/** A bus within this process: who subscribes is told at once, in the order of publishing. */
export function createLiveBus(): LiveBus {
  const listeners = new Set<(signal: LiveSignal) => void>()
  return {
    publish: (signal) => {
      for (const listener of listeners) listener(signal)
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
