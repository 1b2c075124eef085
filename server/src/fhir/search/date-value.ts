import { fault } from '../../kernel/fault.ts'
import { dateInterval as intervalOf } from '../keys/intervals.ts'
import type { ZoneOffset } from '../keys/zone.ts'
import type { Comparator, Interval } from './comparison.ts'

/**
 * The interval that a date of a search means: the whole year, month, day, minute, second or millisecond.
 *
 * @param zone what a value without offset is meant in: the same as for resources
 * @throws Fault `malformed` when the text is no date or no day of the calendar.
 */
export function dateInterval(text: string, param: string, zone: ZoneOffset): Interval {
  // A blank stands for the plus sign of an offset that a client forgot to encode.
  const dated = text.replace(' ', '+')
  const interval = NO_DATE.test(dated) ? undefined : intervalOf(dated, zone)
  if (interval) return interval
  throw fault('malformed', {
    code: 'value',
    text: `${param}: not a date: use YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss[.sss]] with a zone`,
  })
}

/** What FHIR's dateTime forbids beyond the calendar: a year 0, an hour alone or 24, offsets over 14:00. */
const NO_DATE = /^0000|T(?:24|\d\d(?!:))|[+-](?:1[5-9]:|[2-9]\d:|14:(?!00)|\d\d:[6-9])/

/** For `ap` the interval grows on both sides by a tenth of its distance to now. */
export function widened(comparator: Comparator, { lo, hi }: Interval, now: number): Interval {
  if (comparator !== 'ap') return { lo, hi }
  const margin = Math.abs(now - (lo + hi) / 2) / 10
  return { lo: lo - margin, hi: hi + margin }
}
