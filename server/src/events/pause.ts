import { setTimeout } from 'node:timers/promises'

/** Waits, or ends at once when the signal aborts. */
export async function paused(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(ms, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
