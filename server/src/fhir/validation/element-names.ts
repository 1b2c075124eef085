import { propertiesOf, type ElementTable } from '../elements.ts'

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
    types = types.flatMap((type) => typesOf(table, type, name))
    const general = types.flatMap((type) => SPECIAL[type] ?? [])
    names = new Set([...[...names].map((each) => `${each}.${name}`), ...types, ...general])
  }
  return names
}

/** Whether a path leads into a value that an element of a profile fixes or shows: it is one of another place. */
export function isSample(resource: string, [part, element, name = '']: readonly string[]): boolean {
  if (resource !== 'StructureDefinition' || element !== 'element') return false
  return (part === 'differential' || part === 'snapshot') && SAMPLES.has(name)
}

const SAMPLES: ReadonlySet<string> = new Set(['example', 'fixed', 'pattern', 'defaultValue'])

/** The properties that an element may have, or the resource itself. @param path names from the resource down */
export function propertiesAt(
  table: ElementTable,
  resource: string,
  path: readonly string[],
): readonly string[] {
  const types = path.reduce<readonly string[]>(
    (owners, name) => owners.flatMap((owner) => typesOf(table, owner, name)),
    [resource],
  )
  return types.flatMap((type) => Object.keys(table[type] ?? {}))
}

function typesOf(table: ElementTable, type: string, name: string): readonly string[] {
  return propertiesOf(table, type, name).flatMap((property) => table[type]?.[property]?.[0] ?? [])
}
