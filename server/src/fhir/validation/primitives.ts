import type { JsonValue } from '../../kernel/json.ts'
import { dateInterval } from '../keys/intervals.ts'
import { isBase64, MOST_CHARS, VALUE_SETS } from './syntax.hot.ts'
import { xhtmlProblem } from './xhtml.ts'

/** What is wrong with a value of a primitive type, or `undefined`. @see FHIR R4, "Data Types", primitive types */
export type Format = (value: JsonValue | undefined) => string | undefined

const DATE = /^\d{4}(?:-\d\d(?:-\d\d)?)?$/
const MOMENT =
  /^\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,40})?(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))$/
const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,40})?$/
const ID = /^[A-Za-z0-9.-]{1,64}$/
const OID = /^urn:oid:[0-2](?:\.(?:0|[1-9]\d{0,60})){1,60}$/
const LOWER_UUID = /^urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const UUID = /^urn:uuid:[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/
const BLANK = /\s/
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F]/
const CODE_BLANKS = /^\s|\s\s|\s$|[\t\n\r]/

const text =
  (problem: (value: string) => string | undefined): Format =>
  (value) => {
    if (typeof value !== 'string')
      return `This must be a JSON string, not ${value === null ? 'null' : typeof value}.`
    if (value === '') return 'A string must not be empty: leave the element out.'
    if (value.length > MOST_CHARS) return 'A string may have 1 MB at most.'
    return CONTROL.test(value)
      ? 'A string has no control characters but tabs and line ends: remove them.'
      : problem(value)
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

const uriProblem = (value: string) => {
  if (BLANK.test(value)) return 'A URI has no blanks.'
  if (value.startsWith('urn:oid:') && !OID.test(value))
    return 'An OID is written as "urn:oid:" and numbers with dots, such as urn:oid:1.2.3.'
  if (value.startsWith('urn:uuid:') && !UUID.test(value))
    return 'A UUID is written as "urn:uuid:" and 36 characters.'
  return undefined
}

const uri = text(uriProblem)

const namespace = text((value) =>
  value.startsWith('#') ? 'A system is an absolute URI: give that of its definition.' : uri(value),
)

const absolute = (value: string) =>
  value.indexOf(':') < 1
    ? 'This is an absolute URI: begin with its scheme, such as https: or urn:oid:.'
    : undefined

const date = (patterns: readonly RegExp[], advice: string) =>
  text((value) => {
    const isOfForm = value.length <= 80 && patterns.some((pattern) => pattern.test(value))
    return isOfForm && dateInterval(value) && !value.startsWith('0000') ? undefined : advice
  })

type Formats = Readonly<Record<string, Format>> &
  Readonly<Record<'code' | 'string' | 'codeSystem' | 'namespace' | 'canonical', Format>>

/** By FHIR type; `System.String` and `System.Id` are the ids of elements and resources. */
export const PRIMITIVES: Formats = {
  boolean: (value) =>
    typeof value === 'boolean' ? undefined : 'This must be true or false, without quotes.',
  integer: integer(-2_147_483_648),
  unsignedInt: integer(0),
  positiveInt: integer(1),
  decimal: number(() => undefined),
  string: any,
  referenceText: any,
  markdown: any,
  'System.String': any,
  code: text((value) =>
    CODE_BLANKS.test(value) ? 'A code has no blanks at its ends and single ones between words.' : undefined,
  ),
  id: matching(ID, 'An id has 1 to 64 letters, digits, "-" and ".".'),
  'System.Id': matching(ID, 'An id has 1 to 64 letters, digits, "-" and ".".'),
  uri,
  namespace,
  codeSystem: text((value) =>
    value.startsWith(VALUE_SETS)
      ? 'This is a value set: give the code system that defines the code.'
      : namespace(value),
  ),
  absolute: text((value) => absolute(value) ?? uri(value)),
  url: uri,
  canonical: text(uriProblem),
  oid: matching(OID, 'An OID is written as "urn:oid:" and numbers with dots, such as urn:oid:1.2.3.'),
  uuid: matching(LOWER_UUID, 'A UUID is written as "urn:uuid:" and 36 characters in lower case.'),
  date: date([DATE], 'A date is YYYY, YYYY-MM or YYYY-MM-DD, and exists in the calendar.'),
  dateTime: date(
    [DATE, MOMENT],
    'A dateTime is a date, or a date with time, seconds and zone: 2024-02-29T10:30:00+02:00.',
  ),
  instant: date([MOMENT], 'An instant is a date with time, seconds and zone: 2024-02-29T10:30:00.123+02:00.'),
  time: matching(TIME, 'A time is hh:mm:ss.'),
  base64Binary: (value) =>
    isBase64(value) ? undefined : 'This must be base64: groups of four characters, "=" at the end only.',
  xhtml: (value) =>
    typeof value === 'string' ? xhtmlProblem(value) : 'This must be a JSON string with XHTML.',
}
