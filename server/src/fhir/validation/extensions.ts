import type { JsonObject } from '../../kernel/json.ts'
import { propertiesOf, type ElementTable } from '../elements.ts'
import type { Check } from './check.ts'

/** What R4 says of one of its own extensions. */
export interface ExtensionRule {
  /** Elements that it may stand in: resource types, data types and paths. */
  readonly contexts: readonly string[]
  /** Properties that may hold its value; none when it has parts instead. */
  readonly values: readonly string[]
  readonly isModifier: boolean
}

const R4_EXTENSION = 'http://hl7.org/fhir/StructureDefinition/'

/** Checks one of R4's own extensions where it stands; of others only their authors know the rules. */
export function checkExtension(extension: JsonObject, isModifier: boolean, check: Check): void {
  const { url } = extension
  if (typeof url !== 'string' || !url.startsWith(R4_EXTENSION)) return
  const rule = check.extensionRule(url)
  if (!rule) return
  const { contexts, values } = rule
  if (rule.isModifier !== isModifier)
    check.addAt(
      'url',
      'extension',
      `R4 defines this one as ${rule.isModifier ? 'a modifierExtension' : 'an extension'}.`,
    )
  const value = Object.keys(extension).find((name) => /^_?value/.test(name))
  if (value !== undefined && !values.includes(value.replace('_', ''))) {
    const wanted = values.length === 0 ? 'parts, and no value' : `one of: ${values.join(', ')}`
    check.addAt('value', 'extension', `R4 gives this extension ${wanted}.`)
  }
  if (contexts.includes('Element') || contexts.some((each) => check.isWithin(each))) return
  check.fault('extension', `R4 has this extension for ${contexts.join(', ')}: it has no meaning here.`)
}

const SPECIAL: Readonly<Record<string, string>> = {
  Age: 'Quantity',
  Count: 'Quantity',
  Distance: 'Quantity',
  Duration: 'Quantity',
  code: 'string',
  id: 'string',
  markdown: 'string',
  canonical: 'uri',
  oid: 'uri',
  url: 'uri',
  uuid: 'uri',
  positiveInt: 'integer',
  unsignedInt: 'integer',
}

/**
 * All names of an element that a context may use: `Patient.name.family`, `HumanName.family`, `string`.
 *
 * @param path names from the resource down, choices without their type
 */
export function namesOfElement(
  table: ElementTable,
  resource: string,
  path: readonly string[],
): ReadonlySet<string> {
  let types: readonly string[] = [resource]
  let names = new Set([resource, 'Resource', 'DomainResource'])
  for (const name of path) {
    types = types.flatMap((type) =>
      propertiesOf(table, type, name).flatMap((property) => table[type]?.[property]?.[0] ?? []),
    )
    const general = types.flatMap((type) => SPECIAL[type] ?? [])
    names = new Set([...[...names].map((each) => `${each}.${name}`), ...types, ...general])
  }
  return names
}
