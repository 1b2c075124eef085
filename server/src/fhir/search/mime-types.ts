import type { JsonObject } from '../../kernel/json.ts'
import type { SearchParam } from '../definitions.ts'
import type { Clause } from './clause.ts'
import type { ParamFilter } from './compile.ts'
import { unescaped } from './values.ts'

/** The one parameter of R4 whose values are MIME types. */
export function isMimeType({ url }: SearchParam): boolean {
  return url === 'http://hl7.org/fhir/SearchParameter/DocumentReference-contenttype'
}

/** `contenttype:below=text/xml`: that type with whatever parameters, such as a charset. @see FHIR R4, "Search", searching MIME types */
export function mimeTypeClause({ param: { code }, values, label }: ParamFilter): Clause {
  const types = values.map((value) => unescaped(value).trim().toLowerCase())
  const isBelow = (found: string): boolean =>
    types.some((type) => found === type || (found.startsWith(type) && /^\s*;/.test(found.slice(type.length))))
  return {
    label,
    anyOf: [
      { by: 'body', key: `${code}:missing=false`, holds: (resource) => typesIn(resource).some(isBelow) },
    ],
  }
}

function typesIn({ content }: JsonObject): readonly string[] {
  const items = (Array.isArray(content) ? content : []) as readonly {
    readonly attachment?: { readonly contentType?: string }
  }[]
  return items.flatMap(({ attachment }) => attachment?.contentType?.toLowerCase() ?? [])
}
