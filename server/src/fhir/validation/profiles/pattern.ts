import type { JsonValue } from '../../../kernel/json.ts'
import { isObject } from '../collections.ts'

/** Whether a value has everything that a pattern has; each item of a list in the pattern fits one of the value's. @see FHIR R4, "ElementDefinition", pattern[x] */
export function matchesPattern(value: JsonValue | undefined, pattern: JsonValue | undefined): boolean {
  if (Array.isArray(pattern)) {
    const items: readonly JsonValue[] = Array.isArray(value) ? (value as readonly JsonValue[]) : []
    return (pattern as readonly JsonValue[]).every((wanted) =>
      items.some((item) => matchesPattern(item, wanted)),
    )
  }
  if (!isObject(pattern)) return value === pattern
  return isObject(value) && Object.keys(pattern).every((name) => matchesPattern(value[name], pattern[name]))
}
