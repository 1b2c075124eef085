/** Wall clock of an IANA zone. */
export interface Zone {
  readonly name: string
  /**
   * Offset of a local time, given as if it were UTC.
   *
   * @returns minutes east of UTC; of two local times the first is taken; `isCertain` is false for those and for times that the clocks skip.
   */
  offsetAt(localMs: number): LocalOffset
}

interface LocalOffset {
  readonly minutes: number
  readonly isCertain: boolean
}

const DAY_MS = 86_400_000
const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
/** A year of hours. */
const KNOWN_HOURS = 8784
const CERTAIN_UTC = { minutes: 0, isCertain: true } as const

/** @throws RangeError when the zone is not known */
export function createZone(name: string): Zone {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
    era: 'short',
  })
  if (format.resolvedOptions().timeZone === 'UTC') return { name, offsetAt: () => CERTAIN_UTC }

  const offsetOfInstant = (utcMs: number): number => {
    const parts = new Map(format.formatToParts(utcMs).map(({ type, value }) => [type, Number(value)]))
    const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = FIELDS.map((field) =>
      parts.get(field),
    )
    return Math.round((Date.UTC(year, month - 1, day, hour, minute, second) - utcMs) / MINUTE_MS)
  }
  const offsetAt = (localMs: number): LocalOffset => {
    // A change of the clocks lies between the offsets of a day before and a day after.
    const before = offsetOfInstant(localMs - DAY_MS)
    const after = offsetOfInstant(localMs + DAY_MS)
    if (before === after) return { minutes: before, isCertain: true }
    const fits = [before, after].filter(
      (minutes) => offsetOfInstant(localMs - minutes * MINUTE_MS) === minutes,
    )
    return { minutes: fits[0] ?? before, isCertain: fits.length === 1 }
  }
  return { name, offsetAt: byHour(offsetOfInstant, offsetAt) }
}

const fixed = new Map<string, Zone>()

/** A zone whose clocks never change. @param offset `+03:00`, of at most 14 hours */
export function fixedZone(offset: string): Zone {
  const known = fixed.get(offset)
  if (known !== undefined) return known
  const [hours = 0, minutes = 0] = offset.slice(1).split(':').map(Number)
  const answer = { minutes: (offset.startsWith('-') ? -1 : 1) * (hours * 60 + minutes), isCertain: true }
  const zone = { name: offset, offsetAt: () => answer }
  fixed.set(offset, zone)
  return zone
}

/**
 * Asking the calendar takes longer than mapping a segment, and the times of messages are close together: hours that are days away from a
 * change of the clocks have one offset, which is kept.
 */
function byHour(
  offsetOfInstant: (utcMs: number) => number,
  offsetAt: (localMs: number) => LocalOffset,
): (localMs: number) => LocalOffset {
  const hours = new Map<number, LocalOffset | undefined>()
  const offsetOfHour = (startMs: number): LocalOffset | undefined => {
    const before = offsetOfInstant(startMs - DAY_MS)
    const after = offsetOfInstant(startMs + HOUR_MS + DAY_MS)
    return before === after ? { minutes: before, isCertain: true } : undefined
  }
  return (localMs) => {
    const hour = Math.floor(localMs / HOUR_MS)
    if (!hours.has(hour)) {
      if (hours.size >= KNOWN_HOURS) hours.clear()
      hours.set(hour, offsetOfHour(hour * HOUR_MS))
    }
    return hours.get(hour) ?? offsetAt(localMs)
  }
}

const FIELDS = ['year', 'month', 'day', 'hour', 'minute', 'second'] as const
