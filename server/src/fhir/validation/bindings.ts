import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { Check } from './check.ts'
import { isObject } from './collections.ts'

/** What a required binding allows. */
export interface AllowedCodes {
  /** Canonical url, for the message. */
  readonly url: string
  has(code: string, system?: string): boolean
}

/** Codes from an expanded value set: by code for `code` elements, by `system|code` for codings. */
export function codesOf(url: string, systems: Readonly<Record<string, readonly string[]>>): AllowedCodes {
  const codes = new Set(Object.values(systems).flat())
  const pairs = new Set(
    Object.entries(systems).flatMap(([system, list]) => list.map((code) => `${system}|${code}`)),
  )
  return {
    url,
    has: (code, system) => (system === undefined ? codes.has(code) : pairs.has(`${system}|${code}`)),
  }
}

/** Values of parameters are read as leniently as the examples of R4 write them; `json`, `xml` and `ttl` stand for FHIR's own formats. */
const MIME =
  /^(?:json|xml|ttl|[\w!#$&^.+-]{1,127}\/[\w!#$&^.+*-]{1,127}(?:\s{0,4};\s{0,4}[\w!#$&^.+-]{1,127}=(?:"[^"]{0,200}"|[^;"]{1,200}))*)$/
const CURRENCY = /^[A-Z]{3}$/
const UCUM = /^[!-~]{1,200}$/
const LOINC_ANSWER = /^LA\d{1,8}-\d$/
const SYNTAXES: Readonly<Record<string, RegExp>> = {
  mime: MIME,
  currency: CURRENCY,
  ucum: UCUM,
  'loinc-answer': LOINC_ANSWER,
}

/** Sets that nobody lists: mime types, currencies, units and answer lists are checked by syntax. */
export function codesBySyntax(url: string, syntax: string): AllowedCodes {
  const pattern = SYNTAXES[syntax]
  if (!pattern) throw new Error(`no syntax ${syntax}`)
  return { url, has: (code) => code.length <= 500 && pattern.test(code) }
}

/** Checks one element, repeating or not, against its required binding. Values of another form are structural issues already. */
export function checkBinding(
  check: Check,
  allowed: AllowedCodes,
  place: { name: string; value: JsonValue | undefined },
): void {
  const { name, value } = place
  const items: readonly JsonValue[] = Array.isArray(value) ? (value as readonly JsonValue[]) : [value ?? null]
  for (const item of items) {
    if (!isAllowed(item, allowed))
      check.addAt(name, 'code-invalid', `Use a code of the value set ${allowed.url}; this one is not in it.`)
  }
}

function isAllowed(item: JsonValue, allowed: AllowedCodes): boolean {
  if (typeof item === 'string') return allowed.has(item)
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
