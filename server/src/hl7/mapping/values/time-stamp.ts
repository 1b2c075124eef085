import type { Zone } from './zone.ts'

/** A time stamp of HL7 with the precision that was sent. */
interface TimeStamp {
  readonly date: string
  /** `hh:mm:ss[.ffff]`; absent when the minutes are missing. */
  readonly time?: string
  /** `+03:00`; absent when it was not sent. */
  readonly offset?: string
  /** Hours came without minutes: FHIR cannot say that, and zeros would be invented. */
  readonly isCut: boolean
}

const PATTERN =
  /^(\d{4})(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(?:(\d\d)(\.\d{1,4})?)?)?)?)?)?(?:([+-])(\d\d)(\d\d))?$/

/**
 * Reads `YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]`.
 *
 * @returns `undefined` when it is none (24:00, 30 February and -0000 included).
 * @see HL7 v2.5.1, section 2.A.22
 */
export function readTimeStamp(text: string): TimeStamp | undefined {
  if (text !== last.text) last = { text, stamp: readStamp(text) }
  return last.stamp
}

/** The results of a message mostly have one time. */
let last: { readonly text: string; readonly stamp: TimeStamp | undefined } = { text: '', stamp: undefined }

function readStamp(text: string): TimeStamp | undefined {
  const found = PATTERN.exec(text)
  if (found === null) return undefined
  const [, year = '', month, day, hour, minute, second = '00', fraction = ''] = found
  const date = [year, month, day].filter((part) => part !== undefined).join('-')
  const offset = offsetOf(found)
  if (offset === null || !isDate(year, month ?? '01', day ?? '01')) return undefined
  const clock = { hour, minute, second: `${second}${fraction}` }
  return isClock(clock) ? withClock({ date, ...(offset !== undefined && { offset }) }, clock) : undefined
}

interface Clock {
  readonly hour: string | undefined
  readonly minute: string | undefined
  readonly second: string
}

function isClock({ hour = '0', minute = '0', second }: Clock): boolean {
  return Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60
}

function withClock(base: Omit<TimeStamp, 'isCut'>, { hour, minute, second }: Clock): TimeStamp {
  if (hour === undefined) return { ...base, isCut: false }
  return minute === undefined
    ? { ...base, isCut: true }
    : { ...base, time: `${hour}:${minute}:${second}`, isCut: false }
}

export interface FhirDateTime {
  readonly value: string
  /** What a reader of the record should know: a local time that exists twice or not at all, hours that were cut. */
  readonly flaw?: string
}

/**
 * A dateTime of the same precision; the offset comes from the value, else from the zone. Midnight is never invented.
 *
 * @see FHIR R4, "dateTime"
 */
export function toDateTime(stamp: TimeStamp, zone: Zone): FhirDateTime {
  if (stamp !== lastMade.stamp || zone !== lastMade.zone)
    lastMade = { stamp, zone, made: dateTimeOf(stamp, zone) }
  return lastMade.made
}

/** As with `last`. */
let lastMade: {
  readonly stamp?: TimeStamp
  readonly zone?: Zone
  readonly made: FhirDateTime
} = { made: { value: '' } }

function dateTimeOf(stamp: TimeStamp, zone: Zone): FhirDateTime {
  const { date, time, offset } = stamp
  if (time === undefined)
    return { value: date, ...(stamp.isCut && { flaw: 'hours without minutes: only the date is kept' }) }
  if (offset !== undefined) return { value: `${date}T${time}${offset}` }
  const { minutes, isCertain } = zone.offsetAt(Date.parse(`${date}T${time}Z`))
  const value = `${date}T${time}${offsetText(minutes)}`
  return isCertain
    ? { value }
    : { value, flaw: 'the clocks change at this local time: the first reading is taken' }
}

/** @returns null when it is impossible, undefined when it was not sent */
function offsetOf(found: RegExpExecArray): string | null | undefined {
  const [sign, hours, minutes] = found.slice(8)
  if (sign === undefined) return undefined
  const isNegativeZero = sign === '-' && hours === '00' && minutes === '00'
  return Number(hours) > 14 || Number(minutes) > 59 || isNegativeZero ? null : `${sign}${hours}:${minutes}`
}

function isDate(year: string, month: string, day: string): boolean {
  if (year === '0000' || Number(month) < 1 || Number(month) > 12) return false
  return Number(day) >= 1 && Number(day) <= new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
}

function offsetText(minutes: number): string {
  const size = Math.abs(minutes)
  const hours = String(Math.trunc(size / 60)).padStart(2, '0')
  return `${minutes < 0 ? '-' : '+'}${hours}:${String(size % 60).padStart(2, '0')}`
}
