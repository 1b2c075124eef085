import type { JsonObject, JsonValue } from '../kernel/json.ts'

export interface ContainedResource {
  readonly type: string
  /** Its place in `contained`. */
  readonly index: number
  readonly resource: JsonObject
}

/** The contained resources of a valid resource. */
export function containedIn({ contained }: JsonObject): readonly ContainedResource[] {
  if (!Array.isArray(contained)) return []
  return (contained as readonly JsonValue[]).flatMap((each, index) => {
    const resource = each as JsonObject
    const { resourceType } = resource
    return typeof resourceType === 'string' ? [{ type: resourceType, index, resource }] : []
  })
}
