import type { JsonValue } from '../../kernel/json.ts'

/**
 * The quick half of the primitive checks: `true` means that the value is right, `false` that `PRIMITIVES` must look (and say what is
 * wrong). Short texts are looked at by character code, because to start a regular expression costs more; for longer ones, and for forms such
 * as that of a time, one without choices is several times as quick. What ids and base64 are made of is looked up: to compare such characters
 * with ranges makes the processor guess, and it guesses wrong.
 */

export const MOST_CHARS = 1024 * 1024

/** From here on a regular expression is quicker. */
const LONG = 20

// oxlint-disable-next-line no-control-regex -- these are what is looked for
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F]/
const NOT_CODE = /[^!-~]/

/** What a character may be part of. */
const IN_ID = 1
const IN_HEX = 2
const IN_BASE64 = 4
const PARTS = new Uint8Array(256)
for (let code = 0; code < PARTS.length; code++) {
  const char = String.fromCharCode(code)
  if (/[A-Za-z0-9.-]/.test(char)) PARTS[code] = IN_ID
  if (/[0-9a-fA-F]/.test(char)) PARTS[code] = IN_ID | IN_HEX
  if (/[A-Za-z0-9+/]/.test(char)) PARTS[code] = (PARTS[code] ?? 0) | IN_BASE64
}

/** Whether all characters from a position on are such. */
function areAll(part: number, text: string, from: number): boolean {
  let parts = part
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 255) return false
    parts &= PARTS[code] ?? 0
  }
  return parts !== 0
}

/** No control characters but tab and line ends. */
export function isText(value: JsonValue | undefined): boolean {
  if (typeof value !== 'string' || value.length === 0 || value.length > MOST_CHARS) return false
  if (value.length >= LONG) return !CONTROL.test(value)
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
  return text.includes('\\') && (text.includes('\\u00') || text.includes('\\b') || text.includes('\\f'))
}

/** ASCII without blanks. */
export function isCode(value: JsonValue | undefined): boolean {
  if (typeof value !== 'string' || value.length === 0 || value.length > MOST_CHARS) return false
  if (value.length >= LONG) return !NOT_CODE.test(value)
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

/** Relative ones are worth advice. */
export function isCanonical(value: JsonValue | undefined): boolean {
  return isUri(value) && isAbsolute(value)
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
  return typeof value === 'string' && value.length > 0 && value.length <= 64 && areAll(IN_ID, value, 0)
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

const DAY = /^(?!00)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/
/** Other precisions are left to the slow half. */
const MOMENT =
  /^(?!00)\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{3})?(?:Z|[+-](?:0\d|1[0-3]):[0-5]\d)$/

/** `YYYY-MM-DD` with a day that every month has. */
export function isDate(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && value.length === 10 && DAY.test(value) && isInMonth(value)
}

/** `YYYY-MM-DD` or the same with a time and zone. */
export function isDateTime(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && (value.length === 10 ? isDate(value) : isMoment(value))
}

export function isInstant(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && isMoment(value)
}

/** `YYYY-MM-DDThh:mm:ss[.sss](Z|+hh:mm)`. */
function isMoment(text: string): boolean {
  return text.length >= 20 && text.length <= 29 && MOMENT.test(text) && isInMonth(text)
}

/** Whether the month of a date has its day, which only from the 29th on is a question. */
function isInMonth(text: string): boolean {
  const day = two(text, 8)
  if (day <= 28) return true
  const month = two(text, 5)
  if (month !== 2) return day <= (month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31)
  const year = two(text, 0) * 100 + two(text, 2)
  return day === 29 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

/** The number that two digits give. */
function two(text: string, at: number): number {
  return (text.charCodeAt(at) - 48) * 10 + text.charCodeAt(at + 1) - 48
}

/** Blanks and line ends may stand anywhere. */
export function isBase64(value: JsonValue | undefined): boolean {
  return typeof value === 'string' && (isPlainBase64(value) || isSpacedBase64(value))
}

/** Without blanks: the most of it, and long. */
function isPlainBase64(text: string): boolean {
  const last = text.length - 1
  if (last < 3 || text.length % 4 !== 0) return false
  let end = text.charCodeAt(last) === PADDING ? last : text.length
  if (end === last && text.charCodeAt(last - 1) === PADDING) end--
  let parts = IN_BASE64
  for (let i = 0; i < end; i++) parts &= PARTS[text.charCodeAt(i)] ?? 0
  return parts !== 0
}

const PADDING = 61

function isSpacedBase64(value: string): boolean {
  let chars = 0
  let padding = 0
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code === PADDING) padding++
    else if (((PARTS[code] ?? 0) & IN_BASE64) !== 0 && padding === 0) chars++
    else if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return false
  }
  return chars > 0 && padding <= 2 && (chars + padding) % 4 === 0
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
  if (slash <= 0 || rest < 1 || rest > 64 || !areAll(IN_ID, text, slash + 1)) return false
  return types.has(text.slice(0, slash))
}

/** The length is right. */
function isUuid(text: string, from: number): boolean {
  if (text.charCodeAt(from + 8) !== DASH || text.charCodeAt(from + 13) !== DASH) return false
  if (text.charCodeAt(from + 18) !== DASH || text.charCodeAt(from + 23) !== DASH) return false
  let digits = 0
  for (let i = from; i < text.length; i++) digits += (PARTS[text.charCodeAt(i)] ?? 0) & IN_HEX
  return digits === 32 * IN_HEX
}

const DASH = 45
