export type JsonValue = string | number | boolean | null | JsonObject | readonly JsonValue[]
export interface JsonObject {
  readonly [name: string]: JsonValue | undefined
}
