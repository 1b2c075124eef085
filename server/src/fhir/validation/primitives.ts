import type { JsonValue } from '../../kernel/json.ts'
import { dateInterval } from '../keys/intervals.ts'
import { xhtmlProblem } from './xhtml.ts'

/** What is wrong with a value of a primitive type, or `undefined`. @see FHIR R4, "Data Types", primitive types */
export type Format = (value: JsonValue | undefined) => string | undefined

const MOST_CHARS = 1024 * 1024
const DATE = /^\d{4}(?:-\d\d(?:-\d\d)?)?$/
const DATE_TIME = /^\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d{1,40})?(?:Z|[+-]\d\d:\d\d))?)?)?$/
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,40})?(?:Z|[+-]\d\d:\d\d)$/
const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,40})?$/
const ID = /^[A-Za-z0-9.-]{1,64}$/
const OID = /^urn:oid:[0-2](?:\.(?:0|[1-9]\d{0,60})){1,60}$/
const UUID = /^urn:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/
const BLANK = /\s/
const CODE_BLANKS = /^\s|\s\s|\s$/

const text =
  (problem: (value: string) => string | undefined): Format =>
  (value) => {
    if (typeof value !== 'string')
      return `This must be a JSON string, not ${value === null ? 'null' : typeof value}.`
    if (value === '') return 'A string must not be empty: leave the element out.'
    return value.length > MOST_CHARS ? 'A string may have 1 MB at most.' : problem(value)
  }

const number =
  (problem: (value: number) => string | undefined): Format =>
  (value) =>
    typeof value === 'number'
      ? problem(value)
      : `This must be a JSON number, not ${value === null ? 'null' : typeof value}.`

const matching = (pattern: RegExp, advice: string) =>
  text((value) => (value.length <= 200 && pattern.test(value) ? undefined : advice))

const integer = (lowest: number) =>
  number((value) =>
    Number.isInteger(value) && value >= lowest && value <= 2_147_483_647
      ? undefined
      : `This must be a whole number from ${lowest} to 2147483647.`,
  )

const any = text(() => undefined)

const uri = text((value) => {
  if (BLANK.test(value)) return 'A URI has no blanks.'
  if (value.startsWith('urn:oid:') && !OID.test(value))
    return 'An OID is written as "urn:oid:" and numbers with dots, such as urn:oid:1.2.3.'
  if (value.startsWith('urn:uuid:') && !UUID.test(value))
    return 'A UUID is written as "urn:uuid:" and 36 characters.'
  return undefined
})

const date = (pattern: RegExp, advice: string) =>
  text((value) =>
    value.length <= 80 && pattern.test(value) && dateInterval(value) && !value.startsWith('0000')
      ? undefined
      : advice,
  )

/** By FHIR type; `System.String` and `System.Id` are the ids of elements and resources. */
export const PRIMITIVES: Readonly<Record<string, Format>> = {
  boolean: (value) =>
    typeof value === 'boolean' ? undefined : 'This must be true or false, without quotes.',
  integer: integer(-2_147_483_648),
  unsignedInt: integer(0),
  positiveInt: integer(1),
  decimal: number(() => undefined),
  string: any,
  markdown: any,
  'System.String': any,
  code: text((value) =>
    CODE_BLANKS.test(value) ? 'A code has no blanks at its ends and single ones between words.' : undefined,
  ),
  id: matching(ID, 'An id has 1 to 64 letters, digits, "-" and ".".'),
  'System.Id': matching(ID, 'An id has 1 to 64 letters, digits, "-" and ".".'),
  uri,
  url: uri,
  canonical: uri,
  oid: matching(OID, 'An OID is written as "urn:oid:" and numbers with dots, such as urn:oid:1.2.3.'),
  uuid: matching(UUID, 'A UUID is written as "urn:uuid:" and 36 characters.'),
  date: date(DATE, 'A date is YYYY, YYYY-MM or YYYY-MM-DD, and exists in the calendar.'),
  dateTime: date(
    DATE_TIME,
    'A dateTime is a date, or a date with time, seconds and zone: 2024-02-29T10:30:00+02:00.',
  ),
  instant: date(INSTANT, 'An instant is a date with time, seconds and zone: 2024-02-29T10:30:00.123+02:00.'),
  time: matching(TIME, 'A time is hh:mm:ss.'),
  base64Binary: (value) =>
    typeof value === 'string' && isBase64(value)
      ? undefined
      : 'This must be base64: groups of four characters, "=" at the end only.',
  xhtml: (value) =>
    typeof value === 'string' ? xhtmlProblem(value) : 'This must be a JSON string with XHTML.',
}

/** Blanks and line ends may stand anywhere. */
function isBase64(value: string): boolean {
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
    (code >= 65 && code <= 90) || (code >= 97 && code <= 122) || (code >= 47 && code <= 57) || code === 43
  )
}
