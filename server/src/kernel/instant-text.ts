import { putAscii } from './short-bytes.ts'

const DAY_MS = 86_400_000
/** Days whose texts are remembered. A power of two. */
const SLOTS = 64
const DAYS: Day[] = Array.from({ length: SLOTS }, () => ({ day: NaN, iso: '', http: '' }))
const TWO_DIGITS = Array.from({ length: 100 }, (_, number) => String(number).padStart(2, '0'))

interface Day {
  /** Since 1970. */
  readonly day: number
  /** `2026-03-04T` and `Wed, 04 Mar 2026 `. */
  readonly iso: string
  readonly http: string
}

/** What `Date.prototype.toISOString` gives, a quarter of its time: the day is worked out once for all instants of it. */
export function isoText(instantMs: number): string {
  const { iso } = dayOf(instantMs)
  const ms = timeOf(instantMs) % 1000
  return `${iso}${timeText(instantMs)}.${Math.floor(ms / 100)}${TWO_DIGITS[ms % 100] ?? ''}Z`
}

/** Puts `isoText` into the bytes, without making it a text first. @returns where it ends */
export function putIsoText(bytes: Uint8Array, at: number, instantMs: number): number {
  const ms = timeOf(instantMs)
  const minutes = Math.floor(ms / 60_000)
  const start = putAscii(bytes, at, dayOf(instantMs).iso)
  putTwoDigits(bytes, start, Math.floor(minutes / 60))
  bytes[start + 2] = COLON
  putTwoDigits(bytes, start + 3, minutes % 60)
  bytes[start + 5] = COLON
  putTwoDigits(bytes, start + 6, Math.floor(ms / 1000) % 60)
  bytes[start + 8] = POINT
  bytes[start + 9] = ZERO + (Math.floor(ms / 100) % 10)
  putTwoDigits(bytes, start + 10, ms % 100)
  bytes[start + 12] = Z
  return start + 13
}

const [COLON, POINT, ZERO, Z] = [0x3a, 0x2e, 0x30, 0x5a] as const

function putTwoDigits(bytes: Uint8Array, at: number, number: number): void {
  const tens = Math.floor(number / 10)
  bytes[at] = ZERO + tens
  bytes[at + 1] = ZERO + number - tens * 10
}

/** What `Date.prototype.toUTCString` gives, as HTTP writes times. @see RFC 9110, section 5.6.7 */
export function httpText(instantMs: number): string {
  return `${dayOf(instantMs).http}${timeText(instantMs)} GMT`
}

function dayOf(instantMs: number): Day {
  const day = Math.floor(instantMs / DAY_MS)
  const slot = day & (SLOTS - 1)
  const known = DAYS[slot]
  if (known?.day === day) return known
  const date = new Date(day * DAY_MS)
  const made = {
    day,
    iso: date.toISOString().slice(0, -'00:00:00.000Z'.length),
    http: date.toUTCString().slice(0, -'00:00:00 GMT'.length),
  }
  DAYS[slot] = made
  return made
}

/** Milliseconds of the day. */
function timeOf(instantMs: number): number {
  return instantMs - Math.floor(instantMs / DAY_MS) * DAY_MS
}

function timeText(instantMs: number): string {
  const seconds = Math.floor(timeOf(instantMs) / 1000)
  const minutes = Math.floor(seconds / 60)
  const hours = Math.floor(minutes / 60)
  return `${TWO_DIGITS[hours] ?? ''}:${TWO_DIGITS[minutes % 60] ?? ''}:${TWO_DIGITS[seconds % 60] ?? ''}`
}
