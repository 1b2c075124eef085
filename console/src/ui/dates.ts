import { site } from './site.ts'

/** Latin digits for clinical values in every language, Arabic included; the Gregorian calendar. */
const LATIN = '-u-ca-gregory-nu-latn'

/**
 * A FHIR date in clinical form; what is partial stays partial.
 *
 * @param text `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; what follows a day is ignored.
 * @returns `14-Jul-1981` in English, `14 juil. 1981` in French
 */
export function clinicalDate(text: string, language: string): string {
  const [year = '', month, day] = text.slice(0, 10).split('-')
  if (month === undefined) return year
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day ?? '1')))
  const format = new Intl.DateTimeFormat(language + LATIN, { month: 'short', timeZone: 'UTC' })
  const parts = [...(day === undefined ? [] : [day]), format.format(date), year]
  return parts.join(language.startsWith('en') ? '-' : ' ')
}

/** An instant (ISO text or milliseconds) as date and 24 h time in the zone of the site: `14-Jul-2026 08:05`. */
export function clinicalInstant(instant: string | number, language: string): string {
  if (typeof instant === 'string' && !instant.includes('T')) return clinicalDate(instant, language)
  return `${clinicalDay(instant, language)} ${hourMinute(instant, language)}`
}

/** The day of an instant in the zone of the site: `14-Jul-2026`, which may not be the day in UTC. */
export function clinicalDay(instant: string | number, language: string): string {
  return clinicalDate(isoDay(instant), language)
}

/** The same as `clinicalInstant` with seconds, for whoever follows a message: `14-Jul-2026 08:05:59`. */
export function preciseInstant(instant: string | number, language: string): string {
  return `${clinicalDay(instant, language)} ${clockTime(instant, language)}`
}

/** The same with thousandths, for what happens within one second: `14-Jul-2026 08:05:59.120`. */
export function exactInstant(instant: string, language: string): string {
  const thousandths = /\.(\d{3})/.exec(instant)?.[1] ?? '000'
  return `${preciseInstant(instant, language)}.${thousandths}`
}

/** `08:05` in the zone of the site. */
export function hourMinute(instant: string | number, language: string): string {
  const options = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: site.zone } as const
  return new Intl.DateTimeFormat(language + LATIN, options).format(new Date(instant))
}

/** `08:05:59` in the zone of the site. */
export function clockTime(instant: string | number, language: string): string {
  const options = {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZone: site.zone,
  } as const
  return new Intl.DateTimeFormat(language + LATIN, options).format(new Date(instant))
}

/**
 * What a `datetime-local` field holds, read in the zone of the site.
 *
 * @param local `YYYY-MM-DDTHH:MM`, with or without seconds
 * @returns the instant in UTC; `undefined` for an empty or wrong text. Of two local times the first is taken, one that a clock change leaves out moves on.
 */
export function siteInstant(local: string): string | undefined {
  const wanted = Date.parse(`${local}Z`)
  if (Number.isNaN(wanted)) return undefined
  const [before, after] = [offsetAt(wanted - DAY), offsetAt(wanted + DAY)]
  const early = wanted - before
  const instant = offsetAt(early) === before ? early : wanted - after
  return new Date(offsetAt(instant) === after || instant === early ? instant : early).toISOString()
}

/** Milliseconds that the zone of the site is ahead of UTC at an instant. */
function offsetAt(instant: number): number {
  const text = new Intl.DateTimeFormat('sv-SE', {
    dateStyle: 'short',
    timeStyle: 'medium',
    timeZone: site.zone,
  }).format(new Date(instant))
  return Date.parse(`${text.replace(' ', 'T')}Z`) - Math.floor(instant / 1000) * 1000
}

function isoDay(instant: string | number): string {
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeZone: site.zone }).format(
    new Date(instant),
  )
}

export interface Span {
  readonly unit: 'minutes' | 'hours' | 'days' | 'weeks' | 'months' | 'years'
  readonly count: number
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** How long ago: minutes below 2 h, hours below 2 d, then days. */
export function agoOf(atMs: number, nowMs: number): Span {
  const past = Math.max(0, nowMs - atMs)
  if (past < 2 * HOUR) return { unit: 'minutes', count: Math.floor(past / MINUTE) }
  if (past < 2 * DAY) return { unit: 'hours', count: Math.floor(past / HOUR) }
  return { unit: 'days', count: Math.floor(past / DAY) }
}

/**
 * Age as clinicians say it: hours below 2 days, days below 4 weeks, weeks below a year, months below 2 years, then years.
 *
 * @param birth FHIR date; a partial one counts from its first day, in years only.
 */
export function ageOf(birth: string, nowMs: number): Span {
  const start = Date.parse(birth.length === 10 ? birth : `${birth.slice(0, 4)}-01-01`)
  const days = Math.floor((nowMs - start) / DAY)
  const months = monthsBetween(new Date(start), new Date(nowMs))
  if (birth.length < 10 || months >= 24) return { unit: 'years', count: Math.floor(months / 12) }
  if (days < 2) return { unit: 'hours', count: Math.max(0, Math.floor((nowMs - start) / HOUR)) }
  if (days < 28) return { unit: 'days', count: days }
  if (months < 12) return { unit: 'weeks', count: Math.floor(days / 7) }
  return { unit: 'months', count: months }
}

function monthsBetween(from: Date, to: Date): number {
  const months = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth()
  return to.getUTCDate() < from.getUTCDate() ? months - 1 : months
}
