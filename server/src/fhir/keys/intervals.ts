import { UTC, type ZoneOffset } from './zone.ts'

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
 * @param zone what a value without offset is meant in
 * @returns `undefined` when the text is no date
 */
export function dateInterval(text: string, zone: ZoneOffset = UTC): Interval | undefined {
  const parts = DATE_TIME.exec(text)
  if (!parts) return undefined
  const [, year = '', month, day, hour, minute, second, fraction, offset] = parts
  const y = Number(year)
  const atZone = (local: number): number => local - zone(local)
  if (month === undefined) return { lo: atZone(utc(y, 0, 1)), hi: atZone(utc(y + 1, 0, 1)) }
  const m = Number(month) - 1
  if (m > 11 || m < 0) return undefined
  if (day === undefined) return { lo: atZone(utc(y, m, 1)), hi: atZone(utc(y, m + 1, 1)) }
  const d = Number(day)
  const midnight = utc(y, m, d)
  if (new Date(midnight).getUTCDate() !== d) return undefined
  if (hour === undefined) return { lo: atZone(midnight), hi: atZone(midnight + 86_400_000) }
  const time = timeOfDay({ hour, minute, second, fraction })
  if (!time) return undefined
  const local = midnight + time.ms
  const lo = offset === undefined ? atZone(local) : local - offsetMs(offset)
  return { lo, hi: lo + time.widthMs }
}

function timeOfDay(text: {
  hour: string
  minute: string | undefined
  second: string | undefined
  fraction: string | undefined
}): { ms: number; widthMs: number } | undefined {
  const { hour, minute, second, fraction } = text
  // A leap second belongs to its own day; machine time counts the second before it twice.
  const seconds = Math.min(Number(second ?? 0), 59)
  const ms = Number(hour) * 3_600_000 + Number(minute ?? 0) * 60_000 + seconds * 1000
  if (Number(hour) > 24 || Number(minute ?? 0) > 59 || Number(second ?? 0) > 60) return undefined
  if (minute === undefined) return { ms, widthMs: 3_600_000 }
  if (second === undefined) return { ms, widthMs: 60_000 }
  if (fraction === undefined) return { ms, widthMs: 1000 }
  return {
    ms: ms + Math.floor(Number(`0.${fraction}`) * 1000),
    widthMs: 10 ** (3 - Math.min(fraction.length, 3)),
  }
}

function offsetMs(offset: string): number {
  if (offset === 'Z') return 0
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(4, 6))
  return (offset.startsWith('-') ? -minutes : minutes) * 60_000
}

/** `Date.UTC` takes the years 0 to 99 for 1900 to 1999. */
function utc(year: number, month: number, day: number): number {
  return year < 100 ? new Date(0).setUTCFullYear(year, month, day) : Date.UTC(year, month, day)
}
