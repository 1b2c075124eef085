import type { JsonValue } from '../../../kernel/json.ts'
import { objectOf } from '../model/objects.ts'

/**
 * The code of table 0335 that says how often: `BID`, `Q6H`, `QHS`.
 *
 * @param repeat `Timing.repeat` of FHIR
 * @returns an empty text when no code says all of it
 * @see HL7 v2.5.1, chapter 2A.64.1
 */
export function repeatPattern(repeat: JsonValue): string {
  const parts = partsOf(repeat)
  if (isBeyondCodes(parts)) return ''
  const [event] = parts.when
  if (event === undefined) return periodPattern(parts)
  return parts.when.length === 1 ? (EVENTS[event] ?? '') : ''
}

function periodPattern({ frequency, period, periodUnit }: Parts): string {
  const unit = UNITS[periodUnit]?.code
  if (unit === undefined || !Number.isInteger(period) || period < 1) return ''
  if (frequency === 1) return `Q${period}${unit}`
  if (period !== 1 || periodUnit !== 'd') return ''
  return A_DAY[frequency] ?? (frequency > 4 ? `${frequency}ID` : '')
}

/**
 * The same in words, for those that no code says: `1 to 2 times every 4 to 6 hours`.
 *
 * @returns an empty text when there is a code, or nothing is said
 */
export function repeatWords(repeat: JsonValue): string {
  if (repeatPattern(repeat) !== '') return ''
  const { frequency, frequencyMax, period, periodMax, periodUnit, when, days, offset } = partsOf(repeat)
  const unit = UNITS[periodUnit]?.name
  const often = `${rangeOf(frequency, frequencyMax)} time${(frequencyMax ?? frequency) === 1 ? '' : 's'}`
  const after = offset === undefined ? '' : `${offset} minutes `
  return [
    unit === undefined || period === 0 ? '' : `${often} every ${rangeOf(period, periodMax)} ${unit}`,
    when.length === 0 ? '' : `${after}at ${when.join(', ')}`,
    days.length === 0 ? '' : `on ${days.join(', ')}`,
  ]
    .filter((part) => part !== '')
    .join(' ')
}

/** `0800,2000` of the times of day that are named. */
export function repeatClocks(repeat: JsonValue): string {
  const times = (objectOf(repeat)['timeOfDay'] ?? []) as readonly string[]
  return times.map((time) => time.slice(0, 5).replace(':', '')).join(',')
}

/** `D7` of seven days. @returns an empty text for other units than those of a time quantity */
export function durationCode(duration: JsonValue): string {
  const { value, code, unit } = objectOf(duration) as Readonly<Record<string, string | number | undefined>>
  const letter = UNITS[code ?? unit ?? '']?.code
  return letter === undefined || value === undefined ? '' : `${letter}${value}`
}

interface Parts {
  readonly frequency: number
  readonly frequencyMax: number | undefined
  /** Zero when there is none. */
  readonly period: number
  readonly periodMax: number | undefined
  readonly periodUnit: string
  readonly when: readonly string[]
  readonly days: readonly string[]
  readonly offset: number | undefined
}

function partsOf(repeat: JsonValue): Parts {
  const of = objectOf(repeat)
  return {
    frequency: numberOf(of['frequency']) ?? 1,
    frequencyMax: numberOf(of['frequencyMax']),
    period: numberOf(of['period']) ?? 0,
    periodMax: numberOf(of['periodMax']),
    periodUnit: (of['periodUnit'] ?? '') as string,
    when: (of['when'] ?? []) as readonly string[],
    days: (of['dayOfWeek'] ?? []) as readonly string[],
    offset: numberOf(of['offset']),
  }
}

/** Events besides a period say more than one code does. */
function isBeyondCodes({ frequencyMax, periodMax, offset, days, when, period }: Parts): boolean {
  const isRange = frequencyMax !== undefined || periodMax !== undefined
  return isRange || offset !== undefined || days.length > 0 || (when.length > 0 && period > 0)
}

/** Decimals whose digits a double would not keep come as texts. */
function numberOf(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) : undefined
}

function rangeOf(from: number, to: number | undefined): string {
  return to === undefined ? String(from) : `${from} to ${to}`
}

const A_DAY: Readonly<Record<number, string>> = { 2: 'BID', 3: 'TID', 4: 'QID' }

/** A lunar month (`L`) is none of the calendar, and there is no code for years. */
const UNITS: Readonly<Record<string, { readonly code?: string; readonly name: string }>> = {
  s: { code: 'S', name: 'seconds' },
  min: { code: 'M', name: 'minutes' },
  h: { code: 'H', name: 'hours' },
  d: { code: 'D', name: 'days' },
  wk: { code: 'W', name: 'weeks' },
  mo: { name: 'months' },
  a: { name: 'years' },
}

const EVENTS: Readonly<Record<string, string>> = { MORN: 'QAM', EVE: 'QPM', HS: 'QHS' }
