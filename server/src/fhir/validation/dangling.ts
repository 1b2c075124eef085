import type { Issue } from '../../kernel/fault.ts'
import type { JsonObject, JsonValue } from '../../kernel/json.ts'
import { sameUrn } from '../keys/same-urn.ts'
import { isObject } from './collections.ts'

const OF_BUNDLES = /^urn:(?:uuid|oid):/i
/** Systems are often OIDs, which is no reason to look further. */
const TELLS_OF_ANY = /"reference"\s*:\s*"urn:(?:uuid|oid):/i

/**
 * Advice on references to entries of a Bundle (`urn:uuid:…`) that is not there or has no such entry: nobody will ever find what they mean.
 *
 * @param text the JSON of the resource, looked through first: few hold any
 * @see FHIR R4, "Bundle", resolving references in Bundles
 */
export function dangling(resource: JsonObject, { type, text }: Subject): readonly Issue[] {
  if (!TELLS_OF_ANY.test(text)) return []
  const found: Found = { names: new Set(), references: [] }
  collect(resource, type, found)
  return found.references
    .filter(({ urn }) => !found.names.has(sameUrn(urn)))
    .map(({ urn, at }) => ({
      severity: 'warning',
      code: 'not-found',
      at,
      text: `${urn.slice(0, 100)} names an entry of a Bundle, and there is none: refer to a resource, or send both in one transaction`,
    }))
}

interface Subject {
  readonly type: string
  readonly text: string
}

interface Found {
  readonly names: Set<string>
  readonly references: { readonly urn: string; readonly at: string }[]
}

function collect(value: JsonObject, at: string, found: Found): void {
  for (const [name, member] of Object.entries(value)) {
    const place = `${at}.${name}`
    if (typeof member === 'string') note(name, member, { place, found })
    else if (isObject(member)) collect(member, place, found)
    else if (Array.isArray(member)) {
      ;(member as readonly JsonValue[]).forEach((item, i) => {
        if (isObject(item)) collect(item, `${place}[${String(i)}]`, found)
      })
    }
  }
}

function note(name: string, text: string, { place, found }: { place: string; found: Found }): void {
  if (name === 'fullUrl') found.names.add(sameUrn(text))
  else if (name === 'reference' && OF_BUNDLES.test(text)) found.references.push({ urn: text, at: place })
}
