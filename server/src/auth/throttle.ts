import type { Clock } from '../kernel/clock.ts'

export interface Throttle {
  /** Counts an attempt. @returns 0 when it may go on, else the milliseconds until the next one may. */
  enter(key: string): number
  /** A success takes the earlier failures back. */
  clear(key: string): void
}

export interface ThrottleOptions {
  /** Attempts in one window. */
  readonly attempts: number
  readonly windowMs: number
  /** Keys that are remembered; the oldest is forgotten first. */
  readonly most: number
  readonly clock: Clock
}

/** Bounds attempts by key. Counting starts before the check, so that parallel guesses do not slip through. */
export function createThrottle({ attempts, windowMs, most, clock }: ThrottleOptions): Throttle {
  const windows = new Map<string, { count: number; until: number }>()
  return {
    enter: (key) => {
      const now = clock()
      const known = windows.get(key)
      if (known === undefined || known.until <= now) {
        windows.delete(key)
        windows.set(key, { count: 1, until: now + windowMs })
        for (const oldest of windows.size > most ? windows.keys().take(1) : []) windows.delete(oldest)
        return 0
      }
      known.count += 1
      return known.count > attempts ? known.until - now : 0
    },
    clear: (key) => {
      windows.delete(key)
    },
  }
}
