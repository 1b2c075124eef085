/** Offset from UTC in milliseconds of a local time (milliseconds, as if it were UTC). */
export type ZoneOffset = (localMs: number) => number

export const UTC: ZoneOffset = () => 0

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const KEPT_MOST = 20_000

/**
 * What dates without an offset are meant in.
 *
 * @param zone IANA zone such as `Africa/Khartoum`. Of two local times that a clock set back gives, the first is meant.
 */
export function zoneOffset(zone: string): ZoneOffset {
  if (zone === 'UTC') return UTC
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
  // Offsets change at full quarters of an hour at the earliest; most of a record's dates share their day.
  const known = new Map<number, number>()
  const offsetAt = (instant: number): number => {
    const name = format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value ?? ''
    return readOffset(name)
  }
  return (localMs) => {
    const quarter = Math.floor(localMs / (HOUR_MS / 4))
    const before = known.get(quarter)
    if (before !== undefined) return before
    const offset = localOffset(localMs, offsetAt)
    if (known.size >= KEPT_MOST) known.clear()
    known.set(quarter, offset)
    return offset
  }
}

function localOffset(localMs: number, offsetAt: (instant: number) => number): number {
  const earlier = offsetAt(localMs - DAY_MS)
  const first = offsetAt(localMs - earlier)
  if (first === earlier) return earlier
  const later = offsetAt(localMs + DAY_MS)
  return offsetAt(localMs - later) === later ? later : earlier
}

function readOffset(name: string): number {
  const parts = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name)
  if (!parts) return 0
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = parts
  const size = Number(hours) * HOUR_MS + Number(minutes) * 60_000 + Number(seconds) * 1000
  return sign === '-' ? -size : size
}
