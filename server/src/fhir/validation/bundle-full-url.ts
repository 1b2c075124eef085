import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import type { Check } from './check.ts'
import { isObject } from './collections.ts'

/** Bundles whose entries all have an identity. What is still to be created has none, nor have all results of an operation. */
const IDENTIFIED: ReadonlySet<JsonValue | undefined> = new Set(['document', 'message', 'collection'])
/** Bundles of requests: the id of what is to be created does not count. */
const REQUESTS: ReadonlySet<JsonValue | undefined> = new Set(['transaction', 'batch'])
const ABSOLUTE = /^[A-Za-z][A-Za-z0-9+.-]{0,30}:/
const RESTFUL = /^https?:.*\/([A-Z][A-Za-z]{1,60})\/([A-Za-z0-9.-]{1,64})$/

/** Checks the fullUrl of an entry, where the check stands. @see FHIR R4, "Bundle", fullUrl */
export function checkFullUrl(entry: JsonObject, bundleType: JsonValue | undefined, check: Check): void {
  const { fullUrl, resource } = entry
  if (fullUrl === undefined && resource !== undefined && IDENTIFIED.has(bundleType))
    check.addAt('fullUrl', 'required', 'The entry needs a fullUrl: its http address, or urn:uuid:…')
  if (typeof fullUrl !== 'string' || fullUrl.length > 4096) return
  if (!ABSOLUTE.test(fullUrl))
    check.addAt(
      'fullUrl',
      'value',
      'fullUrl is absolute: an http address that ends in Type/id, or urn:uuid:…',
    )
  else if (isObject(resource) && !isAgreeing(fullUrl, resource, check)) report(bundleType, check)
}

/** Addresses that are none of a RESTful server say nothing of type and id. */
function isAgreeing(fullUrl: string, { resourceType, id: own }: JsonObject, { types }: Check): boolean {
  const [, type = '', id] = RESTFUL.exec(fullUrl) ?? []
  return !types.has(type) || (type === resourceType && (own === undefined || own === id))
}

function report(bundleType: JsonValue | undefined, check: Check): void {
  const text =
    'fullUrl must not disagree with the type and the id of the resource of its entry: mend one of them.'
  if (REQUESTS.has(bundleType)) check.advise('value', text)
  else check.addAt('fullUrl', 'value', text)
}
