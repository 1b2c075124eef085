/**
 * What stands in an element of a resource, as text.
 *
 * @param element FHIRPath of names and indexes only, with or without the type: `Patient.name[0].family`
 * @returns `undefined` when it is not there, or is no single value
 */
export function elementValue(resource: unknown, element: string): string | undefined {
  const steps = element.split(/[.[\]]+/).filter((step) => step !== '')
  const isNamed = isRecord(resource) && steps[0] === resource['resourceType']
  let at = resource
  for (const step of isNamed ? steps.slice(1) : steps) {
    if (Array.isArray(at)) at = at[Number(step)] as unknown
    else at = isRecord(at) ? at[step] : undefined
  }
  return typeof at === 'string' || typeof at === 'number' || typeof at === 'boolean' ? String(at) : undefined
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
