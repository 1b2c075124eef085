/**
 * Code systems in which case tells codes apart: those of FHIR and of HL7's terminology (every one says `caseSensitive: true`), and UCUM.
 * What a key holds must never depend on the content of a store, so the list is fixed; all other systems are compared without case, as R4
 * asks for when in doubt.
 */
const CASED_ROOTS = [
  'http://hl7.org/fhir/',
  'http://terminology.hl7.org/CodeSystem/',
  'http://dicom.nema.org/resources/ontology/DCM',
  'http://unitsofmeasure.org',
  'urn:ietf:bcp:13',
]
const UNCASED_ROOTS = ['http://hl7.org/fhir/sid/', 'http://terminology.hl7.org/CodeSystem/v2-']

export function isCaseSensitive(system: string): boolean {
  return startsWithOne(system, CASED_ROOTS) && !startsWithOne(system, UNCASED_ROOTS)
}

function startsWithOne(system: string, roots: readonly string[]): boolean {
  for (const root of roots) if (system.startsWith(root)) return true
  return false
}
