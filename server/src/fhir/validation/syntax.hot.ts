import type { JsonValue } from '../../kernel/json.ts'

/**
 * The quick half of the primitive checks: `true` means that the value is right, `false` that `PRIMITIVES` must look (and say what is
 * wrong). They look at character codes, because a regular expression costs several times as much on such short texts.
 */

export const MOST_CHARS = 1024 * 1024

/** No control characters but tab and line ends. */
export function isText(value: JsonValue | undefined): boolean {
  if (typeof value !== 'string' || value.length === 0 || value.length > MOST_CHARS) return false
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code < 32 && code !== 9 && code !== 10 && code !== 13) return false
  }
  return true
}

/** The same where the JSON text has no escaped control characters: nothing is left to look for. */
export function isPlainText(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= MOST_CHARS
}

/** The same as `isText`, with something that can be seen. */
export function isFilledText(value: JsonValue | undefined): boolean {
  return isText(value) && typeof value === 'string' && value.trim() !== ''
}

/** Whether JSON text can bring control characters into a string: raw ones stand in no JSON text, so only escapes can. */
export function hasControls(text: string): boolean {
  return text.includes('\\u00') || text.includes('\\b') || text.includes('\\f')
}

/** ASCII without blanks. */
export function isCode(value: JsonValue | undefined): boolean {
  if (typeof value !== 'string' || value.length === 0 || value.length > MOST_CHARS) return false
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code <= 32 || code >= 127) return false
  }
  return true
}

/** Whether a URI names its scheme; values of other types are not looked at. */
export function isAbsolute(value: JsonValue | undefined): boolean {
  return typeof value !== 'string' || value.indexOf(':') > 0
}

/** The last good URI of each length: most are code systems, of which there are few, and to compare is cheaper than to scan. */
const lastUris: string[] = Array.from({ length: 128 }, () => '')

/** Fragments and URNs have rules of their own. */
export function isUri(value: JsonValue | undefined): boolean {
  if (typeof value !== 'string') return false
  if (value.length < lastUris.length && value.length > 0 && lastUris[value.length] === value) return true
  if (!isCode(value) || startsSpecially(value)) return false
  if (value.length < lastUris.length) lastUris[value.length] = value
  return true
}

/** The same for systems, which are absolute and no value sets; few, as URIs are. */
const lastSystems: string[] = Array.from({ length: 128 }, () => '')

export function isSystem(value: JsonValue | undefined): boolean {
  if (typeof value !== 'string') return false
  if (value.length < lastSystems.length && value.length > 0 && lastSystems[value.length] === value)
    return true
  if (!isCode(value) || startsSpecially(value)) return false
  if (value.indexOf(':') < 1 || value.startsWith(VALUE_SETS)) return false
  if (value.length < lastSystems.length) lastSystems[value.length] = value
  return true
}

export const VALUE_SETS = 'http://hl7.org/fhir/ValueSet/'

function startsSpecially(value: string): boolean {
  const first = value.charCodeAt(0)
  return first === 35 || ((first === 117 || first === 85) && value.charCodeAt(3) === 58)
}

export function isId(value: JsonValue | undefined): boolean {
  return (
    typeof value === 'string' && value.length > 0 && value.length <= 64 && isIdText(value, 0, value.length)
  )
}

/** Letters, digits, "-" and "." from one position to another. */
export function isIdText(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const code = text.charCodeAt(i)
    const isLetter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90)
    if (!isLetter && !(code >= 48 && code <= 57) && code !== 45 && code !== 46) return false
  }
  return true
}

export function isBoolean(value: JsonValue | undefined): boolean {
  return typeof value === 'boolean'
}

export function isDecimal(value: JsonValue | undefined): boolean {
  return typeof value === 'number' && value - value === 0
}

export function isInteger(value: JsonValue | undefined): boolean {
  return typeof value === 'number' && (value | 0) === value
}

export function isUnsigned(value: JsonValue | undefined): boolean {
  return typeof value === 'number' && (value | 0) === value && value >= 0
}

export function isPositive(value: JsonValue | undefined): boolean {
  return typeof value === 'number' && (value | 0) === value && value >= 1
}

/** `YYYY-MM-DD` with a day that every month has. */
export function isDate(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && value.length === 10 && isDay(value)
}

