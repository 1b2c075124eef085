/** Half-open: `lo` belongs to it, `hi` does not; `lo === hi` is the point itself. */
export interface Interval {
  readonly lo: number
  readonly hi: number
}

const DATE_TIME =
  /^(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,18}))?)?)?(Z|[+-]\d\d:\d\d)?)?)?)?$/

/**
 * The time that a FHIR date, dateTime or instant stands for, in milliseconds since 1970 UTC: `2024-02` is the whole month.
 *
 * @param zoneMs offset from UTC in milliseconds that a value without zone is meant in; stored values have zones or are read as UTC.
 * @returns `undefined` when the text is no date
 */
export function dateInterval(text: string, zoneMs = 0): Interval | undefined {
  const parts = DATE_TIME.exec(text)
  if (!parts) return undefined
  const [, year = '', month, day, hour, minute, second, fraction, zone] = parts
  const y = Number(year)
  if (month === undefined) return { lo: utc(y, 0, 1) - zoneMs, hi: utc(y + 1, 0, 1) - zoneMs }
  const m = Number(month) - 1
  if (day === undefined)
    return m > 11 || m < 0 ? undefined : { lo: utc(y, m, 1) - zoneMs, hi: utc(y, m + 1, 1) - zoneMs }
  const d = Number(day)
  const midnight = utc(y, m, d)
  if (new Date(midnight).getUTCDate() !== d || m > 11) return undefined
  if (hour === undefined) return { lo: midnight - zoneMs, hi: midnight + 86_400_000 - zoneMs }
  const time = timeOfDay({ hour, minute, second, fraction })
  if (!time) return undefined
  const lo = midnight + time.ms - offsetMs(zone, zoneMs)
  return { lo, hi: lo + time.widthMs }
}

function timeOfDay(text: {
  hour: string
  minute: string | undefined
  second: string | undefined
  fraction: string | undefined
}): { ms: number; widthMs: number } | undefined {
  const { hour, minute, second, fraction } = text
  const ms = Number(hour) * 3_600_000 + Number(minute ?? 0) * 60_000 + Number(second ?? 0) * 1000
  if (Number(hour) > 24 || Number(minute ?? 0) > 59 || Number(second ?? 0) > 60) return undefined
  if (minute === undefined) return { ms, widthMs: 3_600_000 }
  if (second === undefined) return { ms, widthMs: 60_000 }
  if (fraction === undefined) return { ms, widthMs: 1000 }
  return {
    ms: ms + Math.floor(Number(`0.${fraction}`) * 1000),
    widthMs: 10 ** (3 - Math.min(fraction.length, 3)),
  }
}

function offsetMs(zone: string | undefined, zoneMs: number): number {
  if (zone === undefined) return zoneMs
  if (zone === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}

/** `Date.UTC` takes the years 0 to 99 for 1900 to 1999. */
function utc(year: number, month: number, day: number): number {
  return year < 100 ? new Date(0).setUTCFullYear(year, month, day) : Date.UTC(year, month, day)
}

const NUMBER = /^[+-]?\d{1,40}(?:\.(\d{1,40}))?(?:[eE]([+-]?\d{1,3}))?$/

/**
 * The numbers that a search value stands for by its digits: `100` is [99.5, 100.5), `100.00` is [99.995, 100.005), `1e2` is [50, 150).
 *
 * @returns `undefined` when the text is no number
 * @see FHIR R4, "Search", number
 */
export function numberInterval(text: string): Interval | undefined {
  const parts = NUMBER.exec(text)
  if (!parts) return undefined
  const [, decimals = '', exponent = '0'] = parts
  const half = 0.5 * 10 ** (Number(exponent) - decimals.length)
  const value = Number(text)
  return { lo: rounded(value - half), hi: rounded(value + half) }
}

/** Takes off what binary arithmetic adds behind the 15th digit (5.4 - 0.05 is 5.3500000000000005). */
function rounded(value: number): number {
  return Number(value.toPrecision(15))
}
