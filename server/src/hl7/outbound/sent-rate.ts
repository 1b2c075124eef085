export interface SentRate {
  /** In the last full minute. */
  readonly perMinute: number
  /** In the last sixty minutes, the current one included. */
  readonly perHour: number
}

const MINUTE = 60_000
const HOUR = 60

/** Counts by minute, for an hour. Times are milliseconds UTC. */
export function createSentRate() {
  let minutes: readonly { readonly minute: number; readonly count: number }[] = []
  const since = (minute: number) => minutes.filter((one) => one.minute > minute - HOUR)
  return {
    count(nowMs: number): void {
      const minute = Math.floor(nowMs / MINUTE)
      const before = minutes.at(-1)
      const rest = since(minute)
      minutes =
        before?.minute === minute
          ? [...rest.slice(0, -1), { minute, count: before.count + 1 }]
          : [...rest, { minute, count: 1 }]
    },
    at(nowMs: number): SentRate {
      const minute = Math.floor(nowMs / MINUTE)
      return {
        perMinute: minutes.find((one) => one.minute === minute - 1)?.count ?? 0,
        perHour: since(minute).reduce((sum, { count }) => sum + count, 0),
      }
    },
  }
}
