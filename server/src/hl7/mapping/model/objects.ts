import type { JsonObject, JsonValue } from '../../../kernel/json.ts'

/** What has no members stands for an object without any. */
export function objectOf(value: JsonValue | undefined): JsonObject {
  return isObject(value) ? value : {}
}

/** The objects that an element holds, one or many. */
export function objectsIn(value: JsonValue | undefined): readonly JsonObject[] {
  const all: readonly (JsonValue | undefined)[] = Array.isArray(value) ? (value as JsonValue[]) : [value]
  return all.filter(isObject)
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
