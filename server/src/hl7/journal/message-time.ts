/** Ids of the journal begin with the time of arrival in 1/1024 milliseconds: a time span is a range of ids. */

const TIME_DIGITS = 14

/** Lower than the id of every message that came at this time or later. */
export function idAt(ms: number): string {
  return Math.max(0, Math.trunc(ms) * 1024)
    .toString(16)
    .padStart(TIME_DIGITS, '0')
}

/** Milliseconds UTC. */
export function timeOfId(id: string): number {
  return id === '' ? 0 : Math.trunc(Number.parseInt(id.slice(0, TIME_DIGITS), 16) / 1024)
}
