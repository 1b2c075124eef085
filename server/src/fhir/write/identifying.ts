import type { JsonObject } from '../../kernel/json.ts'
import type { Alias } from '../aliases.ts'
import { isObject } from '../json/parse.ts'

const IDENTIFIER_TYPES = 'http://terminology.hl7.org/CodeSystem/v2-0203'

/** Identifier types that name exactly one resource within their system: medical record, visit, placer, filler and accession numbers. */
const IDENTIFYING: Readonly<Record<string, readonly string[]>> = {
  Patient: ['MR', 'PI'],
  Encounter: ['VN'],
  ServiceRequest: ['PLAC', 'FILL'],
  MedicationRequest: ['PLAC', 'FILL'],
  DiagnosticReport: ['FILL', 'ACSN'],
  ImagingStudy: ['ACSN'],
  Specimen: ['ACSN'],
}

/**
 * The aliases that a resource claims by its identifiers.
 *
 * @param systems identifier systems whose every value is identifying, whatever its type says.
 */
export function identifyingAliases(resource: JsonObject, systems: ReadonlySet<string>): readonly Alias[] {
  const type = resource['resourceType']
  if (typeof type !== 'string') return []
  const codes = IDENTIFYING[type] ?? []
  const identifiers = Array.isArray(resource['identifier'])
    ? (resource['identifier'] as readonly unknown[])
    : []
  return identifiers.filter(isObject).flatMap((identifier): readonly Alias[] => {
    const { system, value, use } = identifier
    if (typeof system !== 'string' || typeof value !== 'string' || use === 'old') return []
    return systems.has(system) || hasCode(identifier, codes) ? [{ type, system, value }] : []
  })
}

/** Whether the text of a resource may claim an alias; `false` spares to parse it. */
export function mayIdentify(text: Buffer, systems: ReadonlySet<string>): boolean {
  // Any letter may be written as an escape.
  if (text.includes('\\u')) return true
  return systems.size > 0 || text.includes('v2-0203')
}

function hasCode(identifier: JsonObject, codes: readonly string[]): boolean {
  const codings = isObject(identifier['type']) ? identifier['type']['coding'] : undefined
  if (!Array.isArray(codings)) return false
  return (codings as readonly unknown[])
    .filter(isObject)
    .some(
      ({ system, code }) => system === IDENTIFIER_TYPES && typeof code === 'string' && codes.includes(code),
    )
}
