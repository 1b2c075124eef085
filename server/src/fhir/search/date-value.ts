import { fault } from '../../kernel/fault.ts'
import type { Comparator, Interval } from './comparison.ts'

// A blank stands for the plus sign of an offset that a client forgot to encode.
const DATE =
  /^(?<year>\d{4})(?:-(?<month>\d\d)(?:-(?<day>\d\d)(?:T(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:\.(?<fraction>\d{1,9}))?)?(?<zone>Z|[+ -]\d\d:\d\d)?)?)?)?$/

/**
 * The interval that a date of a search means: the whole year, month, day, minute, second or millisecond. A time without zone is UTC.
 *
 * @throws Fault `malformed` when the text is no date or no day of the calendar.
 */
export function dateInterval(text: string, param: string): Interval {
  const parts = DATE.exec(text)?.groups
  const lo = parts && instantOf(parts)
  if (!parts || lo === undefined) {
    throw fault('malformed', {
      code: 'value',
      text: `${param}: not a date: use YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss[.sss]] with a zone`,
    })
  }
  return { lo, hi: endOf(parts, lo) }
}

type Parts = Readonly<Record<string, string | undefined>>

function instantOf(parts: Parts): number | undefined {
  const number = (name: string, otherwise: number): number => Number(parts[name] ?? otherwise)
  const [year, month, day] = [number('year', 0), number('month', 1), number('day', 1)]
  const [hour, minute, second] = [number('hour', 0), number('minute', 0), number('second', 0)]
  if (hour > 23 || minute > 59 || second > 60) return undefined
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  const millisecond = Number((parts['fraction'] ?? '').slice(0, 3).padEnd(3, '0'))
  return date.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + millisecond - offsetMs(parts['zone'])
}

function offsetMs(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000
}

function endOf(parts: Parts, lo: number): number {
  if (parts['fraction'] !== undefined) return lo + 10 ** Math.max(0, 3 - parts['fraction'].length)
  if (parts['second'] !== undefined) return lo + 1000
  if (parts['hour'] !== undefined) return lo + 60_000
  if (parts['day'] !== undefined) return lo + 86_400_000
  const end = new Date(lo)
  if (parts['month'] === undefined) end.setUTCFullYear(end.getUTCFullYear() + 1)
  else end.setUTCMonth(end.getUTCMonth() + 1)
  return end.getTime()
}

/** For `ap` the interval grows on both sides by a tenth of its distance to now. */
export function widened(comparator: Comparator, { lo, hi }: Interval, now: number): Interval {
  if (comparator !== 'ap') return { lo, hi }
  const margin = Math.abs(now - (lo + hi) / 2) / 10
  return { lo: lo - margin, hi: hi + margin }
}