/** `YYYY-MM-DD` or the same with a time and zone. */
export function isDateTime(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && (value.length === 10 ? isDay(value) : isMoment(value))
}

export function isInstant(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && isMoment(value)
}

/** `YYYY-MM-DDThh:mm:ss[.sss](Z|+hh:mm)`; other precisions are left to the slow half. */
function isMoment(text: string): boolean {
  if (text.length < 20 || text.length > 29 || text.charCodeAt(10) !== 84) return false
  if (!isDay(text) || !isClock(text)) return false
  const zone = text.charCodeAt(19) === 46 ? 23 : 19
  if (zone === 23 && (two(text, 20, 99) < 0 || !isDigit(text.charCodeAt(22)))) return false
  return isZone(text, zone)
}

function isClock(text: string): boolean {
  if (text.charCodeAt(13) !== 58 || text.charCodeAt(16) !== 58) return false
  return two(text, 11, 23) >= 0 && two(text, 14, 59) >= 0 && two(text, 17, 59) >= 0
}

function isZone(text: string, at: number): boolean {
  const sign = text.charCodeAt(at)
  if (sign === 90) return text.length === at + 1
  if ((sign !== 43 && sign !== 45) || text.length !== at + 6 || text.charCodeAt(at + 3) !== 58) return false
  return two(text, at + 1, 13) >= 0 && two(text, at + 4, 59) >= 0
}

function isDay(text: string): boolean {
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(7) !== 45) return false
  const century = two(text, 0, 99)
  return century > 0 && two(text, 2, 99) >= 0 && two(text, 5, 12) > 0 && two(text, 8, 28) > 0
    ? true
    : isLastDays(text, century)
}

/** The 29th to 31st. */
function isLastDays(text: string, century: number): boolean {
  const year = two(text, 2, 99)
  const month = two(text, 5, 12)
  const day = two(text, 8, 31)
  if (century <= 0 || year < 0 || month <= 0 || day <= 0) return false
  return day <= new Date(Date.UTC(century * 100 + year, month, 0)).getUTCDate()
}

/** The two digits at a position as a number up to `most`, or -1. */
function two(text: string, at: number, most: number): number {
  const tens = text.charCodeAt(at)
  const ones = text.charCodeAt(at + 1)
  if (!isDigit(tens) || !isDigit(ones)) return -1
  const value = (tens - 48) * 10 + ones - 48
  return value > most ? -1 : value
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

/** Blanks and line ends may stand anywhere. */
export function isBase64(value: JsonValue | undefined): boolean {
  if (typeof value !== 'string') return false
  let chars = 0
  let padding = 0
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code === 61) padding++
    else if (isBase64Char(code) && padding === 0) chars++
    else if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return false
  }
  return chars > 0 && padding <= 2 && (chars + padding) % 4 === 0
}

function isBase64Char(code: number): boolean {
  return (
    (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 47 && code <= 57) || code === 43
  )
}

/**
 * `Type/id` with one of these types, or `urn:uuid:` with 36 characters, or nothing at all; everything else is left to `referenceProblem`.
 */
export function isTarget(text: JsonValue | undefined, types: ReadonlySet<string>): boolean {
  if (text === undefined) return true
  if (typeof text !== 'string') return false
  if (text.length === 45 && text.startsWith('urn:uuid:')) return isUuid(text, 9)
  const slash = text.indexOf('/')
  const rest = text.length - slash - 1
  if (slash <= 0 || rest < 1 || rest > 64 || !isIdText(text, slash + 1, text.length)) return false
  return types.has(text.slice(0, slash))
}

function isUuid(text: string, from: number): boolean {
  if (text.charCodeAt(from + 8) !== 45 || text.charCodeAt(from + 13) !== 45) return false
  if (text.charCodeAt(from + 18) !== 45 || text.charCodeAt(from + 23) !== 45) return false
  let dashes = 0
  for (let i = from; i < from + 36; i++) {
    const code = text.charCodeAt(i)
    if (code === 45) dashes++
    else if (!isDigit(code) && !(code >= 97 && code <= 102) && !(code >= 65 && code <= 70)) return false
  }
  return dashes === 4
}
