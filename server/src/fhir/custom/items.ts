import type { JsonObject, JsonValue } from '../../kernel/json.ts'

/** A value that a path finds, with its FHIR type; what was computed has the type that its value shows. */
export interface Item {
  readonly type: string
  /** Of a primitive that has only extensions, the object of `_name`. */
  readonly value: JsonValue
  /** What stands in `_name`. */
  readonly extra?: JsonObject
}

export type Items = readonly Item[]
