import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { isObject } from './collections.ts'

/** What a required binding allows. */
export interface AllowedCodes {
  /** Canonical url, for the message. */
  readonly url: string
  has(code: string, system?: string): boolean
  /** The same for a value of an element of type `code`; anything but a string is not in it. */
  readonly codes: { has(value: JsonValue | undefined): boolean }
}

/** Codes from an expanded value set: by code for `code` elements, by `system|code` for codings. */
export function codesOf(url: string, systems: Readonly<Record<string, readonly string[]>>): AllowedCodes {
  const codes = new Set<JsonValue | undefined>(Object.values(systems).flat())
  const pairs = new Set(
    Object.entries(systems).flatMap(([system, list]) => list.map((code) => `${system}|${code}`)),
  )
  return {
    url,
    codes,
    has: (code, system) => (system === undefined ? codes.has(code) : pairs.has(`${system}|${code}`)),
  }
}

/** Values of parameters are read as leniently as the examples of R4 write them; `json`, `xml` and `ttl` stand for FHIR's own formats. */
const MIME =
  /^(?:json|xml|ttl|[\w!#$&^.+-]{1,127}\/[\w!#$&^.+*-]{1,127}(?:\s{0,4};\s{0,4}[\w!#$&^.+-]{1,127}=(?:"[^"]{0,200}"|[^;"\s]{1,200}(?: [^;"\s]{1,200}){0,20}))*)$/
const UCUM = /^[!-~]{1,200}$/
const LOINC_ANSWER = /^LA\d{1,8}-\d$/
/** BCP 47 (RFC 5646, 2.1): language, script, region, variants, extensions, private use. */
const LANGUAGE =
  /^(?:(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3})){0,8}(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8}){1,8}){0,8}(?:-x(?:-[a-z0-9]{1,8}){1,8})?|(?:x|i)(?:-[a-z0-9]{1,8}){1,8})$/i
/** Names of the IANA time zone database. */
const TIME_ZONE = /^[A-Za-z][\w+-]{1,31}(?:\/[\w+-]{1,32}){0,2}$/
const SYNTAXES: Readonly<Record<string, RegExp>> = {
  mime: MIME,
  language: LANGUAGE,
  ucum: UCUM,
  'loinc-answer': LOINC_ANSWER,
  timezone: TIME_ZONE,
}

const CURRENCY = /^[A-Z]{3}$/
const CURRENCY_NAMES = new Intl.DisplayNames('en', { type: 'currency', fallback: 'none' })

/** ISO 4217, past currencies included: what has a name in the tables of the engine, which are slow to ask. There are some 300. */
function currencyTest(): (code: string) => boolean {
  const known = new Set<string>()
  return (code) => {
    if (known.has(code)) return true
    const isKnown = CURRENCY.test(code) && CURRENCY_NAMES.of(code) !== undefined
    if (isKnown) known.add(code)
    return isKnown
  }
}

/** Sets that nobody lists: mime types, currencies, units and answer lists are checked by syntax. */
export function codesBySyntax(url: string, syntax: string): AllowedCodes {
  const pattern = SYNTAXES[syntax]
  const test = syntax === 'currency' ? currencyTest() : (code: string) => pattern?.test(code) === true
  if (!pattern && syntax !== 'currency') throw new Error(`no syntax ${syntax}`)
  const has = (code: JsonValue | undefined) => typeof code === 'string' && code.length <= 200 && test(code)
  return { url, has, codes: { has } }
}

/** Whether a Coding, CodeableConcept or Quantity meets its required binding; one that only says why it is absent does. */
export function isAllowed(item: JsonValue, allowed: AllowedCodes): boolean {
  if (!isObject(item)) return true
  const { coding } = item
  if (Array.isArray(coding)) return coding.some((each) => isCodingAllowed(each as JsonValue, allowed))
  return 'code' in item || 'system' in item ? isCodingAllowed(item, allowed) : 'extension' in item
}

function isCodingAllowed(item: JsonValue, allowed: AllowedCodes): boolean {
  if (!isObject(item)) return false
  const { code, system }: JsonObject = item
  return typeof code === 'string' && allowed.has(code, typeof system === 'string' ? system : '')
}
