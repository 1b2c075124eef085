import type { JsonObject, JsonValue } from '../../kernel/json.ts'

/**
 * JSON text of a resource with exact decimals.
 *
 * @param literals exact number literals by path (`valueQuantity.value`, `component[0].valueQuantity.value`); every other number is
 *   written as JavaScript does.
 */
export function writeJson(resource: JsonObject, literals?: ReadonlyMap<string, string>): string {
  return literals === undefined || literals.size === 0
    ? JSON.stringify(resource)
    : write(resource, '', literals)
}

function write(value: JsonValue, path: string, literals: ReadonlyMap<string, string>): string {
  if (typeof value === 'number') return literals.get(path) ?? JSON.stringify(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) {
    const items: readonly JsonValue[] = value
    return `[${items.map((item, index) => write(item, `${path}[${String(index)}]`, literals)).join(',')}]`
  }
  const members = Object.entries(value as JsonObject).flatMap(([name, member]) => {
    if (member === undefined) return []
    return [`${JSON.stringify(name)}:${write(member, path === '' ? name : `${path}.${name}`, literals)}`]
  })
  return `{${members.join(',')}}`
}
